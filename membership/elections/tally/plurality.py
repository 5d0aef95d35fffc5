"""Plurality: a paper has as many votes as there are seats, one for each of its first choices."""

from collections import Counter

from membership.elections.tally.election import Election, strict_papers
from membership.elections.tally.most_votes import elect_most
from membership.elections.tally.record import Count


def plurality(election: Election, seed: str) -> Count:
    """Counts the first choice for one seat, the first n choices for n seats (block vote)."""
    papers, blank = strict_papers(election)
    votes: Counter[int] = Counter()
    for paper, number in papers.items():
        for candidate in paper[: election.seats]:
            votes[candidate] += number
    return elect_most("plurality", election, seed, votes, sum(papers.values()), blank)
