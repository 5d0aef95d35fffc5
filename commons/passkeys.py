"""Passkeys: keys that live in a person's devices and sign her in (W3C Web Authentication Level 3).

We hold the public halves. How one is made and shown is told in ``commons/ceremonies.py``.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from commons import limits, mail, powers
from commons.accounts import Account
from commons.clock import db_now, now
from commons.config import settings
from commons.db import Base, new_id, rows_changed
from commons.language import N_
from commons.refusal import Refused
from commons.sessions import SignIn


class Passkey(Base):
    """The public half of one key, and what its owner calls it."""

    __tablename__ = "passkey"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    # As COSE (RFC 9052) writes it
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship(lazy="joined")


@dataclass(frozen=True)
class NewKey:
    """What a device hands over when it makes a passkey; verified."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def of(session: Session, account: Account) -> list[Passkey]:
    """The passkeys of ``account``, oldest first."""
    hers = select(Passkey).where(Passkey.account_id == account.id)
    return list(session.scalars(hers.order_by(Passkey.created_at, Passkey.id)))


def has_one(session: Session, account: Account) -> bool:
    return session.scalar(select(Passkey.id).where(Passkey.account_id == account.id).limit(1)) is not None


def can_prove(session: Session, account: Account) -> bool:
    """Whether ``account`` has anything to show: a password or a passkey."""
    personal = account.personal
    return personal is not None and (personal.password_hash is not None or has_one(session, account))


def require_change(session: Session, account: Account, sign_in: SignIn) -> None:
    """Refuse (403) to add or remove passkeys where the browser must show one of them first.

    In production that holds for whoever has a power: a password alone must not be a way around.
    """
    if settings().loopback or sign_in.with_passkey or not has_one(session, account):
        return
    if powers.held(session, account):
        raise Refused(
            N_(
                "You hold a power: sign in with a passkey to change your passkeys. "
                "If you lost them all, ask two officers to let you in again."
            ),
            status=403,
        )


def add(session: Session, account: Account, key: NewKey, name: str) -> Passkey:
    """Keep a new passkey and tell its owner by letter. Refuses (409) one too many, and a known one."""
    personal = account.personal
    if personal is None or account.closed_at is not None:
        raise Refused(N_("This account is closed."), status=409)
    # Two at the same time are counted one after the other.
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update(of=Account))
    count = session.scalar(select(func.count()).where(Passkey.account_id == account.id)) or 0
    if count >= limits.PASSKEYS_PER_ACCOUNT:
        raise Refused(
            N_("You have %(most)s passkeys: that is as many as we keep. Remove one first."),
            status=409,
            most=limits.PASSKEYS_PER_ACCOUNT,
        )
    made = Passkey(
        account_id=account.id,
        credential_id=key.credential_id,
        public_key=key.public_key,
        sign_count=key.sign_count,
        name=_name(name),
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise Refused(N_("This passkey is known here already."), status=409) from error
    mail.send(session, to=personal.email, letter="passkey_added", name=personal.name, passkey=made.name)
    return made


def rename(session: Session, account: Account, passkey_id: uuid.UUID, name: str) -> None:
    _own(session, account, passkey_id).name = _name(name)


def remove(session: Session, account: Account, passkey_id: uuid.UUID) -> None:
    """Forget one passkey. Refuses (409) the last one of whoever needs it for a power."""
    gone = _own(session, account, passkey_id)
    last = len(of(session, account)) == 1
    if last and not settings().loopback and powers.held(session, account):
        raise Refused(N_("You hold a power, which needs a passkey. Add another one first."), status=409)
    session.delete(gone)


def find(session: Session, credential_id: bytes) -> Passkey | None:
    return session.scalar(select(Passkey).where(Passkey.credential_id == credential_id))


def note_use(session: Session, passkey: Passkey, sign_count: int) -> None:
    """Remember the counter that a device has sent. Refuses (403) one that did not grow: a copied key.

    A device without a counter sends 0 for ever (Web Authentication 6.1.1).
    """
    grown = or_(Passkey.sign_count < sign_count, (Passkey.sign_count == 0) & (sign_count == 0))
    used = update(Passkey).where(Passkey.id == passkey.id, grown)
    if not rows_changed(session.execute(used.values(sign_count=sign_count, used_at=db_now(session)))):
        raise Refused(
            N_(
                "This passkey seems to have been copied, so it opens nothing. Use another way, and remove it."
            ),
            status=403,
        )


def erase(session: Session, account: Account) -> None:
    """Forget every passkey of ``account``: at an erasure, and when its owner lost them."""
    session.execute(delete(Passkey).where(Passkey.account_id == account.id))


def lacking(session: Session) -> list[Account]:
    """Who holds a power and has no passkey."""
    with_one = select(Passkey.account_id)
    return [
        account
        for account in session.scalars(
            select(Account).where(Account.closed_at.is_(None), Account.id.not_in(with_one))
        )
        if powers.held(session, account)
    ]


def _own(session: Session, account: Account, passkey_id: uuid.UUID) -> Passkey:
    found = session.get(Passkey, passkey_id)
    if found is None or found.account_id != account.id:
        raise Refused(N_("There is no such passkey."), status=404)
    return found


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= limits.PASSKEY_NAME_CHARS or not name.isprintable():
        raise Refused(
            N_("Give the passkey a name of 1 to %(most)s characters."), most=limits.PASSKEY_NAME_CHARS
        )
    return name
