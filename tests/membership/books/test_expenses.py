"""Expenses: handed in with a file, signed by two, never one's own, and booked once."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from commons import minutes, storage
from commons.db import Database
from commons.minutes import MinuteDetail
from commons.refusal import Refused
from membership.books import documents, expenses
from membership.books.models import Expense
from membership.books.verify import first_fault
from membership.money import parties
from membership.money.models import Party

from .conftest import HERS, PDF, SUPPLIER, Cast, approved, balance, bill, eur, today


def test_a_fee_is_booked_with_the_second_signature_and_linked_to_its_story(
    db: Database, people: Cast
) -> None:
    story = uuid.uuid4()
    with db.transaction() as session:
        asked = expenses.hand_in(session, bill(story_id=story), people.jo)
        expenses.check(session, asked.id, people.tom, account="expenses:travel", tax=1_900)
    assert balance(db, "expenses:travel") == 0
    with db.transaction() as session:
        expenses.approve(session, asked.id, people.tina)
    assert balance(db, "expenses:travel", story_id=story) == 23_100
    assert balance(db, "assets:input-tax") == 1_900
    assert balance(db, "liabilities:invoices") == -25_000
    with db.reading() as session:
        assert first_fault(session) is None


def test_wages_are_owed_on_their_own_account(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        entered = expenses.enter(session, bill(account="expenses:wages", iban=SUPPLIER), people.tom)
        expenses.approve(session, entered.id, people.tina)
    assert balance(db, "liabilities:wages") == -25_000


def test_an_invoice_of_a_closed_month_is_booked_today(
    db: Database, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expenses, "open_day", lambda _session, _day: None)
    with db.transaction() as session:
        approved(session, people, dated=today() - timedelta(days=90))
    assert balance(db, "expenses:freelance") == 25_000


def test_who_is_paid_signs_nothing(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        own = expenses.hand_in(session, bill(), people.tom)
        with pytest.raises(Refused, match="Somebody else") as refused:
            expenses.check(session, own.id, people.tom, account="expenses:freelance")
        assert refused.value.status == 403
        expenses.check(session, own.id, people.tina, account="expenses:freelance")
        with pytest.raises(Refused, match="Somebody else"):
            expenses.approve(session, own.id, people.tom)
        with pytest.raises(Refused, match="Somebody else"):
            expenses.reject(session, own.id, people.tom, "no")
        expenses.approve(session, own.id, people.ted)


def test_a_treasurer_does_not_enter_what_goes_to_her_own_bank_account(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        party = parties.of(session, people.tom)
        assert party.data is not None
        party.data.iban = SUPPLIER
        with pytest.raises(Refused, match="Somebody else"):
            expenses.enter(session, bill(payee="Somebody", iban=SUPPLIER), people.tom)


@pytest.mark.parametrize("by_treasurer", [False, True])
def test_nobody_signs_twice(db: Database, people: Cast, by_treasurer: bool) -> None:
    with db.transaction() as session:
        if by_treasurer:
            found = expenses.enter(session, bill(iban=SUPPLIER), people.tom)
        else:
            found = expenses.hand_in(session, bill(), people.jo)
            expenses.check(session, found.id, people.tom, account="expenses:freelance")
        with pytest.raises(Refused, match="Somebody else") as refused:
            expenses.approve(session, found.id, people.tom)
    assert refused.value.status == 403
    assert balance(db, "expenses:freelance") == 0


@pytest.mark.parametrize(
    "changes",
    [
        "approved_by_id = checked_by_id",
        "approved_by_id = asked_by_id",
        "approved_by_id = payee_account_id",
        "checked_by_id = payee_account_id",
        "checked_by_id = NULL",
        "approved_by_id = NULL",
        "tax = amount",
        "amount = 0",
    ],
)
def test_the_database_itself_insists_on_two_people(db: Database, people: Cast, changes: str) -> None:
    with db.transaction() as session:
        approved(session, people)
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(text(f"UPDATE expense SET {changes}"))


def test_of_two_who_approve_at_once_one_wins(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        asked = expenses.hand_in(session, bill(), people.jo)
        expenses.check(session, asked.id, people.tom, account="expenses:freelance")
    refusals: list[int] = []

    def sign(by: object) -> None:
        try:
            with db.transaction() as session:
                expenses.approve(session, asked.id, by)  # type: ignore[arg-type]
        except Refused as refused:
            refusals.append(refused.status)

    threads = [threading.Thread(target=sign, args=(by,)) for by in (people.tina, people.ted) * 10]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals == [409] * 19
    assert balance(db, "expenses:freelance") == 25_000


@pytest.mark.parametrize(
    ("change", "reason", "status"),
    [
        ({"money": eur(0)}, "more than zero", 422),
        ({"money": eur(-1)}, "more than zero", 422),
        ({"money": eur(100_000_000_000)}, "too large", 422),
        ({"account": "income:gifts"}, "no account", 422),
        ({"account": "expenses:patronage"}, "no account", 422),
        ({"dated": today() + timedelta(days=2)}, "lies ahead", 422),
        ({"iban": "DE00370400440532013000"}, "not a valid IBAN", 422),
        ({"words": "  "}, "Fill this in", 422),
        ({"words": "x" * 141}, "At most 140", 422),
        ({"payee": "x" * 71}, "At most 70", 422),
        ({"words": "a\x07bell"}, "on one line", 422),
        ({"tax": 25_000}, "less than the amount", 422),
        ({"tax": -1}, "less than the amount", 422),
        ({"document": b""}, "Choose a file", 422),
        ({"document": b"<svg>"}, "must be a PDF", 422),
        ({"document": PDF + b" " * 5 * 1024 * 1024}, "too large", 413),
    ],
)
def test_what_is_not_right_is_refused_and_leaves_nothing(
    db: Database, people: Cast, change: dict[str, object], reason: str, status: int
) -> None:
    with pytest.raises(Refused, match=reason) as refused, db.transaction() as session:
        expenses.hand_in(session, bill(**change), people.jo)
    assert refused.value.status == status
    with db.reading() as session:
        assert session.scalar(select(Expense)) is None


def test_another_currency_is_refused(db: Database, people: Cast) -> None:
    with db.transaction() as session, pytest.raises(Refused, match="kept in EUR"):
        expenses.hand_in(session, bill(money=type(eur(1))(1_000, "CHF")), people.jo)


def test_who_neither_writes_nor_keeps_the_books_hands_in_nothing(db: Database, people: Cast) -> None:
    with db.transaction() as session, pytest.raises(Refused, match="power") as refused:
        expenses.hand_in(session, bill(), people.ada)
    assert refused.value.status == 403


@pytest.mark.parametrize("verb", ["enter", "check", "approve", "reject", "paid_by_hand"])
def test_only_who_keeps_the_books_decides(db: Database, people: Cast, verb: str) -> None:
    with db.transaction() as session:
        asked = expenses.hand_in(session, bill(), people.jo)
        tries: dict[str, Callable[[], object]] = {
            "enter": lambda: expenses.enter(session, bill(iban=SUPPLIER), people.edith),
            "check": lambda: expenses.check(session, asked.id, people.edith, account="expenses:freelance"),
            "approve": lambda: expenses.approve(session, asked.id, people.edith),
            "reject": lambda: expenses.reject(session, asked.id, people.edith, "no"),
            "paid_by_hand": lambda: expenses.paid_by_hand(session, asked.id, people.edith, today()),
        }
        with pytest.raises(Refused, match="power") as refused:
            tries[verb]()
    assert refused.value.status == 403


def test_an_invoice_is_handed_in_once_unless_it_was_rejected(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        first = expenses.hand_in(session, bill(number="R-17"), people.jo)
        with pytest.raises(Refused, match="already") as refused:
            expenses.hand_in(session, bill(number="r-17"), people.jo)
        assert refused.value.status == 409
        expenses.reject(session, first.id, people.tom, "The day is missing.")
        expenses.hand_in(session, bill(number="R-17"), people.jo)


def test_who_was_rejected_reads_why_and_the_reason_is_needed(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        asked = expenses.hand_in(session, bill(), people.jo)
        with pytest.raises(Refused, match="Say why"):
            expenses.reject(session, asked.id, people.tom, " ")
        expenses.reject(session, asked.id, people.tom, "The day is missing.")
        assert expenses.seen_by(session, asked.id, people.jo).detail.rejected_why == "The day is missing."
        with pytest.raises(Refused, match="decided already"):
            expenses.check(session, asked.id, people.tom, account="expenses:freelance")


def test_one_takes_back_ones_own_until_it_is_signed(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        asked = expenses.hand_in(session, bill(), people.jo)
        with pytest.raises(Refused, match="no such expense") as refused:
            expenses.withdraw(session, asked.id, people.edith)
        assert refused.value.status == 404
        expenses.withdraw(session, asked.id, people.jo)
        again = expenses.hand_in(session, bill(), people.jo)
        expenses.check(session, again.id, people.tom, account="expenses:freelance")
        with pytest.raises(Refused, match="decided already"):
            expenses.withdraw(session, again.id, people.jo)


def test_only_who_it_concerns_sees_an_expense(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        asked = expenses.hand_in(session, bill(), people.jo)
        for account in (people.jo, people.tom):
            assert expenses.seen_by(session, asked.id, account) == asked
        for account in (people.edith, people.ada):
            with pytest.raises(Refused, match="no such expense"):
                expenses.seen_by(session, asked.id, account)
        with pytest.raises(Refused, match="no such expense"):
            expenses.find(session, uuid.uuid4())


def test_a_supplier_is_one_party_by_its_bank_account(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        first = expenses.enter(session, bill(payee="Print & Co", iban=SUPPLIER), people.tom)
        second = expenses.enter(session, bill(payee="Print & Co", iban=SUPPLIER), people.tina)
        assert first.party_id == second.party_id
        assert session.get_one(Party, first.party_id).account_id is None


def test_a_journalist_is_known_by_her_bank_account(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        expenses.hand_in(session, bill(), people.jo)
        entered = expenses.enter(session, bill(iban=HERS), people.tom)
        assert entered.payee_account_id == people.jo.id


def test_what_is_paid_by_hand_is_booked_once(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        found = approved(session, people)
        with pytest.raises(Refused, match="lies ahead"):
            expenses.paid_by_hand(session, found.id, people.tom, today() + timedelta(days=2))
        expenses.paid_by_hand(session, found.id, people.tom, today())
        with pytest.raises(Refused, match="in no payment file"):
            expenses.paid_by_hand(session, found.id, people.tom, today())
    assert balance(db, "assets:bank") == -25_000
    assert balance(db, "liabilities:invoices") == 0


def test_a_file_is_kept_for_nobody_but_us_and_says_itself_what_it_is(db: Database) -> None:
    for data, suffix in ((PDF, "pdf"), (b"\xff\xd8\xff\xe0", "jpg"), (b"\x89PNG\r\n\x1a\n", "png")):
        key = documents.keep(data)
        assert key.endswith(suffix) and documents.read(key) == data
        with pytest.raises(Refused, match="no such file"):
            storage.open_(key)
    assert documents.media_type(documents.keep(PDF)) == "application/pdf"
    with pytest.raises(Refused, match="no such file"):
        documents.read("../secrets/secret_key")


def test_the_minutes_tell_of_the_expense_and_not_whose_it_is(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        founded = minutes.total(session)
        approved(session, people)
    with db.reading() as session:
        said = set(session.scalars(select(MinuteDetail.value).where(MinuteDetail.number > founded)))
    assert said == {"", "Tom", "Tina"}
