"""The ballot box on the network: nameless, bounded, silent."""

import json
import logging
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from commons.config import Config
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.endpoints import create_box
from membership.elections.protocol import envelope, receipt
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import World, world

CAST = "/ballot-box/board/ballots"
COMPLAIN = "/ballot-box/board/complaints"


@pytest.fixture(scope="module")
def made() -> World:
    return world()


@pytest.fixture
def box(made: World, tmp_path: Path, hands: Hands) -> BallotBox:
    hands.move_to(made.manifest.times.vote_opens)
    return BallotBox(tmp_path / "box.sqlite", made.manifest, made.box)


@pytest.fixture
def client(box: BallotBox, settings: Config) -> FlaskClient:
    return create_box({"board": box}).test_client(use_cookies=False)


def ballot(made: World, member: int, ranking: list[int]) -> bytes:
    return envelope.make(*made.draw(member), ranking)


def test_a_ballot_is_cast_and_receipted(made: World, box: BallotBox, client: FlaskClient) -> None:
    sent = ballot(made, 1, [2, 1])
    answer = client.post(CAST, json={"envelope": sent.hex()})
    assert answer.status_code == 200 and answer.json["code"] == receipt.code(sent)
    assert receipt.holds(made.manifest, sent, bytes.fromhex(answer.json["receipt"]))
    assert client.post(CAST, json={"envelope": sent.hex()}).data == answer.data
    other = client.post(CAST, json={"envelope": ballot(made, 1, [3]).hex()})
    assert (other.status_code, other.json["receipt"]) == (409, answer.json["receipt"])
    assert other.json["code"] == answer.json["code"]
    assert box.envelopes() == (sent,)


def test_manifest_and_board_are_the_same_for_everybody(
    made: World, box: BallotBox, client: FlaskClient
) -> None:
    assert client.get("/ballot-box/board/manifest.json").data == made.manifest.canonical()
    ballots.cast(box, ballot(made, 1, [1]))
    root = ballots.publish(box).root.hex()
    (entry,) = json.loads(client.get("/ballot-box/board/board.json").data)
    assert (entry["root"], len(entry["added"])) == (root, 1)
    assert client.get("/ballot-box/other/manifest.json").status_code == 404


@pytest.mark.parametrize("header", [{"Cookie": "rostra=1"}, {"Authorization": "Bearer x"}])
def test_a_request_that_carries_a_sign_in_is_refused(
    made: World, box: BallotBox, client: FlaskClient, header: dict[str, str]
) -> None:
    sent = {"envelope": ballot(made, 1, [1]).hex()}
    assert client.post(CAST, json=sent, headers=header).status_code == 400
    assert client.get("/ballot-box/board/manifest.json", headers=header).status_code == 400
    assert box.envelopes() == ()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"envelope": 1}', 400),
        (b'{"envelope": ""}', 400),
        (b'{"envelope": "ab"}', 400),
        (b'{"envelope": "AB"}', 400),
        (b'{"envelope": "abc"}', 400),
        (b'{"envelope": "ab", "time": 1}', 400),
        (b'{"envelope": "ab", "envelope": "cd"}', 400),
        (b'{"envelope": "' + b"a" * 100_000 + b'"}', 413),
    ],
)
def test_what_is_not_one_envelope_is_refused(
    body: bytes, status: int, box: BallotBox, client: FlaskClient
) -> None:
    before = box.path.read_bytes()
    assert client.post(CAST, data=body, content_type="application/json").status_code == status
    assert box.path.read_bytes() == before


def test_extra_fields_beside_a_good_ballot_are_refused(
    made: World, box: BallotBox, client: FlaskClient
) -> None:
    sent = {"envelope": ballot(made, 1, [1]).hex(), "member": "1"}
    assert client.post(CAST, json=sent).status_code == 400 and box.envelopes() == ()


def test_a_complaint_needs_no_name(made: World, box: BallotBox, client: FlaskClient, hands: Hands) -> None:
    dropped = ballot(made, 1, [1])
    slip = ballots.cast(box, dropped)
    with box.transaction() as store:
        store.execute("DELETE FROM ballot")
    sent = {"envelope": dropped.hex(), "receipt": slip.hex()}
    assert client.post(COMPLAIN, json=sent).status_code == 403
    hands.move_to(made.manifest.times.vote_ends)
    ballots.close(box, ())
    assert client.post(COMPLAIN, json=sent | {"receipt": "00" * 64}).status_code == 400
    assert client.post(COMPLAIN, json={"envelope": dropped.hex()}).status_code == 400
    assert client.post(COMPLAIN, json=sent).json == {"code": receipt.code(dropped)}
    assert box.envelopes() == (dropped,)


def test_answers_set_no_cookie_and_let_nothing_be_kept_or_referred(client: FlaskClient) -> None:
    for answer in (client.get("/ballot-box/board/manifest.json"), client.post(CAST), client.get("/nowhere")):
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_casting_leaves_nothing_in_any_log_or_file_but_the_ballot(
    made: World, box: BallotBox, client: FlaskClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = {"User-Agent": "Peculiar/1.0", "Referer": "https://peculiar.example/"}
    for member in (1, 2):
        sent = {"envelope": ballot(made, member, [1]).hex()}
        answer = client.post(CAST, json=sent, headers=seen, environ_base={"REMOTE_ADDR": "203.0.113.77"})
        assert answer.status_code == 200
    client.post(CAST, data=b"wrong", headers=seen, environ_base={"REMOTE_ADDR": "203.0.113.77"})
    assert caplog.records == []
    assert [path.name for path in tmp_path.iterdir()] == ["box.sqlite"]
    content = box.path.read_bytes()
    for trace in (
        b"Peculiar",
        b"peculiar",
        b"203.0.113.77",
        str(made.manifest.times.vote_opens.year).encode(),
    ):
        assert trace not in content
