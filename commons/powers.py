"""Who may do what, and that no power is used without a line in the minutes.

A grant says where it came from and for how long it holds; ``exercise`` looks at the grants
at that moment, so a power that ended is gone on every open session at once.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from commons import minutes
from commons.accounts import Account
from commons.clock import db_now, now
from commons.db import Base, new_id
from commons.language import N_
from commons.refusal import Refused


class Power(StrEnum):
    """Everything that not everybody may do."""

    WRITE = "write"
    EDIT = "edit"
    PUBLISH = "publish"
    MODERATE = "moderate"
    BOOKS = "books"
    ELECTIONS = "elections"


INCLUDES: dict[Power, frozenset[Power]] = {
    Power.PUBLISH: frozenset({Power.PUBLISH, Power.EDIT, Power.WRITE}),
    Power.EDIT: frozenset({Power.EDIT, Power.WRITE}),
    Power.WRITE: frozenset({Power.WRITE}),
    Power.MODERATE: frozenset({Power.MODERATE}),
    Power.BOOKS: frozenset({Power.BOOKS}),
    Power.ELECTIONS: frozenset({Power.ELECTIONS}),
}
# Editor, treasurer and election officer exclude each other.
OFFICES: dict[Power, str] = {
    Power.EDIT: "editor",
    Power.PUBLISH: "editor",
    Power.BOOKS: "treasurer",
    Power.ELECTIONS: "election officer",
}
FOUNDING = "founding"


class Grant(Base):
    """One power of one account, from when and until when, and by what right."""

    __tablename__ = "grant"
    __table_args__ = (Index("ix_grant_account_id_power", "account_id", "power"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    power: Mapped[str]
    source: Mapped[str]
    source_id: Mapped[uuid.UUID | None]
    starts_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime | None]


class Office(Base):
    """The one office an account holds: the primary key makes a second one impossible."""

    __tablename__ = "office"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    office: Mapped[str]


def held(session: Session, account: Account | None) -> frozenset[Power]:
    """The powers that ``account`` holds at this moment, with those they include."""
    if account is None or account.closed_at is not None:
        return frozenset()
    moment = db_now(session)
    granted = session.scalars(
        select(Grant.power).where(
            Grant.account_id == account.id,
            Grant.starts_at <= moment,
            or_(Grant.ends_at.is_(None), Grant.ends_at > moment),
        )
    )
    return frozenset(included for power in granted for included in INCLUDES[Power(power)])


def may(session: Session, account: Account | None, power: Power) -> bool:
    """Whether to show the button. Verbs call ``exercise`` or ``require``."""
    return power in held(session, account)


def require(session: Session, account: Account | None, power: Power) -> None:
    """Refuse unless ``account`` holds ``power``; for work that concerns only one's own things."""
    if not may(session, account, power):
        raise Refused(N_("You do not have the power to do this."), status=403)


def exercise(
    session: Session, by: Account | None, power: Power, on: str, reason: str, verb: str, who: str = ""
) -> minutes.Minute:
    """Use ``power`` on ``on`` (a public address or name): refuse, or write the minute.

    ``who`` is the public name under which the account acts; it and ``reason`` are erasable.
    """
    require(session, by, power)
    return _minute(session, power, verb, on, reason, who or _name(by))


def grant(
    session: Session,
    account: Account,
    powers: Iterable[Power],
    *,
    source: str = FOUNDING,
    source_id: uuid.UUID | None = None,
    ends_at: datetime | None = None,
    reason: str,
) -> None:
    """Give powers, with a minute each; refuses two offices that exclude each other."""
    for power in powers:
        _take_office(session, account, power)
        session.add(
            Grant(
                account_id=account.id,
                power=power.value,
                source=source,
                source_id=source_id,
                starts_at=db_now(session),
                ends_at=ends_at,
            )
        )
        _minute(session, power, f"grant by {source}", _name(account), reason, "")


def end_all(session: Session, account: Account, *, on: str, reason: str) -> None:
    """End every power of ``account``, known in public as ``on``, with a minute each."""
    for power in sorted(held(session, account)):
        _minute(session, power, "end", on, reason, "")
    moment = db_now(session)
    lasting = update(Grant).where(Grant.account_id == account.id)
    session.execute(
        lasting.where(or_(Grant.ends_at.is_(None), Grant.ends_at > moment)).values(ends_at=moment)
    )
    session.execute(delete(Office).where(Office.account_id == account.id))


def _take_office(session: Session, account: Account, power: Power) -> None:
    office = OFFICES.get(power)
    if office is None:
        return
    try:
        with session.begin_nested():
            session.add(Office(account_id=account.id, office=office))
    except IntegrityError:
        session.expire_all()
        if session.get_one(Office, account.id).office != office:
            raise Refused(
                N_("Editor, treasurer and election officer exclude each other."), status=409
            ) from None


def _minute(session: Session, power: Power, verb: str, on: str, reason: str, who: str) -> minutes.Minute:
    private = {"reason": reason} | ({"by": who} if who else {})
    if verb.startswith("grant"):
        return minutes.write(
            session, public={"power": power.value, "verb": verb}, private={**private, "to": on}
        )
    return minutes.write(session, public={"power": power.value, "verb": verb, "on": on}, private=private)


def _name(account: Account | None) -> str:
    return account.personal.name if account is not None and account.personal is not None else ""
