"""What one refuses all refuse: the ballot box, and whoever checks the package."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commons.refusal import Refused
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.protocol import envelope, sealing
from membership.elections.protocol.board import leaf
from membership.elections.protocol.credential import Credential
from membership.elections.protocol.envelope import Envelope
from membership.elections.protocol.package import derive
from membership.elections.protocol.verify import verify
from tests.membership.elections.clocks import Hands
from tests.membership.elections.protocol.forgeries import FORGERIES, signed
from tests.membership.elections.protocol.world import World, numbered, world, written

MEMBER = 7


@pytest.fixture(scope="module")
def voted() -> World:
    """Six ballots, and a seventh member who drew."""
    made = world()
    for member in range(1, MEMBER):
        made.vote(member, [1])
    made.draw(MEMBER)
    return made


@pytest.fixture(scope="module")
def mine(voted: World) -> Credential:
    return Credential.from_seed(numbered("seed", MEMBER, 16), voted.manifest)


@pytest.fixture(scope="module")
def good(voted: World) -> Envelope:
    return envelope.read(envelope.make(*voted.draw(MEMBER), [2, 1]), voted.manifest)


def with_ballots(voted: World, *more: bytes) -> bytes:
    """The package of an election whose box had these too, and put them on its board."""
    made = replace(voted, envelopes=[*voted.envelopes, *more], board=[])
    made.close()
    return written(derive(made.sources()))


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_gets_into_no_box_and_no_sound_package(
    name: str, voted: World, mine: Credential, good: Envelope, tmp_path: Path, hands: Hands
) -> None:
    forge, reason = FORGERIES[name]
    forged = forge(good, mine).encoded()
    box = BallotBox(tmp_path / "box.sqlite", voted.manifest, voted.box)
    hands.move_to(voted.manifest.times.vote_opens)
    before = box.path.read_bytes()
    with pytest.raises(Refused, match=reason) as refused:
        ballots.cast(box, forged)
    assert refused.value.status == 400 and box.path.read_bytes() == before
    with pytest.raises(Refused, match=f"^Ballot {leaf(forged).hex()}: .*{reason}"):
        verify(with_ballots(voted, forged))


def test_the_genuine_one_gets_into_both(voted: World, good: Envelope, tmp_path: Path, hands: Hands) -> None:
    hands.move_to(voted.manifest.times.vote_opens)
    box = BallotBox(tmp_path / "box.sqlite", voted.manifest, voted.box)
    assert ballots.cast(box, good.encoded()) and box.envelopes() == (good.encoded(),)
    assert verify(with_ballots(voted, good.encoded())).sources.envelopes


PAPERS = {
    "twice": (bytes([2, 1, 1, 0, 0]), "It ranks a candidate twice."),
    "unknown": (bytes([1, 5, 0, 0, 0]), "It ranks a candidate who does not exist."),
    "nobody": (bytes([2, 1, 0, 0, 0]), "It ranks a candidate who does not exist."),
    "too many": (bytes([9, 1, 2, 3, 4]), "It ranks more candidates than allowed."),
    "more than it says": (bytes([1, 1, 2, 0, 0]), "It holds something other than a ranking."),
}


@pytest.mark.parametrize("name", PAPERS)
def test_a_ballot_that_does_not_count_is_taken_listed_with_its_reason_and_stops_nothing(
    name: str, voted: World, mine: Credential, good: Envelope, tmp_path: Path, hands: Hands
) -> None:
    """Sealed by a client of her own; the box cannot see it, and nobody is told who it was."""
    paper, reason = PAPERS[name]
    info = sealing.LABEL + voted.manifest.hash + mine.key
    tally = sealing.tally_secret(voted.tally_secret, voted.manifest)
    sealed = sealing.SUITE.encrypt(paper, tally.public_key(), info)
    sent = signed(replace(good, sealed=sealed), mine.private).encoded()
    hands.move_to(voted.manifest.times.vote_opens)
    assert ballots.cast(BallotBox(tmp_path / "box.sqlite", voted.manifest, voted.box), sent)
    found: Any = verify(with_ballots(voted, sent)).package
    assert (found["numbers"]["cast"], found["numbers"]["invalid"]) == (7, 1)
    (listed,) = [each for each in found["ballots"] if each["ranking"] is None]
    assert (listed["leaf"], listed["invalid"]) == (leaf(sent).hex(), reason)
    assert reason in found["files"]["ballots.csv"]
    assert (found["outcome"]["turnout"], found["outcome"]["valid"]) == (7, 6)
