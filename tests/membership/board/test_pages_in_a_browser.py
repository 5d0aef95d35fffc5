"""The board's pages as a browser shows them: readable by everyone, narrow or wide, and without scripts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from commons import clock, powers, sessions, web
from commons.accounts import Account
from commons.clock import now
from commons.config import Config
from commons.db import Database
from commons.powers import Power
from federation import actors
from membership.board import cooptions, deputies, meetings, petitions, seats, vacancies
from membership.board.meetings import Resolution
from membership.board.models import Offer
from tests.services import pages
from tests.services.browser import axe_violations

from .conftest import Join, Officers, People, account, certify, person, seat_of, sitting
from .test_vacancies import Voted, resign, voted

__all__ = ["voted"]

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings: Config) -> Config:
    """The usual settings at a free port: a browser asks for the port it is told."""
    return pages.at_a_free_port(settings)


@pytest.fixture
def served(app: web.App, settings: Config) -> Iterator[str]:
    with pages.served(app, settings.origin) as origin:
        yield origin


@dataclass(frozen=True)
class Scene:
    """Who looks, and what at."""

    paths: tuple[tuple[str | None, str], ...]


@pytest.fixture
def scene(db: Database, voted: Voted, people: People, join: Join, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Ada, Ben and Eve sit; a meeting, deputies, an offer, a co-option and a petition are under way."""
    monkeypatch.setattr(clock, "shift", timedelta(days=40))
    voted()
    for name in ("hal", "ida", "jan"):
        people[name] = join(name)
    with db.transaction() as session:
        certify(session, [people["eve"], people["fay"]])
    seats.seat_due()
    monkeypatch.setattr(clock, "shift", timedelta(days=80))
    with db.transaction() as session:
        ada = session.get_one(Account, account(db, people, "ada").id)
        jon = person(session, "jon")
        actors.create_local(
            session, kind="Person", handle="jon", name="Jonathan with a Name that is Long", account=jon
        )
        deputies.appoint(session, "jon", Power.EDIT, None, "holidays", by=ada)
        powers.grant(
            session, account(db, people, "gus"), [Power.BOOKS], reason="the books", source=powers.FOUNDING
        )
        sat = seats.sitting(session)
        made = meetings.record(
            session,
            held_at=now() - timedelta(days=1),
            title="First meeting",
            place="https://meet.example/a-very-long-address-without-any-place-to-break-it",
            attended={seat.id: "present" for seat in sat},
            by=ada,
        )
        meetings.decide(session, made.id, Resolution("We look into the harbour.", 3, 0, 1), by=ada)
        petitions.open_(session, seat_of(db, "Eve").id, "At no meeting.", by=account(db, people, "hal"))
    resign(db, people, "Ben")
    vacant = resign(db, people, "Fay")
    vacancies.fill_due()
    with db.transaction() as session:
        number = people["gus"].number or 0
        cooptions.propose(session, vacant.id, number, by=account(db, people, "ada"))
        offer = session.scalars(select(Offer)).one()
    return Scene(
        (
            (None, "/board"),
            (None, f"/board/meetings/{made.id}"),
            (None, f"/board/countbacks/{offer.id}"),
            ("ada", "/board/mine"),
            ("ada", f"/board/mine/seats/{seat_of(db, 'Ada').id}/resign"),
            ("ada", "/board/mine/meetings/new"),
            ("ada", "/board/mine/meetings/new?held=2027-01-20T18:00"),
            ("ada", f"/board/mine/meetings/{made.id}"),
            ("cho", "/board/mine"),
            ("gus", "/board/mine"),
            ("ida", "/board/petitions"),
            ("ada", "/studio"),
        )
    )


def sign_in(page: Page, db: Database, who: Account, served: str) -> None:
    with db.transaction() as session:
        token = sessions.start(session, who)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])
def test_every_page_can_be_read_by_everyone(
    page: Page, db: Database, scene: Scene, people: People, served: str, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    for who, path in scene.paths:
        if who is not None:
            sign_in(page, db, account(db, people, who), served)
        answer = page.goto(served + path)
        assert answer is not None
        assert answer.status == 200, path
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("width", [360, 1200])
def test_the_founding_period_can_be_read_by_everyone(
    page: Page, db: Database, officers: Officers, served: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for who, path in ((None, "/board"), (officers.edith, "/studio"), (officers.tom, "/treasury")):
        if who is not None:
            sign_in(page, db, who, served)
        page.goto(served + path)
        assert page.locator(".notice .title", has_text="Founding period").count() == 1, path
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_seat_is_taken_with_one_click_and_no_script(
    browser: Browser, db: Database, scene: Scene, people: People, served: str
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, db, account(db, people, "cho"), served)
        page.goto(f"{served}/board/mine")
        page.click("text=Take the seat")
        assert "by a seat on the board" in page.inner_text("main")
    assert "Cho" in sitting(db)
