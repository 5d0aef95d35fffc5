"""The button that cancels: on every page, without signing in, with a receipt at once."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commons.config import Config
from commons.db import Database
from commons.powers import Power
from membership.money import ledger
from membership.payments import refunds
from membership.pledges import pledges
from membership.pledges.ending import cancellations
from membership.pledges.models import Cancellation, Pledge
from tests.membership.conftest import SignIn
from tests.membership.pledges.conftest import Wait, again, letters, pay, person, promised
from tests.membership.pledges.test_pages import token


def said(pledge: Pledge, **changes: str) -> dict[str, str]:
    """The form, as Rita fills it in."""
    return {
        "name": "Rita",
        "email": "rita@example.org",
        "contract": f"Pledge {pledge.number}",
        "kind": "ordinary",
        "once": "a-form",
        **changes,
    }


def kept(db: Database) -> list[Cancellation]:
    with db.reading() as session:
        return list(session.scalars(select(Cancellation)))


@pytest.mark.parametrize("path", ["/", "/pledges/new", "/books", "/withdraw", "/sign-in"])
def test_the_button_is_on_every_page(house: Config, reader: FlaskClient, path: str) -> None:
    assert re.search(r'<a href="/cancel">Cancel contracts here</a>', reader.get(path).text)
    german = reader.get(path, headers={"Accept-Language": "de"}).text
    assert '<a href="/cancel">' in german


def test_one_page_and_one_button_cancel_at_once_and_a_receipt_says_when(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    pledge = promised(db)
    pay(db, pledge)
    page = reader.get(f"/cancel?contract={pledge.number}").text
    assert pledge.number in page and ">Cancel now</button>" in page
    done = reader.post("/cancel", data=said(pledge))
    assert "We received your cancellation" in done.text and "at once" in done.text
    assert (again(db, pledge).state, again(db, pledge).next_on) == ("stopped", None)
    (letter,) = letters(db, "cancellation_received")
    (made,) = kept(db)
    assert pledge.number in letter.body and made.received_at.strftime("%H:%M") in letter.body
    assert "It has ended." in letter.body
    reader.post("/cancel", data=said(pledge))
    assert len(letters(db, "cancellation_received")) == len(kept(db)) == 1


def test_a_named_day_is_kept(db: Database, house: Config, reader: FlaskClient, wait: Wait) -> None:
    pledge = promised(db)
    pay(db, pledge)
    with db.reading() as session:
        ends = pledges.today_here(session) + timedelta(days=3)
    assert reader.post("/cancel", data=said(pledge, ends_on=ends.isoformat())).status_code == 200
    (letter,) = letters(db, "cancellation_received")
    assert "It ends on that day by itself." in letter.body
    wait(days=2)
    assert (cancellations.end_due(), again(db, pledge).state) == (0, "active")
    wait(days=1)
    assert (cancellations.end_due(), again(db, pledge).state) == (1, "stopped")
    assert cancellations.end_due() == 0


def test_an_important_reason_ends_it_at_once_and_must_be_said(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    pledge = promised(db)
    refused = reader.post("/cancel", data=said(pledge, kind="important"))
    assert refused.status_code == 422 and "important reason" in refused.text
    assert (kept(db), letters(db, "cancellation_received")) == ([], [])
    reader.post("/cancel", data=said(pledge, kind="important", reason="You lied to me."))
    assert again(db, pledge).state == "stopped"
    (letter,) = letters(db, "cancellation_received")
    assert "You lied to me." in letter.body


def test_the_days_that_are_paid_and_not_over_go_back_if_a_treasurer_agrees(
    db: Database, house: Config, reader: FlaskClient, wait: Wait
) -> None:
    pledge = promised(db, rhythm="yearly", amount=36_500)
    pay(db, pledge)
    wait(days=100)
    reader.post("/cancel", data=said(pledge, kind="important", reason="You lied to me."))
    with db.transaction() as session:
        (asked,) = refunds.waiting(session)
        assert (asked.amount, asked.asked_by_id) == (26_500, None)
        tom = person(session, "tom", Power.BOOKS)
        refunds.approve(session, asked.id, tom)
        refunds.transferred(session, asked.id, tom)
    with db.reading() as session:
        assert ledger.balance(session, "income:pledges", "EUR") == -10_000


def test_in_the_ordinary_way_or_before_anything_was_paid_nothing_goes_back(
    db: Database, house: Config, reader: FlaskClient, wait: Wait
) -> None:
    paid, unpaid = promised(db, rhythm="yearly"), promised(db, name="zoe")
    pay(db, paid)
    reader.post("/cancel", data=said(paid))
    reader.post(
        "/cancel",
        data=said(unpaid, kind="important", reason="No.", email="zoe@example.org", once="another"),
    )
    assert again(db, unpaid).state == again(db, paid).state == "stopped"
    with db.reading() as session:
        assert refunds.waiting(session) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"email": "no"},
        {"contract": " "},
        {"contract": "x" * 501},
        {"kind": "maybe"},
        {"ends_on": "soon"},
        {"ends_on": "2000-01-01"},
        {"email": "a@example.org\r\nBcc: b@example.org"},
    ],
)
def test_what_is_missing_is_said_and_nothing_is_cancelled(
    db: Database, house: Config, reader: FlaskClient, wrong: dict[str, str]
) -> None:
    pledge = promised(db)
    assert reader.post("/cancel", data=said(pledge, **wrong)).status_code == 422
    assert (again(db, pledge).state, kept(db), letters(db, "cancellation_received")) == ("promised", [], [])


def test_somebody_else_cannot_cancel_it_and_a_treasurer_looks_at_it(
    db: Database, house: Config, reader: FlaskClient, browser_of: SignIn
) -> None:
    pledge = promised(db)
    reader.post("/cancel", data=said(pledge, email="zoe@example.org", name="Zoe"))
    assert again(db, pledge).state == "promised"
    (letter,) = letters(db, "cancellation_received")
    assert letter.to == "zoe@example.org" and "Somebody looks at it" in letter.body
    with db.transaction() as session:
        tom, edith = person(session, "tom", Power.BOOKS), person(session, "edith", Power.PUBLISH)
    assert browser_of(edith).get("/pledges/watch").status_code == 403
    treasurer = browser_of(tom)
    page = treasurer.get("/pledges/watch").text
    assert "zoe@example.org" in page
    (made,) = kept(db)
    data = {"csrf_token": token(page)}
    assert treasurer.post(f"/pledges/watch/cancelled/{made.id}", data=data).status_code == 303
    assert "zoe@example.org" not in treasurer.get("/pledges/watch").text


def test_what_is_over_already_is_confirmed_all_the_same(
    db: Database, house: Config, reader: FlaskClient
) -> None:
    pledge = promised(db)
    with db.transaction() as session:
        pledges.stop(session, session.get_one(Pledge, pledge.id))
    assert reader.post("/cancel", data=said(pledge)).status_code == 200
    assert len(letters(db, "cancellation_received")) == 1
