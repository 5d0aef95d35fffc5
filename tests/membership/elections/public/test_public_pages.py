"""What everybody reads about an election: what can be done now, the result, and the files to count again."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from commons import sessions, web
from commons.db import Database
from commons.language import wall
from membership.elections import box_door, calls, rolls
from membership.elections.ballot_files import read_blt
from membership.elections.models import Election
from membership.elections.protocol.package import parts
from membership.elections.protocol.verify import verify
from membership.elections.tally import count
from tests.membership.elections.club import Club
from tests.services import applications

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RANKINGS = {
    "dee": [1, 2], "eve": [1, 3], "fay": [1, 2, 3], "gus": [2, 1], "hal": [3], "ina": [3, 2],
    "jon": [4, 1], "kim": [2, 3], "lou": [],
}  # fmt: skip


@pytest.fixture
def reader(club: Club) -> FlaskClient:
    return applications.shared().test_client()


@pytest.fixture
def called(club: Club) -> Election:
    election = club.call()
    club.stand(election, "ada", "ben", "cho", "dee")
    return election


@pytest.fixture
def certified(club: Club, called: Election) -> Iterator[Election]:
    with club.db.transaction() as session:
        session.get_one(Election, called.id).publish_min = 5
    yield club.whole(called, RANKINGS)


def test_each_step_says_what_can_be_done_now(club: Club, called: Election, reader: FlaskClient) -> None:
    address = f"/elections/{called.slug}"
    assert "Stand, or support somebody" in reader.get(address).text
    club.to(called, "roll_at")
    assert "My entry on the roll" in reader.get(address).text
    club.announce(called)
    club.to(called, "issue_opens")
    assert "Draw my credential" in reader.get(address).text
    club.to(called, "vote_opens")
    assert "To the ballot page" in reader.get(address).text
    club.to(called, "vote_ends")
    assert "Look for my receipt" in reader.get(address).text


def test_before_the_vote_the_page_says_what_is_filled_and_how(
    club: Club, called: Election, reader: FlaskClient
) -> None:
    page = " ".join(reader.get(f"/elections/{called.slug}").text.split())
    assert "2 seats are to be filled. Rule of the count: Scottish STV. At least 10 % of the roll must" in page
    club.announce(called)
    page = reader.get(f"/elections/{called.slug}").text
    assert ">announced<" in page and "All is fixed and announced." in page


def test_where_drawing_and_voting_overlap_both_are_offered_and_the_timetable_stays_in_order(
    club: Club, db: Database, called: Election, reader: FlaskClient
) -> None:
    with db.transaction() as session:
        session.get_one(Election, called.id).issue_ends = club.times(called).vote_ends
    club.announce(called)
    club.to(called, "vote_opens")
    page = reader.get(f"/elections/{called.slug}").text
    assert "Who has not drawn yet draws there too." in page
    assert page.index("Voting opens") < page.index("Drawing ends") < page.index("Voting ends")


def test_the_roll_is_public_from_the_announcement_on_and_who_drew_once_drawing_is_over(
    club: Club, called: Election, reader: FlaskClient
) -> None:
    address = f"/elections/{called.slug}"

    def lines(name: str) -> list[str]:
        answer = reader.get(f"{address}/files/{name}")
        return answer.text.splitlines() if answer.status_code == 200 else []

    club.to(called, "roll_at")
    assert lines("roll.txt") == [] and "roll.txt" not in reader.get(address).text
    manifest = club.announce(called)
    roll = lines("roll.txt")
    assert len(roll) == manifest.roll_size == 12 and roll == sorted(roll)
    club.to(called, "issue_opens")
    club.draw(called, manifest, "dee", "eve")
    assert lines("issued.txt") == [] and "published when drawing is over" in reader.get(address).text
    club.to(called, "issue_ends")
    with club.db.reading() as session:
        election = session.get_one(Election, called.id)
        hers = {
            rolls.own_entry(session, election, club.memberships[name]).leaf.hex() for name in ("dee", "eve")
        }
    assert set(lines("issued.txt")) == hers < set(roll)
    assert f'href="{address}/files/issued.txt"' in reader.get(address).text
    assert lines("ballots.blt") == []


def test_a_members_desk_leads_to_what_is_under_way(
    club: Club, db: Database, called: Election, reader: FlaskClient
) -> None:
    link = f'href="/elections/{called.slug}"'
    with db.transaction() as session:
        token = sessions.start(session, club.accounts["ada"])
    reader.set_cookie(web.cookie_name(), token, domain="127.0.0.1")
    assert link in reader.get("/desk").text
    with db.transaction() as session:
        calls.void(session, session.get_one(Election, called.id), by=club.eli, reason="A mistake.")
    assert link not in reader.get("/desk").text


def test_the_page_is_right_even_where_no_worker_runs(
    club: Club, called: Election, reader: FlaskClient
) -> None:
    club.announce(called)
    club.hands.move_to(club.times(called).vote_ends)
    assert "closed, complaints are taken" in reader.get(f"/elections/{called.slug}").text


def test_complaints_last_as_long_as_the_ballot_box_takes_them(
    club: Club, called: Election, reader: FlaskClient
) -> None:
    club.announce(called)
    # The provisional list comes two days late, and shortens nobody's time.
    club.to(called, "vote_ends", timedelta(days=2))
    ends = box_door.standing(called.id).complaints_end
    assert ends is not None and ends >= club.times(called).vote_ends + timedelta(days=5)
    page = reader.get(f"/elections/{called.slug}").text
    assert "Complaints end" in page and wall(ends, called.zone) in page
    for moment, said in [
        (club.times(called).vote_ends + timedelta(days=3), "closed, complaints are taken"),
        (ends - timedelta(seconds=1), "closed, complaints are taken"),
        (ends, "closed, to be counted"),
    ]:
        club.hands.move_to(moment)
        assert said in reader.get(f"/elections/{called.slug}").text


def test_the_result_says_first_who_is_elected(certified: Election, reader: FlaskClient) -> None:
    page = reader.get(f"/elections/{certified.slug}")
    assert page.status_code == 200
    assert '<h1 dir="auto">Elected: Ada, ' in page.text
    assert "9 of 12 members on the roll voted: 75 %." in page.text
    assert "1 ballot was blank." in page.text
    assert "Set-Cookie" not in page.headers
    assert reader.get(f"/elections/{certified.slug}/certificate").status_code == 200
    assert "Elected: Ada" in reader.get("/elections").text or certified.title in reader.get("/elections").text


def test_the_files_count_and_verify_as_the_page_says(
    club: Club, certified: Election, reader: FlaskClient
) -> None:
    address = f"/elections/{certified.slug}"
    page = reader.get(address).text
    package = reader.get(f"{address}/package.json").data
    told = json.loads(package)
    verify(package, bytes.fromhex(told["manifest_hash"]), bytes.fromhex(told["root"]))
    assert told["manifest_hash"] in page
    assert told["root"] in page
    blt = reader.get(f"{address}/files/ballots.blt")
    assert "attachment" in blt.headers["Content-Disposition"]
    again = count(read_blt(blt.text.splitlines()), told["manifest"]["rule"], told["lot_seed"])
    assert again.as_json() == told["result"]
    for name, text in parts(told).items():
        assert reader.get(f"{address}/files/{name}").data == text.encode()
        assert f"{address}/files/{name}" in page
    assert "ballots-copies.blt" not in page
    # No reader of a file waits for the whole package.
    with club.db.transaction() as session:
        session.get_one(Election, certified.id).package = b"{"
    assert reader.get(f"{address}/files/ballots.blt").data == blt.data


@pytest.mark.parametrize("path", ["nothing", "board-2026/files/passwords", "board-2026/certificate"])
def test_what_is_not_there_is_404(club: Club, called: Election, reader: FlaskClient, path: str) -> None:
    assert called.slug == "board-2026"
    assert reader.get(f"/elections/{path}").status_code == 404


def test_before_the_count_there_is_no_package(club: Club, called: Election, reader: FlaskClient) -> None:
    assert reader.get(f"/elections/{called.slug}/package.json").status_code == 404


def test_a_void_election_says_why(club: Club, db: Database, called: Election, reader: FlaskClient) -> None:
    with db.transaction() as session:
        found = session.get_one(Election, called.id)
        found.state, found.void_because = "void", "The roll was wrong."
    assert "The roll was wrong." in reader.get(f"/elections/{called.slug}").text
