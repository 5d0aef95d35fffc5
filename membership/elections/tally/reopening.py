"""Re-opening nominations as a choice where several seats are filled, by the rule of the NUS (UK).

Whenever it reaches the quota it takes a seat, which stays vacant; its surplus and all votes that come to
it later go to a further one. Copies that take part from the start would not do: they have no first choices
and are excluded at once. So a copy joins the count only when the one before it has taken its seat.
"""

from collections.abc import Iterable
from dataclasses import replace

from membership.elections.tally.counting import Counting
from membership.elections.tally.election import Election, ranks
from membership.elections.tally.piles import Piles


def expanded(election: Election) -> Election:
    """The election with a copy of the choice for each further seat, next to it on every paper.

    Copies are numbered after all candidates and named ``… (2)``, ``… (3)``.
    """
    if not election.reopens:
        return election
    copies = range(len(election.candidates) + 1, len(election.candidates) + election.seats)
    name = election.name(election.reopens)
    first = bytes([election.reopens])
    papers: dict[bytes | tuple[bytes, ...], int] = {}
    for paper, number in election.papers.items():
        longer = b"".join(ranks(paper)).replace(first, first + bytes(copies))
        papers[longer] = papers.get(longer, 0) + number
    names = tuple(f"{name} ({place})" for place in range(2, election.seats + 1))
    return replace(election, candidates=election.candidates + names, papers=papers)


class Copies:
    """Those that have not joined the count yet, the next one first."""

    def __init__(self, count: Counting, piles: Piles, originals: int) -> None:
        self._count, self._piles = count, piles
        self._last = count.election.reopens
        self._waiting = [c for c in count.continuing if c > originals]
        count.continuing = [c for c in count.continuing if c <= originals]
        piles.later = frozenset(self._waiting)

    def join(self, elected: Iterable[int]) -> None:
        """Lets the next copy into the count if the last one is among the ``elected``."""
        if self._last in elected and self._waiting:
            self._last = self._waiting.pop(0)
            self._count.continuing.append(self._last)
            self._piles.later = frozenset(self._waiting)
