"""Instant runoff for one seat: the last is excluded until somebody has more than half of what is left."""

from membership.elections.tally.counting import Counting
from membership.elections.tally.election import Election, single_seat, strict_papers
from membership.elections.tally.exclusion import exclude_lowest
from membership.elections.tally.piles import Piles
from membership.elections.tally.record import Count
from membership.elections.tally.words import N_, say


def irv(election: Election, seed: str) -> Count:
    """Counts by instant runoff; ties go by the latest stage that differs, then by lot from ``seed``.

    The quota of a stage is a majority of the papers that still name somebody who stands.
    """
    single_seat(election)
    papers, blank = strict_papers(election)
    valid = sum(papers.values())
    count = Counting("irv", election, seed, places=0)
    piles = Piles(papers, 1)
    count.credit(piles.votes())
    count.quota = _majority(valid)
    first = N_("First choices are counted. More than half of the votes, %(quota)s, are needed.")
    count.stage("first", say(first, quota=count.quota))
    while True:
        over_half = [c for c in count.continuing if count.totals[c] >= count.quota]
        count.elect(over_half, N_("More than half of the votes that are left, and elected: %(names)s."))
        if not count.vacancies:
            return count.finish(valid, blank)
        lowest, sentence = exclude_lowest(count, piles)
        count.quota = _majority(valid - count.exhausted)
        count.stage("exclude", sentence, candidate=lowest)


def _majority(votes: int) -> int:
    return votes // 2 + 1
