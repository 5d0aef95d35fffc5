"""The published ballots give the same result to a reader and counter that are not ours."""

import pytest

from membership.elections import candidacies, results
from membership.elections.ballot_files import write_blt
from membership.elections.models import Election
from membership.elections.tally import Election as Tallied
from membership.elections.tally import count
from tests.membership.elections import recounter
from tests.membership.elections.cases import CASES, ballots
from tests.membership.elections.club import Club
from tests.services import applications

# Without a tie, and with one surplus at a time: where there are several, votelib moves them together.
PEERED = (
    "aberdeenshire_2017_ward1",
    "edge_withdrawn",
    "edinburgh_2019_by_election_leith_walk",
    "fife_2017_ward6",
    "glasgow_2012_ward11",
    "glasgow_hillhead_2007",
    "highland_2017_ward10",
)
RANKINGS = {
    "ada": [1, 2], "ben": [1, 2], "cho": [1, 2], "dee": [1, 3], "eve": [1, 3, 2], "fay": [1, 2, 4],
    "gus": [2, 3], "hal": [2, 3], "ina": [3, 2], "jon": [5, 3], "kim": [4, 2], "lou": [],
}  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_published_ballots_of_our_own_election_are_recounted_by_another_program(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho", "dee", "eve")
    manifest = club.announce(election)
    club.to(election, "issue_opens")
    with club.db.transaction() as session:
        candidacies.withdraw(session, session.get_one(Election, election.id), by=club.accounts["eve"])
    club.vote(election, manifest, RANKINGS)
    club.count(election)
    club.certify(election)
    published = applications.shared().test_client().get(f"/elections/{election.slug}/files/ballots.blt")
    theirs = recounter.recount(published.text)
    assert (theirs.withdrawn, theirs.title) == (["Eve"], "Board 2026")
    # Four papers of Ada's six carry a third of a vote to Ben, and Dee's paper makes him reach the quota.
    assert (theirs.quota, theirs.elected, len(theirs.stages)) == (4, ["Ada", "Ben"], 3)
    with club.db.reading() as session:
        certified = session.get_one(Election, election.id)
        assert certified.lot_seed is not None and certified.outcome is not None
        recounter.agree(results.recount(published.text, certified.rule, certified.lot_seed), theirs)
        assert certified.outcome["names"] == theirs.elected


def test_its_lines_are_sorted_so_that_only_the_papers_show(club: Club) -> None:
    election = club.call()
    club.stand(election, "ada", "ben", "cho", "dee")
    club.whole(election, {name: ranking for name, ranking in RANKINGS.items() if 5 not in ranking})
    with club.db.reading() as session:
        blt = session.get_one(Election, election.id).blt
    assert blt is not None
    lines = blt.splitlines()[1:12]
    assert lines == sorted(lines) and {line[:2] for line in lines} == {"1 "}


def of(name: str) -> Tallied:
    return ballots(next(each for each in CASES if each["id"] == name))


@pytest.mark.parametrize("name", PEERED)
def test_real_elections_that_we_write_are_recounted_stage_for_stage(name: str) -> None:
    election = of(name)
    recounter.agree(count(election, "scottish-stv", ""), recounter.recount(write_blt(election)))


def test_a_recount_that_differs_is_noticed() -> None:
    election = of("highland_2017_ward10")
    theirs = recounter.recount(write_blt(election))
    name = next(iter(theirs.stages[5]))
    theirs.stages[5][name] += 1
    with pytest.raises(AssertionError):
        recounter.agree(count(election, "scottish-stv", ""), theirs)
