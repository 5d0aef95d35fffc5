"""What somebody paid in a year, read from the ledger and not from what was promised."""

from collections import defaultdict
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
    """What a day brought to an account: positive was paid by the party, negative went back to her."""

    on: date
    title: str
    money: Money


@dataclass(frozen=True)
class Statement:
    """A year's entries, oldest first, and their sum in each currency."""

    year: int
    entries: list[Entry]
    totals: list[Money]


def of_year(session: Session, party: Party, year: int) -> Statement:
    """What ``party`` paid for between New Year and New Year's Eve, day by day.

    Lines that only move her money on, such as from a pledge to her share, cancel each other out.
    """
    lines = session.scalars(
        select(PostingLine)
        .where(
            PostingLine.party_id == party.id,
            PostingLine.on.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .order_by(PostingLine.on, PostingLine.posting_id, PostingLine.position)
    )
    days: dict[tuple[date, str, str], int] = defaultdict(int)
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.account.partition(":")[0] in KINDS:
            days[line.on, line.account, line.currency] -= line.amount
            sums[line.currency] -= line.amount
    entries = [
        Entry(on, CHART[account].title, Money(amount, currency))
        for (on, account, currency), amount in days.items()
        if amount
    ]
    return Statement(year, entries, [Money(amount, currency) for currency, amount in sorted(sums.items())])


def years(session: Session, party: Party) -> list[int]:
    """The years in which anything of hers was booked, newest first."""
    days = session.scalars(select(PostingLine.on).where(PostingLine.party_id == party.id).distinct())
    return sorted({day.year for day in days}, reverse=True)
