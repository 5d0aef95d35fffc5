"""Counting by the book: pure, in whole numbers, the same on every machine.

``count(election, rule, seed)`` gives a `Count` with every stage, its figures and its sentences.
"""

from collections.abc import Callable, Mapping

from membership.elections.tally.approval import approval
from membership.elections.tally.election import Election, Ranking, ranking
from membership.elections.tally.irv import irv
from membership.elections.tally.meek import meek
from membership.elections.tally.plurality import plurality
from membership.elections.tally.record import Count, Stage, Tie
from membership.elections.tally.schulze import schulze
from membership.elections.tally.scottish_stv import scottish_stv
from membership.elections.tally.words import Sentence

__all__ = ["RULES", "Count", "Election", "Ranking", "Sentence", "Stage", "Tie", "count", "ranking"]

RULES: Mapping[str, Callable[[Election, str], Count]] = {
    "scottish-stv": scottish_stv,
    "meek-prf-9dp": meek,
    "irv": irv,
    "schulze-winning-votes": schulze,
    "approval": approval,
    "plurality": plurality,
}


def count(election: Election, rule: str, seed: str) -> Count:
    """Counts ``election`` by the named rule of `RULES`; lots, if any are needed, come from ``seed``.

    Raises Refused when the papers do not fit the rule or there is nothing to count.
    """
    return RULES[rule](election, seed)
