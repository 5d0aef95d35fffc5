"""Pages of payers and treasurers in a browser: readable by everyone, narrow or wide, light or dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from commons import sessions, web
from commons.clock import now
from commons.config import Config
from commons.db import Database
from membership.books.vouchers import vouchers
from membership.books.vouchers.vouchers import Note
from membership.money.currencies import Money
from membership.money.models import Party
from membership.money.periods import local_day
from membership.payments import charges, credits
from tests.membership.payments.conftest import Begin
from tests.membership.payments.test_transfers import bring, camt, entry, reference
from tests.membership.payments.till import People
from tests.services import pages
from tests.services.browser import axe_violations
from tests.services.pages import at_a_free_port

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NARROW, WIDE = 360, 1200


@pytest.fixture
def settings(settings: Config) -> Config:
    """The usual settings at a free port: a browser asks for the port it is told."""
    return at_a_free_port(settings)


@pytest.fixture
def served(app: web.App, settings: Config) -> Iterator[str]:
    """The newsroom's address, while it is served."""
    with pages.served(app, settings.origin) as origin:
        yield origin


@pytest.fixture
def paths(db: Database, begin: Begin, people: People, payer: Party) -> dict[str, list[str]]:
    """Pages with something on them: too much, too little, a debit, a grant that is owed, a cost to sign."""
    whole, part, open_ = begin("bank", 5000), begin("bank", 9000), begin("bank", 1200)
    lines = (
        entry("80.00", reference=reference(whole), own="A1"),
        entry("20.00", reference=reference(part), own="A2"),
        entry("9.90", own="A3", credit=False, text="Kontoführung"),
        entry("500.00", own="A4", text="Stiftung für lokale Öffentlichkeit"),
    )
    bring(db, people, camt(*lines))
    today = local_day(now(), "UTC")
    with db.transaction() as session:
        for account, cents in (("income:grants", 50_000), ("expenses:office", 990)):
            note = Note(account, Money(cents, "EUR"), today, "For a desk at the harbour", b"%PDF-1.7\nx")
            made = vouchers.enter(session, note, people.tim)
        assert made.state == "checked" and charges.page(open_)
        found = session.get_one(Party, payer.id)
        credits.send_back(session, found, Money(500, "EUR"), "DE89370400440532013000", people.paula)
    return {
        "": [credits.path(payer), "/cancel", f"/pay/{part.token}"],
        "paula": ["/payments/mine"],
        "tove": ["/payments", "/treasury", "/treasury/vouchers", "/pledges/watch"],
    }


def test_every_page_is_accessible_and_fits(
    db: Database, browser: Browser, served: str, people: People, paths: dict[str, list[str]]
) -> None:
    found: list[str] = []
    for who, theirs in paths.items():
        for scheme, width in (("light", NARROW), ("dark", WIDE)):
            with browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 900}
            ) as context:
                if who:
                    with db.transaction() as session:
                        token = sessions.start(session, getattr(people, who))
                    context.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])
                page = context.new_page()
                for path in theirs:
                    answer = page.goto(served + path)
                    assert answer is not None and answer.status == 200, path
                    found += [f"{path} {scheme}: {each}" for each in axe_violations(page)]
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        found.append(f"{path} is wider than {width}")
    assert found == []


def test_credit_is_used_and_a_contract_cancelled_without_a_script(
    browser: Browser, served: str, paths: dict[str, list[str]]
) -> None:
    with browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        page.goto(served + paths[""][0])
        assert "€25.00" in page.inner_text("main")
        page.click("text=Pay it from my credit >> nth=0")
        assert "€13.00" in page.inner_text("main")
        page.click("footer >> text=Cancel contracts here")
        page.fill("[name=name]", "Paula")
        page.fill("[name=email]", "paula@example.org")
        page.fill("[name=contract]", "What I pay each month")
        page.click("text=Cancel now")
        assert "We received your cancellation" in page.inner_text("main")
