"""The pages of campaigns, and what the fediverse hears of them."""

import json
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commons import clock, limits
from commons.db import Database
from federation import actors
from federation.models import Activity, Post
from membership.campaigns import campaigns, telling
from membership.campaigns.models import Campaign
from membership.pledges import links
from membership.pledges.models import Pledge
from tests.membership.campaigns.conftest import Officers, Open, now, pledged, work
from tests.membership.conftest import SignIn
from tests.membership.pledges.conftest import Wait, again, pay


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def path(campaign: Campaign) -> str:
    return campaigns.address(campaign).removeprefix("http://127.0.0.1:8000")


def activities(db: Database, kind: str) -> list[dict[str, object]]:
    with db.reading() as session:
        rows = session.scalars(select(Activity).where(Activity.kind == kind).order_by(Activity.id))
        return [json.loads(row.document) for row in rows]


def test_a_campaign_is_read_by_everyone_and_kept_by_caches(
    db: Database, opened: Open, reader: FlaskClient
) -> None:
    campaign = opened()
    answer = reader.get(path(campaign))
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert "<progress" in answer.text and "data-progress" in answer.text
    assert campaign.title in reader.get("/campaigns").text
    assert campaign.title not in reader.get("/pitches").text
    assert reader.get(path(campaign).replace("campaigns", "pitches")).status_code == 404
    assert "<progress" in reader.get(f"{path(campaign)}/progress").text


def test_sums_are_shown_from_five_people_on(db: Database, opened: Open, reader: FlaskClient) -> None:
    campaign = opened()
    for _ in range(limits.SMALL_CELL - 1):
        pledged(db, campaign, 111)
    assert "€4.44" not in reader.get(path(campaign)).text
    pledged(db, campaign, 111)
    page = reader.get(path(campaign)).text
    assert "€5.55 of €30.00 (18 %) by 5 people" in page


def test_a_reader_pledges_without_an_account(
    db: Database, opened: Open, reader: FlaskClient, wait: Wait
) -> None:
    campaign = opened()
    form = {"amount": "10", "provider": "bank", "name": "Rita", "email": "rita@example.org", "once": "x"}
    assert reader.get(f"{path(campaign)}/pledge").status_code == 200
    answer = reader.post(f"{path(campaign)}/pledge", data=form)
    assert answer.status_code == 303
    assert "Nothing is asked for until the goal is reached" in reader.get(answer.location).text
    wait(days=11)
    late = reader.post(f"{path(campaign)}/pledge", data=form | {"once": "y"})
    assert late.status_code == 422
    assert "takes no more pledges" in late.text


@pytest.mark.parametrize("wrong", [{"amount": "0"}, {"amount": "x"}, {"reward": "nonsense"}, {"email": ""}])
def test_a_wrong_pledge_changes_nothing(
    db: Database, opened: Open, reader: FlaskClient, wrong: dict[str, str]
) -> None:
    campaign = opened()
    form = {"amount": "10", "provider": "bank", "name": "Rita", "email": "rita@example.org", "once": "x"}
    assert reader.post(f"{path(campaign)}/pledge", data=form | wrong).status_code == 422
    with db.reading() as session:
        assert session.scalars(select(Pledge)).all() == []


def test_a_treasurer_opens_a_campaign_by_its_form(
    db: Database, officers: Officers, browser_of: SignIn
) -> None:
    browser = browser_of(officers.tom)
    page = browser.get("/campaigns/new").text
    form = {
        "title": "An office",
        "summary": "With a door.",
        "text": "For us.",
        "scheme": "keep_it_all",
        "goal": "1,000",
        "ends": "2001-01-01T20:00",
        "zone": "Europe/Berlin",
        "stretches-0-amount": "2000",
        "stretches-0-text": "Two doors",
        "rewards-0-title": "A key",
        "rewards-0-least": "50",
        "rewards-0-places": "2",
        "csrf_token": token(page),
    }
    wrong = browser.post("/campaigns/new", data=form)
    assert wrong.status_code == 422 and "The end lies ahead" in wrong.text
    ends = (clock.now() + timedelta(days=20)).strftime("%Y-%m-%dT20:00")
    made = browser.post("/campaigns/new", data=form | {"ends": ends})
    assert made.status_code == 303
    with db.reading() as session:
        campaign = session.scalars(select(Campaign)).one()
    assert (campaign.goal_money, campaign.zone) == (100_000, "Europe/Berlin")
    page = browser.get(path(campaign)).text
    assert "Two doors" in page and "2 places left" in page
    assert browser_of(officers.edith).get("/campaigns/new").status_code == 403
    assert browser_of(officers.jon).get("/pitches/new").status_code == 200


def test_the_desk_sees_sums_only_and_decides(
    db: Database, opened: Open, officers: Officers, browser_of: SignIn, reader: FlaskClient
) -> None:
    pitch = opened("pitch")
    for number in range(5):
        pledged(db, pitch, 1000, name=f"secretgiver{number}")
    browser = browser_of(officers.edith)
    for page in ("/pitches/desk", f"{path(pitch)}/manage"):
        text = browser.get(page).text.casefold()
        assert "secretgiver" not in text
        assert "50.00" in text
    form = {"verdict": "declined", "reason": "Told before.", "csrf_token": token(text_of(browser, pitch))}
    assert browser_of(officers.jon).post(f"{path(pitch)}/decide", data=form).status_code == 403
    assert browser.post(f"{path(pitch)}/decide", data=form | {"reason": ""}).status_code == 422
    assert browser.post(f"{path(pitch)}/decide", data=form).status_code == 303
    assert "The desk declined this pitch" in reader.get(path(pitch)).text


def text_of(browser: FlaskClient, campaign: Campaign) -> str:
    return browser.get(f"{path(campaign)}/manage").text


def test_a_funder_chooses_by_her_link(
    db: Database, opened: Open, officers: Officers, browser_of: SignIn, reader: FlaskClient
) -> None:
    pitch = opened("pitch", scheme="keep_it_all")
    pledge = pledged(db, pitch)
    pay(db, pledge)
    key = links.key(pledge.id)
    choose = f"/pitches/choose/{pledge.number}"
    assert reader.get(f"{choose}?key={key}").status_code == 404
    browser = browser_of(officers.edith)
    form = {"verdict": "declined", "reason": "Told before.", "csrf_token": token(text_of(browser, pitch))}
    browser.post(f"{path(pitch)}/decide", data=form)
    assert reader.get(choose).status_code == 404
    assert "It goes back to me" in reader.get(f"{choose}?key={key}").text
    assert "Noted" in reader.post(choose, data={"key": key, "choice": "refund"}).text
    work()
    assert again(db, pledge).state == "refunded"


def test_a_campaign_is_an_actor_whose_note_tells_how_to_pay(db: Database, opened: Open) -> None:
    campaign = opened()
    telling.tell_due()
    (create,) = activities(db, "Create")
    note = create["object"]
    assert isinstance(note, dict)
    assert note["type"] == "Note"
    assert note["attributedTo"].endswith("/@campaign_a_second_reporter")
    (link,) = note["attachment"]
    assert (link["type"], link["rel"]) == ("Link", ["payment"])
    assert link["href"] == f"{campaigns.address(campaign)}/pledge"
    (announce,) = activities(db, "Announce")
    with db.reading() as session:
        assert announce["actor"] == actors.newsroom(session).uri


def test_totals_are_told_once_an_hour_and_an_end_at_once(db: Database, opened: Open, wait: Wait) -> None:
    campaign = opened()
    telling.tell_due()
    for _ in range(6):
        pledged(db, campaign, 500)
        telling.tell_due()
    assert activities(db, "Update") == []
    wait(seconds=limits.TOTALS_SECONDS + 1)
    telling.tell_due()
    telling.tell_due()
    (update,) = activities(db, "Update")
    assert "€30.00 of €30.00" in str(update["object"])
    assert "reader1" not in json.dumps(update)
    wait(days=11)
    work()
    telling.tell_due()
    assert len(activities(db, "Update")) == 2
    assert "being collected" in str(activities(db, "Update")[1]["object"])
    assert now(db, campaign).told.startswith("collecting:")


def test_news_are_notes_of_the_campaign(
    db: Database, opened: Open, officers: Officers, browser_of: SignIn, reader: FlaskClient
) -> None:
    campaign = opened()
    telling.tell_due()
    browser = browser_of(officers.tom)
    form = {
        "news_title": "Half way",
        "news_text": "Thanks <b>all</b>.",
        "csrf_token": token(text_of(browser, campaign)),
    }
    assert browser.post(f"{path(campaign)}/news", data=form).status_code == 303
    telling.tell_due()
    telling.tell_due()
    news = activities(db, "Create")[1:]
    assert len(news) == 1
    assert "Half way" in str(news[0]["object"]) and "<b>" not in str(news[0]["object"])
    assert "Half way" in reader.get(path(campaign)).text


def test_the_address_of_its_actor_and_of_its_note_show_the_campaign(
    db: Database, opened: Open, reader: FlaskClient
) -> None:
    campaign = opened()
    telling.tell_due()
    page = reader.get("/@campaign_a_second_reporter", headers={"Accept": "text/html"})
    assert campaign.title in page.text and "<progress" in page.text
    with db.reading() as session:
        post = session.get_one(Post, now(db, campaign).post_id)
    led = reader.get(post.uri.removeprefix("http://127.0.0.1:8000"), headers={"Accept": "text/html"})
    assert led.location == campaigns.address(campaign)
