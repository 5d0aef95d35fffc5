"""Excluding the last candidate, as Scottish STV (rules 50 and 51) and instant runoff do it."""

from membership.elections.tally.counting import Counting
from membership.elections.tally.piles import Piles
from membership.elections.tally.words import N_, Sentence, say


def exclude_lowest(count: Counting, piles: Piles) -> tuple[int, Sentence]:
    """Excludes who has the fewest votes; the papers move on at the value they have.

    Returns who that was and the sentence for the stage.
    """
    lowest = count.choose(count.unguarded, min)
    votes = count.totals[lowest]
    count.continuing.remove(lowest)
    gained, ended = piles.move(lowest, count.continuing)
    count.totals[lowest] = 0
    count.credit(gained)
    count.exhausted += ended
    leaves = N_(
        "%(name)s has the fewest votes, %(votes)s, and is excluded. "
        "These papers go to their next choices at the value they have."
    )
    return lowest, say(leaves, name=count.name(lowest), votes=count.plain(votes))
