"""Who may do what, and that no power is used without a line in the minutes.

A grant says where it came from and for how long it holds; ``exercise`` looks at the grants
at that moment, so a power that ended is gone on every open session at once.

Whoever gives or ends powers first takes the lock of the minutes, so that two who do it at the same
time follow each other.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from commons import minutes
from commons.accounts import Account
from commons.clock import db_now, now
from commons.db import Base, new_id, one_at_a_time
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
ASLEEP = "powers are asleep"
FOUNDING, COMMAND, SEAT, DEPUTY = "founding", "command", "seat", "deputy"
OPERATOR = "operator"
# By whose hand an operator grants: a founder's before the first board, later only what no board gives.
BY_COMMAND = (FOUNDING, COMMAND)
# What only the board gives once it sits.
EDITORIAL = (Power.EDIT, Power.PUBLISH)


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


class FoundingEnd(Base):
    """That a first board was seated, and when: one row, and never another."""

    __tablename__ = "founding_end"
    __table_args__ = (CheckConstraint("number = 1", name="once"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    at: Mapped[datetime] = mapped_column(default=now)


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


def put_to_sleep(session: Session, sleeping: bool) -> None:
    """Let nobody use a power in ``session``: it works for a browser in which no passkey was shown."""
    session.info[ASLEEP] = sleeping


def asleep(session: Session) -> bool:
    """Whether powers are held but not used in ``session``."""
    return bool(session.info.get(ASLEEP))


def usable(session: Session, account: Account | None) -> frozenset[Power]:
    """The powers that ``account`` can use here and now."""
    return frozenset() if asleep(session) else held(session, account)


def may(session: Session, account: Account | None, power: Power) -> bool:
    """Whether to show the button. Verbs call ``exercise`` or ``require``."""
    return power in usable(session, account)


def require(session: Session, account: Account | None, power: Power) -> None:
    """Refuse unless ``account`` holds ``power``; for work that concerns only one's own things."""
    if may(session, account, power):
        return
    if power in held(session, account):
        raise Refused(
            N_("A power is used with a passkey only. Sign in with yours, or add one under “My account”."),
            status=403,
        )
    raise Refused(N_("You do not have the power to do this."), status=403)


def exercise(
    session: Session, by: Account | None, power: Power, on: str, reason: str, verb: str, who: str = ""
) -> minutes.Minute:
    """Use ``power`` on ``on`` (a public address or name): refuse, or write the minute.

    ``who`` is the public name under which the account acts; it and ``reason`` are erasable.
    """
    require(session, by, power)
    return _minute(session, power, verb, on, reason, who or _name(by))


def by_operator(session: Session, power: Power, on: str, reason: str, verb: str) -> minutes.Minute:
    """Write the minute of what whoever runs the house does by command, without an account."""
    return _minute(session, power, verb, on, reason, OPERATOR)


def grant(
    session: Session,
    account: Account,
    powers: Iterable[Power],
    *,
    source: str = FOUNDING,
    source_id: uuid.UUID | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    reason: str,
) -> None:
    """Give powers, with a minute each, from now or from ``starts_at`` on.

    Refuses (409) two offices that exclude each other, and to edit or publish without the board once it
    sits.
    """
    one_at_a_time(session, minutes.LOCK_KEY)
    for power in powers:
        if source in BY_COMMAND and power in EDITORIAL and not founding(session):
            raise Refused(
                N_("A board sits: its seats and whom they appoint edit and publish, nobody else."), status=409
            )
        _take_office(session, account, power)
        session.add(
            Grant(
                account_id=account.id,
                power=power.value,
                source=source,
                source_id=source_id,
                starts_at=starts_at or db_now(session),
                ends_at=ends_at,
            )
        )
        _minute(session, power, f"grant by {source}", _name(account), reason, "")


def granted(session: Session, account: Account) -> list[Grant]:
    """The grants of ``account`` that hold at this moment, oldest first."""
    moment = db_now(session)
    hers = select(Grant).where(Grant.account_id == account.id, Grant.starts_at <= moment, _lasts(moment))
    return list(session.scalars(hers.order_by(Grant.starts_at, Grant.id)))


def end(session: Session, source: str, source_id: uuid.UUID, *, on: str, reason: str) -> None:
    """End what ``source_id`` granted, with a minute each that names it in public as ``on``."""
    one_at_a_time(session, minutes.LOCK_KEY)
    _end(
        session,
        Grant.source == source,
        Grant.source_id == source_id,
        verb=f"end by {source}",
        on=on,
        why=reason,
    )


def lay_down(session: Session, by: Account, power: Power, *, on: str) -> None:
    """Give up what one was granted by command. Refuses (409) what one has not."""
    one_at_a_time(session, minutes.LOCK_KEY)
    hers = Grant.account_id == by.id, Grant.source.in_(BY_COMMAND), Grant.power == power.value
    if not _end(session, *hers, verb="lay down", on=on, why=""):
        raise Refused(N_("This is nothing that you could lay down."), status=409)


def end_all(session: Session, account: Account, *, on: str, reason: str) -> None:
    """End every power of ``account``, known in public as ``on``, with a minute each."""
    one_at_a_time(session, minutes.LOCK_KEY)
    for power in sorted(held(session, account)):
        _minute(session, power, "end", on, reason, "")
    for grant_ in session.scalars(
        select(Grant).where(Grant.account_id == account.id, _lasts(db_now(session)))
    ):
        grant_.ends_at = db_now(session)
    session.execute(delete(Office).where(Office.account_id == account.id))


# The founding period


def founding(session: Session) -> bool:
    """Whether no board has been seated yet, so that founders hold the powers."""
    return session.scalar(select(FoundingEnd.at)) is None


def end_founding(session: Session, *, on: str, reason: str) -> None:
    """With the first board nobody edits or publishes by a founder's grant; to write is left to all.

    Does nothing the second time.
    """
    one_at_a_time(session, minutes.LOCK_KEY)
    if not founding(session):
        return
    session.add(FoundingEnd(at=db_now(session)))
    editorial = Grant.source == FOUNDING, Grant.power.in_([power.value for power in EDITORIAL])
    ended = _end(session, *editorial, verb="end by founding", on=on, why=reason)
    for account_id in sorted({each.account_id for each in ended}):
        grant(session, session.get_one(Account, account_id), [Power.WRITE], reason=reason)


def _lasts(moment: datetime) -> ColumnElement[bool]:
    return or_(Grant.ends_at.is_(None), Grant.ends_at > moment)


def _end(session: Session, *which: ColumnElement[bool], verb: str, on: str, why: str) -> list[Grant]:
    """End the lasting grants that ``which`` names; one that has not begun never does."""
    moment = db_now(session)
    ended = list(session.scalars(select(Grant).where(*which, _lasts(moment)).order_by(Grant.id)))
    for each in ended:
        each.ends_at = moment
        _minute(session, Power(each.power), verb, on, why, _name(session.get_one(Account, each.account_id)))
    return ended


def _take_office(session: Session, account: Account, power: Power) -> None:
    office = OFFICES.get(power)
    if office is None:
        return
    try:
        with session.begin_nested():
            session.add(Office(account_id=account.id, office=office))
    except IntegrityError:
        session.expire_all()
        kept = session.get_one(Office, account.id)
        if kept.office != office and _still_holds(session, account, kept.office):
            raise Refused(
                N_("Editor, treasurer and election officer exclude each other."), status=409
            ) from None
        kept.office = office


def _still_holds(session: Session, account: Account, office: str) -> bool:
    """Whether a grant of ``office`` lasts or is still to begin."""
    of_office = [power.value for power, name in OFFICES.items() if name == office]
    lasting = select(Grant.id).where(Grant.account_id == account.id, Grant.power.in_(of_office))
    return session.scalars(lasting.where(_lasts(db_now(session))).limit(1)).first() is not None


def _minute(session: Session, power: Power, verb: str, on: str, reason: str, who: str) -> minutes.Minute:
    private = {"reason": reason} | ({"by": who} if who else {})
    if verb.startswith("grant"):
        return minutes.write(
            session, public={"power": power.value, "verb": verb}, private={**private, "to": on}
        )
    return minutes.write(session, public={"power": power.value, "verb": verb, "on": on}, private=private)


def _name(account: Account | None) -> str:
    return account.personal.name if account is not None and account.personal is not None else ""
