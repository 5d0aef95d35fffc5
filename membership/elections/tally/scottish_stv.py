"""Scottish STV: the Scottish Local Government Elections Orders 2007 (rules 45 to 52) and 2011.

Weighted inclusive Gregory: all papers of a candidate with a surplus move on, each at its own value
times surplus / votes, cut after five decimal places. Votes are whole numbers of 1/100000.
"""

from membership.elections.tally.counting import Counting
from membership.elections.tally.election import Election, strict_papers
from membership.elections.tally.exclusion import exclude_lowest
from membership.elections.tally.piles import Piles
from membership.elections.tally.record import Count
from membership.elections.tally.reopening import Copies, expanded
from membership.elections.tally.words import N_, say

PLACES = 5
ONE = 10**PLACES


def scottish_stv(election: Election, seed: str) -> Count:
    """Counts by the Scottish rules; lots come from ``seed``."""
    originals, election = len(election.candidates), expanded(election)
    papers, blank = strict_papers(election)
    valid = sum(papers.values())
    count = Counting("scottish-stv", election, seed, PLACES)
    quota = count.quota = (valid // (election.seats + 1) + 1) * ONE
    piles = Piles(papers, ONE)
    copies = Copies(count, piles, originals)
    count.credit(piles.votes())
    needs = N_("First choices are counted. A candidate with %(quota)s votes is elected.")
    count.stage("first", say(needs, quota=count.plain(quota)))
    waiting: list[int] = []  # elected with a surplus that has not moved yet
    while True:
        reached = count.admitted([c for c in count.continuing if count.totals[c] >= quota])
        count.elect(reached, N_("Reached the quota and elected: %(names)s."))
        copies.join(reached)
        waiting += [c for c in reached if count.totals[c] > quota]
        if count.fill_last_seats():
            return count.finish(valid, blank)
        if waiting:
            highest = count.choose(waiting, max)
            waiting.remove(highest)
            _move_surplus(count, piles, highest, quota)
        else:
            lowest, sentence = exclude_lowest(count, piles)
            count.stage("exclude", sentence, candidate=lowest)


def _move_surplus(count: Counting, piles: Piles, candidate: int, quota: int) -> None:
    votes = count.totals[candidate]
    surplus = votes - quota
    gained, _ = piles.move(candidate, count.continuing, lambda value: value * surplus // votes)
    count.totals[candidate] = quota
    count.credit(gained)
    # What the cut after five places loses goes to nobody and is shown with the exhausted votes.
    count.exhausted += surplus - sum(gained.values())
    moves = N_(
        "%(name)s has %(surplus)s votes more than needed. "
        "All these papers go to their next choices, each at a part of its value."
    )
    count.stage(
        "surplus", say(moves, name=count.name(candidate), surplus=count.plain(surplus)), candidate=candidate
    )
