"""What somebody paid in a year, read from the ledger and not from what was promised."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from membership.money.chart import CHART
from membership.money.currencies import Money
from membership.money.models import Party, PostingLine

# What a payment may have been for: money of these kinds is the payer's gift, fee or share.
KINDS = ("income", "restricted", "equity")


@dataclass(frozen=True)
class Entry:
    """One movement: positive was paid by the party, negative went back to her."""

    on: date
    account: str
    title: str
    money: Money


@dataclass(frozen=True)
class Statement:
    """A year's movements, oldest first, and their sum in each currency."""

    year: int
    entries: list[Entry]
    totals: list[Money]


def of_year(session: Session, party: Party, year: int) -> Statement:
    """Every ledger line of ``party`` that tells what she paid for, between New Year and New Year's Eve."""
    lines = session.scalars(
        select(PostingLine)
        .where(
            PostingLine.party_id == party.id,
            PostingLine.on.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .order_by(PostingLine.posting_id, PostingLine.position)
    )
    entries = [_entry(line) for line in lines if line.account.partition(":")[0] in KINDS]
    sums: dict[str, int] = {}
    for entry in entries:
        sums[entry.money.currency] = sums.get(entry.money.currency, 0) + entry.money.amount
    return Statement(year, entries, [Money(amount, currency) for currency, amount in sorted(sums.items())])


def years(session: Session, party: Party) -> list[int]:
    """The years in which anything of hers was booked, newest first."""
    days = session.scalars(select(PostingLine.on).where(PostingLine.party_id == party.id).distinct())
    return sorted({day.year for day in days}, reverse=True)


def _entry(line: PostingLine) -> Entry:
    return Entry(line.on, line.account, CHART[line.account].title, Money(-line.amount, line.currency))
