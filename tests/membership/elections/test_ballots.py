"""The ballot box: what it takes, when, how often, and what its file tells."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from commons.refusal import Refused
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.ballots import AlreadyCast
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.board import leaf
from membership.elections.protocol.package import derive
from membership.elections.protocol.verify import verify
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.world import World, world, written

MEMBERS, CASTS, AT_ONCE = 100, 400, 16
MOMENT = timedelta(microseconds=1)
COMPLAINTS = timedelta(hours=72, seconds=30)  # of the manifest, and what a test takes


@pytest.fixture(scope="module")
def made() -> World:
    """An election in which nobody has voted; its envelopes are made by the tests."""
    return world()


@pytest.fixture
def box(made: World, tmp_path: Path) -> BallotBox:
    return BallotBox(tmp_path / "box.sqlite", made.manifest, made.box)


@pytest.fixture
def hands(hands: Hands, made: World) -> Hands:
    """A clock that stands at the opening of the vote."""
    hands.move_to(made.manifest.times.vote_opens)
    return hands


def ballot(made: World, member: int, ranking: list[int]) -> bytes:
    return envelope.make(*made.draw(member), ranking)


def rows(box: BallotBox) -> int:
    return len(box.envelopes())


# --- Casting ---------------------------------------------------------------------------


@pytest.mark.usefixtures("hands")
def test_the_same_envelope_gets_the_same_receipt_and_counts_once(made: World, box: BallotBox) -> None:
    sent = ballot(made, 1, [1])
    slip = ballots.cast(box, sent)
    assert receipt.holds(made.manifest, sent, slip)
    assert ballots.cast(box, sent) == slip and rows(box) == 1


@pytest.mark.usefixtures("hands")
def test_another_ballot_of_the_same_key_is_refused_with_the_first_receipt(
    made: World, box: BallotBox
) -> None:
    first = ballots.cast(box, ballot(made, 1, [1]))
    with pytest.raises(AlreadyCast) as refused:
        ballots.cast(box, ballot(made, 1, [2]))
    assert (refused.value.status, refused.value.receipt, rows(box)) == (409, first, 1)
    assert refused.value.code == receipt.code(box.envelopes()[0])


@pytest.mark.usefixtures("hands")
def test_what_is_no_valid_envelope_leaves_no_trace(made: World, box: BallotBox) -> None:
    before = box.path.read_bytes()
    good = ballot(made, 1, [1])
    for wrong in (
        b"",
        good[:-1],
        good + b"\0",
        bytes(len(good)),
        good[:50] + b"\0" + good[51:],
        b"x" * 10**6,
    ):
        with pytest.raises(Refused) as refused:
            ballots.cast(box, wrong)
        assert refused.value.status == 400
    assert box.path.read_bytes() == before


def test_voting_begins_with_its_first_moment_and_ends_before_its_last(
    made: World, box: BallotBox, hands: Hands
) -> None:
    times = made.manifest.times
    hands.move_to(times.vote_opens - timedelta(seconds=5))
    with pytest.raises(Refused, match="not open yet"):
        ballots.cast(box, ballot(made, 1, [1]))
    hands.move_to(times.vote_opens)
    ballots.cast(box, ballot(made, 1, [1]))
    hands.move_to(times.vote_ends)
    with pytest.raises(Refused, match="closed"):
        ballots.cast(box, ballot(made, 2, [1]))
    assert rows(box) == 1


@pytest.mark.usefixtures("hands")
def test_the_second_of_the_close_is_too_late_and_the_moment_before_is_not(
    made: World, box: BallotBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = made.manifest.times.vote_ends
    monkeypatch.setattr(ballots, "now", lambda: ends - MOMENT)
    ballots.cast(box, ballot(made, 1, [1]))
    monkeypatch.setattr(ballots, "now", lambda: ends)
    with pytest.raises(Refused, match="closed"):
        ballots.cast(box, ballot(made, 2, [1]))


def test_a_ballot_that_waited_past_the_close_is_too_late(
    made: World, box: BallotBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = made.manifest.times.vote_ends
    moments = iter([ends - MOMENT, ends])
    monkeypatch.setattr(ballots, "now", lambda: next(moments))
    with pytest.raises(Refused, match="closed"):
        ballots.cast(box, ballot(made, 1, [1]))
    assert rows(box) == 0


def test_a_clock_set_back_does_not_open_a_closed_box(made: World, box: BallotBox, hands: Hands) -> None:
    hands.move_to(made.manifest.times.vote_ends)
    for _ in range(2):
        with pytest.raises(Refused, match="closed"):
            ballots.cast(box, ballot(made, 1, [1]))
        hands.move_to(made.manifest.times.vote_opens)
    with pytest.raises(Refused, match="closed"):
        ballots.publish(box)


def test_a_box_belongs_to_one_election_and_one_key(made: World, box: BallotBox, tmp_path: Path) -> None:
    other = world()
    with pytest.raises(Refused, match="another election"):
        BallotBox(box.path, other.manifest, other.box)
    with pytest.raises(Refused, match="not the ballot box's"):
        BallotBox(tmp_path / "new.sqlite", made.manifest, other.box)
    assert not (tmp_path / "new.sqlite").exists()
    assert BallotBox(box.path, made.manifest, made.box).envelopes() == ()


# --- From the first board entry to the package ------------------------------------------------


def test_from_votes_to_a_package_that_verifies(made: World, box: BallotBox, hands: Hands) -> None:
    issued: set[bytes] = set()
    for member in range(1, 8):
        ballots.cast(box, ballot(made, member, [1 + member % 3]))
        issued.add(made.roll[member])
        if member % 3 == 0:
            ballots.publish(box)
    hands.move_to(made.manifest.times.vote_ends)
    drawn = tuple(sorted(issued))
    closed = ballots.close(box, drawn, withdrawn=(4,))
    assert ballots.close(box, drawn) == closed and closed.size == 7
    with pytest.raises(Refused, match="before the list is final"):
        ballots.opened_list(box)
    hands.move_to(made.manifest.times.vote_ends + COMPLAINTS)
    final = ballots.finish(box, drawn, withdrawn=(4,))
    assert ballots.finish(box, drawn) == final
    made.issued, made.board, made.envelopes = issued, list(ballots.board(box)), list(ballots.opened_list(box))
    verdict = verify(written(derive(made.sources())), made.manifest.hash, closed.root)
    assert verdict.sources.board[-1].root == final.root and len(verdict.sources.board) == 4


def test_lists_come_in_their_time_only(made: World, box: BallotBox, hands: Hands) -> None:
    ends = made.manifest.times.vote_ends
    with pytest.raises(Refused, match="still open"):
        ballots.close(box, ())
    hands.move_to(ends + COMPLAINTS)
    with pytest.raises(Refused, match="provisional list was not"):
        ballots.finish(box, ())
    hands.move_to(ends)
    ballots.close(box, ())
    with pytest.raises(Refused, match="time for complaints"):
        ballots.finish(box, ())


def test_a_provisional_list_that_comes_late_shortens_nobodys_time_to_complain(
    made: World, box: BallotBox, hands: Hands
) -> None:
    dropped = ballot(made, 1, [1])
    slip = ballots.cast(box, dropped)
    with box.transaction() as store:  # a box that cheats
        store.execute("DELETE FROM ballot")
    late = made.manifest.times.vote_ends + timedelta(days=9)
    assert ballots.complaints_end(box) is None
    hands.move_to(late)
    ballots.close(box, ())
    ends = ballots.complaints_end(box)
    assert ends is not None and late + COMPLAINTS >= ends >= late + timedelta(hours=72)
    hands.move_to(ends - timedelta(seconds=5))
    with pytest.raises(Refused, match="time for complaints"):
        ballots.finish(box, ())
    assert ballots.complain(box, dropped, slip) == receipt.code(dropped)
    hands.move_to(ends)
    assert ballots.finish(box, ()).size == 1


def test_ballots_that_the_server_makes_are_counted_up_to_the_cap(tmp_path: Path, hands: Hands) -> None:
    capped = world(issue_ends="2026-11-15T08:00:00Z", server_assisted={"cap": 2})
    box = BallotBox(tmp_path / "capped.sqlite", capped.manifest, capped.box)
    hands.move_to(capped.manifest.times.vote_opens)
    first = ballot(capped, 1, [1])
    slip = ballots.cast(box, first, assisted=True)
    assert ballots.cast(box, first, assisted=True) == slip and ballots.assisted(box) == 1
    with pytest.raises(AlreadyCast):
        ballots.cast(box, ballot(capped, 1, [2]), assisted=True)
    ballots.cast(box, ballot(capped, 2, [1]), assisted=True)
    with pytest.raises(Refused, match="help with no more") as refused:
        ballots.cast(box, ballot(capped, 3, [1]), assisted=True)
    assert (refused.value.status, rows(box), ballots.assisted(box)) == (403, 2, 2)
    ballots.cast(box, ballot(capped, 3, [1]))
    assert ballots.publish(box).assisted == 2


def test_without_leave_in_the_manifest_the_server_makes_no_ballot(
    made: World, box: BallotBox, hands: Hands
) -> None:
    with pytest.raises(Refused, match="help with no more"):
        ballots.cast(box, ballot(made, 1, [1]), assisted=True)
    assert rows(box) == 0


def test_a_receipted_ballot_that_is_missing_comes_back_by_complaint_in_time(
    made: World, box: BallotBox, hands: Hands
) -> None:
    times = made.manifest.times
    dropped, kept = ballot(made, 1, [1]), ballot(made, 2, [2])
    slip = ballots.cast(box, dropped)
    kept_slip = ballots.cast(box, kept)
    with box.transaction() as store:  # a box that cheats
        store.execute("DELETE FROM ballot WHERE leaf = ?", (leaf(dropped),))
    with pytest.raises(Refused, match="not taken at this time"):
        ballots.complain(box, dropped, slip)
    hands.move_to(times.vote_ends)
    closed = ballots.close(box, ())
    assert receipt.complaint(made.manifest, dropped, slip, closed.added)
    for wrong in (bytes(64), kept_slip):
        with pytest.raises(Refused, match="not the ballot box's"):
            ballots.complain(box, dropped, wrong)
    other = ballot(made, 2, [3])
    with pytest.raises(AlreadyCast):
        ballots.complain(box, other, receipt.sign(made.box, made.manifest, other))
    assert ballots.complain(box, dropped, slip) == receipt.code(dropped)
    assert ballots.complain(box, kept, kept_slip) == receipt.code(kept) and rows(box) == 2
    hands.move_to(times.vote_ends + COMPLAINTS)
    with pytest.raises(Refused, match="not taken at this time"):
        ballots.complain(box, dropped, slip)
    assert ballots.finish(box, ()).size == 2
    hands.move_to(times.vote_ends)
    with pytest.raises(Refused, match="not taken at this time"):
        ballots.complain(box, dropped, slip)


@pytest.mark.usefixtures("hands")
def test_a_box_that_lost_a_published_ballot_cannot_publish_again(made: World, box: BallotBox) -> None:
    sent = ballot(made, 1, [1])
    ballots.cast(box, sent)
    ballots.publish(box)
    with box.transaction() as store:
        store.execute("DELETE FROM ballot WHERE leaf = ?", (leaf(sent),))
    with pytest.raises(Refused, match="missing from the board"):
        ballots.publish(box)


# --- What the file tells ---------------------------------------------------------------------


@pytest.mark.usefixtures("hands")
def test_the_file_is_the_same_whatever_the_order_of_arrival(made: World, tmp_path: Path) -> None:
    sent = [ballot(made, member, [1]) for member in range(1, 11)]
    files = []
    for number in range(4):
        box = BallotBox(tmp_path / f"{number}.sqlite", made.manifest, made.box)
        for each in Random(number).sample(sent, len(sent)):
            ballots.cast(box, each)
        ballots.publish(box)
        files.append(box.path.read_bytes())
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(f"{number}.")] == [
            box.path.name
        ]
    # SQLite's own count of changes stands in the first page, at 24 and 92; the rest must agree.
    alike = [file[:24] + file[28:92] + file[96:] for file in files]
    assert len(set(alike)) == 1


@pytest.mark.usefixtures("hands")
def test_no_column_of_a_ballot_holds_a_time_a_count_or_a_name(box: BallotBox) -> None:
    with sqlite3.connect(box.path) as store:
        columns = {
            table: [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
            for (table,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        }
    store.close()
    assert columns == {
        "election": ["hash", "closed", "assisted", "complaints_end"],
        "ballot": ["leaf", "key", "envelope", "receipt"],
        "entry": ["number", "document"],
    }


# --- Many at once, and killed ---------------------------------------------------------------


@pytest.fixture(scope="module")
def many() -> tuple[World, list[bytes]]:
    """100 members with four tries each: twice the same envelope, and two others of the same key."""
    made = world(MEMBERS)
    tries = []
    for member in range(1, MEMBERS + 1):
        credential, token = made.draw(member)
        first, second, third = (envelope.make(credential, token, [choice]) for choice in (1, 2, 3))
        tries += [first, first, second, third]
    return made, tries


def attempt(box: BallotBox, sent: bytes) -> tuple[bytes, bytes] | None:
    try:
        return sent, ballots.cast(box, sent)
    except AlreadyCast:
        return None


def test_of_400_casts_at_once_each_of_100_members_counts_once(
    many: tuple[World, list[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, tries = many
    Hands(monkeypatch).move_to(made.manifest.times.vote_opens)
    box = BallotBox(tmp_path / "box.sqlite", made.manifest, made.box)
    assert len(tries) == CASTS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda sent: attempt(box, sent), Random(4).sample(tries, CASTS)))
    taken = {answer for answer in answers if answer}
    assert {sent for sent, _slip in taken} == set(box.envelopes())
    keys = [envelope.read(sent, made.manifest).key for sent in box.envelopes()]
    assert len(keys) == len(set(keys)) == MEMBERS
    assert all(receipt.holds(made.manifest, sent, slip) for sent, slip in taken)


CASTER = """
import json
import sys
from pathlib import Path
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from commons import clock
from commons.refusal import Refused
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.protocol.manifest import read

folder = Path(sys.argv[1])
manifest = read(json.loads((folder / "manifest.json").read_bytes()))
clock.shift = manifest.times.vote_opens - clock.now()
key = load_pem_private_key((folder / "box.pem").read_bytes(), None)
box = BallotBox(folder / "box.sqlite", manifest, key)
for line in sys.stdin:
    try:
        print(line.strip(), ballots.cast(box, bytes.fromhex(line)).hex(), flush=True)
    except Refused as refused:
        print(line.strip(), refused.status, flush=True)
"""


@pytest.fixture
def folder(many: tuple[World, list[bytes]], tmp_path: Path) -> Iterator[Path]:
    made = many[0]
    (tmp_path / "manifest.json").write_bytes(made.manifest.canonical())
    pem = made.box.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "box.pem").write_bytes(pem)
    yield tmp_path


def cast_until_killed(folder: Path, tries: list[bytes], after: int) -> dict[str, str]:
    """Feeds a box process and kills it after so many answers; what it acknowledged: envelope to receipt."""
    (folder / "tries").write_text("".join(f"{each.hex()}\n" for each in tries))
    command = [sys.executable, "-c", CASTER, str(folder)]
    where = {"PYTHONPATH": str(Path(__file__).parents[3])}
    acknowledged = {}
    with (
        (folder / "tries").open() as given,
        subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, text=True, env=where) as process,
    ):
        assert process.stdout
        for number, line in enumerate(process.stdout, 1):
            sent, answer = line.split()
            acknowledged[sent] = answer
            if number == after:
                process.kill()
    assert process.returncode == -signal.SIGKILL
    return acknowledged


def test_what_a_killed_box_acknowledged_is_there_and_a_retry_gets_identical_bytes(
    many: tuple[World, list[bytes]], folder: Path, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, tries = many
    draw = Random(9)
    acknowledged: dict[str, str] = {}
    for _round in range(40 if long else 5):
        answers = cast_until_killed(folder, draw.sample(tries, CASTS), after=draw.randrange(1, 60))
        for sent, answer in answers.items():
            assert acknowledged.setdefault(sent, answer) == answer
    Hands(monkeypatch).move_to(made.manifest.times.vote_opens)
    box = BallotBox(folder / "box.sqlite", made.manifest, made.box)
    kept = box.envelopes()
    receipts = {sent: answer for sent, answer in acknowledged.items() if answer != "409"}
    assert receipts and {bytes.fromhex(sent) for sent in receipts} <= set(kept)
    for sent, answer in receipts.items():
        assert ballots.cast(box, bytes.fromhex(sent)).hex() == answer
    keys = [envelope.read(sent, made.manifest).key for sent in kept]
    assert len(keys) == len(set(keys)) and box.envelopes() == kept
