"""The pages of the books: public ones without a name, own ones for their owner, the rest for treasurers."""

import io
import re
import uuid
from dataclasses import replace
from datetime import timedelta

import html5lib
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commons import minutes, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import Config
from commons.config import use as use_settings
from commons.db import Database
from commons.web import App
from federation.models import Actor, Post
from membership.books import budget, checks, expenses, figures, payouts, surplus
from membership.books.models import Allotment, Expense
from membership.money import parties
from membership.money.models import SelfCheck
from membership.money.periods import month_of

from .conftest import (
    HERS,
    PDF,
    SUPPLIER,
    Cast,
    SignIn,
    approved,
    balance,
    bill,
    earn,
    eur,
    member,
    today,
    token_of,
)

pytestmark = pytest.mark.one_database

PUBLIC = ("/books", "/books.csv", "/books/accounts/expenses:freelance", "/books/accounts/income:pledges")
TREASURY = ("/treasury", "/treasury/expenses", "/treasury/payments", "/treasury/budget", "/treasury/surplus")


def fields(**changes: object) -> dict[str, object]:
    """A filled form."""
    return {
        "money": "250,00",
        "words": "Two days at the harbour",
        "dated": today().isoformat(),
        "account": "expenses:freelance",
        "story": "",
        "payee": "Jo",
        "iban": HERS,
        "file": (io.BytesIO(PDF), "invoice.pdf"),
        **changes,
    }


def send(browser: FlaskClient, page: str, action: str, **data: object):  # type: ignore[no-untyped-def]
    token = token_of(browser.get(page).text)
    return browser.post(action, data={"csrf_token": token, **data}, content_type="multipart/form-data")


@pytest.fixture
def filled(db: Database, people: Cast) -> Expense:
    """Books with a bit of everything."""
    with db.transaction() as session:
        for number in range(6):
            earn(session, 40_000, parties.create(session, "Greta Payer", f"p{number}@example.org").id)
        budget.plan(session, "expenses:freelance", month_of(today()), eur(30_000), people.tom)
        return approved(session, people)


@pytest.mark.both_databases
@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_cacheable_and_name_nobody(app: App, filled: Expense, path: str) -> None:
    response = app.test_client().get(path)
    assert response.status_code == 200
    assert "public" in response.headers["Cache-Control"] and response.headers["ETag"]
    assert not re.search(r"Greta|\bJo\b|NL91|example\.org", response.text)


def test_the_page_shows_the_hash_of_its_file(app: App, filled: Expense) -> None:
    browser = app.test_client()
    assert figures.digest(browser.get("/books.csv").text) in browser.get("/books").text


def test_every_chart_has_a_title_a_description_and_a_table(app: App, filled: Expense) -> None:
    page = app.test_client().get("/books").text
    charts = re.findall(r'<svg class="chart"[^>]*aria-labelledby="(\S+) (\S+)">(.*?)</svg>', page, re.S)
    assert len(charts) == 3
    for title, description, inside in charts:
        assert f'<title id="{title}">' in inside and f'<desc id="{description}">' in inside
    assert page.count("<table>") >= len(charts)
    assert "style=" not in page and "<script" not in page


def test_what_a_story_cost_is_told_line_by_line_and_not_before_it_is_out(
    app: App, db: Database, people: Cast
) -> None:
    out, draft = uuid.uuid4(), uuid.uuid4()
    with db.transaction() as session:
        author = session.scalars(select(Actor).limit(1)).one()
        address = f"http://127.0.0.1:8000/stories/{out}"
        session.add(
            Post(
                id=out,
                uri=address,
                url=address,
                local=True,
                author_id=author.id,
                kind="Article",
                name="The boat",
                published_at=now(),
            )
        )
        approved(session, people, 30_000, story_id=out, words="Tickets", account="expenses:travel")
        approved(session, people, 12_000, story_id=out, words="A day of counting")
        approved(session, people, 9_000, story_id=draft)
    reader = app.test_client()
    page = reader.get(f"/books/stories/{out}")
    assert page.status_code == 200
    html5lib.HTMLParser(strict=True).parse(page.text)
    for said in ("The boat", "By our books it cost €420.00", "Tickets", "A day of counting", "€300.00"):
        assert said in page.text
    assert "Jo" not in page.text
    assert f"/books/stories/{out}" in reader.get("/books").text
    for hidden in (draft, uuid.uuid4()):
        assert reader.get(f"/books/stories/{hidden}").status_code == 404


def test_the_books_of_a_newsroom_that_just_began_can_be_read(app: App) -> None:
    assert app.test_client().get("/books").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/books/accounts/assets:gold",
        "/books/accounts/assets:bank?before=x",
        "/books/accounts/assets:bank?before=2026-01-01.x",
        "/books/accounts/assets:bank?before=2026-01-01.1",
        "/books/accounts/assets:bank?before=2026-01-01.1.x",
    ],
)
def test_pages_that_are_not_there(app: App, path: str) -> None:
    assert app.test_client().get(path).status_code == 404


@pytest.mark.both_databases
@pytest.mark.parametrize("path", TREASURY)
def test_the_treasury_is_for_treasurers(app: App, people: Cast, browser_of: SignIn, path: str) -> None:
    assert app.test_client().get(path).status_code == 303
    for account in (people.jo, people.edith, people.ada):
        assert browser_of(account).get(path).status_code == 403
    assert browser_of(people.tom).get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/treasury/expenses", "/treasury/payments", "/treasury/budget", "/treasury/surplus"]
    + [f"/treasury/expenses/{uuid.UUID(int=1)}/{verb}" for verb in ("check", "approve", "reject", "paid")]
    + [f"/treasury/payments/{uuid.UUID(int=1)}/{verb}" for verb in ("sent", "cancel")]
    + [f"/treasury/surplus/{uuid.UUID(int=1)}/{verb}" for verb in ("approve", "reject")],
)
def test_others_change_nothing_there(app: App, people: Cast, browser_of: SignIn, path: str) -> None:
    assert app.test_client().post(path).status_code == 401
    browser = browser_of(people.edith)
    assert send(browser, "/expenses", path).status_code == 403


@pytest.mark.both_databases
def test_a_fee_goes_from_the_journalist_to_the_bank(db: Database, people: Cast, browser_of: SignIn) -> None:
    jo, tom, tina = (browser_of(account) for account in (people.jo, people.tom, people.tina))
    assert send(jo, "/expenses", "/expenses", **fields()).status_code == 303
    with db.reading() as session:
        [expense] = expenses.of(session, people.jo)
    own = f"/treasury/expenses/{expense.id}"
    assert (
        send(tom, "/treasury/expenses", f"{own}/check", account="expenses:travel", tax="19").status_code
        == 303
    )
    assert send(tina, "/treasury/expenses", f"{own}/approve").status_code == 303
    assert send(tom, "/treasury/payments", "/treasury/payments").status_code == 303
    with db.reading() as session:
        [file] = payouts.files(session)
    document = tom.get(f"/treasury/payments/{file.id}/file")
    assert document.mimetype == "application/xml" and HERS in document.text
    sent = send(tom, "/treasury/payments", f"/treasury/payments/{file.id}/sent", on=today().isoformat())
    assert sent.status_code == 303
    assert balance(db, "assets:bank") == -25_000
    assert "paid" in jo.get(f"/expenses/{expense.id}").text


@pytest.mark.both_databases
def test_a_file_is_only_handed_out_to_whom_it_concerns(
    db: Database, people: Cast, browser_of: SignIn
) -> None:
    with db.transaction() as session:
        expense = expenses.hand_in(session, bill(), people.jo)
    path = f"/expenses/{expense.id}/file"
    answer = browser_of(people.jo).get(path)
    assert answer.data == PDF and answer.headers["Content-Disposition"].startswith("attachment")
    assert (
        answer.headers["Cache-Control"] == "no-store"
        and "sandbox" in answer.headers["Content-Security-Policy"]
    )
    for account in (people.edith, people.ada):
        assert browser_of(account).get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"money": "12.345"}, 422),
        ({"money": "-5"}, 422),
        ({"account": "income:gifts"}, 422),
        ({"story": str(uuid.UUID(int=1))}, 422),
        ({"dated": "yesterday"}, 422),
        ({"iban": "DE00"}, 422),
        ({"file": (io.BytesIO(b"MZ"), "invoice.pdf")}, 422),
        ({"file": ""}, 422),
    ],
)
@pytest.mark.parametrize("page", ["/expenses", "/treasury/expenses"])
def test_a_form_that_is_not_right_says_so_and_keeps_what_was_typed(
    db: Database, people: Cast, browser_of: SignIn, change: dict[str, object], status: int, page: str
) -> None:
    changed = {
        key: (io.BytesIO(value[0].getvalue()), value[1]) if isinstance(value, tuple) else value
        for key, value in change.items()
    }
    answer = send(browser_of(people.tom), page, page, **fields(iban=SUPPLIER) | changed)
    assert answer.status_code == status
    assert "Something is not right yet" in answer.text and "Two days at the harbour" in answer.text
    with db.reading() as session:
        assert expenses.counts(session) == {}


@pytest.mark.both_databases
def test_a_treasurer_enters_a_bill_and_does_not_sign_it_again(
    db: Database, people: Cast, browser_of: SignIn
) -> None:
    tom = browser_of(people.tom)
    assert send(tom, "/treasury/expenses", "/treasury/expenses", **fields(iban=SUPPLIER)).status_code == 303
    with db.reading() as session:
        [expense] = expenses.in_state(session, "checked")
    answer = send(tom, "/treasury/expenses", f"/treasury/expenses/{expense.id}/approve")
    assert answer.status_code == 403 and "Somebody else must approve this." in answer.text
    tina = browser_of(people.tina)
    answer = send(tina, "/treasury/expenses", f"/treasury/expenses/{expense.id}/reject", why="")
    assert answer.status_code == 422
    answer = send(tina, "/treasury/expenses", f"/treasury/expenses/{expense.id}/reject", why="Not ours")
    assert answer.status_code == 303


@pytest.mark.both_databases
def test_an_expense_is_taken_back(db: Database, people: Cast, browser_of: SignIn) -> None:
    with db.transaction() as session:
        expense = expenses.hand_in(session, bill(), people.jo)
    jo = browser_of(people.jo)
    assert send(jo, f"/expenses/{expense.id}", f"/expenses/{expense.id}/withdraw").status_code == 303
    assert "withdrawn" in jo.get("/expenses").text


@pytest.mark.both_databases
def test_a_file_that_the_bank_did_not_take(
    db: Database, people: Cast, filled: Expense, browser_of: SignIn
) -> None:
    tom = browser_of(people.tom)
    send(tom, "/treasury/payments", "/treasury/payments")
    assert send(tom, "/treasury/payments", "/treasury/payments").status_code == 409
    with db.reading() as session:
        [file] = payouts.files(session)
    assert send(tom, "/treasury/payments", f"/treasury/payments/{file.id}/cancel").status_code == 303
    ahead = (today() + timedelta(days=3)).isoformat()
    paid = f"/treasury/expenses/{filled.id}/paid"
    assert send(tom, "/treasury/payments", paid, on=ahead).status_code == 422
    assert send(tom, "/treasury/payments", paid, on=today().isoformat()).status_code == 303


@pytest.mark.both_databases
def test_the_budget_is_planned(people: Cast, browser_of: SignIn, app: App) -> None:
    tom = browser_of(people.tom)
    page = "/treasury/budget"
    filled = {"account": "expenses:wages", "month": month_of(today()), "money": "12000"}
    assert send(tom, page, page, **filled | {"month": "2001-01"}).status_code == 422
    assert send(tom, page, page, **filled | {"money": ""}).status_code == 422
    assert send(tom, page, page, **filled).status_code == 303
    assert "€12,000.00" in app.test_client().get("/books").text


@pytest.mark.both_databases
def test_a_surplus_is_proposed_and_approved_and_a_member_chooses(
    db: Database, people: Cast, browser_of: SignIn
) -> None:
    year = today().year - 1
    with db.transaction() as session:
        cy = member(session, "cy")
        party = parties.of(session, cy)
        earn(session, 10_000, party.id, on=today().replace(year=year, month=6, day=1))
        number = minutes.write(session, public={"verb": "decide"}, private={}).number
    tom, tina, hers = browser_of(people.tom), browser_of(people.tina), browser_of(cy)
    page = "/treasury/surplus"
    filled = {"year": year, "minute": number, "reserve": "50", "refund": "50"}
    assert send(tom, page, page, **filled | {"minute": number + 9}).status_code == 422
    assert send(tom, page, page, **filled | {"year": ""}).status_code == 422
    assert send(tom, page, page, **filled).status_code == 303
    with db.reading() as session:
        [proposal] = surplus.every(session)
    assert send(tom, page, f"{page}/{proposal.id}/approve").status_code == 403
    assert send(tina, page, f"{page}/{proposal.id}/approve").status_code == 303
    part = _part(db, cy)
    choose = f"/patronage/{part.id}"
    assert send(hers, "/patronage", choose, choice="").status_code == 422
    assert send(hers, "/patronage", choose, choice="pay", iban="DE00").status_code == 422
    assert send(hers, "/patronage", choose, choice="waive").status_code == 303
    assert "given to the newsroom" in hers.get("/patronage").text
    assert browser_of(people.jo).get("/patronage").status_code == 200


def _part(db: Database, account: Account) -> Allotment:
    with db.reading() as session:
        return surplus.of(session, account)[0]


def test_the_desk_says_what_waits_and_where(
    db: Database, people: Cast, filled: Expense, browser_of: SignIn
) -> None:
    with db.transaction() as session:
        expenses.hand_in(session, bill(), people.jo)
    page = browser_of(people.tom).get("/treasury").text
    for what, url in (
        ("Expenses for a first signature", "/treasury/expenses"),
        ("Expenses to be paid", "/treasury/payments"),
    ):
        assert f'<a href="{url}">{what}</a> <strong>1</strong>' in page
    assert "Proposals for a surplus" not in page


def test_the_desk_raises_the_alarm_of_the_night(db: Database, people: Cast, browser_of: SignIn) -> None:
    assert "have not been checked yet" in browser_of(people.tom).get("/treasury").text
    checks.run()
    assert "were as written" in browser_of(people.tom).get("/treasury").text
    with db.transaction() as session:
        session.add(SelfCheck(seconds=1, number=0, hash="0" * 64, fault="posting 7: changed"))
    assert "posting 7: changed" in browser_of(people.tom).get("/treasury").text


def test_the_books_are_told_in_german_too(app: App, settings: Config, filled: Expense) -> None:
    use_settings(replace(settings, language="de"))
    page = app.test_client().get("/books").text
    assert "Offene Bücher" in page and "Wohin ein Euro geht" in page


def test_who_no_longer_keeps_the_books_is_out_at_once(db: Database, people: Cast, browser_of: SignIn) -> None:
    browser = browser_of(people.tom)
    assert browser.get("/treasury").status_code == 200
    with db.transaction() as session:
        powers.end_all(session, session.get_one(Account, people.tom.id), on="tom", reason="laid down")
    assert browser.get("/treasury").status_code == 403
    assert browser.get("/desk").status_code == 200
