"""What a voucher says is read by everybody down to the line; nobody is named, and no gift is told of."""

import pytest

from commons.db import Database
from commons.refusal import Refused
from commons.web import App
from membership.books import lines
from membership.books.vouchers import vouchers
from membership.money import parties
from membership.money.models import Party, PartyData

from .conftest import Cast
from .test_vouchers import bring, left, note, row


def words_on(db: Database, account: str) -> list[str]:
    with db.reading() as session:
        return [line.words for line in lines.newest(session, account)]


def test_income_and_costs_tell_their_words_on_each_of_their_lines(
    db: Database, people: Cast, app: App
) -> None:
    bring(db, people, row("-9.00", text="fee"))
    fee = note("expenses:payment-fees", 900, words="Account fee", line_id=left(db)[0].id)
    with db.transaction() as session:
        vouchers.enter(session, note(words="Grant for the river"), people.tom)
        vouchers.enter(session, note("income:sales", 2_000, words="Ten calendars", cash=True), people.tom)
        paid = vouchers.enter(session, fee, people.tom)
        vouchers.approve(session, paid.id, people.tina)
    assert words_on(db, "income:grants") == ["Grant for the river"] == words_on(db, "assets:receivable")
    assert words_on(db, "assets:cash") == ["Ten calendars"]
    assert words_on(db, "expenses:payment-fees") == ["Account fee"] == words_on(db, "assets:bank")
    page = app.test_client().get("/books/accounts/income:grants").text
    assert "Grant for the river" in page
    assert "500.00" not in page


def test_a_gift_is_not_told_of_on_any_of_its_lines(db: Database, people: Cast, app: App) -> None:
    with db.transaction() as session:
        vouchers.enter(session, note("income:gifts", words="From an old friend", cash=True), people.tom)
    assert words_on(db, "income:gifts") == [""] == words_on(db, "assets:cash")
    for account in ("income:gifts", "assets:cash"):
        assert "old friend" not in app.test_client().get(f"/books/accounts/{account}").text


def test_what_waits_for_its_second_signature_is_not_told(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        vouchers.enter(session, note("expenses:office", words="A new desk"), people.tom)
    assert words_on(db, "expenses:office") == []


@pytest.mark.parametrize(
    "words",
    [
        "Reading with amy o'hara-łoś, Friday",
        "AMY O'HARA-ŁOŚ",
        "Paid back by amy@example.org",
        "From DE89370400440532013000",
        "From DE89 3704 0044 0532 0130 00.",
    ],
)
def test_words_that_name_somebody_are_refused(db: Database, people: Cast, words: str) -> None:
    with db.transaction() as session:
        parties.create(session, "Amy O'Hara-Łoś", "amy@example.org")
    with pytest.raises(Refused, match="name no person"), db.transaction() as session:
        vouchers.enter(session, note(words=words), people.tom)
    assert words_on(db, "income:grants") == []


@pytest.mark.parametrize(
    "words", ["Amy", "O'Hara Foundation", "Ten @ two euros", "Bill RE12 2026", "Servers of Quay Hosting"]
)
def test_words_that_name_nobody_whom_we_know_are_taken(db: Database, people: Cast, words: str) -> None:
    with db.transaction() as session:
        parties.create(session, "Amy O'Hara", "amy@example.org")
        parties.create(session, "Amy", "amy2@example.org")
        session.add(Party(data=PartyData(name="Quay Hosting", email="")))
        vouchers.enter(session, note(words=words), people.tom)
    assert words_on(db, "income:grants") == [words]
