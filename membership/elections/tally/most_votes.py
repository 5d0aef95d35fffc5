"""Rules that count once and give the seats to whoever has the most votes."""

from collections.abc import Mapping

from membership.elections.tally.counting import Counting
from membership.elections.tally.election import Election
from membership.elections.tally.record import Count
from membership.elections.tally.words import N_, say


def elect_most(
    rule: str, election: Election, seed: str, votes: Mapping[int, int], valid: int, blank: int
) -> Count:
    """Seats the candidates with the most ``votes``; a lot from ``seed`` decides about the last seats."""
    count = Counting(rule, election, seed, places=0)
    count.credit(votes)
    counted = N_("The votes are counted, and the candidates with the most are elected.")
    count.stage("count", say(counted))
    while count.vacancies and count.continuing:
        most = max(count.totals[c] for c in count.continuing)
        equal = [c for c in count.continuing if count.totals[c] == most]
        fit = equal if len(equal) <= count.vacancies else [count.draw(equal)]
        count.elect(fit, N_("Elected: %(names)s."))
    return count.finish(valid, blank)
