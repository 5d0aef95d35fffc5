"""Links by which a payer without an account reaches her pledge: who holds one may act for it."""

import hmac
import uuid

from commons.config import settings
from membership.pledges.models import Pledge

KEY_CHARS = 32


def key(pledge_id: uuid.UUID) -> str:
    """The secret of a pledge's own link: 128 bits, made from this installation's key."""
    made = hmac.digest(settings().secret_key.encode(), f"pledge:{pledge_id}".encode(), "sha256")
    return made.hex()[:KEY_CHARS]


def opens(pledge: Pledge, given: str) -> bool:
    return hmac.compare_digest(key(pledge.id).encode(), given.encode())


def path(pledge: Pledge) -> str:
    """The address below the origin at which the pledge can be changed, paused and stopped."""
    return f"/pledges/{pledge.number}?key={key(pledge.id)}"


def address(pledge: Pledge) -> str:
    return settings().origin + path(pledge)
