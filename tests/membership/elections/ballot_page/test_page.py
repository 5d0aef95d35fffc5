"""The ballot page as it is served: the same for everybody, by the clock and the board alone."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from commons.config import Config
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.ballot_page import page
from membership.elections.endpoints import create_box
from membership.elections.protocol import envelope, receipt
from tests.membership.elections.ballot_page.booth import NINE
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import World, world

PAGE = "/ballot-box/board/"
OVERLAP = {"issue_ends": "2026-11-14T08:00:00Z"}


@pytest.fixture
def box(made: World, house: Config, tmp_path: Path, hands: Hands) -> BallotBox:
    hands.move_to(made.manifest.times.vote_opens)
    return BallotBox(tmp_path / "box.sqlite", made.manifest, made.box)


@pytest.fixture
def client(box: BallotBox) -> FlaskClient:
    return create_box({"board": box}).test_client(use_cookies=False)


def shown(client: FlaskClient, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_it_says_what_can_be_done_when(
    client: FlaskClient, box: BallotBox, made: World, hands: Hands
) -> None:
    times = made.manifest.times
    draw, fill_in = "Draw my credential</button>", "Fill in my ballot</button>"
    hands.move_to(times.issue_opens - timedelta(seconds=1))
    text = shown(client)
    assert "Not yet" in text and "1 November 2026, 08:00" in text and draw not in text
    assert "drawn from" in shown(client, "/ballot-box/")
    hands.move_to(times.issue_opens)
    assert draw in shown(client) and "drawn until" in shown(client, "/ballot-box/")
    hands.move_to(times.vote_opens)
    text = shown(client)
    assert "Voting is open" in text and draw not in text and text.count(fill_in) == 2
    assert "Voting is open until" in shown(client, "/ballot-box/")
    hands.move_to(times.vote_ends)
    text = shown(client)
    assert "comes out now" in text and "72 hours" in text and fill_in not in text
    ballots.close(box, ())
    text = shown(client)
    assert "The provisional list is published" in text and "18 November 2026" in text
    assert "complaints are taken" in shown(client, "/ballot-box/")
    hands.move_to(times.vote_ends + timedelta(hours=72, seconds=2))
    assert "The list is final" in shown(client)
    assert "can be checked.</li>" in shown(client, "/ballot-box/").replace("\n", "")


def test_between_drawing_and_voting_one_waits(house: Config, hands: Hands, tmp_path: Path) -> None:
    made = world(candidates=NINE, ranks=9, issue_ends="2026-11-07T08:00:00Z")
    hands.move_to(made.manifest.times.issue_ends)
    box = BallotBox(tmp_path / "box.sqlite", made.manifest, made.box)
    client = create_box({"board": box}).test_client()
    assert "Voting is not open yet" in shown(client) and "Voting opens on" in shown(client, "/ballot-box/")


def test_where_drawing_and_voting_overlap_it_says_what_that_loses(
    house: Config, hands: Hands, tmp_path: Path
) -> None:
    assert "overlap" not in page.ballot_page(
        "board", world().manifest, (), None, world().manifest.times.issue_opens
    )
    made = world(server_assisted={"cap": 3}, question="Shall we?", **OVERLAP)
    text = page.ballot_page("board", made.manifest, (), None, made.manifest.times.vote_opens)
    assert "In this election drawing and voting overlap" in text and "Shall we?" in text
    assert "http://localhost:9/elections/board/assisted" in text


def test_the_server_assisted_way_is_named_only_where_it_is_allowed(client: FlaskClient) -> None:
    assert "/assisted" not in shown(client)


def test_who_withdrew_is_marked_and_the_same_page_goes_to_everybody(
    client: FlaskClient, box: BallotBox
) -> None:
    before = client.get(PAGE)
    assert before.data == client.get(PAGE, headers={"User-Agent": "Other"}).data
    ballots.publish(box, [2])
    text = shown(client)
    assert re.search(r"Fitzgerald</bdi></a> \(withdrew\)", text) and 'data-withdrawn="2"' in text


def test_a_file_that_the_manifest_does_not_name_is_warned_of(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is not the file" not in shown(client)
    usual = page.file_hash
    monkeypatch.setattr(page, "file_hash", lambda name: usual("ballot.js"))
    text = shown(client)
    assert "ballot-page.js, ballot-paper.js, ballot-receipt.js is not the file that" in text
    assert "ballot.js, " not in text


def test_every_file_is_there_byte_for_byte(client: FlaskClient) -> None:
    for name in (*page.SCRIPTS, "ballot-box.css", "ballot-paper.css"):
        answer = client.get(f"/ballot-box/{name}")
        assert answer.data == (page.STATIC / name).read_bytes()
        assert answer.content_type.startswith("text/")
    for nowhere in ("/ballot-box/verify.py", "/ballot-box/../ballot.js", "/ballot-box/other/"):
        assert client.get(nowhere, follow_redirects=True).status_code == 404


def test_nothing_but_our_own_files_can_run_or_be_asked(client: FlaskClient) -> None:
    answer = client.get(PAGE)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'" == policy["form-action"] == policy["frame-ancestors"]
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert answer.headers["Referrer-Policy"] == "no-referrer" and "Set-Cookie" not in answer.headers
    text = answer.get_data(as_text=True)
    scripts = re.findall(r"<script[^>]*>", text)
    assert [script for script in scripts if "application/json" not in script] == [
        '<script type="module" src="/ballot-box/ballot-page.js">'
    ]
    assert " style=" not in text and " onclick=" not in text


def test_the_codes_are_those_of_the_board_and_sorted(
    client: FlaskClient, box: BallotBox, made: World
) -> None:
    cast = [envelope.make(*made.draw(member), [1]) for member in (1, 2, 3)]
    for data in cast[:2]:
        ballots.cast(box, data)
    assert shown(client, f"{PAGE}codes.txt") == ""
    ballots.publish(box)
    ballots.cast(box, cast[2])  # not on a list yet
    assert shown(client, f"{PAGE}codes.txt").splitlines() == sorted(receipt.code(data) for data in cast[:2])


def test_answers_are_compressed_for_who_takes_that(client: FlaskClient) -> None:
    plain, packed = client.get(PAGE), client.get(PAGE, headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) * 2 < len(plain.data)


def test_an_empty_box_says_so(house: Config) -> None:
    client = create_box({}).test_client()
    assert "There is no election now." in shown(client, "/ballot-box/")
    assert client.get("/").location == "/ballot-box/"
