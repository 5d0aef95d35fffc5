"""The register of members in its two statutory renderings.

Full: name, address, number of further shares, leaving, and the day of each change (GenG section 30);
for the board and the treasurer. Reduced: everything except shares and what was paid (Co-operative and
Community Benefit Societies Act 2014, sections 30 and 103); for members, who may inspect it.
"""

import csv
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from commons.clock import now
from commons.config import settings
from commons.db import database, rows_changed
from commons.language import _
from membership.members import lots, shares, statutes
from membership.members.models import Membership, RegisterEntry, ShareEvent
from membership.members.shares import Position
from membership.money import currencies
from membership.money.models import Party

# A cell that begins so is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
REDUCED = ("number", "name", "address", "class", "joined", "left")
FULL = (*REDUCED, "shares", "further_shares", "paid_in", "to_be_paid_back", "currency")
CHANGES = (
    "number",
    "effective_on",
    "recorded_at",
    "kind",
    "lot",
    "shares",
    "amount",
    "currency",
    "other_number",
)


@dataclass(frozen=True)
class Row:
    """One member. ``position`` is None in the reduced rendering."""

    id: uuid.UUID
    number: int
    name: str
    address: str
    class_: str
    joined_on: date
    left_on: date | None
    leaving: bool
    position: Position | None

    @property
    def further_shares(self) -> int:
        """How many beyond the first: what the German list names."""
        return max(self.position.held - 1, 0) if self.position is not None else 0


def rows(session: Session, *, full: bool, after: int = 0, count: int | None = None) -> list[Row]:
    """The register by number, from the one after ``after``. Who left is in the full one only."""
    wanted = (
        select(Membership)
        .where(Membership.number > after)
        .options(joinedload(Membership.party).joinedload(Party.data))
        .order_by(Membership.number)
    )
    moment = now()
    if not full:
        wanted = wanted.where(Membership.ended_at.is_(None) | (Membership.ended_at > moment))
    members = list(session.scalars(wanted.limit(count)).unique())
    kept = _kept(session) if full else {}
    held = _positions(session, members) if full and members else {}
    return [_row(member, kept.get(member.id), held.get(member.id)) for member in members]


def _row(member: Membership, kept: RegisterEntry | None, position: Position | None) -> Row:
    data = member.party.data
    assert member.number is not None and member.joined_at is not None
    last = member.ended_at - timedelta(microseconds=1) if member.ended_at is not None else None
    return Row(
        id=member.id,
        number=member.number,
        name=kept.name if kept else data.name if data else pseudonym(member.number),
        address=kept.address if kept else data.address if data else "",
        class_=member.class_,
        joined_on=statutes.today(member.joined_at),
        left_on=statutes.today(last) if last is not None else None,
        leaving=last is not None and last >= now(),
        position=position,
    )


def pseudonym(number: int) -> str:
    """What stands where a name was erased."""
    return _("Member %(number)s", number=number)


def _kept(session: Session) -> dict[uuid.UUID, RegisterEntry]:
    return {entry.membership_id: entry for entry in session.scalars(select(RegisterEntry))}


def _positions(session: Session, members: Sequence[Membership]) -> dict[uuid.UUID, Position]:
    found: dict[uuid.UUID, list[lots.Holding]] = {member.id: [] for member in members}
    for (member, _lot), holding in lots.fold(shares.events(session, *members)).items():
        if member in found:
            found[member].append(holding)
    return {member: shares.total(several) for member, several in found.items()}


# CSV


def as_csv(session: Session, *, full: bool) -> str:
    """The register as CSV (RFC 4180), with a first line of names."""
    return _csv(FULL if full else REDUCED, (_cells(row, full) for row in rows(session, full=full)))


def _cells(row: Row, full: bool) -> list[object]:
    reduced: list[object] = [row.number, row.name, row.address, row.class_, row.joined_on, row.left_on or ""]
    if not full or row.position is None:
        return reduced
    return [
        *reduced,
        row.position.held,
        row.further_shares,
        currencies.decimal_text(row.position.paid),
        currencies.decimal_text(row.position.owed),
        settings().currency,
    ]


def changes_as_csv(session: Session) -> str:
    """Every change of the share register with its effective date, as CSV."""
    numbers = dict(session.execute(select(Membership.id, Membership.number)).all())
    return _csv(CHANGES, (_change_cells(event, numbers) for event in shares.events(session)))


def _change_cells(event: ShareEvent, numbers: dict[uuid.UUID, int | None]) -> list[object]:
    other = numbers.get(event.other_id) if event.other_id is not None else None
    return [
        numbers.get(event.membership_id) or "",
        event.effective_on,
        event.at.isoformat(),
        event.kind,
        event.lot,
        event.shares or "",
        currencies.decimal_text(currencies.Money(event.amount, event.currency)) if event.amount else "",
        event.currency,
        other or "",
    ]


def _csv(names: Sequence[str], lines: Iterator[list[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([safe(cell) for cell in line] for line in lines)
    return out.getvalue()


def safe(cell: object) -> object:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


# Erasure


def keep(session: Session, membership: Membership) -> RegisterEntry | None:
    """Keep for the register what the law asks, before the person's data is erased; None if nothing."""
    data = membership.party.data
    if membership.number is None or membership.ended_at is None or data is None:
        return None
    fixed = statutes.at(session, statutes.today(now()))
    last = statutes.today(membership.ended_at - timedelta(microseconds=1))
    entry = RegisterEntry(
        membership_id=membership.id,
        name=data.name,
        address=data.address,
        iban=data.iban,
        keep_until=date(last.year + fixed.keep_years, 12, 31),
    )
    if entry.keep_until < statutes.today(now()):
        return None
    session.add(entry)
    session.flush()
    return entry


def forget_due() -> int:
    """Timer job: forget the names that the law does not keep any longer. Returns how many."""
    with database().transaction() as session:
        gone = delete(RegisterEntry).where(RegisterEntry.keep_until < statutes.today(now()))
        return rows_changed(session.execute(gone))
