"""The figures of the open books: from the ledger, without a small cell, at a cost that does not grow."""

import csv
import io
import uuid
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, update

from commons import clock
from commons.db import Database
from commons.refusal import Refused
from membership.books import budget, figures, lines
from membership.books.cells import Band
from membership.books.models import Expense
from membership.money import ledger, parties
from membership.money.ledger import Line
from membership.payments.models import Charge

from .conftest import Cast, approved, earn, eur, today

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "shift", NOON - datetime.now(UTC))


def payers(db: Database, count: int, amount: int = 1_000, **more: object) -> None:
    """So many different people pay ``amount``."""
    with db.transaction() as session:
        for number in range(count):
            party = parties.create(session, "Somebody", f"p{number}@example.org")
            earn(session, amount, party.id, **more)  # type: ignore[arg-type]


def wage(db: Database, amount: int, on: date) -> None:
    with db.transaction() as session:
        party = parties.create(session, "Somebody", "w@example.org")
        paid = [Line("expenses:wages", eur(amount), party_id=party.id), Line("assets:bank", eur(-amount))]
        ledger.post(session, kind="expense", lines=paid, cause=("expense", uuid.uuid4()), on=on)


def read(db: Database) -> figures.OpenBooks:
    with db.reading() as session:
        return figures.read(session)


def test_income_of_few_is_told_together_with_income_of_many(db: Database, people: Cast) -> None:
    payers(db, 6)
    payers(db, 2, account="income:gifts")
    books = read(db)
    assert [(row.accounts, row.actual) for row in books.income] == [
        (("income:gifts", "income:pledges"), 8_000)
    ]
    assert books.year[-1].income == 8_000


def test_income_of_fewer_than_five_in_all_is_not_told_at_all(db: Database, people: Cast) -> None:
    payers(db, 4)
    payers(db, 5, on=date(2026, 10, 3))
    books = read(db)
    assert [row.actual for row in books.income] == [None]
    assert [each.income for each in books.year[-2:]] == [5_000, None]
    assert "40.00" not in figures.as_csv(books)


@pytest.mark.parametrize(("givers", "told"), [(4, None), (5, 5_000)])
def test_what_a_campaign_released_counts_those_who_gave(
    db: Database, people: Cast, givers: int, told: int | None
) -> None:
    campaign = uuid.uuid4()
    with db.transaction() as session:
        for number in range(givers):
            party = parties.create(session, "Somebody", f"g{number}@example.org")
            given = [
                Line("assets:bank", eur(1_000)),
                Line("restricted:pitches", eur(-1_000), party_id=party.id, campaign_id=campaign),
            ]
            ledger.post(session, kind="charge-paid", lines=given, cause=("charge", uuid.uuid4()))
        released = [
            Line("restricted:pitches", eur(givers * 1_000), campaign_id=campaign),
            Line("income:pitches", eur(-givers * 1_000), campaign_id=campaign),
        ]
        ledger.post(session, kind="campaign_money_released", lines=released, cause=("campaign", campaign))
    assert [row.actual for row in read(db).income] == [told]


def test_the_month_stands_against_its_plan(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people)
        budget.plan(session, "expenses:freelance", "2026-11", eur(40_000), people.tom)
        budget.plan(session, "expenses:legal", "2026-11", eur(5_000), people.tom)
        budget.plan(session, "income:grants", "2026-11", eur(9_000), people.tom)
    books = read(db)
    assert [(row.accounts[0], row.planned, row.actual) for row in (*books.income, *books.expenses)] == [
        ("income:grants", 9_000, 0),
        ("expenses:freelance", 40_000, 25_000),
        ("expenses:legal", 5_000, 0),
    ]


def test_one_euro_is_divided_to_the_cent(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        for account in ("expenses:freelance", "expenses:travel", "expenses:legal"):
            approved(session, people, account=account)
    parts = read(db).euro
    assert sorted(part.cents for part in parts) == [33, 33, 34]
    assert {part.amount for part in parts} == {25_000}


def test_how_long_the_free_money_lasts(db: Database, people: Cast) -> None:
    payers(db, 5, 20_000, on=date(2026, 10, 1))
    with db.transaction() as session:
        earn(session, 50_000, account="liabilities:prepaid")
    wage(db, 25_000, date(2026, 9, 30))
    wage(db, 15_000, date(2026, 10, 30))
    means = read(db).means
    assert (means.liquid, means.held, means.free, means.monthly) == (110_000, 50_000, 60_000, 20_000)
    assert means.tenths == 30
    assert figures.Means(100, 200, 10).tenths == 0
    assert figures.Means(100, 0, 0).tenths is None


def test_wages_are_told_in_bands_of_five_or_not(db: Database, people: Cast) -> None:
    for _person in range(4):
        wage(db, 210_000, date(2026, 10, 30))
    books = read(db)
    assert books.paid_people and not books.wages
    wage(db, 260_000, date(2026, 10, 30))
    assert list(read(db).wages) == [Band(2_000, 3_000, 5)]


def test_a_bill_is_told_whole_and_what_a_person_paid_as_a_band(db: Database, people: Cast) -> None:
    story = uuid.uuid4()
    payers(db, 1, 4_321)
    wage(db, 212_345, today())
    with db.transaction() as session:
        approved(session, people, story_id=story)
        earn(session, 7_000, account="income:grants")
    with db.reading() as session:
        [bill] = lines.newest(session, "expenses:freelance")
        assert (bill.amount, bill.words, bill.story_id) == (25_000, "Two days at the harbour", story)
        for account, band in (("income:pledges", Band(10, 50)), ("expenses:wages", Band(1_000, 5_000))):
            [line] = lines.newest(session, account)
            assert (line.amount, line.band, line.words, line.story_id) == (None, band, "", None)
        assert all(line.amount is None for line in lines.newest(session, "assets:bank"))
        with pytest.raises(Refused, match="no account") as refused:
            lines.newest(session, "assets:gold")
    assert refused.value.status == 404


def test_lines_go_on_where_the_last_page_ended(db: Database, people: Cast) -> None:
    payers(db, 5)
    with db.reading() as session:
        first = lines.newest(session, "income:pledges", count=3)
        last = first[-1]
        rest = lines.newest(session, "income:pledges", (last.on, last.posting_id, last.position), count=3)
    assert [line.posting_id for line in (*first, *rest)] == [5, 4, 3, 2, 1]


def test_a_posting_with_more_lines_than_a_page_goes_on_on_the_next(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        parts = [Line("equity:opening", eur(-100)) for _part in range(4)]
        opening = ("opening", uuid.uuid4())
        ledger.post(session, kind="opening", lines=[Line("assets:bank", eur(400)), *parts], cause=opening)
    with db.reading() as session:
        first = lines.newest(session, "equity:opening", count=3)
        last = first[-1]
        rest = lines.newest(session, "equity:opening", (last.on, last.posting_id, last.position), count=3)
    assert len(first) == 3
    assert len({line.position for line in (*first, *rest)}) == 4


def test_the_file_says_what_the_page_says(db: Database, people: Cast) -> None:
    payers(db, 5)
    with db.transaction() as session:
        approved(session, people)
    text = figures.as_csv(read(db))
    rows = list(csv.reader(io.StringIO(text)))
    assert ["budget", "2026-11", "income:pledges", "0.00", "50.00", "EUR"] in rows
    assert ["spent", "2026-11", "expenses:freelance", "", "250.00", "EUR"] in rows
    assert figures.digest(text) == figures.digest(figures.as_csv(read(db)))


def test_the_figures_cost_the_same_number_of_queries_whatever_was_booked(db: Database, people: Cast) -> None:
    def queries() -> int:
        said: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            said.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        read(db)
        event.remove(db.engine, "before_cursor_execute", note)
        return len(said)

    payers(db, 5)
    few = queries()
    payers(db, 30)
    with db.transaction() as session:
        approved(session, people)
    assert queries() == few <= 14


def test_the_books_read_the_ledger_and_not_what_an_order_says_of_itself(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        for number in range(6):
            earn(session, 1_000, parties.create(session, "Rita", f"rita{number}@example.org").id)
        party = parties.create(session, "Erna Error", "erna@example.org")
        for state in ("paid", "failed", "cancelled", "pending"):
            session.add(
                Charge(
                    token=state,
                    party_id=party.id,
                    provider="bank",
                    purpose="pledge",
                    purpose_id=uuid.uuid4(),
                    key=f"charge:{state}",
                    words="Twice",
                    amount=5_000,
                    received=5_000 if state == "paid" else 0,
                    currency="EUR",
                    account="income:pledges",
                    state=state,
                )
            )
        cost = approved(session, people)
        session.execute(update(Expense).where(Expense.id == cost.id).values(state="paid"))
    with db.reading() as session:
        books = figures.read(session)
    assert [row.actual for row in books.income if "income:pledges" in row.accounts] == [6_000]
    assert books.year[-1].income == 6_000
    assert books.means.liquid == 6_000
