"""Somebody with everything that the servers store tries to tell who cast which ballot.

Each way of guessing is also tried on something planted, so that a way which finds nothing is known to work.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from commons.config import Config
from commons.db import Database
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.protocol import blind_rsa, envelope, standalone
from membership.elections.protocol.credential import Credential, signed_message
from membership.elections.protocol.signing_key import SigningKey
from tests.membership.elections.clocks import Hands
from tests.membership.elections.keepers import Keepers
from tests.membership.elections.protocol.world import World, numbered, signer, world
from tests.membership.elections.registrar import Registrar, announced, enrol
from tests.services import stored

# Its files are what is searched.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MEMBERS, FEW = 200, 20
# Of 200 pairs one is right by chance; more than this is less likely than one in a million.
MOST_BY_CHANCE = 9
# Three and a half standard deviations of the correlation of 200 ranks without any.
MOST_CORRELATION = 0.25
RUN = 12


@dataclass
class Dump:
    """Who drew what and who cast what (which only the test knows), and all bytes that are stored.

    ``drawn`` and ``cast`` are in the order of the members; the stores know no such order.
    """

    drawn: list[bytes]
    cast: list[bytes]
    registrar: bytes
    box: bytes

    def places(self) -> tuple[list[int], list[int]]:
        """Where each member's blinded value and ballot stand in the two stores' files."""
        return (
            [self.registrar.index(value) for value in self.drawn],
            [self.box.index(value) for value in self.cast],
        )


def everything(folder: Path) -> bytes:
    """Every file there, write-ahead logs, queues and logs included, one after the other."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture
def dump(registrar200: Registrar, hands: Hands, settings: Config) -> Dump:
    """200 members draw in one order and cast in another; some lists are published, none is the last."""
    made, chance = registrar200, Random(31)
    mine = [Credential.from_seed(numbered("linked", place, 16), made.manifest) for place in range(MEMBERS)]
    sealed: dict[int, bytes] = {}
    for place in chance.sample(range(MEMBERS), MEMBERS):
        token = mine[place].token(made.issue(made.members[place], mine[place].blinded))
        sealed[place] = envelope.make(mine[place], token, [1])
    hands.move_to(made.manifest.times.vote_opens)
    for number, place in enumerate(chance.sample(range(MEMBERS), MEMBERS), 1):
        ballots.cast(made.box, sealed[place])
        if number % 50 == 0:
            ballots.publish(made.box)
    box = made.box.path.parent.parent
    elsewhere = b"".join(path.read_bytes() for path in stored.files(settings) if box not in path.parents)
    return Dump(
        [each.blinded for each in mine],
        [sealed[place] for place in range(MEMBERS)],
        elsewhere,
        everything(box),
    )


@pytest.fixture
def registrar200(db: Database, hands: Hands, keepers: Keepers) -> Registrar:
    return announced(db, enrol(db, MEMBERS), hands, keepers)


# --- Ways of guessing --------------------------------------------------------------------------


def common_runs(registrar: bytes, box: bytes, known: bytes) -> set[bytes]:
    """What stands in both and not in what is public anyway (``known``)."""
    public = {known[place : place + RUN] for place in range(len(known) - RUN + 1)}
    here = {registrar[place : place + RUN] for place in range(len(registrar) - RUN + 1)}
    found = {box[place : place + RUN] for place in range(len(box) - RUN + 1)} & here - public
    return {each for each in found if len(set(each)) > RUN // 2}  # runs of zeros and of headers tell nothing


def correlation(one: Sequence[int], other: Sequence[int]) -> float:
    """Spearman's, of two rows of places."""
    ranks = [{place: rank for rank, place in enumerate(sorted(row))} for row in (one, other)]
    count = len(one)
    apart = sum((ranks[0][a] - ranks[1][b]) ** 2 for a, b in zip(one, other, strict=True))
    return 1 - 6 * apart / (count * (count**2 - 1))


def right_by_order(one: Sequence[int], other: Sequence[int]) -> int:
    """How many guesses are right if the first here is taken for the first there, and so on."""
    rows = (sorted(range(len(row)), key=row.__getitem__) for row in (one, other))
    pairs = zip(*rows, strict=True)
    return sum(a == b for a, b in pairs)


def shared_factor(key: SigningKey, drawn: Sequence[bytes], tokens: Sequence[bytes]) -> int:
    """How many pairs of a blinded value and a token give one and the same blinding factor.

    s ** e is the message that was blinded; blinded by that is r ** e. The public key is enough for it.
    """
    n, e = key.public.n, key.public.e
    messages = [pow(pow(int.from_bytes(token), e, n), -1, n) for token in tokens]
    factors = Counter(int.from_bytes(value) * message % n for value in drawn for message in messages)
    return max(factors.values())


def tokens_of(made: World | Registrar, cast: Sequence[bytes]) -> list[bytes]:
    return [envelope.split(each, made.manifest).token for each in cast]


# --- Nothing is found, and what is planted is ----------------------------------------------------


@on_sqlite
def test_nothing_that_is_stored_links_a_member_to_a_ballot(
    dump: Dump, registrar200: Registrar, tmp_path: Path
) -> None:
    made = registrar200
    assert len(dump.registrar) > MEMBERS * 768 and len(dump.box) > MEMBERS * 900
    empty = BallotBox(tmp_path / "empty.sqlite", made.manifest, made.box.key)
    known = made.manifest.canonical() + made.manifest.hash
    known += empty.path.read_bytes() + standalone.text().encode()
    assert common_runs(dump.registrar, dump.box, known) == set()
    drawn, cast = dump.places()
    assert abs(correlation(drawn, cast)) < MOST_CORRELATION
    assert right_by_order(drawn, cast) <= MOST_BY_CHANCE
    assert shared_factor(signer(), dump.drawn[:FEW], tokens_of(made, dump.cast[:FEW])) == 1
    moment = b"2026-11-09T10:41:07.123456"
    for planted in (envelope.split(dump.cast[17], made.manifest).prefix, moment):
        assert common_runs(dump.registrar + planted, dump.box + planted, known)


def test_a_planted_order_of_arrival_is_found() -> None:
    places = Random(32).sample(range(10**6), MEMBERS)
    assert correlation(places, places) == 1 and right_by_order(places, places) == MEMBERS
    assert correlation(places, [-each for each in places]) == -1
    nearly = sorted(places)
    nearly[:30] = Random(33).sample(nearly[:30], 30)
    assert correlation(sorted(places), nearly) > MOST_CORRELATION


def test_a_file_that_is_not_written_anew_tells_the_order_of_arrival(tmp_path: Path, hands: Hands) -> None:
    made = world(FEW)
    hands.move_to(made.manifest.times.vote_opens)
    sent = [envelope.make(*made.draw(member), [1]) for member in range(1, FEW + 1)]
    boxes = []
    for name, order in (("one", sent), ("other", sent[::-1])):
        box = BallotBox(tmp_path / f"{name}.sqlite", made.manifest, made.box)
        for each in order:
            ballots.cast(box, each)
        boxes.append(box)
    assert len({box.path.read_bytes()[100:] for box in boxes}) == 2
    for box in boxes:
        box.rewrite()
    assert len({box.path.read_bytes()[100:] for box in boxes}) == 1  # after SQLite's own header


def test_a_blinding_factor_that_is_shared_links_everybody() -> None:
    made, key = world(), signer()
    drawn, tokens = [], []
    for member in range(1, FEW + 1):
        honest = Credential.from_seed(numbered("seed", member, 16), made.manifest)
        message = signed_message(made.manifest.hash, honest.key, honest.prefix)
        blinded, inverse = blind_rsa.blind(
            key.public, message, numbered("salt", member, 32) + bytes(16), 12345
        )
        drawn.append(blinded)
        tokens.append(blind_rsa.finalize(key.public, message, key.sign(blinded), inverse))
    assert shared_factor(key, drawn, tokens) == FEW
