"""``rostra vote``: from the address of an election to a receipt that the board bears out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.config import use
from commons.refusal import Refused
from membership.elections import ballots
from membership.elections.endpoints import create_box
from membership.elections.protocol import envelope, receipt
from membership.elections.protocol.board import leaf
from membership.elections.protocol.credential import Credential, candidate_order
from membership.elections.protocol.mark import mark
from membership.elections.protocol.words import seed_words, words
from membership.elections.voter import commands
from tests.membership.elections.ballot_page.booth import serving
from tests.membership.elections.clocks import Hands
from tests.membership.elections.keepers import Keepers
from tests.membership.elections.protocol.world import numbered
from tests.membership.elections.registrar import Registrar

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Voter:
    """Somebody at a terminal. What she types is known beforehand, since her seed is."""

    registrar: Registrar
    origin: str
    folder: Path
    seed: bytes = numbered("voter", 1, 16)

    @property
    def credential(self) -> Credential:
        return Credential.from_seed(self.seed, self.registrar.manifest)

    @property
    def answer(self) -> str:
        return self.registrar.issue(self.registrar.members[0], self.credential.blinded).hex()

    @property
    def file(self) -> Path:
        return self.folder / "board.ballot.txt"

    def types(self, *lines: str, options: tuple[str, ...] = (), path: str = "/elections/board") -> Result:
        surroundings = {"ROSTRA_PRIVATE_PEERS": "1", "ROSTRA_DATA": str(self.folder / "voter")}
        return CliRunner().invoke(
            commands.vote,
            [f"{self.origin}{path}", "--file", str(self.file), *options],
            input="".join(f"{line}\n" for line in lines),
            env=surroundings,
        )


@pytest.fixture
def voter(
    registrar: Registrar, keepers: Keepers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Voter]:
    with serving(create_box(keepers.boxes)) as port:
        made = Voter(registrar, f"http://127.0.0.1:{port}", tmp_path)
        monkeypatch.setattr(commands, "fresh_seed", lambda: made.seed)
        yield made
        use(None)


@pytest.fixture
def open_vote(voter: Voter, hands: Hands) -> str:
    """The answer to the voter's draw, on the day on which voting is open."""
    answer = voter.answer
    hands.move_to(voter.registrar.manifest.times.vote_opens)
    return answer


def refused(done: Result) -> str:
    assert isinstance(done.exception, Refused), done.output
    return str(done.exception)


def test_drawing_comes_first_and_voting_on_a_later_day_with_the_twelve_words(
    voter: Voter, hands: Hands
) -> None:
    answer = voter.answer
    done = voter.types(answer)
    assert done.exit_code == 0 and "Come back with --words" in done.output, done.output
    assert seed_words(voter.seed) in done.output and words(voter.registrar.manifest.hash) in done.output
    link = f"{voter.registrar.manifest.id}/draw?blinded={voter.credential.blinded.hex()}"
    assert link in done.output and not voter.file.exists()
    assert mark(voter.credential.blinded) in done.output, "the signing page shows the same four words"
    hands.move_to(voter.registrar.manifest.times.vote_opens)
    back = f"{voter.origin}/ballot-box/board/#answer={answer}"
    done = voter.types(seed_words(voter.seed), back, "2 1", "y", options=("--words",))
    assert done.exit_code == 0, done.output
    (cast,) = voter.registrar.box.envelopes()
    assert receipt.code(cast) in done.output and "not on the board yet" in done.output
    assert voter.file.stat().st_mode & 0o077 == 0
    assert seed_words(voter.seed) not in voter.file.read_text()


@pytest.mark.usefixtures("hands")
def test_numbers_mean_the_voters_own_order_and_a_slip_of_the_finger_is_asked_again(
    voter: Voter, open_vote: str
) -> None:
    manifest = voter.registrar.manifest
    order = candidate_order(manifest, voter.credential.key)
    done = voter.types(open_vote, "1 1", "9", "x", "3 1", "n", "2", "y")
    assert done.exit_code == 0 and done.output.count("That is no ranking.") == 3, done.output
    names = [line.split("  ")[-1] for line in done.output.splitlines() if line.startswith("    ")][:4]
    assert names == [manifest.candidates[number - 1] for number in order]
    assert f"    1. {manifest.candidates[order[1] - 1]}" in done.output


def test_the_ballot_is_kept_before_it_is_sent_and_sent_again_as_it_is(
    voter: Voter, open_vote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        assert "envelope: " in voter.file.read_text()
        raise Refused("The line broke.")

    with monkeypatch.context() as patch:
        patch.setattr(commands.client, "cast", broken)
        assert "line broke" in refused(voter.types(open_vote, "1", "y"))
    assert voter.types().exit_code == 0
    (cast,) = voter.registrar.box.envelopes()
    assert cast.hex() in voter.file.read_text() and "receipt: " in voter.file.read_text()
    before = voter.file.read_text()
    assert voter.types().exit_code == 0 and voter.file.read_text() == before


def test_a_receipt_is_borne_out_by_the_board_and_its_lack_after_the_close_is_said(
    voter: Voter, open_vote: str, hands: Hands
) -> None:
    assert voter.types(open_vote, "1", "y").exit_code == 0
    entry = ballots.publish(voter.registrar.box)
    done = voter.types(options=("--check",))
    assert "It is on list 1 of the board" in done.output and entry.root.hex() in done.output
    hands.move_to(voter.registrar.manifest.times.vote_ends + timedelta(seconds=5))
    with voter.registrar.box.transaction() as store:  # a box that cheats
        store.execute("DELETE FROM ballot")
        store.execute("DELETE FROM entry")
    ballots.close(voter.registrar.box, ())
    assert "lacks your ballot, and your receipt proves it" in refused(voter.types(options=("--check",)))


def test_a_board_whose_history_was_rewritten_is_refused(voter: Voter, open_vote: str) -> None:
    assert voter.types(open_vote, "1", "y").exit_code == 0
    for _ in range(2):
        ballots.publish(voter.registrar.box)
    with voter.registrar.box.transaction() as store:
        store.execute(
            "UPDATE entry SET document = replace(document, '\"size\":1', '\"size\":2') WHERE number = 1"
        )
    assert "does not follow" in refused(voter.types(options=("--check",)))


def test_another_manifest_than_the_announced_one_is_refused(voter: Voter) -> None:
    right = voter.registrar.manifest.hash.hex()
    assert "Do not vote" in refused(voter.types(options=("--manifest-hash", "ab" * 32)))
    assert "Compare these words" not in voter.types("x", options=("--manifest-hash", right)).output
    assert voter.types(options=("--manifest-hash", "ab")).exit_code == 2


def test_a_second_ballot_and_a_wrong_answer_are_refused(voter: Voter, open_vote: str) -> None:
    assert "not the answer" in refused(voter.types("what?"))
    assert "not a signature" in refused(voter.types("ab" * 384))
    token = voter.credential.token(bytes.fromhex(open_vote))
    first = envelope.make(voter.credential, token, [1])
    ballots.cast(voter.registrar.box, first)
    assert receipt.code(first) in refused(voter.types(open_vote, "2", "y"))
    assert [leaf(each) for each in voter.registrar.box.envelopes()] == [leaf(first)]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/somewhere", "no address of an election"), ("/elections/none", "answered 404")],
)
def test_what_is_no_election_is_refused(voter: Voter, path: str, reason: str) -> None:
    assert reason in refused(voter.types(path=path))


def test_outside_its_time_nothing_is_drawn(voter: Voter, hands: Hands) -> None:
    times = voter.registrar.manifest.times
    said: list[tuple[Callable[[], None], str]] = [
        (lambda: hands.move_to(times.issue_opens - timedelta(hours=1)), "Credentials are drawn from"),
        (lambda: hands.move_to(times.vote_ends), "Voting is over."),
    ]
    for move, sentence in said:
        move()
        done = voter.types()
        assert (done.exit_code, sentence in done.output) == (0, True), done.output
