"""Being signed in: rows on the server that can be listed and revoked.

The browser holds 256 random bits; we keep only their SHA-256, so a stolen database
signs nobody in.
"""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, delete, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from commons import limits
from commons.accounts import Account
from commons.clock import db_now, now
from commons.db import Base, database, new_id, one_at_a_time, rows_changed
from commons.language import N_
from commons.refusal import Refused

TRIES_LOCK = 0x74726965


class SignIn(Base):
    """One browser in which an account is signed in."""

    __tablename__ = "sign_in"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    # When a password or passkey was shown last in this browser, and whether a passkey ever was
    proved_at: Mapped[datetime | None]
    with_passkey: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    account: Mapped[Account] = relationship(lazy="joined")


class Attempt(Base):
    """A try to sign in that was not right, counted by account and by network; swept when old."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_key_at", "key", "at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def start(session: Session, account: Account, *, proved: bool = False, with_passkey: bool = False) -> str:
    """Sign ``account`` in; returns the token for its browser.

    ``proved``: with a password or passkey, not by a link in a letter.
    """
    token = secrets.token_urlsafe(32)
    found = SignIn(token_hash=hash_of(token), account_id=account.id, with_passkey=with_passkey)
    if proved:
        found.proved_at = db_now(session)
    session.add(found)
    return token


def find(session: Session, token: str) -> SignIn | None:
    """The sign-in that ``token`` stands for, unless it ended, idled out or grew too old."""
    found = session.get(SignIn, hash_of(token))
    if found is None or found.account.closed_at is not None:
        return None
    moment = db_now(session)
    idle = moment - found.seen_at > timedelta(seconds=limits.SESSION_IDLE)
    old = moment - found.created_at > timedelta(seconds=limits.SESSION_ABSOLUTE)
    return None if idle or old else found


def end(session: Session, token: str) -> None:
    session.execute(delete(SignIn).where(SignIn.token_hash == hash_of(token)))


def end_all(session: Session, account: Account) -> None:
    """Sign ``account`` out everywhere: after a new password, a change of powers, a closing."""
    session.execute(delete(SignIn).where(SignIn.account_id == account.id))


def of(session: Session, account: Account) -> list[SignIn]:
    return list(
        session.scalars(select(SignIn).where(SignIn.account_id == account.id).order_by(SignIn.seen_at.desc()))
    )


def throttle_keys(email: str, network: str) -> tuple[str, str]:
    """Under which tries are counted: hashed, because they may name somebody who has no account."""
    return hash_of("email:" + email.strip().casefold()), hash_of("network:" + network)


def check_throttle(session: Session, keys: tuple[str, str]) -> None:
    """Refuse (429) after too many failed tries for one address or from one network.

    Whoever counts her try in the same transaction is counted before the next one looks.
    """
    one_at_a_time(session, TRIES_LOCK)
    since = db_now(session) - timedelta(seconds=limits.SIGN_IN_WINDOW)
    for key in keys:
        count = session.scalar(
            select(func.count()).select_from(Attempt).where(Attempt.key == key, Attempt.at > since)
        )
        if (count or 0) >= limits.SIGN_IN_TRIES:
            raise Refused(N_("Too many tries. Wait five minutes and try again."), status=429)


def count_try(session: Session, keys: tuple[str, str]) -> list[uuid.UUID]:
    """Count a try before its password is looked at, so that tries at the same time count too."""
    tries = [Attempt(id=new_id(), key=key) for key in keys]
    session.add_all(tries)
    return [each.id for each in tries]


def forgive(session: Session, tries: list[uuid.UUID]) -> None:
    """The tries were right: they do not count."""
    session.execute(delete(Attempt).where(Attempt.id.in_(tries)))


def sweep_old() -> bool:
    """Timer job: forget tries and sign-ins that no longer count."""
    with database().transaction() as session:
        moment = db_now(session)
        tries = session.execute(
            delete(Attempt).where(Attempt.at < moment - timedelta(seconds=limits.SIGN_IN_WINDOW))
        )
        stale = session.execute(
            delete(SignIn).where(SignIn.created_at < moment - timedelta(seconds=limits.SESSION_ABSOLUTE))
        )
        return bool(rows_changed(tries) or rows_changed(stale))
