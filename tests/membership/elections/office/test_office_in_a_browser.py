"""The pages of officers, candidates and members: readable by everyone, narrow or wide, light or dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from commons import sessions, web
from commons.accounts import Account
from commons.config import Config
from membership.elections import candidacies, objections
from membership.elections.models import Election
from tests.membership.elections.club import NAMES, Club
from tests.services import pages
from tests.services.browser import axe_violations
from wsgi import create_app

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SHAPES = pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])


@pytest.fixture
def settings(settings: Config) -> Config:
    """The usual settings at a free port."""
    return pages.at_a_free_port(settings)


@pytest.fixture
def served(club: Club, settings: Config) -> Iterator[str]:
    with pages.served(create_app(), settings.origin) as origin:
        yield origin


class Eyes:
    """Somebody who looks at pages in a browser of that shape."""

    def __init__(self, page: Page, club: Club, served: str, scheme: str, width: int) -> None:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        self.page, self.club, self.served, self.shape, self.width = (
            page,
            club,
            served,
            f"{width}-{scheme}",
            width,
        )

    def look(self, who: Account, path: str, name: str) -> None:
        with self.club.db.transaction() as session:
            token = sessions.start(session, who, proved=True, with_passkey=True)
        self.page.context.clear_cookies()
        self.page.context.add_cookies([{"name": web.cookie_name(), "value": token, "url": self.served}])
        answer = self.page.goto(self.served + path)
        assert answer is not None and answer.status == 200, path
        assert axe_violations(self.page) == [], path
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width, path
        self.small_targets(path)

    def small_targets(self, path: str) -> None:
        """Buttons are 44 pixels high or more."""
        heights = self.page.eval_on_selector_all(
            "main button, main a.button", "all => all.map(each => each.getBoundingClientRect().height)"
        )
        assert all(height >= 44 for height in heights), (path, heights)


@SHAPES
def test_the_pages_before_the_vote_can_be_read_by_everyone(
    page: Page, club: Club, served: str, scheme: str, width: int
) -> None:
    eyes = Eyes(page, club, served, scheme, width)
    election = club.call(title="Election of a board with a title that is rather long, in November 2026")
    club.stand(election, "ada", "ben", "cho", seconders=("kim",))
    office, public = f"/elections/office/{election.slug}", f"/elections/{election.slug}"
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        ada = next(each for each in candidacies.shown(session, found) if each.name == "Ada")
        asked = candidacies.ask(session, ada.id, "What about the ferries?", by=club.accounts["ben"])
        candidacies.answer(session, asked.id, "More of them.", by=club.accounts["ada"])
        candidacies.nominate(session, found, 9, by=club.accounts["ben"])
    eyes.look(club.eli, "/elections/office", "index")
    eyes.look(club.eli, "/elections/office/call", "call")
    eyes.look(club.eli, office, "office-nominations")
    eyes.look(club.accounts["kim"], f"{public}/candidates", "candidates")
    eyes.look(club.accounts["ina"], f"{public}/nominate", "proposed")
    eyes.look(club.accounts["ada"], f"{public}/nominate", "stand")
    eyes.look(club.accounts["ada"], f"{public}/candidates/{ada.id}", "card-own")
    eyes.look(club.accounts["kim"], f"{public}/candidates/{ada.id}", "card")
    eyes.look(club.accounts["kim"], f"{public}/entry", "entry-early")
    club.stand(election, "dee", "eve", "fay")
    club.to(election, "roll_at")
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        objections.make(session, found, "I am missing.", by=club.accounts["new"])
    eyes.look(club.accounts["kim"], f"{public}/entry", "entry")
    eyes.look(club.accounts["new"], f"{public}/entry", "objection")
    club.prepare(election)
    eyes.look(club.eli, office, "office-objections")


@SHAPES
def test_the_pages_after_the_vote_can_be_read_by_everyone(
    page: Page, club: Club, served: str, scheme: str, width: int
) -> None:
    eyes = Eyes(page, club, served, scheme, width)
    election = club.call()
    office = f"/elections/office/{election.slug}"
    club.stand(election, "ada", "ben", "cho")
    club.vote(election, club.announce(election), {name: [1, 2] for name in NAMES[:10]})
    eyes.look(club.eli, office, "office-count")
    club.count(election)
    eyes.look(club.eli, office, "office-counted")
    club.certify(election)
    eyes.look(club.eli, office, "office-certified")
    eyes.look(club.accounts["ada"], f"/elections/{election.slug}/entry", "entry-drawn")
    with club.db.transaction() as session:
        found = session.get_one(Election, election.id)
        found.fault = "What is stored and what was counted differ: list of credentials."
    for page_of in ("", "/certificate"):
        eyes.look(club.accounts["ada"], f"/elections/{election.slug}{page_of}", "not-verified")
