"""Schulze's method for one seat, a defeat being as strong as the votes on its winning side.

Equal ranks are allowed; who is not ranked is equal with the others not ranked, below all ranked.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

from membership.elections.tally.counting import Counting
from membership.elections.tally.election import Election, Ranking, ranks, single_seat, valid_papers
from membership.elections.tally.record import Count
from membership.elections.tally.words import N_, say

Pairs = dict[tuple[int, int], int]


def schulze(election: Election, seed: str) -> Count:
    """Counts by strongest paths. A candidate's figure is how many others her path beats.

    The winner is not beaten by anybody; where several are not, a lot from ``seed`` decides.
    """
    single_seat(election)
    papers, blank = valid_papers(election)
    count = Counting("schulze-winning-votes", election, seed, places=0)
    wins = pairwise(papers, election.standing)
    path = strongest_paths(wins, election.standing)
    rivals = {a: [b for b in election.standing if b != a] for a in election.standing}
    count.credit({a: sum(path[a, b] > path[b, a] for b in others) for a, others in rivals.items()})
    compared = N_(
        "Every two candidates are compared: who is ranked higher on more papers beats the other. "
        "A chain of such wins is as strong as its weakest link. "
        "The number is how many others a candidate beats by the stronger chain."
    )
    count.stage("count", say(compared))
    unbeaten = [a for a, others in rivals.items() if all(path[a, b] >= path[b, a] for b in others)]
    winner = count.draw(unbeaten) if len(unbeaten) > 1 else unbeaten[0]
    count.elect([winner], N_("Nobody has a stronger chain against the winner. Elected: %(names)s."))
    return count.finish(sum(papers.values()), blank, pairwise=wins)


def pairwise(papers: Mapping[Ranking, int], candidates: Sequence[int]) -> Pairs:
    """How many papers rank the first of each two candidates above the second."""
    wins = dict.fromkeys(permutations(candidates, 2), 0)
    for paper, number in papers.items():
        below = set(candidates)
        for rank in ranks(paper):
            below.difference_update(rank)
            for a in rank:
                for b in below:
                    wins[a, b] += number
    return wins


def strongest_paths(wins: Pairs, candidates: Sequence[int]) -> Pairs:
    """The strength of the strongest chain of wins from one candidate to the other; 0 if none."""
    path = {(a, b): votes if votes > wins[b, a] else 0 for (a, b), votes in wins.items()}
    for through in candidates:
        for a, b in path:
            if through not in (a, b):
                path[a, b] = max(path[a, b], min(path[a, through], path[through, b]))
    return path
