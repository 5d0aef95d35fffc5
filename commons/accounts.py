"""Who can sign in. An account is private; the public face is a federation actor.

What identifies a person stands in one row of ``PersonalData``, so that erasing it
leaves the account as a nameless key that minutes and books may still point to.
"""

import uuid
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from commons import limits
from commons.clock import now
from commons.db import Base, new_id
from commons.language import N_
from commons.refusal import Refused

# OWASP's floor for Argon2id; more would make signing in a way to tire the server.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = _hasher.hash("a password that nobody has")


class Account(Base):
    """Someone who can sign in."""

    __tablename__ = "account"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]
    personal: Mapped["PersonalData | None"] = relationship(back_populates="account", lazy="joined")


class PersonalData(Base):
    """All that tells who an account is. Deleted whole at erasure."""

    __tablename__ = "personal_data"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    account: Mapped[Account] = relationship(back_populates="personal")


def fold_email(text: str) -> str:
    """The one spelling under which an e-mail address is kept: validated, case-folded."""
    try:
        return validate_email(text, check_deliverability=False).normalized.casefold()
    except EmailNotValidError as error:
        raise Refused(N_("This is not an e-mail address.")) from error


def create(session: Session, *, email: str, name: str, password: str | None) -> Account:
    """A new account; refuses a known address, a short or an overlong password.

    Without a password (None) one signs in by a link in a letter.
    """
    if password is not None:
        check_password(password)
    kept = _hasher.hash(password) if password is not None else None
    account = Account()
    account.personal = PersonalData(email=fold_email(email), name=name, password_hash=kept)
    session.add(account)
    try:
        session.flush()
    except IntegrityError as error:
        raise Refused(N_("There is an account with this e-mail address already."), status=409) from error
    return account


def check_password(password: str) -> None:
    least, most = limits.PASSWORD_CHARS
    try:
        password.encode()
    except UnicodeEncodeError as error:
        raise Refused(N_("A password is text in UTF-8.")) from error
    if not least <= len(password) <= most:
        raise Refused(N_("A password needs %(least)s to %(most)s characters."), least=least, most=most)


def by_email(session: Session, email: str) -> Account | None:
    return session.scalar(
        select(Account).join(PersonalData).where(PersonalData.email == email.strip().casefold())
    )


def password_matches(account: Account | None, password: str) -> bool:
    """Whether the password is the account's; takes as long for an account that does not exist."""
    personal = account.personal if account is not None and account.closed_at is None else None
    kept = personal.password_hash if personal is not None else None
    try:
        _hasher.verify(kept or _nobody, password[: limits.PASSWORD_CHARS[1]])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def change_password(session: Session, account: Account, password: str) -> None:
    """Set a new password. Whoever calls this also ends the account's sign-ins."""
    check_password(password)
    if account.personal is None:
        raise Refused(N_("This account is closed."))
    account.personal.password_hash = _hasher.hash(password)
