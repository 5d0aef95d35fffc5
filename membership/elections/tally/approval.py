"""Approval: every candidate marked on a paper gets one vote; most votes win."""

from collections import Counter

from membership.elections.tally.election import Election, ranks, valid_papers
from membership.elections.tally.most_votes import elect_most
from membership.elections.tally.record import Count


def approval(election: Election, seed: str) -> Count:
    """Counts every candidate that a paper names, in whatever order or rank."""
    papers, blank = valid_papers(election)
    votes: Counter[int] = Counter()
    for paper, number in papers.items():
        for candidate in b"".join(ranks(paper)):
            votes[candidate] += number
    return elect_most("approval", election, seed, votes, sum(papers.values()), blank)
