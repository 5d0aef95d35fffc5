"""Journeys of donors, members and treasurers through a real browser, without a script, clicks counted."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from commons import clock, sessions, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.mail import Letter
from membership.books import expenses
from membership.members.models import Membership
from membership.money import ledger
from membership.payments.models import Charge
from membership.pledges import settling
from membership.pledges.models import Pledge
from tests.services import pages
from tests.services.pages import at_a_free_port

from ..books.conftest import HERS, bill, earn
from ..members.conftest import Officers, account_of

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings: Config) -> Config:
    return at_a_free_port(settings)


@pytest.fixture
def served(app: web.App, settings: Config) -> Iterator[str]:
    with pages.served(app, settings.origin) as origin:
        yield origin


class Visitor:
    """Somebody in front of a browser, who counts how often she clicks."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.origin, self.clicks = page, origin, 0

    def visit(self, path: str) -> None:
        self.page.goto(self.origin + path)

    def click(self, what: str) -> None:
        self.clicks += 1
        self.page.click(what)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"main [name={name}]", value)

    def sees(self, words: str) -> bool:
        return words in self.page.inner_text("main")


Somebody = Callable[..., Visitor]


@pytest.fixture
def somebody(browser: Browser, db: Database, served: str) -> Iterator[Somebody]:
    """``somebody(account)``: signed in, with scripts off."""
    opened = []

    def begin(account: Account | None = None) -> Visitor:
        context = browser.new_context(java_script_enabled=False)
        opened.append(context)
        if account is not None:
            with db.transaction() as session:
                token = sessions.start(session, account)
            context.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])
        return Visitor(context.new_page(), served)

    yield begin
    for context in opened:
        context.close()


def letter(db: Database, kind: str) -> Letter:
    with db.reading() as session:
        return session.scalars(select(Letter).where(Letter.letter == kind)).one()


def test_17_a_donor_pledges_six_euros_a_month(
    db: Database, officers: Officers, somebody: Somebody, tmp_path: Path
) -> None:
    """Two screens of ours, at most four clicks; the treasurer's statement brings receipt and letter."""
    donor = somebody()
    donor.visit("/pledges/new")
    donor.fill(amount="6", name="Dora", email="dora@example.org")
    donor.click("label:has-text('Each month')")
    donor.click("main button")
    assert donor.clicks <= 4 and "/pay/" in donor.page.url
    assert donor.sees("€6.00") and donor.sees("DE89370400440532013000")
    with db.reading() as session:
        charge = session.scalars(select(Charge)).one()
    statement = tmp_path / "statement.csv"
    statement.write_text(
        "date;amount;currency;text;reference;name;iban\n"
        f"{clock.now().date()};6.00;EUR;;{charge.reference};Dora;{HERS}\n"
    )
    treasurer = somebody(officers.tom)
    treasurer.visit("/payments")
    treasurer.page.set_input_files("main input[type=file]", statement)
    treasurer.click("text=Import")
    settling.settle_due()
    told = letter(db, "receipt")
    assert told.to == "dora@example.org" and "€6.00" in told.body
    address = next(word for word in told.body.split() if "/receipts/" in word)
    donor.page.goto(address)
    assert donor.sees("€6.00") and donor.sees("Dora")


def test_18_a_member_stops_her_pledge_in_two_clicks(
    db: Database, ada: Membership, somebody: Somebody
) -> None:
    member = somebody(account_of(db, ada))
    member.visit("/desk")
    member.click("#pledges + .list a:has-text('Stop')")
    member.click("main button")
    assert member.clicks == 2
    with db.reading() as session:
        assert session.scalars(select(Pledge.state)).one() == "stopped"
    told = letter(db, "pledge_stopped")
    assert "for the time before" in told.body and "with your vote" in told.body
    member.visit("/desk")
    assert member.sees("You have one vote.")


def test_19_a_member_follows_a_storys_cost_into_the_books(
    db: Database, ada: Membership, officers: Officers, somebody: Somebody
) -> None:
    """From the books to an account's lines and the CSV; its sum is the ledger's to the cent."""
    with db.transaction() as session:
        earn(session, 500_00)
        for amount in (120_00, 34_56):
            entered = expenses.enter(session, bill(amount, account="expenses:travel"), officers.tom)
            expenses.approve(session, entered.id, officers.tina)
    member = somebody(account_of(db, ada))
    member.visit("/books")
    member.click("main table a:has-text('Travel') >> nth=0")
    assert member.clicks <= 3 and member.sees("Travel") and member.sees("invoice")
    lines = member.page.request.get(f"{member.origin}/books.csv").text()
    with db.reading() as session:
        spent = ledger.balance(session, "expenses:travel", "EUR")
    assert spent == 154_56 and "154.56" in lines


def test_22_a_treasurer_books_an_expense_that_a_second_person_approves(
    db: Database, officers: Officers, somebody: Somebody, tmp_path: Path
) -> None:
    """Entered with a file, approved by another, and public without the payee's account."""
    paper = tmp_path / "invoice.pdf"
    paper.write_bytes(b"%PDF-1.7\nfrom the harbour")
    tom, tina = somebody(officers.tom), somebody(officers.tina)
    tom.visit("/treasury/expenses")
    tom.fill(money="42.50", payee="Harbour Press", iban=HERS, words="Posters")
    tom.page.fill("main [name=dated]", clock.now().date().isoformat())
    tom.page.select_option("main form:has(input[type=file]) [name=account]", "expenses:other")
    tom.page.set_input_files("main input[type=file]", paper)
    tom.click("main form:has(input[type=file]) button")
    tina.visit("/treasury/expenses")
    assert tina.sees("Posters") and tina.sees("For a second signature")
    tina.click("text=Approve")
    with db.reading() as session:
        assert ledger.balance(session, "liabilities:invoices", "EUR") == -42_50
    reader = somebody()
    reader.visit("/books")
    assert "42.50" in reader.page.content()
    for path in ("/books", "/books.csv", "/books/accounts/expenses:other"):
        assert HERS not in reader.page.request.get(reader.origin + path).text()
