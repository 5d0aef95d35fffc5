"""Pages of pledges and campaigns in a browser: readable by everyone, narrow or wide, light or dark."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from commons import sessions, web
from commons.config import Config
from commons.db import Database
from membership.campaigns import campaigns, pitches
from membership.campaigns.models import Campaign
from membership.pledges import links
from tests.membership.campaigns.conftest import Officers, Open, plan, pledged, pledged_as
from tests.membership.pledges.conftest import eur, pay, promised
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
def served(app: web.App, house: Config) -> Iterator[str]:
    """The newsroom's address, while it is served."""
    with pages.served(app, house.origin) as origin:
        yield origin


@pytest.fixture
def paths(db: Database, opened: Open, officers: Officers) -> dict[str, list[str]]:
    """Pages with something on them: of everybody, of a treasurer and of an editor."""
    campaign = opened(
        scheme="two_rounds",
        goal_people=10,
        second_goal=eur(9000),
        second_ends=plan().ends + timedelta(days=30),
        stretches=((eur(5000), "A third reporter"),),
        rewards=(("Dinner with the desk", eur(1000), 3), ("A postcard", eur(100), None)),
    )
    for number in range(6):
        pledged(db, campaign, 310, name=f"giver{number}")
    with db.transaction() as session:
        found = session.get_one(Campaign, campaign.id)
        campaigns.tell(session, found, "Half way", "Thank you.\n\nGo on.", by=officers.tom)
    pitch = opened("pitch", title="Who owns the harbour?", scheme="keep_it_all")
    mine = pledged_as(db, pitch, officers.jon)
    pay(db, mine)
    with db.transaction() as session:
        found = session.get_one(Campaign, pitch.id)
        pitches.decide(session, found, "declined", "It was told before.", by=officers.edith)
    waiting = opened("pitch", title="The price of a ferry")
    gift = promised(db, rhythm="once", amount=19200, purpose="gift", quantity=2)
    pay(db, gift)
    monthly = promised(db)
    campaign_path, pitch_path = f"/campaigns/{campaign.slug}", f"/pitches/{pitch.slug}"
    key = links.key(monthly.id)
    return {
        "everybody": [
            "/campaigns",
            "/pitches",
            campaign_path,
            pitch_path,
            f"{campaign_path}/pledge",
            "/pledges/new",
            "/pledges/gift",
            "/pledges/seats",
            "/withdraw",
            links.path(gift),
            links.path(monthly),
            f"/pledges/{monthly.number}/stop?key={key}",
            f"/pledges/{monthly.number}/change?key={key}",
            f"/pitches/choose/{mine.number}?key={links.key(mine.id)}",
        ],
        "tom": ["/campaigns/desk", "/campaigns/new", f"{campaign_path}/manage", "/pledges/watch"],
        "edith": ["/pitches/desk", f"/pitches/{waiting.slug}/manage", "/pledges", "/pledges/seats/take"],
    }


def test_every_page_is_accessible_and_fits(
    db: Database, browser: Browser, served: str, officers: Officers, paths: dict[str, list[str]]
) -> None:
    found: list[str] = []
    for who, theirs in paths.items():
        for scheme, width in (("light", NARROW), ("dark", WIDE)):
            with browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 900}
            ) as context:
                if who != "everybody":
                    with db.transaction() as session:
                        token = sessions.start(session, getattr(officers, who))
                    context.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])
                page = context.new_page()
                for path in theirs:
                    answer = page.goto(served + path)
                    assert answer is not None and answer.status == 200, path
                    found += [f"{path} {scheme}: {each}" for each in axe_violations(page)]
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        found.append(f"{path} is wider than {width}")
    assert found == []


def test_open_progress_is_refreshed_by_the_script_and_read_without_it(
    db: Database, browser: Browser, served: str, opened: Open
) -> None:
    campaign = opened()
    for _ in range(5):
        pledged(db, campaign, 100)
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(campaigns.address(campaign))
        assert "€5.00 of €30.00" in page.inner_text("main")
    with browser.new_context() as context:
        page = context.new_page()
        page.clock.install()
        page.goto(campaigns.address(campaign))
        pledged(db, campaign, 100)
        with page.expect_response(lambda answer: answer.url.endswith("/progress")):
            page.clock.run_for(31_000)
        page.wait_for_function("document.querySelector('[data-progress]').innerText.includes('€6.00')")
