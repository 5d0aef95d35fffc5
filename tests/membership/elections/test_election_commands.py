"""``rostra election list`` and ``reviewed``, and ``rostra count`` of ballots that may re-open nominations."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.refusal import Refused
from membership.elections.commands import count_command, election_group
from membership.elections.protocol.rehearsal import challenge
from membership.elections.protocol.sealing import fresh_tally_key
from membership.elections.protocol.shares import split
from tests.membership.elections.club import Club

# What the commands print does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

BALLOTS = """4 3
5 4 0
1 1 0
0
"Ada"
"Ben"
"Cho"
"Re-open"
"Board"
"""


def rostra(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(election_group, arguments, input=typed)


def test_the_list_shows_the_state_of_the_clock_though_no_worker_runs(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho")

    def shown() -> str:
        (row,) = json.loads(rostra("list", "--json").stdout)
        assert (row["slug"], row["title"]) == (election.slug, "Board 2026")
        return str(row["state"])

    assert shown() == "nominations"
    club.announce(election)
    times = club.times(election)
    for moment, state in [
        (times.issue_opens, "issuing"),
        (times.vote_opens, "voting"),
        (times.vote_ends, "closed"),
    ]:
        club.hands.move_to(moment)
        assert shown() == state


def test_a_review_is_recorded(club: Club) -> None:
    done = rostra("reviewed", "--by", "A. Reviewer", "--at", "https://r.example/report")
    assert done.exit_code == 0 and "A. Reviewer" in done.stdout
    assert isinstance(rostra("reviewed", "--by", "A", "--at", "r.example").exception, Refused)


def test_a_dummy_opens_with_the_key_that_it_is_for_and_no_other(club: Club) -> None:
    secret, public = fresh_tally_key()
    sealed, _hash = challenge(public)
    shares = "\n".join(split(secret)[:2])
    assert len(rostra("key", "rehearse", public.hex(), sealed.hex(), typed=shares).stdout.split()) == 8
    others = "\n".join(split(fresh_tally_key()[0])[:2])
    assert isinstance(rostra("key", "rehearse", public.hex(), sealed.hex(), typed=others).exception, Refused)
    assert rostra("key", "rehearse", public.hex(), "zz", typed=shares).exit_code == 2


def test_ballots_that_re_open_nominations_are_counted_by_their_rule(club: Club, tmp_path: Path) -> None:
    (tmp_path / "ballots.blt").write_text(BALLOTS)

    def counted(*more: str) -> Result:
        return CliRunner().invoke(count_command, [str(tmp_path / "ballots.blt"), "--json", *more])

    elected = json.loads(counted("--reopens", "4").stdout)["elected"]
    assert elected[:2] == ["Re-open", "Re-open (2)"]
    assert "Re-open (2)" not in json.loads(counted().stdout)["elected"]
    assert counted("--reopens", "5").exit_code == counted("--reopens", "4", "--rule", "irv").exit_code == 2
