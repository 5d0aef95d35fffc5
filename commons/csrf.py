"""That an unsafe request came from a page of ours, and was meant by whoever is signed in.

Two checks: where the browser says that the request comes from (for every request), and a token
in the form (for every request that acts for an account). The token is bound to one
sign-in, and masked anew in every page so that compression cannot leak it (BREACH).
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SIZE = hashlib.sha256().digest_size


def comes_from(origin: str, headers: Mapping[str, str]) -> bool:
    """Whether ``Sec-Fetch-Site`` and ``Origin``, as far as they are sent, say that ``origin`` itself asked.

    Programs that are no browsers send neither; they carry no cookie by accident.
    """
    if headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    return headers.get("Origin", origin) == origin


def token(secret: str, sign_in: str) -> str:
    """A token for the sign-in whose token hash is ``sign_in``; different at each call."""
    mask = secrets.token_bytes(_SIZE)
    return base64.urlsafe_b64encode(mask + _mixed(mask, _proof(secret, sign_in))).decode()


def matches(secret: str, sign_in: str, sent: str) -> bool:
    """Whether ``sent`` is a token made for this sign-in."""
    try:
        raw = base64.urlsafe_b64decode(sent.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        return False
    if len(raw) != 2 * _SIZE:
        return False
    return hmac.compare_digest(_mixed(raw[:_SIZE], raw[_SIZE:]), _proof(secret, sign_in))


def _proof(secret: str, sign_in: str) -> bytes:
    return hmac.digest(secret.encode(), f"csrf:{sign_in}".encode(), "sha256")


def _mixed(mask: bytes, value: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(mask, value, strict=True))
