"""The pages of the assembly: by forms from the call of a meeting to a motion's vote; readable by everyone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page
from sqlalchemy import select
from werkzeug.test import TestResponse

from commons import clock, config, csrf, sessions, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from membership.assembly.models import Assembly, Motion
from tests.membership.conftest import SignIn
from tests.membership.members.conftest import Officers
from tests.services import pages
from tests.services.browser import axe_violations

from .conftest import Voter

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MEETING = {"title": "Assembly of 2027", "place": "Town hall", "zone": "Europe/Berlin", "invitation": "Come."}
DAY = {"valid_from": "2030-01-01"}
MOTION = {"title": "More ferries", "reasons": "They are late.", "kind": "opinion"}


def post(client: FlaskClient, path: str, **data: object) -> TestResponse:
    """A form as this browser's page sends it."""
    cookie = client.get_cookie(web.cookie_name(), domain="127.0.0.1")
    assert cookie is not None
    token = csrf.token(config.settings().secret_key, sessions.hash_of(cookie.value))
    return client.post(path, data={csrf.FIELD: token, **data})


def starts(days: int) -> str:
    return (clock.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def test_a_meeting_is_called_moved_to_and_recorded(
    db: Database,
    officers: Officers,
    voter: Voter,
    browser_of: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada, eli = browser_of(voter("ada")), browser_of(officers.eli)
    assert "at least 14 days" in post(eli, "/assembly/call", **MEETING, starts=starts(3)).text
    called = post(eli, "/assembly/call", **MEETING, starts=starts(20))
    assert called.status_code == 303
    with db.reading() as session:
        meeting = session.scalars(select(Assembly)).one()
    page = ada.get(called.location).text
    assert "Assembly of 2027" in page and "Town hall" in page
    moved = post(ada, "/assembly/motions/new", **MOTION, assembly=str(meeting.id))
    assert moved.status_code == 303
    assert "More ferries" in ada.get(called.location).text
    monkeypatch.setattr(clock, "shift", timedelta(days=21))
    eli = browser_of(officers.eli)
    record = post(eli, f"{called.location}/record", record="We met and agreed.", present="12")
    assert record.status_code == 303
    assert "We met and agreed." in eli.get(called.location).text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"title": ""}, "Fill this in."),
        ({"kind": "statute"}, "Say which of the statutes"),
        (
            {"kind": "statute", "statute": "notice_months", "value": "99", "valid_from": "2030-01-01"},
            "from 0 to",
        ),
        ({"kind": "surplus"}, "Not a valid choice"),
        ({"assembly": "x"}, "Not a valid choice"),
    ],
)
def test_an_unfit_motion_is_shown_again_with_a_reason(
    db: Database, officers: Officers, voter: Voter, browser_of: SignIn, wrong: dict[str, str], says: str
) -> None:
    answer = post(browser_of(voter("ada")), "/assembly/motions/new", **(MOTION | wrong))
    assert answer.status_code in {400, 422}
    assert says in answer.text
    with db.reading() as session:
        assert session.scalars(select(Motion)).all() == []


def test_a_motion_finds_supporters_and_is_put_to_the_vote(
    officers: Officers, electorate: list[Account], browser_of: SignIn
) -> None:
    ada, eli = browser_of(electorate[0]), browser_of(officers.eli)
    path = post(ada, "/assembly/motions/new", **MOTION).location
    assert "disabled" in eli.get(path).text
    assert post(ada, f"{path}/support").status_code == 409
    for account in electorate[1:3]:
        assert post(browser_of(account), f"{path}/support").status_code == 303
    assert "3 of the 3 members" in ada.get(path).text
    put = post(eli, f"{path}/put")
    assert put.location.startswith("/elections/more-ferries")
    assert "Yes" in eli.get(put.location).text
    assert post(ada, f"{path}/withdraw").status_code == 409


# In a browser


@pytest.fixture
def settings(settings: Config) -> Config:
    return pages.at_a_free_port(settings)


@pytest.fixture
def served(app: web.App, settings: Config) -> Iterator[str]:
    with pages.served(app, settings.origin) as origin:
        yield origin


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])
def test_every_page_can_be_read_by_everyone(
    page: Page,
    db: Database,
    officers: Officers,
    electorate: list[Account],
    browser_of: SignIn,
    served: str,
    scheme: str,
    width: int,
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    meeting = post(browser_of(officers.eli), "/assembly/call", **MEETING, starts=starts(20)).location
    motion = post(browser_of(electorate[0]), "/assembly/motions/new", **MOTION).location
    for account, paths in (
        (electorate[1], ("/assembly", meeting, motion, "/assembly/motions/new")),
        (officers.eli, (motion, "/assembly/call", f"{meeting}/record")),
    ):
        with db.transaction() as session:
            token = sessions.start(session, account)
        page.context.clear_cookies()
        page.context.add_cookies([{"name": web.cookie_name(), "value": token, "url": served}])
        for path in paths:
            page.goto(served + path)
            assert axe_violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
