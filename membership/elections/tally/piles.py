"""Papers in piles, one a candidate, and the move of a whole pile to the next choices.

A paper that moves forgets the candidates who can no longer receive it. Papers that then read the
same, at the same value, are one entry, so that a count gets shorter as it goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

Parcel = dict[bytes, int]  # what papers still say, their holder first -> how many
Pile = defaultdict[int, Parcel]  # value of each paper -> parcel


class Piles:
    """Who holds which papers, each at the value at which it was received."""

    def __init__(self, papers: Mapping[bytes, int], value: int) -> None:
        """Every paper with its first choice, worth ``value`` units.

        ``later`` are candidates who take no papers yet, but are not forgotten either.
        """
        self.later: frozenset[int] = frozenset()
        self._piles: defaultdict[int, Pile] = defaultdict(lambda: defaultdict(dict))
        for paper, number in papers.items():
            self._piles[paper[0]][value][paper] = number

    def votes(self) -> dict[int, int]:
        """What each pile is worth."""
        return {
            candidate: sum(value * sum(parcel.values()) for value, parcel in pile.items())
            for candidate, pile in self._piles.items()
        }

    def move(
        self, source: int, continuing: Iterable[int], revalue: Callable[[int], int] = int
    ) -> tuple[dict[int, int], int]:
        """Gives the papers of ``source`` to the next of ``continuing`` on each, at a new value.

        Returns the votes each candidate gains and the votes on papers that name nobody more.
        """
        gained: defaultdict[int, int] = defaultdict(int)
        ended = 0
        closed = bytes(set(range(256)).difference(continuing, self.later))
        for old, parcel in self._piles.pop(source, Pile(dict)).items():
            value = revalue(old)
            targets = {candidate: self._piles[candidate][value] for candidate in continuing}
            moved: defaultdict[int, int] = defaultdict(int)
            for paper, number in parcel.items():
                rest = paper.translate(None, closed)
                if self.later:
                    rest = rest.lstrip(bytes(self.later))
                if rest:
                    target = targets[rest[0]]
                    target[rest] = target.get(rest, 0) + number
                    moved[rest[0]] += number
                else:
                    ended += value * number
            for candidate, number in moved.items():
                gained[candidate] += value * number
        return gained, ended
