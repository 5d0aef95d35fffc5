"""Signing in by a link in a letter: for those who have no password, or forgot it.

The letter holds 256 random bits, we keep their SHA-256. A link opens once, within
``limits.LINK_SECONDS``. Whether an address has an account shows in no answer and no page.
"""

import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from commons import accounts, limits, mail, passkeys, powers, sessions
from commons.accounts import Account
from commons.clock import db_now, now
from commons.config import settings
from commons.db import Base, database, rows_changed
from commons.language import N_
from commons.refusal import Refused


class SignInLink(Base):
    """A link that was mailed; a used or old one is swept."""

    __tablename__ = "sign_in_link"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


def ask(session: Session, email: str, network: str) -> None:
    """Mail a link to whoever has this address; refuses (429) only who asks too often."""
    keys = sessions.throttle_keys(email, network)
    sessions.check_throttle(session, keys)
    sessions.count_try(session, keys)
    account = accounts.by_email(session, email)
    if account is not None:
        send(session, account)


def send(session: Session, account: Account) -> None:
    """Mail ``account`` a link, unless it has had many lately.

    Whoever holds a power and has a password or passkey is told to use it: an office is not as weak as a
    mailbox.
    """
    personal = account.personal
    if personal is None or account.closed_at is not None or _had_many(session, account):
        return
    if passkeys.can_prove(session, account) and powers.held(session, account):
        mail.send(session, to=personal.email, letter="sign_in_password", name=personal.name)
        return
    mail.send(
        session,
        to=personal.email,
        letter="sign_in_link",
        name=personal.name,
        link=f"{settings().origin}/sign-in/link/{make(session, account)}",
        minutes=limits.LINK_SECONDS // 60,
    )


def make(session: Session, account: Account) -> str:
    """A new token for ``account``, to be put into a letter."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignInLink(token_hash=sessions.hash_of(token), account_id=account.id, created_at=db_now(session))
    )
    return token


def _had_many(session: Session, account: Account) -> bool:
    since = db_now(session) - timedelta(seconds=limits.LINKS_WINDOW)
    sent = session.scalar(
        select(func.count())
        .select_from(SignInLink)
        .where(SignInLink.account_id == account.id, SignInLink.created_at > since)
    )
    return (sent or 0) >= limits.LINKS_PER_ACCOUNT


def spend(session: Session, token: str) -> Account:
    """Whose link this is; it never opens again. Refuses a used, old or unknown one alike."""
    moment = db_now(session)
    spent = session.execute(
        update(SignInLink)
        .where(
            SignInLink.token_hash == sessions.hash_of(token),
            SignInLink.used_at.is_(None),
            SignInLink.created_at > moment - timedelta(seconds=limits.LINK_SECONDS),
        )
        .values(used_at=moment)
    )
    if rows_changed(spent) != 1:
        raise _too_late()
    account = session.get_one(Account, session.get_one(SignInLink, sessions.hash_of(token)).account_id)
    if account.closed_at is not None:
        raise _too_late()
    return account


def _too_late() -> Refused:
    return Refused(N_("This link was used already, or is too old. Ask for a new one."), status=410)


def sweep_old() -> bool:
    """Timer job: forget links that open nothing and are no longer counted."""
    with database().transaction() as session:
        before = db_now(session) - timedelta(seconds=limits.LINKS_WINDOW)
        return bool(rows_changed(session.execute(delete(SignInLink).where(SignInLink.created_at < before))))
