"""The newsroom's pages for voters in a browser: by keyboard without JavaScript, and readable by everyone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from commons import sessions, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from membership.elections.models import COUNTED, Election
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.package import derive
from tests.membership.elections.ballot_page.booth import serving
from tests.membership.elections.protocol.world import counted, numbered
from tests.membership.elections.registrar import Registrar
from tests.services import pages
from tests.services.browser import axe_violations
from wsgi import create_app

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LOOKS = [("light", 360), ("dark", 1200)]
SignedIn = Callable[[int, BrowserContext], None]


@pytest.fixture
def settings(settings: Config) -> Config:
    """The usual settings at a free port: a browser asks for the port it is told."""
    return pages.at_a_free_port(settings)


@pytest.fixture
def served(election: Registrar, settings: Config) -> Iterator[str]:
    with serving(create_app(), int(settings.origin.rpartition(":")[2])):
        yield settings.origin


@pytest.fixture
def sign_in(db: Database, served: str, account_of: Callable[[int], Account]) -> SignedIn:
    def signed_in(place: int, context: BrowserContext) -> None:
        account = account_of(place)
        with db.transaction() as session:
            token = sessions.start(session, account, proved=True)
        context.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])

    return signed_in


def looked_at(page: Page, width: int) -> list[str]:
    found = [f"{page.url}: {each}" for each in axe_violations(page)]
    if page.evaluate("document.documentElement.scrollWidth") > width:
        found.append(f"{page.url} is wider than {width}")
    return found


def test_a_ballot_is_filled_in_by_keyboard_without_javascript(
    browser: Browser, served: str, sign_in: SignedIn, election: Registrar
) -> None:
    """Ranking three of four, moving one, sorting, reviewing, casting: as many presses, and no more."""
    with browser.new_context(java_script_enabled=False) as context:
        sign_in(0, context)
        page = context.new_page()
        page.goto(f"{served}/elections/board/assisted")
        page.check("#understood")
        page.click("text=Fill in my ballot here")
        addresses = {page.url}

        def enter_on(button: str) -> None:
            """Tab on from where the page has put the keyboard, and press."""
            for _tab in range(60):
                if page.locator(f"{button}:focus").count():
                    break
                page.keyboard.press("Tab")
            assert page.locator(f"{button}:focus").count(), button
            with page.expect_navigation():
                page.keyboard.press("Enter")
            addresses.add(page.url)

        shown = page.locator(".paper bdi").all_inner_texts()
        for place in (2, 3, 4):
            enter_on(f".paper li:nth-child({place}) button[value^=rank]")
            assert page.title().startswith(f"{shown[place - 1]} is number")
            # The keyboard is in the same row as before.
            assert page.locator(f".paper li:nth-child({place}) button:focus").count() == 1
        enter_on(".paper li:nth-child(4) button[value^=up]")
        assert page.locator(".paper bdi").all_inner_texts() == shown
        assert page.locator(".paper .place").all_inner_texts() == ["", "1", "3", "2"]
        enter_on("button[value=sort]")
        assert page.locator(".paper bdi").all_inner_texts() == [shown[1], shown[3], shown[2], shown[0]]
        first_up = page.locator(".paper li:first-child button[value^=up]")
        assert first_up.is_disabled() and "is number 1 already" in (first_up.text_content() or "")
        enter_on("button[value=review]")
        enter_on("button[value=cast]")
        assert page.locator("h1").inner_text() == "Your receipt"
        assert addresses == {f"{served}/elections/board/assisted"}
    assert len(election.box.envelopes()) == 1


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_can_be_read_by_everyone(
    browser: Browser, served: str, sign_in: SignedIn, election: Registrar, scheme: str, width: int
) -> None:
    found: list[str] = []
    look = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    with browser.new_context(**look) as context:  # type: ignore[arg-type]
        sign_in(0, context)
        page = context.new_page()
        page.goto(f"{served}/elections/board/assisted")
        found += looked_at(page, width)
        page.check("#understood")
        page.click("text=Fill in my ballot here")
        page.click(".paper li:nth-child(2) button")
        found += looked_at(page, width)
        page.click("text=Review my ballot")
        found += looked_at(page, width)
        page.click("text=Cast this ballot")
        found += looked_at(page, width)
        sign_in(1, context)
        value = Credential.from_seed(numbered("look", 1, 16), election.manifest).blinded.hex()
        page.goto(f"{served}/elections/board/draw")
        found += looked_at(page, width)
        page.goto(f"{served}/elections/board/draw?blinded={value}")
        found += looked_at(page, width)
        page.click("text=The words are the same: sign")
        found += looked_at(page, width)
        page.goto(f"{served}/elections/board/check")
        found += looked_at(page, width)
    assert found == []


# After the count


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_a_voter_finds_her_ballot_in_the_count(
    browser: Browser, db: Database, served: str, election: Registrar, scheme: str, width: int
) -> None:
    package = derive(counted().sources())
    ballots = package["ballots"]
    assert isinstance(ballots, list)
    with db.transaction() as session:
        session.get_one(Election, election.election_id).state = COUNTED
    asked: list[str] = []

    def published(route: Route) -> None:
        """Stands for the page that serves the package's files."""
        asked.append(route.request.url)
        route.fulfill(body=package["files"]["ballots.csv"], content_type="text/csv")  # type: ignore[index]

    look = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    with browser.new_context(**look) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.route("**/files/ballots.csv", published)
        page.goto(f"{served}/elections/board/check")

        def told(code: str) -> str:
            page.fill("#code", code)
            page.evaluate("document.querySelector('#told').textContent = ''")
            page.click("text=Look it up")
            page.locator("#told", has_text=re.compile(".{10}")).wait_for()
            return page.inner_text("#told")

        for each in ballots:
            said = told(each["code"].lower())
            if each["ranking"]:
                assert said == "Recorded, and counted in stage 1."
                page.click("text=Show what this ballot says")
                names = [counted().manifest.candidates[number - 1] for number in each["ranking"]]
                assert page.locator("#ranking li").all_inner_texts() == names
            else:
                assert said == "Recorded, and counted as a blank ballot."
        assert "not in the list" in told("AAAA-BBBB-CCCC-DDDD-EEEE")
        assert "five groups" in told("AAAA")
        assert {url.rpartition("?")[0] or url for url in asked} == {
            f"{served}/elections/board/files/ballots.csv"
        }
        assert looked_at(page, width) == []
