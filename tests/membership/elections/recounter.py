"""A count of BLT files by votelib, which is not ours: another reader, another counter, another arithmetic.

Its Gregory method is the Scottish one in exact fractions, where the law cuts each paper's value off at five
places. So figures agree to within what was cut off. It stops where only a lot or an earlier stage decides.
"""

import io
import re
from dataclasses import dataclass
from fractions import Fraction

import votelib.io.blt
from votelib.component import quota
from votelib.evaluate.sequential import TransferableVoteSelector

from membership.elections.tally import Count

# What OpenTally, droop and OpenSTV all read: numbers, one ballot a line, then texts in plain quotes.
PLAIN = re.compile(r'\d+ \d+\n(-\d+\n)*(1( \d+)* 0\n)*0\n("[^"\n]*"\n)+')
PLACES = 5


@dataclass(frozen=True)
class Recount:
    """``stages`` are the votes of each candidate by name who is still in the count, stage after stage."""

    candidates: list[str]
    withdrawn: list[str]
    title: str
    quota: int
    elected: list[str]
    stages: list[dict[str, Fraction]]


def recount(blt: str) -> Recount:
    """The count by Scottish STV. The file must be of the plain subset."""
    assert PLAIN.fullmatch(blt)
    papers, seats, people, title = votelib.io.blt.load(io.StringIO(blt))
    standing = {each for each in people if not each.withdrawn}
    votes: dict[tuple[str, ...], int] = {}
    for paper, often in papers.items():
        names = tuple(each.name for each in paper if each in standing)
        if names:
            votes[names] = votes.get(names, 0) + often
    counter, stages, elected = TransferableVoteSelector(transferer="Gregory"), [], []
    while len(elected) < seats:
        totals, elected = counter.nth_count(votes, seats, len(stages) + 1)
        stages.append({name: Fraction(each) for name, each in totals.items() if name is not None})
    return Recount(
        [each.name for each in people],
        [each.name for each in people if each.withdrawn],
        title,
        quota.droop(sum(votes.values()), seats),
        elected,
        stages,
    )


def agree(ours: Count, theirs: Recount) -> None:
    """Quota, candidates and elected are the same, and so is every figure of every stage, but for the cut."""
    assert ours.quota == theirs.quota * 10**PLACES
    assert list(ours.candidates) == theirs.candidates
    assert [ours.name(each) for each in ours.elected] == theirs.elected
    for stage, votes in zip(ours.stages, theirs.stages, strict=True):
        counted = {ours.name(each): Fraction(total, 10**PLACES) for each, total in stage.totals.items()}
        # Each stage cuts less than one unit of the last place off each paper.
        most = Fraction(ours.valid * stage.number, 10**PLACES)
        assert all(abs(exact - counted[name]) < most for name, exact in votes.items())
        assert counted.keys() >= votes.keys() > set()
