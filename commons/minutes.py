"""The public minutes: every use of a power, in a hash chain.

A minute's hash covers canonical JSON (RFC 8785) of its public body and of the hash before it.
Whatever names a person, and every reason given in words, stands beside the chain in
``MinuteDetail`` and inside it only as a salted SHA-256 commitment: erasing the detail leaves
the chain valid.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import ForeignKey, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from commons.clock import now
from commons.db import Base

GENESIS = "0" * 64
LOCK_KEY = 0x6D696E75


class Minute(Base):
    """One line of the minutes. Rows are never changed or deleted."""

    __tablename__ = "minute"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str] = mapped_column(unique=True)


class MinuteDetail(Base):
    """The words behind one commitment; may be erased."""

    __tablename__ = "minute_detail"

    number: Mapped[int] = mapped_column(ForeignKey("minute.number"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[str]
    value: Mapped[str]


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong with the chain."""

    number: int
    what: str


def write(session: Session, *, public: dict[str, str], private: dict[str, str]) -> Minute:
    """Add a line. ``private`` values are committed to, not chained."""
    _one_writer(session)
    last = session.scalars(select(Minute).order_by(Minute.number.desc()).limit(1)).first()
    number = last.number + 1 if last else 1
    previous = last.hash if last else GENESIS
    details = [
        MinuteDetail(number=number, field=field, salt=secrets.token_hex(16), value=value)
        for field, value in private.items()
    ]
    moment = now()
    body: dict[str, Any] = {
        **public,
        "commitments": {detail.field: commitment(detail) for detail in details},
    }
    minute = Minute(number=number, at=moment, body=body, previous=previous, hash="")
    minute.hash = hash_of(minute)
    session.add(minute)
    session.flush()
    session.add_all(details)
    return minute


def hash_of(minute: Minute) -> str:
    """SHA-256 over RFC 8785 canonical JSON of number, time, body and the hash before."""
    line: dict[str, Any] = {
        "number": minute.number,
        "at": minute.at.isoformat(),
        "body": minute.body,
        "previous": minute.previous,
    }
    return hashlib.sha256(rfc8785.dumps(line)).hexdigest()


def commitment(detail: MinuteDetail) -> str:
    return hashlib.sha256(f"{detail.salt}:{detail.value}".encode()).hexdigest()


def verify(session: Session) -> Fault | None:
    """The first bad line, or None. Erased details are no fault; changed ones are."""
    wanted = select(Minute).order_by(Minute.number).execution_options(yield_per=1000)
    with session.scalars(wanted) as chain:
        return _first_fault(chain, _details(session))


def _first_fault(chain: Iterable[Minute], details: dict[int, list[MinuteDetail]]) -> Fault | None:
    previous = GENESIS
    for number, minute in enumerate(chain, start=1):
        if minute.number != number:
            return Fault(number, "missing")
        if minute.previous != previous or minute.hash != hash_of(minute):
            return Fault(number, "changed")
        for detail in details.pop(number, []):
            if minute.body["commitments"].get(detail.field) != commitment(detail):
                return Fault(number, f"{detail.field} changed")
        previous = minute.hash
    return Fault(min(details), "cut off") if details else None


def _details(session: Session) -> dict[int, list[MinuteDetail]]:
    found: dict[int, list[MinuteDetail]] = {}
    for detail in session.scalars(select(MinuteDetail)):
        found.setdefault(detail.number, []).append(detail)
    return found


def head(session: Session) -> tuple[int, str]:
    """Number and hash of the last line: what an outsider keeps, to notice a cut."""
    last = session.scalars(select(Minute).order_by(Minute.number.desc()).limit(1)).first()
    return (last.number, last.hash) if last else (0, GENESIS)


def lines(
    session: Session, before: int | None = None, count: int = 50, powers: Collection[str] = ()
) -> Iterator[tuple[Minute, dict[str, str]]]:
    """The newest lines first, each with the details that were not erased; with ``powers``, of these only."""
    wanted = select(Minute).order_by(Minute.number.desc()).limit(count)
    if before is not None:
        wanted = wanted.where(Minute.number < before)
    if powers:
        wanted = wanted.where(Minute.body["power"].as_string().in_(powers))
    minutes = list(session.scalars(wanted))
    known: dict[int, dict[str, str]] = {minute.number: {} for minute in minutes}
    for detail in session.scalars(select(MinuteDetail).where(MinuteDetail.number.in_(known))):
        known[detail.number][detail.field] = detail.value
    for minute in minutes:
        yield minute, known[minute.number]


def total(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Minute)) or 0


def _one_writer(session: Session) -> None:
    """The chain grows by one hand at a time; SQLite's write lock sees to that by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
