"""People of ours: an account that signs in, and the public actor that is its face."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from commons import accounts, limits, sanitize
from commons.accounts import Account
from federation import actors
from federation.models import Actor


@dataclass(frozen=True)
class Person:
    """Someone with an account and a public name."""

    account: Account
    actor: Actor


def create(session: Session, *, handle: str, name: str, email: str, password: str, bio: str = "") -> Person:
    """An account and its ``Person`` actor together, or neither."""
    shown = sanitize.plain(name, limits.NAME_CHARS) or handle
    account = accounts.create(session, email=email, name=shown, password=password)
    actor = actors.create_local(
        session, kind="Person", handle=handle, name=shown, summary=bio, account=account
    )
    return Person(account, actor)
