"""Joining, the desk and the register as a browser shows them: readable by everyone, narrow or wide."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from commons import clock, sessions, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from membership.desk.givers import asking
from membership.members import payouts, shares
from membership.members.models import Membership
from membership.money import ledger, parties, receivables
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.payments import charges
from membership.pledges import pledges, renewals, settling
from membership.pledges.pledges import Wish
from tests.services import pages
from tests.services.browser import axe_violations
from tests.services.pages import at_a_free_port

from ..members.conftest import Join, Officers, account_of

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings: Config) -> Config:
    """The usual settings at a free port: a browser asks for the port it is told."""
    return at_a_free_port(settings)


@pytest.fixture
def served(app: web.App, settings: Config) -> Iterator[str]:
    with pages.served(app, settings.origin) as origin:
        yield origin


@pytest.fixture
def ada(db: Database, officers: Officers, join: Join) -> Membership:
    """A member with a paid pledge, more shares asked for, an address, and others beside her."""
    made = join("ada", pays=0)
    with db.transaction() as session:
        party = session.get_one(Membership, made.id).party
        pledge = pledges.promise(session, party, Wish(Money(1500, "EUR"), "monthly", "bank", "once-ada"))
        charge = renewals.start(session, pledges.instalments(session, pledge)[0])
        assert charge is not None
        charges.settled(session, charge)
        assert party.data is not None
        party.data.address = "Pier 1, 12345 Merrenport"
    settling.settle_due()
    join("bob")
    join("somebody-with-a-very-long-name-who-has-not-paid-yet", pays=0)
    with db.transaction() as session:
        found = session.get_one(Membership, made.id)
        shares.subscribe_more(session, found, 2)
        payouts.adopt_accounts(session, 2020, "Assembly of 3 May 2021", by=officers.tom)
    return made


def sign_in(page: Page, db: Database, account: Account, served: str) -> None:
    with db.transaction() as session:
        token = sessions.start(session, account)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])
def test_every_page_can_be_read_by_everyone(
    page: Page, db: Database, ada: Membership, officers: Officers, served: str, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    tom, hers = officers.tom, account_of(db, ada)
    paths: list[tuple[Account | None, str]] = [
        *(
            (None, path)
            for path in (
                "/join",
                "/join/thanks",
                "/sign-in",
                "/sign-in/link",
                "/sign-in/link/x",
                "/pledges/forget",
            )
        ),
        *((hers, path) for path in ("/desk", "/desk/leave", "/desk/data", "/members", "/account")),
        *(
            (tom, path)
            for path in ("/treasury/members", f"/treasury/members/{ada.id}", "/desk", "/desk/data")
        ),
    ]
    for who, path in paths:
        if who is not None:
            sign_in(page, db, who, served)
        answer = page.goto(served + path)
        assert answer is not None
        assert answer.status == 200, path
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_joining_takes_four_clicks_and_no_script(
    browser: Browser, db: Database, officers: Officers, served: str
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{served}/join")
        page.click("text=€9.00 a month")
        page.fill("#name", "Ada Weiss")
        page.fill("#email", "ada@example.org")
        page.click("#consent")
        page.click("main button")
        assert "/pay/" in page.url
        page.click("text=What happens next")
        assert page.url.endswith("/join/thanks")
    with db.reading() as session:
        assert session.query(Membership).one().state == "applied"


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])
def test_what_is_owed_and_being_forgotten_can_be_read_by_everyone(
    page: Page, db: Database, ada: Membership, officers: Officers, served: str, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    hers = account_of(db, ada)
    with db.transaction() as session:
        giver = parties.create(session, "Rita Gray", "rita@example.org")
        for party_id, kind in ((ada.party_id, "ada"), (giver.id, "rita")):
            lines = [
                receivables.line(party_id, 1000),
                Line("liabilities:credit", Money(-1000, "EUR"), party_id=party_id),
            ]
            ledger.post(session, kind=kind, lines=lines, cause=("test", giver.id))
        ledger.post(
            session,
            kind="more",
            lines=[
                Line("assets:bank", Money(500, "EUR")),
                Line("liabilities:credit", Money(-500, "EUR"), party_id=giver.id),
            ],
            cause=("test", giver.id),
        )
        link = asking.token(giver.id, clock.now() + timedelta(hours=1))
    paths: list[tuple[Account | None, str]] = [
        (officers.tom, "/treasury"),
        (officers.tom, "/treasury/payments"),
        (officers.tom, f"/treasury/members/{ada.id}"),
        (hers, "/payments/mine"),
        (None, f"/pledges/forget/{link}"),
    ]
    for who, path in paths:
        page.context.clear_cookies()
        if who is not None:
            sign_in(page, db, who, served)
        answer = page.goto(served + path)
        assert answer is not None and answer.status == 200, path
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.click("main button")
    assert page.inner_text("h1") == "You are forgotten"
    assert axe_violations(page) == []
