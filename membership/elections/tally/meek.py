"""Meek's rule as the Proportional Representation Foundation's reference states it.

Every elected candidate keeps the part of each vote that meets the quota, and all the rest moves
on, also to candidates elected before. Nine decimal places, rounded up; a round's iteration ends
when the surplus is below 0.000001 or no longer falls. Figures are whole numbers of 10 ** -9.
"""

from collections import defaultdict
from collections.abc import Mapping

from membership.elections.tally.counting import Counting
from membership.elections.tally.election import Election, strict_papers
from membership.elections.tally.record import Action, Count
from membership.elections.tally.words import N_, say

PLACES = 9
ONE = 10**PLACES
OMEGA = ONE // 10**6


Keep = dict[int, int]
Paths = Mapping[bytes, int]


def meek(election: Election, seed: str) -> Count:
    """Counts by the reference Meek rule; lots come from ``seed``. A stage is a round of the rule."""
    papers, blank = strict_papers(election)
    count = Counting("meek-prf-9dp", election, seed, PLACES)
    keep = dict.fromkeys(election.standing, ONE)
    while len(count.continuing) > count.vacancies and count.openings:
        _round(count, _paths(papers, count), keep)
    if not count.stages:
        _share_out(count, _paths(papers, count), keep)
        _write_round(count, "elect", keep)
    count.fill_last_seats()
    return count.finish(sum(papers.values()), blank)


def _round(count: Counting, paths: Paths, keep: Keep) -> None:
    """One round (step B): shares out again and again until it elects somebody or is settled."""
    before: int | None = None
    while True:
        quota = _share_out(count, paths, keep)
        reached = count.admitted([c for c in count.continuing if count.totals[c] >= quota])
        surplus = max(0, sum(count.totals[c] - quota for c in [*count.elected, *reached]))
        if reached:
            _write_round(count, "elect", keep)
            count.elect(reached, N_("Reached the quota and elected: %(names)s."))
            return
        if surplus < OMEGA or (before is not None and surplus >= before):
            _write_round(count, "exclude", keep)
            _exclude_lowest(count, keep, surplus)
            return
        before = surplus
        for c in count.elected:
            # The reference does not cap the factor; above one a paper would give more than it has.
            keep[c] = min(ONE, _up(_up(keep[c] * quota, ONE) * ONE, count.totals[c]))


def _paths(papers: Mapping[bytes, int], count: Counting) -> Paths:
    """Papers cut after the first candidate who keeps all of a vote, without the excluded.

    All that a round looks at, and far fewer different ones than there are papers.
    """
    closed = bytes(set(range(256)).difference(count.continuing, count.elected))
    hopeful = frozenset(count.continuing)
    paths: defaultdict[bytes, int] = defaultdict(int)
    for paper, number in papers.items():
        rest = paper.translate(None, closed)
        end = next((place for place, c in enumerate(rest, 1) if c in hopeful), len(rest))
        paths[rest[:end]] += number
    return paths


def _share_out(count: Counting, paths: Paths, keep: Keep) -> int:
    """Gives each candidate on a paper, in order, her part of what is left of it; returns the quota."""
    totals = dict.fromkeys(count.totals, 0)
    count.exhausted = 0
    for path, number in paths.items():
        left = ONE
        for c in path:
            part = _up(left * keep[c], ONE)
            totals[c] += part * number
            left -= part
        count.exhausted += left * number
    count.totals = totals
    count.quota = sum(totals.values()) // (count.election.seats + 1) + 1
    return count.quota


def _exclude_lowest(count: Counting, keep: Keep, surplus: int) -> None:
    """Whoever is within the remaining surplus of the lowest is tied with the lowest (steps B.3, T)."""
    fewest = min(count.totals[c] for c in count.unguarded)
    tied = [c for c in count.unguarded if count.totals[c] <= fewest + surplus]
    lowest = count.draw(tied) if len(tied) > 1 else tied[0]
    keep[lowest] = 0
    count.continuing.remove(lowest)
    leaves = N_("%(name)s has the fewest votes, %(votes)s, and is excluded.")
    count.tell(say(leaves, name=count.name(lowest), votes=count.plain(fewest)), excluded=(lowest,))


def _write_round(count: Counting, action: Action, keep: Keep) -> None:
    first = N_("First choices are counted. A candidate with %(quota)s votes is elected.")
    later = N_(
        "The elected keep of each vote only the part they need, and the rest goes to the next choices. "
        "A candidate with %(quota)s votes is elected."
    )
    quota = count.plain(count.quota or 0)
    count.stage(action, say(later if count.stages else first, quota=quota), keep=dict(keep))


def _up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
