"""What everybody reads about an election: what can be done now, the result, and the files to count again."""

import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from commons.db import Database
from membership.elections.ballot_files import read_blt
from membership.elections.models import Election
from membership.elections.protocol.verify import verify
from membership.elections.tally import count
from tests.membership.elections.club import Club
from wsgi import create_app

# How a page looks does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RANKINGS = {
    "dee": [1, 2], "eve": [1, 3], "fay": [1, 2, 3], "gus": [2, 1], "hal": [3], "ina": [3, 2],
    "jon": [4, 1], "kim": [2, 3], "lou": [],
}  # fmt: skip


@pytest.fixture
def reader(club: Club) -> FlaskClient:
    return create_app().test_client()


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


def test_the_page_is_right_even_where_no_worker_runs(
    club: Club, called: Election, reader: FlaskClient
) -> None:
    club.announce(called)
    club.hands.move_to(club.times(called).vote_ends)
    assert "closed, complaints are taken" in reader.get(f"/elections/{called.slug}").text


def test_the_result_says_first_who_is_elected(certified: Election, reader: FlaskClient) -> None:
    page = reader.get(f"/elections/{certified.slug}")
    assert page.status_code == 200
    assert '<h1 dir="auto">Elected: Ada, ' in page.text
    assert "9 of 12 members on the roll voted: 75 %." in page.text
    assert "1 ballot was blank." in page.text
    assert "Set-Cookie" not in page.headers
    assert reader.get(f"/elections/{certified.slug}/certificate").status_code == 200
    assert "Elected: Ada" in reader.get("/elections").text or certified.title in reader.get("/elections").text


def test_the_files_count_and_verify_as_the_page_says(certified: Election, reader: FlaskClient) -> None:
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
    assert reader.get(f"{address}/files/verify.py").text == told["files"]["verify.py"]


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
