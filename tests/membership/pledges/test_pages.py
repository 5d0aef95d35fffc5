"""The pages of pledges, with and without an account."""

import re
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from commons import limits, web
from commons.config import Config
from commons.db import Database
from commons.powers import Power
from membership.money import ledger, parties
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments.models import Refund
from membership.pledges import links, pledges, statements
from membership.pledges.models import Pledge, Withdrawal
from tests.membership.conftest import SignIn
from tests.membership.pledges.conftest import (
    Wait,
    again,
    at_once,
    letters,
    pay,
    person,
    promised,
    wish,
)

pytestmark = pytest.mark.one_database

FORM = {
    "amount": "9",
    "rhythm": "monthly",
    "provider": "bank",
    "name": "Rita",
    "email": "rita@example.org",
    "once": "a-token-of-the-form",
}


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.both_databases
def test_somebody_without_an_account_pledges_and_is_led_to_pay(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    ticked = re.findall(r"<input checked[^>]*>", reader.get("/pledges/new").text)
    assert ["provider" in each for each in ticked] == [True]
    answer = reader.post("/pledges/new", data=FORM)
    assert answer.status_code == 303
    assert "/pay/" in answer.location
    (letter,) = letters(db, "pledge_made")
    assert "/withdraw" in letter.body
    with db.reading() as session:
        pledge = session.scalars(select(Pledge)).one()
    assert links.address(pledge) in letter.body


@pytest.mark.both_databases
def test_the_same_form_twice_makes_one_pledge_and_one_payer(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    first, second = (reader.post("/pledges/new", data=FORM) for _ in range(2))
    assert first.location == second.location
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pledge)) == 1
        assert session.scalar(select(func.count()).select_from(Party)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"},
        {"amount": "-5"},
        {"amount": "10.5.5"},
        {"amount": "1e3"},
        {"amount": "NaN"},
        {"amount": "9,99,9"},
        {"amount": "9223372036854775808"},
        {"amount": ""},
        {"rhythm": "weekly"},
        {"provider": "cash"},
        {"email": "nobody"},
        {"email": "a@example.org\r\nBcc: b@example.org"},
        {"email": "x" * 400 + "@example.org"},
        {"name": ""},
        {"name": "a\x00b"},
    ],
)
def test_a_form_that_is_wrong_changes_nothing(
    db: Database, house: Config, reader: FlaskClient, wrong: dict[str, str]
) -> None:
    answer = reader.post("/pledges/new", data=FORM | wrong)
    assert answer.status_code == 422
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pledge)) == 0
        assert session.scalar(select(func.count()).select_from(Party)) == 0


def test_what_a_form_does_not_list_is_ignored(db: Database, house: Config, reader: FlaskClient) -> None:
    reader.post("/pledges/new", data=FORM | {"state": "fulfilled", "purpose": "seats", "quantity": "1000"})
    with db.reading() as session:
        pledge = session.scalars(select(Pledge)).one()
    assert (pledge.state, pledge.purpose, pledge.quantity) == ("promised", "support", 1)


@pytest.mark.both_databases
def test_a_pledge_is_stopped_in_two_clicks_by_its_link(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    pledge = promised(db)
    key = links.key(pledge.id)
    first = reader.get(f"/pledges/{pledge.number}/stop?key={key}")
    assert "Stop your pledge?" in first.text
    assert again(db, pledge).state == "promised"
    second = reader.post(f"/pledges/{pledge.number}/stop", data={"key": key})
    assert second.status_code == 303
    assert again(db, pledge).state == "stopped"


@pytest.mark.parametrize("path", ["", "/change", "/pause", "/resume", "/stop"])
def test_nobody_reaches_the_pledge_of_another(
    db: Database, house: Config, reader: FlaskClient, browser_of: SignIn, path: str
) -> None:
    pledge = promised(db)
    with db.transaction() as session:
        stranger = person(session, "zoe")
    for browser in (reader, browser_of(stranger)):
        assert browser.get(f"/pledges/{pledge.number}{path}").status_code == 404
        assert browser.get(f"/pledges/{pledge.number}{path}?key={'0' * 32}").status_code == 404
    assert again(db, pledge).state == "promised"


@pytest.mark.both_databases
def test_ones_own_pledge_is_changed_when_signed_in(
    db: Database, house: Config, browser_of: SignIn, wait: Wait
) -> None:
    with db.transaction() as session:
        ada = person(session, "ada")
        pledge = pledges.promise(session, parties.of(session, ada), wish())
    pay(db, pledge)
    browser = browser_of(ada)
    assert "€9.00" in browser.get("/pledges").text
    page = browser.get(f"/pledges/{pledge.number}/change").text
    bad = {"amount": "0", "rhythm": "yearly", "csrf_token": token(page)}
    assert browser.post(f"/pledges/{pledge.number}/change", data=bad).status_code == 422
    good = bad | {"amount": "120"}
    assert browser.post(f"/pledges/{pledge.number}/change", data=good).status_code == 303
    assert (again(db, pledge).amount, again(db, pledge).rhythm) == (12000, "yearly")
    with db.reading() as session:
        year = pledges.today_here(session).year
    statement = browser.get(f"/pledges/statement/{year}").text
    assert "€9.00" in statement
    assert browser.get("/pledges/statement/1999").status_code == 404


def test_a_statement_tells_what_was_paid_for_and_not_how_it_was_moved_about(db: Database) -> None:
    with db.transaction() as session:
        ada = parties.create(session, "Ada", "ada@example.org")
        on, year = date(2026, 3, 2), 2026
        for kind, account, into, amount in (
            ("paid", "assets:bank", "income:pledges", 9600),
            ("moved", "income:pledges", "equity:shares", 1000),
        ):
            lines = [
                ledger.Line(account, Money(amount, "EUR"), party_id=ada.id),
                ledger.Line(into, Money(-amount, "EUR"), party_id=ada.id),
            ]
            ledger.post(session, kind=kind, lines=lines, cause=("test", ada.id), on=on)
        found = statements.of_year(session, ada, year)
    assert [(entry.title, entry.money.amount) for entry in found.entries] == [
        ("Pledges", 8600),
        ("Shares of members", 1000),
    ]
    assert found.totals == [Money(9600, "EUR")]


@pytest.mark.both_databases
def test_a_withdrawal_needs_two_steps_and_no_account(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    pledge = promised(db, rhythm="once")
    pay(db, pledge)
    form = {"name": "Rita", "email": "rita@example.org", "contract": f"Pledge {pledge.number}", "once": "w"}
    first = reader.post("/withdraw", data=form)
    assert "step two of two" in first.text
    assert again(db, pledge).state == "fulfilled"
    second = reader.post("/withdraw", data=form | {"confirm": "1"})
    assert "We received your withdrawal" in second.text
    assert again(db, pledge).state == "withdrawn"
    reader.post("/withdraw", data=form | {"confirm": "1"})
    with db.reading() as session:
        assert session.scalars(select(Refund.amount)).all() == [900]
        made = session.scalars(select(Withdrawal)).one()
    (letter,) = letters(db, "withdrawal_received")
    assert pledge.number in letter.body
    assert made.received_at.strftime("%H:%M") in letter.body


@pytest.mark.both_databases
def test_a_withdrawal_by_a_stranger_or_too_late_waits_for_the_treasurer(
    db: Database, house: Config, reader: FlaskClient, browser_of: SignIn, wait: Wait
) -> None:
    pledge = promised(db, rhythm="once")
    pay(db, pledge)
    form = {"name": "Zoe", "email": "zoe@example.org", "contract": pledge.number, "confirm": "1"}
    reader.post("/withdraw", data=form)
    wait(days=limits.WITHDRAWAL_DAYS + 1)
    reader.post("/withdraw", data=form | {"email": "rita@example.org"})
    assert again(db, pledge).state == "fulfilled"
    with db.reading() as session:
        assert set(session.scalars(select(Withdrawal.state))) == {"open", "late"}
    with db.transaction() as session:
        tom, edith = person(session, "tom", Power.BOOKS), person(session, "edith", Power.PUBLISH)
    assert browser_of(edith).get("/pledges/watch").status_code == 403
    assert "zoe@example.org" in browser_of(tom).get("/pledges/watch").text


def test_the_last_day_of_withdrawal_counts(
    db: Database, house: Config, reader: FlaskClient, wait: Wait
) -> None:
    pledge = promised(db, rhythm="once")
    wait(days=limits.WITHDRAWAL_DAYS)
    form = {"name": "Rita", "email": "rita@example.org", "contract": pledge.number, "confirm": "1"}
    reader.post("/withdraw", data=form)
    assert again(db, pledge).state == "withdrawn"


@pytest.mark.both_databases
def test_a_gift_and_seats_are_paid_for_at_the_price_of_a_year(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    for path in ("/pledges/gift", "/pledges/seats"):
        assert reader.get(path).status_code == 200
        answer = reader.post(path, data=FORM | {"quantity": "3", "once": path, "amount": "1"})
        assert answer.status_code == 303
    with db.reading() as session:
        assert {(each.purpose, each.amount) for each in session.scalars(select(Pledge))} == {
            ("gift", 28800),
            ("seats", 28800),
        }
    assert reader.post("/pledges/gift", data=FORM | {"quantity": "21"}).status_code == 422


@pytest.mark.both_databases
def test_redeeming_and_taking_a_seat_need_an_account(
    db: Database, house: Config, reader: FlaskClient, browser_of: SignIn
) -> None:
    assert reader.get("/pledges/gift/redeem").status_code == 303
    with db.transaction() as session:
        ada = person(session, "ada")
    browser = browser_of(ada)
    page = browser.get("/pledges/gift/redeem").text
    answer = browser.post("/pledges/gift/redeem", data={"code": "ABCD", "csrf_token": token(page)})
    assert "not valid" in answer.text
    assert browser.post("/pledges/gift/redeem", data={"code": "ABCD"}).status_code == 403
    empty = browser.post("/pledges/seats/take", data={"csrf_token": token(page)})
    assert "The pot is empty" in empty.text


@pytest.mark.both_databases
def test_twenty_clicks_at_once_make_one_pledge(db: Database, house: Config, app: web.App) -> None:
    led_to: list[str] = []

    def click() -> None:
        led_to.append(app.test_client().post("/pledges/new", data=FORM).location)

    assert at_once(click) == []
    assert len(led_to) == 20 and len(set(led_to)) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pledge)) == 1
        assert session.scalar(select(func.count()).select_from(Party)) == 1
    assert len(letters(db, "pledge_made")) == 1
