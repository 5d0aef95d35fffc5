"""Figures read from the ledger, for pages and tables. Nothing here looks at the state of an order.

Amounts are minor units, debit above zero. What these read does not grow with the number of
postings, only with accounts, months, campaigns and stories.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from membership.money.chart import Dimension
from membership.money.models import Balance, MonthTotal, Posting, PostingLine


@dataclass(frozen=True)
class Month:
    """What an account was debited and credited in a month (``2026-11``)."""

    account: str
    month: str
    debit: int
    credit: int

    @property
    def net(self) -> int:
        return self.debit - self.credit


@dataclass(frozen=True)
class LedgerLine:
    """A line as anybody may see it: without party and words."""

    posting_id: int
    position: int
    on: date
    kind: str
    account: str
    amount: int
    currency: str
    campaign_id: uuid.UUID | None
    story_id: uuid.UUID | None
    hash: str


def months(session: Session, first: str, last: str) -> list[Month]:
    """Every account that moved, in every month from ``first`` to ``last``, both included."""
    rows = session.execute(
        select(MonthTotal.account, MonthTotal.month, MonthTotal.debit, MonthTotal.credit)
        .where(MonthTotal.month.between(first, last))
        .order_by(MonthTotal.month, MonthTotal.account)
    )
    return [Month(*row) for row in rows]


def balances(session: Session) -> dict[str, int]:
    """Every open account and what is on it now."""
    rows = session.execute(
        select(Balance.account, Balance.amount).where(Balance.dimension == "all").order_by(Balance.account)
    )
    return {row.account: row.amount for row in rows}


def by(session: Session, dimension: Dimension, prefix: str = "") -> dict[tuple[uuid.UUID, str], int]:
    """What is on each account whose name begins with ``prefix``, for each campaign or story (or party:
    for treasurers only)."""
    rows = session.execute(
        select(Balance.key, Balance.account, Balance.amount)
        .where(Balance.dimension == dimension, Balance.account.startswith(prefix, autoescape=True))
        .order_by(Balance.key, Balance.account)
    )
    return {(row.key, row.account): row.amount for row in rows}


def lines(
    session: Session, account: str, *, before: tuple[date, int] | None = None, count: int = 50
) -> Sequence[LedgerLine]:
    """The newest lines of ``account`` by booking date; ``before`` is date and posting of the last seen."""
    wanted = (
        select(
            PostingLine.posting_id,
            PostingLine.position,
            PostingLine.on,
            Posting.kind,
            PostingLine.account,
            PostingLine.amount,
            PostingLine.currency,
            PostingLine.campaign_id,
            PostingLine.story_id,
            Posting.hash,
        )
        .join(Posting, Posting.id == PostingLine.posting_id)
        .where(PostingLine.account == account)
        .order_by(PostingLine.on.desc(), PostingLine.posting_id.desc(), PostingLine.position.desc())
        .limit(count)
    )
    if before is not None:
        wanted = wanted.where(tuple_(PostingLine.on, PostingLine.posting_id) < before)
    return [LedgerLine(**row._mapping) for row in session.execute(wanted)]
