"""The board's pages: what everybody sees, what only who sits may do, and what ends on an open session."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commons import clock, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.db import Database
from commons.language import date
from commons.powers import Power
from federation import actors
from membership.board import petitions, seats, vacancies
from membership.board.models import Deputy, Meeting, Petition, Seat
from newsroom import desk, sections
from newsroom.drafts import Draft
from newsroom.models import Article

from ..members.conftest import SignIn
from .conftest import NOWHERE, Elect, Officers, People, account, person, post, seat_of, sitting
from .test_vacancies import RANKINGS, Voted, resign, voted

# What pages answer does not depend on the database; the verbs below them are tested on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["RANKINGS", "voted"]


@pytest.fixture
def reader(app: object) -> FlaskClient:
    client: FlaskClient = app.test_client()  # type: ignore[attr-defined]
    return client


@pytest.fixture
def ada(db: Database, elect: Elect, people: People, browser_of: SignIn) -> FlaskClient:
    """Ada's browser; she and Ben sit."""
    elect("ada", "ben")
    return browser_of(account(db, people, "ada"))


# The founding period


def test_in_the_founding_period_the_board_page_says_who_holds_the_powers(
    db: Database, reader: FlaskClient, officers: Officers
) -> None:
    page = reader.get("/board")
    assert page.status_code == 200
    assert "Founding period" in page.text
    assert "Edith" in page.text
    assert "Set-Cookie" not in page.headers
    assert page.cache_control.public


@pytest.mark.parametrize(
    ("who", "path"),
    [("edith", "/studio"), ("tom", "/treasury"), ("edith", "/desk"), ("edith", "/account"), ("tom", "/desk")],
)
def test_in_it_every_page_of_who_holds_a_power_says_so_and_afterwards_none(
    db: Database, elect: Elect, officers: Officers, browser_of: SignIn, who: str, path: str
) -> None:
    browser = browser_of(getattr(officers, who))
    assert "Founding period" in browser.get(path).text
    elect("ada")
    assert "Founding period" not in browser.get(path).text


def test_the_public_page_of_a_founder_says_so_too(
    db: Database, elect: Elect, officers: Officers, reader: FlaskClient
) -> None:
    with db.transaction() as session:
        edith = session.get_one(Account, officers.edith.id)
        actors.create_local(session, kind="Person", handle="edith", name="Edith", account=edith)
    as_a_page = {"Accept": "text/html"}
    assert "Founding period" in reader.get("/@edith", headers=as_a_page).text
    assert "Founding period" not in reader.get("/@newsroom", headers=as_a_page).text
    elect("ada")
    assert "Founding period" not in reader.get("/@edith", headers=as_a_page).text


def test_who_holds_no_power_is_told_nothing_of_it(db: Database, people: People, browser_of: SignIn) -> None:
    assert "Founding period" not in browser_of(account(db, people, "ada")).get("/desk").text


# Same second, every open session


def ready(db: Database, by: Account) -> Article:
    """A draft of hers that can be published."""
    with db.transaction() as session:
        me = session.get_one(Account, by.id)
        if actors.of(session, me) is None:
            actors.create_local(session, kind="Person", handle="ada", name="Ada", account=me)
            sections.create(session, "harbour", "Harbour")
        number = len(session.scalars(select(Article.id)).all())
        return desk.start(session, me, Draft(f"Ferry {number}", "It left.", "Gone.", section="harbour"))


@pytest.mark.parametrize("how", ["resigned", "recalled", "left", "term"])
def test_the_end_of_a_seat_ends_publishing_on_every_open_session_at_once(
    db: Database,
    ada: FlaskClient,
    people: People,
    browser_of: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    me, seat = account(db, people, "ada"), seat_of(db, "Ada")
    both = [ada, browser_of(me)]
    drafts = [ready(db, me) for _browser in both]
    paths = [f"/studio/stories/{draft.id}/publish" for draft in drafts]
    for browser, path in zip(both, paths, strict=True):
        assert browser.get(path).status_code == 200
    if how == "term":
        monkeypatch.setattr(clock, "shift", seat.ends_at - clock.now())
        both = [browser_of(me), browser_of(me)]  # no sign-in lives for two years
    else:
        with db.transaction() as session:
            seats.end(session, session.get_one(Seat, seat.id), how)
    for browser, path in zip(both, paths, strict=True):
        assert browser.get(path).status_code == 403
        assert post(browser, db, path).status_code == 403
    with db.reading() as session:
        for draft in drafts:
            assert session.get_one(Article, draft.id).published_at is None


def test_while_she_sits_she_publishes(db: Database, ada: FlaskClient, people: People) -> None:
    """What the test above waits for to be refused does work until then."""
    draft = ready(db, account(db, people, "ada"))
    page = ada.get(f"/studio/stories/{draft.id}/publish")
    assert page.status_code == 200
    with db.transaction() as session:
        desk.publish(session, draft.id, session.get_one(Account, account(db, people, "ada").id))


# In public


def test_everybody_sees_who_sits_since_when_until_when_and_by_which_count(
    db: Database, ada: FlaskClient, reader: FlaskClient
) -> None:
    page = reader.get("/board").text
    assert "Founding period" not in page
    assert page.index("Ada") < page.index("Ben")
    assert 'href="/elections/board-1"' in page
    assert "no meeting yet" in page
    assert "took a seat on the board" in page
    assert "granted by a seat on the board to publish" in page
    # A term ends at a midnight; its last day is the one before.
    ends_at = seat_of(db, "Ada").ends_at
    assert f"until {date(ends_at - timedelta(seconds=1))}" in page and f"until {date(ends_at)}" not in page


def test_a_resignation_and_the_countback_stand_on_the_page(
    db: Database, voted: Voted, people: People, browser_of: SignIn, reader: FlaskClient
) -> None:
    voted()
    vacant = resign(db, people, "Ada")
    assert "about to be counted again" in reader.get("/board").text
    vacancies.fill_due()
    page = reader.get("/board").text
    assert "The seat is offered to Cho" in page and "resigned" in page
    with db.reading() as session:
        (offer,) = vacancies.offered_to(session, account(db, people, "cho"))
    count = reader.get(f"/board/countbacks/{offer.id}")
    assert count.status_code == 200
    assert "Ada is withdrawn" in count.text and "nobody of them can be excluded: Ben" in count.text
    cho = browser_of(account(db, people, "cho"))
    assert "offered to you" in cho.get("/board/mine").text
    assert post(cho, db, f"/board/mine/offers/{offer.id}/accept").status_code == 303
    assert sitting(db) == ["Ben", "Cho"]
    page = reader.get("/board").text
    assert "by countback" in page and f'id="seat-{vacant.id}"' in page
    assert "accepted on" in reader.get(f"/board/countbacks/{offer.id}").text


def test_who_is_asked_may_decline(db: Database, voted: Voted, people: People, browser_of: SignIn) -> None:
    voted()
    resign(db, people, "Ada")
    vacancies.fill_due()
    cho = browser_of(account(db, people, "cho"))
    with db.reading() as session:
        (offer,) = vacancies.offered_to(session, account(db, people, "cho"))
    assert post(cho, db, f"/board/mine/offers/{offer.id}/decline").status_code == 303
    assert post(cho, db, f"/board/mine/offers/{offer.id}/accept").status_code == 403


@pytest.mark.parametrize("path", ["meetings", "countbacks"])
def test_what_there_is_not_is_not_found(reader: FlaskClient, path: str) -> None:
    assert reader.get(f"/board/{path}/{NOWHERE}").status_code == 404


# Who sits


@pytest.mark.parametrize(
    "path",
    [
        "deputies",
        f"vacancies/{NOWHERE}/co-opt",
        f"co-options/{NOWHERE}/agree",
        "meetings",
        f"meetings/{NOWHERE}",
    ],
)
def test_who_does_not_sit_cannot_act_for_the_board(
    db: Database, ada: FlaskClient, people: People, browser_of: SignIn, path: str
) -> None:
    cho = browser_of(account(db, people, "cho"))
    assert post(cho, db, f"/board/mine/{path}").status_code == 403
    assert post(ada, db, f"/board/mine/{path}").status_code != 403


def test_resigning_takes_two_clicks(db: Database, ada: FlaskClient, people: People) -> None:
    seat = seat_of(db, "Ada")
    path = f"/board/mine/seats/{seat.id}/resign"
    assert "cannot be taken back" in ada.get(path).text
    assert sitting(db) == ["Ada", "Ben"]
    assert post(ada, db, path).status_code == 303
    assert sitting(db) == ["Ben"]
    assert ada.get(path).status_code == 403
    assert "You hold no power." in ada.get("/board/mine").text


def test_nobody_resigns_for_another(
    db: Database, ada: FlaskClient, people: People, browser_of: SignIn
) -> None:
    path = f"/board/mine/seats/{seat_of(db, 'Ada').id}/resign"
    ben = browser_of(account(db, people, "ben"))
    assert ben.get(path).status_code == post(ben, db, path).status_code == 403
    assert sitting(db) == ["Ada", "Ben"]


def test_a_treasurer_who_was_elected_lays_that_down_and_sits_with_her_powers(
    db: Database, elect: Elect, people: People, browser_of: SignIn
) -> None:
    me = account(db, people, "ada")
    with db.transaction() as session:
        powers.grant(session, session.get_one(Account, me.id), [Power.BOOKS], reason="founding")
    elect("ada")
    browser = browser_of(me)
    assert "wait for you" in browser.get("/board/mine").text
    assert post(browser, db, "/board/mine/deputies").status_code == 403
    assert post(browser, db, "/board/mine/lay-down", power="books").status_code == 303
    with db.reading() as session:
        assert powers.held(session, me) == {Power.PUBLISH, Power.EDIT, Power.WRITE}
    assert post(browser, db, "/board/mine/lay-down", power="books").status_code == 409
    assert post(browser, db, "/board/mine/lay-down", power="publish").status_code == 409
    assert post(browser, db, "/board/mine/lay-down").status_code == 422


def test_a_deputy_is_appointed_and_dismissed_by_form(
    db: Database, ada: FlaskClient, reader: FlaskClient, browser_of: SignIn
) -> None:
    with db.transaction() as session:
        jon = person(session, "jon")
        actors.create_local(session, kind="Person", handle="jon", name="Jon Doe", account=jon)
    form = {"handle": "@jon", "power": "edit", "reason": "holidays"}
    assert post(ada, db, "/board/mine/deputies", **form).status_code == 303
    assert "Jon Doe, may edit others" in reader.get("/board").text
    again = post(ada, db, "/board/mine/deputies", **form)
    assert again.status_code == 409
    assert "This person is your deputy already." in again.text
    assert post(ada, db, "/board/mine/deputies", handle="@jon").status_code == 422
    with db.reading() as session:
        deputy = session.scalars(select(Deputy)).one()
    assert "You are a deputy of Ada." in browser_of(jon).get("/board/mine").text
    assert post(ada, db, f"/board/mine/deputies/{deputy.id}/end").status_code == 303
    assert "Jon Doe, may" not in reader.get("/board").text


def test_a_meeting_is_recorded_with_attendance_and_decisions(
    db: Database, ada: FlaskClient, reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "shift", timedelta(minutes=5))
    held = now().astimezone(ZoneInfo(settings().timezone)) - timedelta(minutes=1)
    when = held.strftime("%Y-%m-%dT%H:%M:%S")
    assert "Day and time" in ada.get("/board/mine/meetings/new").text
    page = ada.get(f"/board/mine/meetings/new?held={when}").text
    names = {name: f"seat-{seat_of(db, name).id}" for name in ("Ada", "Ben")}
    assert all(f'name="{name}"' in page for name in names.values())
    form = {"held": when, "name": "First meeting", "place": "Pier 1", names["Ada"]: "present"}
    missing = post(ada, db, "/board/mine/meetings", **form)
    assert missing.status_code == 422 and "Say of everybody" in missing.text
    assert post(ada, db, "/board/mine/meetings", held=when).status_code == 422
    assert post(ada, db, "/board/mine/meetings", **form, **{names["Ben"]: "excused"}).status_code == 303
    with db.reading() as session:
        meeting = session.scalars(select(Meeting)).one()
    path = f"/board/mine/meetings/{meeting.id}"
    assert "Add a decision" in ada.get(path).text
    votes = {"yes": 1, "no": 0, "abstained": 0}
    assert post(ada, db, path, text="We look into the harbour.", **votes).status_code == 303
    assert post(ada, db, path, text="And more.", yes=2, no=0, abstained=0).status_code == 422
    assert post(ada, db, path).status_code == 422
    for address in ("/board", f"/board/meetings/{meeting.id}"):
        assert "We look into the harbour." in reader.get(address).text
    assert "at 1 of 1 meetings" in reader.get("/board").text
    assert "at 0 of 1 meetings" in reader.get("/board").text


def test_a_co_option_goes_from_proposal_to_seat_by_forms(
    db: Database, ada: FlaskClient, people: People, browser_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "shift", timedelta(days=40))
    ada, ben, cho = (browser_of(account(db, people, name)) for name in ("ada", "ben", "cho"))
    vacant = resign(db, people, "Ben")
    vacancies.fill_due()
    path = f"/board/mine/vacancies/{vacant.id}/co-opt"
    assert "Co-option" in ada.get("/board/mine").text
    assert post(ada, db, path).status_code == 422
    wrong = post(ada, db, path, number=9999)
    assert wrong.status_code == 404 and "no member with the number" in wrong.text
    assert post(ada, db, path, number=people["cho"].number).status_code == 303
    assert "would like to co-opt you" in cho.get("/board/mine").text
    cooption = cho.get("/board/mine").text.partition("/co-options/")[2].partition("/")[0]
    assert post(ben, db, f"/board/mine/co-options/{cooption}/agree").status_code == 403
    assert post(ada, db, f"/board/mine/co-options/{cooption}/agree").status_code == 409
    assert post(cho, db, f"/board/mine/co-options/{cooption}/consent").status_code == 303
    assert sitting(db) == ["Ada", "Cho"]


# Recall


def test_a_petition_is_begun_and_signed_by_form(
    db: Database,
    ada: FlaskClient,
    reader: FlaskClient,
    people: People,
    browser_of: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seat = seat_of(db, "Ada")
    early = browser_of(account(db, people, "cho"))
    assert "once you are a member who has a vote" in early.get("/board/petitions").text
    assert post(early, db, "/board/petitions", seat=str(seat.id), reason="Why").status_code == 403
    monkeypatch.setattr(clock, "shift", timedelta(days=40))
    cho, dee = (browser_of(account(db, people, name)) for name in ("cho", "dee"))
    assert post(cho, db, "/board/petitions", seat=str(seat.id)).status_code == 422
    assert post(cho, db, "/board/petitions", seat=str(seat.id), reason="At no meeting.").status_code == 303
    with db.reading() as session:
        petition = session.scalars(select(Petition)).one()
        assert petitions.needed(session) == 1
    page = dee.get("/board/petitions").text
    assert "At no meeting." in page and "enough signatures" in page
    assert "You have signed." in cho.get("/board/petitions").text
    assert post(dee, db, f"/board/petitions/{petition.id}/sign").status_code == 409
    assert "At no meeting." in reader.get("/board").text
    assert "Cho" not in reader.get("/board").text.partition('id="recall"')[2].partition("<h2")[0]


def test_petitions_are_for_the_signed_in(reader: FlaskClient) -> None:
    answer = reader.get("/board/petitions")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/board/petitions")
