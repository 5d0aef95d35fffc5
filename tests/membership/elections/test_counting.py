"""From votes to the public package, through the database and the box, and out by the command."""

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.refusal import Refused
from membership.elections import ballots, counting, rolls
from membership.elections.ballot_box import BallotBox
from membership.elections.commands import election_group
from membership.elections.models import COUNTED, Election
from membership.elections.protocol import envelope
from membership.elections.protocol.credential import Credential, fresh_seed
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.protocol.verify import Verdict, verify
from tests.membership.elections.clocks import Hands
from tests.membership.elections.registrar import Registrar


@pytest.fixture
def box(registrar: Registrar) -> BallotBox:
    return registrar.box


@pytest.fixture
def voted(registrar: Registrar, box: BallotBox, hands: Hands) -> Registrar:
    """Nine drew, eight voted; voting is over, and nothing is closed yet."""
    envelopes = []
    for member in registrar.members[:9]:
        mine = Credential.from_seed(fresh_seed(), registrar.manifest)
        envelopes.append(envelope.make(mine, mine.token(registrar.issue(member, mine.blinded)), [2, 1]))
    hands.move_to(registrar.manifest.times.vote_opens)
    for each in envelopes[:8]:
        ballots.cast(box, each)
    hands.move_to(registrar.manifest.times.vote_ends)
    return registrar


def finish(registrar: Registrar, box: BallotBox, hands: Hands) -> None:
    """Closes, and finishes when the time for complaints is over."""
    with registrar.db.reading() as session:
        issued = rolls.issued_leaves(session, session.get_one(Election, registrar.election_id))
    ballots.close(box, issued)
    hands.move_to(
        registrar.manifest.times.vote_ends + timedelta(hours=registrar.manifest.complaint_hours, seconds=9)
    )
    ballots.finish(box, issued)


def count(registrar: Registrar, secret: bytes | None = None) -> Verdict:
    with registrar.db.transaction() as session:
        election = session.get_one(Election, registrar.election_id)
        return counting.count(session, election, secret or registrar.tally_secret, "round 12345: abc")


def rostra(*arguments: str) -> Result:
    return CliRunner().invoke(election_group, arguments)


def test_a_counted_election_is_packaged_checked_and_kept(
    voted: Registrar, box: BallotBox, hands: Hands, tmp_path: Path
) -> None:
    finish(voted, box, hands)
    verdict = count(voted)
    assert verdict.package["numbers"] == {
        "roll": 12,
        "issued": 9,
        "cast": 8,
        "assisted": 0,
        "blank": 0,
        "invalid": 0,
    }
    assert json.loads(rostra("list", "--json").stdout) == [
        {"slug": "board", "title": "Board 2026", "state": COUNTED}
    ]
    assert rostra("list").stdout == "board  counted  Board 2026\n"
    file, folder = tmp_path / "board.json", tmp_path / "parts"
    done = rostra("package", "board", str(file), "--folder", str(folder))
    assert (done.exit_code, done.output) == (0, "")
    root = verdict.sources.board[-1].root
    assert verify(file.read_bytes(), voted.manifest.hash, root).package == verdict.package
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {"ballots.blt", "ballots.abif", "ballots.csv", "verify.py"} <= {f.name for f in folder.iterdir()}


def test_nothing_is_opened_before_the_list_is_final_or_with_another_key(
    voted: Registrar, box: BallotBox, hands: Hands
) -> None:
    with pytest.raises(Refused, match="before the list is final"):
        count(voted)
    finish(voted, box, hands)
    with pytest.raises(Refused, match="tally key"):
        count(voted, fresh_tally_key()[0])
    count(voted)
    with pytest.raises(Refused, match="counted already"):
        count(voted)


def test_a_roll_that_was_changed_after_the_freeze_is_not_counted(
    voted: Registrar, box: BallotBox, hands: Hands
) -> None:
    finish(voted, box, hands)
    with voted.db.transaction() as session:
        entry = session.get_one(rolls.RollEntry, (voted.election_id, voted.members[11]))
        entry.leaf = bytes(32)
    with pytest.raises(Refused, match="roll is not the one"):
        count(voted)


def test_there_is_no_package_of_an_unknown_or_uncounted_election(
    registrar: Registrar, tmp_path: Path
) -> None:
    for slug, reason in (("none", "no election of this name"), ("board", "not counted yet")):
        done = rostra("package", slug, str(tmp_path / "x.json"))
        assert isinstance(done.exception, Refused) and reason in str(done.exception)
    assert not (tmp_path / "x.json").exists()
    assert registrar.drawn() == 0
