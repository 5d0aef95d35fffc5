"""The figures of the open books, from month totals, balances and a bounded look at single lines.

Nothing here names a person; where fewer than ``limits.SMALL_CELL`` people stand in a sum of income
or of wages by band, ``cells`` puts it together with others or leaves it out.
"""

import csv
import hashlib
import io
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Select, distinct, func, literal, select, union_all
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import now
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from federation.models import Post
from membership.books import budget, cells
from membership.books.cells import Band, Cell
from membership.books.models import APPROVED, Surplus
from membership.money import ledger, reports
from membership.money.chart import CHART
from membership.money.currencies import Money, decimal_text, exponent, split
from membership.money.models import Balance, PostingLine, Seal
from membership.money.periods import first_day, last_day, later_month, local_day, month_of, months_through

LIQUID = ("assets:bank", "assets:cash", "assets:stripe", "assets:transit")
WAGES = "expenses:wages"
INCOME = tuple(name for name, account in CHART.items() if account.kind == "income")
AVERAGED_MONTHS = 6


@dataclass(frozen=True)
class Row:
    """Some accounts in this month: what was planned and what was. None: too few people to tell."""

    accounts: tuple[str, ...]
    planned: int
    actual: int | None


@dataclass(frozen=True)
class MonthSums:
    """A month. ``income`` None: too few people to tell."""

    month: str
    income: int | None
    expenses: int


@dataclass(frozen=True)
class Part:
    """What of one euro (in hundredths) went to an account, and how much that was."""

    account: str
    cents: int
    amount: int


@dataclass(frozen=True)
class StoryLine:
    """A published story and what it cost."""

    id: uuid.UUID
    title: str
    url: str
    amount: int


@dataclass(frozen=True)
class Means:
    """What there is: in all, what of it is others', and what a month costs on average."""

    liquid: int
    held: int
    monthly: int

    @property
    def free(self) -> int:
        return self.liquid - self.held

    @property
    def tenths(self) -> int | None:
        """For how many tenths of a month the free money lasts; None where nothing is spent."""
        return max(0, self.free * 10 // self.monthly) if self.monthly > 0 else None


@dataclass(frozen=True)
class OpenBooks:
    """All that the page says. Amounts are minor units of ``currency``; income and spending above zero."""

    currency: str
    month: str
    income: Sequence[Row]
    expenses: Sequence[Row]
    year: Sequence[MonthSums]
    spent: Mapping[tuple[str, str], int]
    euro: Sequence[Part]
    stories: Sequence[StoryLine]
    means: Means
    wages_month: str
    wages: Sequence[Band]
    paid_people: bool
    seals: Sequence[Seal]
    surpluses: Sequence[Surplus]
    number: int
    head: str


def read(session: Session) -> OpenBooks:
    """The open books of this moment."""
    month = month_of(local_day(now(), settings().timezone))
    totals = reports.months(session, later_month(month, -11), month)
    spent = {(each.month, each.account): each.net for each in totals if _kind(each.account) == "expenses"}
    earned = {(each.month, each.account): -each.net for each in totals if _kind(each.account) == "income"}
    planned = budget.planned(session, month)
    amounts = _wages(session, later_month(month, -1))
    number, head = ledger.head(session)
    return OpenBooks(
        currency=settings().currency,
        month=month,
        income=_income_rows(session, month, earned, planned),
        expenses=_expense_rows(month, spent, planned),
        year=_year(session, month, earned, spent),
        spent=spent,
        euro=_euro(spent),
        stories=_stories(session),
        means=_means(session, month, spent),
        wages_month=later_month(month, -1),
        wages=cells.spread(amounts, unit(), limits.SMALL_CELL),
        paid_people=bool(amounts),
        seals=_seals(session),
        surpluses=_surpluses(session),
        number=number,
        head=head,
    )


def unit() -> int:
    """How many minor units make a whole one."""
    return int(10 ** exponent(settings().currency))


def _kind(account: str) -> str:
    return account.partition(":")[0]


# This month


def _income_rows(
    session: Session, month: str, earned: Mapping[tuple[str, str], int], planned: Mapping[str, int]
) -> list[Row]:
    people = _payers(session, month, [name for at, name in earned if at == month])
    found = [
        Cell((name,), amount, frozenset(people[name])) for (at, name), amount in earned.items() if at == month
    ]
    rows = [
        Row(cell.accounts, sum(planned.get(name, 0) for name in cell.accounts), cell.amount)
        for cell in cells.tellable(found, limits.SMALL_CELL)
    ]
    seen = {name for row in rows for name in row.accounts}
    return rows + [
        Row((name,), planned[name], 0) for name in INCOME if planned.get(name) and name not in seen
    ]


def _expense_rows(month: str, spent: Mapping[tuple[str, str], int], planned: Mapping[str, int]) -> list[Row]:
    return [
        Row((name,), planned.get(name, 0), spent.get((month, name), 0))
        for name, account in CHART.items()
        if account.kind == "expenses" and (planned.get(name) or (month, name) in spent)
    ]


def _payers(session: Session, month: str, accounts: Sequence[str]) -> dict[str, set[uuid.UUID]]:
    """Who stands on the first lines of each account in ``month``; enough to see whether they are few."""
    found: dict[str, set[uuid.UUID]] = defaultdict(set)
    if not accounts:
        return found
    looks = [
        _look(month, [name]).add_columns(PostingLine.account, PostingLine.campaign_id) for name in accounts
    ]
    released: dict[uuid.UUID, set[str]] = defaultdict(set)
    for party_id, account, campaign_id in session.execute(_all_of(looks)):
        if party_id is not None:
            found[account].add(party_id)
        elif campaign_id is not None:
            released[campaign_id].add(account)
    for campaign_id, party_id in _givers(session, released):
        for account in released[campaign_id]:
            found[account].add(party_id)
    return found


def _givers(session: Session, campaigns: Iterable[uuid.UUID]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Some of those whose money a campaign released as one sum: as many as must be there to tell it."""
    looks = [
        select(PostingLine.campaign_id, PostingLine.party_id)
        .where(PostingLine.campaign_id == campaign_id, PostingLine.party_id.is_not(None))
        .limit(limits.PAYERS_LOOKED_AT)
        for campaign_id in campaigns
    ]
    return [(key, party_id) for key, party_id in session.execute(_all_of(looks))] if looks else []


def _look(month: str, accounts: Sequence[str]) -> Select[Any]:
    return (
        select(PostingLine.party_id)
        .where(PostingLine.account.in_(accounts), PostingLine.on.between(first_day(month), last_day(month)))
        .limit(limits.PAYERS_LOOKED_AT)
    )


def _all_of(looks: Sequence[Any]) -> CompoundSelect[Any]:
    """One statement for several that each have a limit of their own."""
    return union_all(*(select(look.subquery()) for look in looks))


# Twelve months


def _year(
    session: Session,
    month: str,
    earned: Mapping[tuple[str, str], int],
    spent: Mapping[tuple[str, str], int],
) -> list[MonthSums]:
    months = list(months_through(later_month(month, -11), month))
    enough = _with_enough(session, [each for each in months if any(at == each for at, _name in earned)])
    return [
        MonthSums(
            each,
            _sum(earned, each) if each in enough or not _sum(earned, each) else None,
            _sum(spent, each),
        )
        for each in months
    ]


def _with_enough(session: Session, months: Sequence[str]) -> set[str]:
    """The months in which enough different people paid."""
    if not months:
        return set()
    counts = []
    for month in months:
        look = _look(month, INCOME).subquery()
        counts.append(
            select(literal(month).label("month"), func.count(distinct(look.c.party_id)).label("people"))
        )
    rows = session.execute(union_all(*counts))
    return {row.month for row in rows if row.people >= limits.SMALL_CELL}


def _sum(totals: Mapping[tuple[str, str], int], month: str) -> int:
    return sum(amount for (at, _name), amount in totals.items() if at == month)


def _euro(spent: Mapping[tuple[str, str], int]) -> list[Part]:
    """Where one euro of twelve months went, in cents that sum to a hundred, the largest first."""
    totals: dict[str, int] = defaultdict(int)
    for (_month, name), amount in spent.items():
        totals[name] += amount
    ordered = sorted(((name, max(0, amount)) for name, amount in totals.items()), key=lambda each: -each[1])
    if not sum(amount for _name, amount in ordered):
        return []
    cents = split(100, [amount for _name, amount in ordered], turn=0)
    return [Part(name, part, amount) for (name, amount), part in zip(ordered, cents, strict=True) if amount]


# Stories, means, wages


def _stories(session: Session) -> list[StoryLine]:
    rows = session.execute(_story_costs().order_by(Post.published_at.desc()).limit(limits.STORIES_IN_BOOKS))
    return [_story_line(*row) for row in rows]


def story(session: Session, story_id: uuid.UUID) -> StoryLine:
    """What a published story cost; 404 where it has no costs of its own, or is not out."""
    row = session.execute(_story_costs().where(Post.id == story_id)).one_or_none()
    if row is None:
        raise Refused(N_("There is no such page."), status=404)
    return _story_line(*row)


def _story_line(story_id: uuid.UUID, title: str | None, url: str, cost: int) -> StoryLine:
    return StoryLine(story_id, title or "", url, int(cost))


def _story_costs() -> Select[uuid.UUID, str | None, str, int]:
    return (
        select(Post.id, Post.name, Post.url, func.sum(Balance.amount))
        .join(Balance, Balance.key == Post.id)
        .where(Balance.dimension == "story", Balance.account.startswith("expenses:"), Post.gone_at.is_(None))
        .group_by(Post.id, Post.name, Post.url, Post.published_at)
    )


def _means(session: Session, month: str, spent: Mapping[tuple[str, str], int]) -> Means:
    on = reports.balances(session)
    held = -sum(amount for name, amount in on.items() if _kind(name) in ("liabilities", "restricted"))
    before = [
        _sum(spent, each)
        for each in months_through(later_month(month, -AVERAGED_MONTHS), later_month(month, -1))
    ]
    costly = [amount for amount in before if amount > 0]
    return Means(
        liquid=sum(on.get(name, 0) for name in LIQUID),
        held=held,
        monthly=sum(costly) // len(costly) if costly else 0,
    )


def _wages(session: Session, month: str) -> list[int]:
    """What each who is paid wages was paid in ``month``."""
    rows = session.scalars(
        select(func.sum(PostingLine.amount))
        .where(PostingLine.account == WAGES, PostingLine.on.between(first_day(month), last_day(month)))
        .where(PostingLine.party_id.is_not(None))
        .group_by(PostingLine.party_id)
    )
    return [int(amount) for amount in rows if amount > 0]


def _seals(session: Session) -> list[Seal]:
    return list(session.scalars(select(Seal).order_by(Seal.month.desc()).limit(12)))


def _surpluses(session: Session) -> list[Surplus]:
    return list(
        session.scalars(select(Surplus).where(Surplus.state == APPROVED).order_by(Surplus.year.desc()))
    )


# As a file


def as_csv(books: OpenBooks) -> str:
    """The figures as rows: what, month, account, planned, actual. An empty amount is not told."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("figure", "month", "account", "planned", "actual", "currency"))
    for row in (*books.income, *books.expenses):
        planned, actual = _text(row.planned, books), _text(row.actual, books)
        writer.writerow(("budget", books.month, " ".join(row.accounts), planned, actual, books.currency))
    for each in books.year:
        for figure, amount in (("income", each.income), ("expenses", each.expenses)):
            writer.writerow((figure, each.month, "", "", _text(amount, books), books.currency))
    for (month, account), amount in books.spent.items():
        writer.writerow(("spent", month, account, "", _text(amount, books), books.currency))
    for story in books.stories:
        writer.writerow(("story", "", story.id, "", _text(story.amount, books), books.currency))
    return out.getvalue()


def digest(text: str) -> str:
    """SHA-256 of the file."""
    return hashlib.sha256(text.encode()).hexdigest()


def _text(amount: int | None, books: OpenBooks) -> str:
    return "" if amount is None else decimal_text(Money(amount, books.currency))
