"""What is counted: the candidates, the seats and the papers.

Candidates are numbered from 1 in the order of the file or manifest. Papers with the same ranking
are kept once, with how many there are.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from commons.refusal import Refused

# One byte a candidate, best first; where a paper ranks some equally, one group of bytes a rank.
Ranking: TypeAlias = bytes | tuple[bytes, ...]

MOST_CANDIDATES = 255  # what one byte can number


@dataclass(frozen=True, slots=True)
class Election:
    """Candidates by name, seats to fill, and ranking -> number of papers.

    ``guarded`` are candidates who are never excluded and get a seat in any case: those who sit already when
    the same papers fill a vacant seat. Only scottish-stv and meek-prf-9dp know them. ``reopens`` is the
    candidate that stands for re-opening nominations and may take several seats (`reopening`); 0 if none does.
    Only scottish-stv knows it.

    Raises Refused for what no rule can count: no candidate, no seat, a name missing or used twice.
    """

    candidates: tuple[str, ...]
    seats: int
    papers: Mapping[Ranking, int] = field(repr=False)
    withdrawn: frozenset[int] = frozenset()
    title: str = ""
    guarded: frozenset[int] = frozenset()
    reopens: int = 0

    def __post_init__(self) -> None:
        check_size(len(self.candidates), self.seats)
        if "" in self.candidates:
            raise Refused("Every candidate needs a name.")
        twice = {name for name in self.candidates if self.candidates.count(name) > 1}
        if twice:
            raise Refused("Two candidates have the name “%(name)s”.", name=min(twice))
        if not self.withdrawn <= set(range(1, len(self.candidates) + 1)):
            raise Refused("A candidate who does not exist cannot be withdrawn.")
        if len(self.withdrawn) == len(self.candidates):
            raise Refused("All candidates are withdrawn.")
        if not self.guarded <= set(self.standing) or len(self.guarded) >= self.seats:
            raise Refused("Fewer candidates than there are seats can be guarded, and they must stand.")

    @property
    def standing(self) -> tuple[int, ...]:
        """The numbers of the candidates who are not withdrawn."""
        return tuple(n for n in range(1, len(self.candidates) + 1) if n not in self.withdrawn)

    def name(self, candidate: int) -> str:
        return self.candidates[candidate - 1]


def check_size(candidates: int, seats: int) -> None:
    """Raises Refused unless there are seats to fill, and candidates, of both what one byte can number."""
    if not 1 <= candidates <= MOST_CANDIDATES:
        raise Refused("An election needs between 1 and %(most)s candidates.", most=MOST_CANDIDATES)
    if not 1 <= seats <= MOST_CANDIDATES:
        raise Refused("An election fills between 1 and %(most)s seats.", most=MOST_CANDIDATES)


def ranking(ranks: Iterable[Collection[int]], candidates: int) -> Ranking:
    """The ranking that names the candidates of each rank, best rank first.

    Raises Refused when a number is not a candidate's or stands there twice.
    """
    groups = [tuple(rank) for rank in ranks]
    named = [number for group in groups for number in group]
    for number in named:
        if not 1 <= number <= candidates:
            raise Refused("There is no candidate %(number)s.", number=number)
    if len(set(named)) != len(named):
        number = next(n for n in named if named.count(n) > 1)
        raise Refused("Candidate %(number)s is ranked twice on one paper.", number=number)
    return _shortest(bytes(sorted(group)) for group in groups)


def _shortest(groups: Iterable[bytes]) -> Ranking:
    """The same ranks without empty ones, as plain bytes where no rank is shared."""
    filled = tuple(group for group in groups if group)
    return b"".join(filled) if all(len(group) == 1 for group in filled) else filled


def valid_papers(election: Election) -> tuple[dict[Ranking, int], int]:
    """The papers that rank somebody who stands, without the withdrawn; and how many are blank.

    Raises Refused when no paper is left to count.
    """
    gone = bytes(election.withdrawn)
    valid: dict[Ranking, int] = {}
    blank = 0
    for paper, number in election.papers.items():
        kept = _without(paper, gone) if gone else paper
        if kept:
            valid[kept] = valid.get(kept, 0) + number
        else:
            blank += number
    if not valid:
        raise Refused("No paper names a candidate, so there is nothing to count.")
    return valid, blank


def _without(paper: Ranking, gone: bytes) -> Ranking:
    if isinstance(paper, bytes):
        return paper.translate(None, gone)
    return _shortest(rank.translate(None, gone) for rank in paper)


def strict_papers(election: Election) -> tuple[dict[bytes, int], int]:
    """Like `valid_papers`, for a rule that allows one candidate a rank.

    Raises Refused when a paper ranks two candidates equally.
    """
    valid, blank = valid_papers(election)
    strict = {paper: number for paper, number in valid.items() if isinstance(paper, bytes)}
    if len(strict) < len(valid):
        raise Refused("A paper ranks two candidates equally, which this rule does not allow.")
    return strict, blank


def ranks(paper: Ranking) -> list[bytes]:
    """The candidates of each rank, best rank first."""
    return [bytes((number,)) for number in paper] if isinstance(paper, bytes) else list(paper)


def single_seat(election: Election) -> None:
    """Raises Refused unless exactly one seat is to be filled."""
    if election.seats != 1:
        raise Refused(
            "This rule fills one seat, and the election has %(seats)s; count it by scottish-stv.",
            seats=election.seats,
        )
