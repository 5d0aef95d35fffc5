"""What may be written in the books, what is refused, and what the balances say."""

import threading
import uuid
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from commons.db import Database, new_id
from commons.refusal import Refused
from membership.money import ledger, parties, reports
from membership.money.chart import CHART
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Party, PartyData, Posting, PostingLine, PostingMemo
from tests.membership.money.conftest import Post, balance, eur, pair


def _post(session: Session, lines: list[Line], cause: uuid.UUID | None = None, **more: object) -> Posting:
    return ledger.post(
        session,
        kind="payment",
        lines=lines,
        cause=("charge", cause or new_id()),
        **more,  # type: ignore[arg-type]
    )


def test_a_posting_moves_money_from_one_account_to_another(db: Database, pay: Post) -> None:
    first, second = pay(500), pay(250)
    assert (first.id, second.id) == (1, 2)
    assert second.previous == first.hash
    with db.reading() as session:
        assert balance(session, "assets:bank") == 750
        assert balance(session, "income:pledges") == -750
        assert balance(session, "assets:cash") == 0
        assert ledger.head(session) == (2, second.hash)
        kept = session.get_one(Posting, 1)
        assert [(line.account, line.amount, line.on) for line in kept.lines] == [
            ("assets:bank", 500, first.on),
            ("income:pledges", -500, first.on),
        ]


def test_balances_of_parties_campaigns_and_stories_and_of_a_day(
    db: Database, pay: Post, somebody: uuid.UUID
) -> None:
    campaign, story = new_id(), new_id()
    pay(100, party_id=somebody, on=date(2026, 9, 3))
    pay(200, party_id=somebody, campaign_id=campaign, on=date(2026, 10, 5))
    pay(400, campaign_id=campaign, on=date(2026, 10, 20))
    pay(50, "expenses:travel", "assets:bank", story_id=story, on=date(2026, 10, 6))
    with db.reading() as session:
        assert balance(session, "assets:bank", party_id=somebody) == 300
        assert balance(session, "assets:bank", campaign_id=campaign) == 600
        assert balance(session, "assets:bank", campaign_id=campaign, party_id=somebody) == 200
        assert balance(session, "expenses:travel", story_id=story) == 50
        days = [date(2026, 9, 2), date(2026, 9, 3), date(2026, 10, 5), date(2026, 10, 6), date(2026, 12, 1)]
        assert [balance(session, "assets:bank", until=day) for day in days] == [0, 100, 300, 250, 650]
        assert balance(session, "assets:bank", party_id=somebody, until=date(2026, 9, 30)) == 100
        with pytest.raises(Refused):
            ledger.balance(session, "assets:bank", "CHF")
        with pytest.raises(Refused):
            balance(session, "assets:moon")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line("assets:bank", eur(5))],
        [Line("assets:bank", eur(5)), Line("income:pledges", eur(-4))],
        [Line("assets:bank", eur(0)), Line("income:pledges", eur(0))],
        [Line("assets:bank", eur(5)), Line("income:pledges", Money(-5, "CHF"))],
        pair("assets:bank", "income:pledges", 10**15 + 1),
        pair("assets:moon", "income:pledges", 5),
        pair("assets:bank", "income:pledges", 5) * 251,
        pair("assets:bank", "income:pledges", 5, memo="two\nlines"),
        pair("assets:bank", "income:pledges", 5, memo="x" * 301),
        pair("assets:bank", "income:pledges", 5, memo="\ud800"),
    ],
)
def test_what_is_no_posting_is_refused_and_leaves_nothing(db: Database, lines: list[Line]) -> None:
    with pytest.raises(Refused), db.transaction() as session:
        _post(session, lines)
    with db.reading() as session:
        assert ledger.head(session)[0] == 0
        assert session.scalars(select(PostingLine)).all() == []


def test_an_account_stays_in_the_currency_of_its_first_line(db: Database, pay: Post) -> None:
    pay(500)
    francs = [Line("assets:cash", Money(5, "CHF")), Line("income:pledges", Money(-5, "CHF"))]
    with pytest.raises(Refused, match="is kept in EUR"), db.transaction() as session:
        _post(session, francs)
    with db.transaction() as session:
        _post(session, [Line("assets:cash", Money(5, "CHF")), Line("income:gifts", Money(-5, "CHF"))])


def test_one_cause_is_posted_once_for_each_kind(db: Database) -> None:
    cause, lines = new_id(), pair("assets:bank", "income:pledges", 5)
    with db.transaction() as session:
        _post(session, lines, cause)
        assert ledger.posted(session, "payment", ("charge", cause)) == 1
    with pytest.raises(Refused) as refused, db.transaction() as session:
        _post(session, lines, cause)
    assert refused.value.status == 409
    with db.transaction() as session:
        ledger.post(session, kind="fee", lines=lines, cause=("charge", cause))
        assert balance(session, "assets:bank") == 10


def test_kinds_and_causes_are_plain_words(db: Database) -> None:
    lines = pair("assets:bank", "income:pledges", 5)
    for kind, cause in (("A b", "charge"), ("payment", 'x"'), ("", "charge")):
        with pytest.raises(ValueError, match="plain words"), db.transaction() as session:
            ledger.post(session, kind=kind, lines=lines, cause=(cause, new_id()))


def test_a_reversal_takes_every_line_back_exactly_once(db: Database, somebody: uuid.UUID) -> None:
    story = new_id()
    lines = [
        Line("assets:stripe", eur(950), memo="arrived"),
        Line("expenses:payment-fees", eur(50)),
        Line("income:pledges", eur(-700), party_id=somebody),
        Line("income:gifts", eur(-253), party_id=somebody, story_id=story),
        Line("liabilities:tax", eur(-47)),
    ]
    with db.transaction() as session:
        original = _post(session, lines)
        cause = ("refund", new_id())
        mirrored = ledger.reverse(session, original.id, cause)
        assert mirrored.reverses == original.id
        assert not any(reports.balances(session).values())
        assert balance(session, "income:gifts", story_id=story, party_id=somebody) == 0
        for again in (cause, ("refund", new_id())):
            with pytest.raises(Refused):
                ledger.reverse(session, original.id, again)
        with pytest.raises(Refused, match="not reversed"):
            ledger.reverse(session, mirrored.id, ("refund", new_id()))
        with pytest.raises(Refused, match="no posting"):
            ledger.reverse(session, 99, ("refund", new_id()))
        assert ledger.head(session)[0] == 2


def test_nobody_is_paid_more_than_is_held_for_her(db: Database, pay: Post, somebody: uuid.UUID) -> None:
    pay(500, credit="liabilities:credit", party_id=somebody)
    with db.transaction() as session:
        other = parties.create(session, "Jon", "jon@example.org").id
    for party, amount in ((somebody, 501), (other, 1)):
        with pytest.raises(Refused, match="not enough"):
            pay(amount, "liabilities:credit", "assets:bank", party_id=party)
    pay(500, "liabilities:credit", "assets:bank", party_id=somebody)
    with db.reading() as session:
        assert balance(session, "liabilities:credit") == 0


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize(("table", "column"), [("posting", "hash"), ("posting_line", "amount")])
def test_the_database_itself_refuses_to_change_what_is_posted(
    db: Database, pay: Post, statement: str, table: str, column: str
) -> None:
    pay(500)
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as session:
        session.execute(text(statement.format(table, column, column)))


def _at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """What ``count`` threads got that did ``work`` at the same moment; refusals among them."""
    ready, results = threading.Barrier(count), []

    def run(number: int) -> None:
        ready.wait()
        try:
            results.append(work(number))
        except Refused as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results


def test_of_twenty_that_spend_the_same_credit_at_once_one_succeeds(
    db: Database, pay: Post, somebody: uuid.UUID
) -> None:
    pay(100, credit="liabilities:credit", party_id=somebody)
    results = _at_once(20, lambda _: pay(60, "liabilities:credit", "income:pledges", party_id=somebody))
    assert sum(isinstance(result, Posting) for result in results) == 1
    with db.reading() as session:
        assert balance(session, "liabilities:credit", party_id=somebody) == -40


def test_of_twenty_that_post_the_same_cause_at_once_one_succeeds(db: Database) -> None:
    cause = new_id()

    def work(_number: int) -> Posting:
        with db.transaction() as session:
            return _post(session, pair("assets:bank", "income:pledges", 5), cause)

    assert sum(isinstance(result, Posting) for result in _at_once(20, work)) == 1


def test_twenty_that_post_at_once_make_one_chain(db: Database, pay: Post) -> None:
    results = _at_once(20, lambda number: pay(number + 1))
    assert all(isinstance(result, Posting) for result in results)
    with db.reading() as session:
        chain = session.scalars(select(Posting).order_by(Posting.id)).all()
        assert [posting.id for posting in chain] == list(range(1, 21))
        assert all(later.previous == before.hash for before, later in zip(chain, chain[1:], strict=False))
        assert balance(session, "assets:bank") == 210


def test_figures_are_read_from_the_ledger(db: Database, pay: Post) -> None:
    campaign, story = new_id(), new_id()
    pay(1000, credit="restricted:pitches", campaign_id=campaign, on=date(2026, 9, 3))
    pay(300, "expenses:freelance", "assets:bank", story_id=story, on=date(2026, 10, 3))
    pay(20, "expenses:travel", "assets:bank", story_id=story, on=date(2026, 10, 9))
    with db.reading() as session:
        october = reports.months(session, "2026-10", "2026-10")
        assert {row.account: (row.debit, row.credit, row.net) for row in october} == {
            "assets:bank": (0, 320, -320),
            "expenses:freelance": (300, 0, 300),
            "expenses:travel": (20, 0, 20),
        }
        assert sum(reports.balances(session).values()) == 0
        cost = reports.by(session, "story", "expenses:")
        assert cost == {(story, "expenses:freelance"): 300, (story, "expenses:travel"): 20}
        first, second = reports.lines(session, "assets:bank", count=2)
        assert (first.amount, second.amount) == (-20, -300)
        rest = reports.lines(session, "assets:bank", before=(second.on, second.posting_id))
        assert [(line.posting_id, line.amount, line.campaign_id) for line in rest] == [(1, 1000, campaign)]


def test_erasing_a_party_leaves_its_postings_under_a_nameless_key(
    db: Database, pay: Post, somebody: uuid.UUID
) -> None:
    pay(500, party_id=somebody, memo="from Ada Weiss")
    pay(200, memo="somebody else's")
    with db.transaction() as session:
        party = session.get_one(Party, somebody)
        assert parties.name_of(party) == "Ada Weiss"
        parties.erase(session, party)
    with db.reading() as session:
        assert session.get(PartyData, somebody) is None
        assert parties.name_of(session.get_one(Party, somebody)) == ""
        assert [memo.text for memo in session.scalars(select(PostingMemo))] == ["somebody else's"]
        assert balance(session, "assets:bank", party_id=somebody) == 500


def test_every_account_of_the_chart_is_of_a_known_kind_and_named_once() -> None:
    kinds = {"assets", "liabilities", "equity", "restricted", "income", "expenses"}
    assert {account.kind for account in CHART.values()} == kinds
    assert all(name == account.name and account.title for name, account in CHART.items())
