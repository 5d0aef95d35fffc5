"""ABIF, the aggregated ballot information format of electowiki: ``27:Ada>Ben=Cho``.

Lines are ``{"title": "…"}``, ``=Ada:[Ada Lovelace]``, a number with a ranking, or ``#`` and a
comment. Candidates are ranked by ``>`` and ``=``; ``,`` between all of them means marked without
order. Scores after a ``/`` are read over where the order is given and refused where it is not.
``{"seats": N}`` is our addition; without it there is one seat.
"""

import json
import re
from collections.abc import Iterable

from commons.refusal import Refused
from membership.elections.ballot_files.lines import read_each
from membership.elections.ballot_files.texts import shown
from membership.elections.tally.election import Election, Ranking, check_size, ranking, ranks, valid_papers

LIKE_ABIF = re.compile(r"[{=]|[0-9]+\s*[:*]")
TOKEN = r'(?:\[[^\]]*\]|"[^"]*"|[^\s,<>=/:*#"\[\]]+)'
CANDIDATE = re.compile(rf"=\s*({TOKEN})\s*:\s*(?:\[([^\]]*)\]|([^\[\]#]*))\s*(?:#.*)?")
BALLOTS = re.compile(r"([0-9]{1,9})\s*[:*](.*)")
CHOICE = re.compile(rf"\s*({TOKEN})\s*(/\s*[0-9.]+\s*)?([>=,]?)\s*")

Groups = tuple[tuple[str, ...], ...]


def looks_like_abif(line: str) -> bool:
    """Whether the first line of a file that says something is of ABIF rather than BLT."""
    return LIKE_ABIF.match(line) is not None


def read_abif(lines: Iterable[str]) -> Election:
    """The election that ``lines`` describe. Raises Refused if they are not ABIF.

    Candidates are numbered as they are declared; where none are, by the alphabet.
    """
    reader = _Reader()
    read_each(lines, reader.read)
    return reader.election()


class _Reader:
    def __init__(self) -> None:
        self._title = ""
        self._seats = 1
        self._names: dict[str, str] = {}  # token -> name
        self._votes: dict[Groups, int] = {}

    def read(self, line: str) -> None:
        line = line.strip()
        if line.startswith("{"):
            self._about(line)
        elif line.startswith("="):
            self._declare(line)
        elif line and not line.startswith("#"):
            self._vote(line)

    def election(self) -> Election:
        """Once all lines are read: what they said."""
        names = self._names or {token: shown(token) for token in sorted(self._tokens())}
        check_size(len(names), self._seats)
        by_name = {name: number for number, name in enumerate(names.values(), 1)}
        number = by_name | {token: by_name[name] for token, name in names.items()}
        unknown = self._tokens() - number.keys()
        if unknown:
            raise Refused("A paper ranks “%(name)s”, who is not declared.", name=shown(min(unknown)))
        papers: dict[Ranking, int] = {}
        for groups, weight in self._votes.items():
            paper = ranking(([number[token] for token in group] for group in groups), len(names))
            papers[paper] = papers.get(paper, 0) + weight
        return Election(tuple(names.values()), self._seats, papers, title=self._title)

    def _tokens(self) -> set[str]:
        return {token for groups in self._votes for group in groups for token in group}

    def _about(self, line: str) -> None:
        try:
            about = json.loads(line)
        except (ValueError, RecursionError):
            raise Refused("What stands in braces is not JSON.") from None
        title, seats = about.get("title", self._title), about.get("seats", self._seats)
        if not isinstance(title, str) or type(seats) is not int:
            raise Refused("A title is a text, and the seats are a whole number.")
        self._title, self._seats = shown(title), seats

    def _declare(self, line: str) -> None:
        found = CANDIDATE.fullmatch(line)
        if not found:
            raise Refused("A candidate is declared as =short:[full name].")
        token = _bare(found[1])
        if token in self._names:
            raise Refused("“%(name)s” is declared twice.", name=shown(token))
        self._names[token] = shown(found[2] or found[3] or token)

    def _vote(self, line: str) -> None:
        found = BALLOTS.fullmatch(line)
        if not found or not int(found[1]):
            raise Refused("A ballot is a number of at most 9 digits, a colon and a ranking.")
        groups = tuple(tuple(group) for group in _groups(found[2].strip()))
        self._votes[groups] = self._votes.get(groups, 0) + int(found[1])


def _groups(text: str) -> list[list[str]]:
    """The tokens of each rank, best rank first; none on a blank paper."""
    groups: list[list[str]] = [[]]
    marks: set[str] = set()
    scored = False
    place, mark = 0, ""
    while place < len(text) and text[place] != "#":
        found = CHOICE.match(text, place)
        if not found or (place and not mark):
            raise Refused("A ranking reads Ada>Ben=Cho.")
        mark, place = found[3], found.end()
        groups[-1].append(_bare(found[1]))
        marks.add(mark)
        scored = scored or bool(found[2])
        if mark == ">":
            groups.append([])
    if mark:
        raise Refused("A ranking reads Ada>Ben=Cho.")
    if "," in marks and (scored or marks & {">", "="}):
        raise Refused("Scores and commas do not make an order here: write Ada>Ben=Cho.")
    return groups if groups[0] else []


def _bare(token: str) -> str:
    return token[1:-1].strip() if token[0] in '["' else token


def write_abif(election: Election) -> str:
    """The papers, equal ones together and sorted. ABIF has no withdrawn candidates: they are left out."""
    about = {"title": election.title} | ({"seats": election.seats} if election.seats > 1 else {})
    names = [f"=C{number}:[{_bracketless(election.name(number))}]" for number in election.standing]
    papers, blank = valid_papers(election)
    votes = sorted(f"{number}:{_line(paper)}" for paper, number in papers.items())
    blanks = [f"{blank}:"] if blank else []
    return "\n".join([json.dumps(about, ensure_ascii=False), *names, *votes, *blanks, ""])


def _line(paper: Ranking) -> str:
    return ">".join("=".join(f"C{number}" for number in rank) for rank in ranks(paper))


def _bracketless(text: str) -> str:
    return text.replace("[", "(").replace("]", ")")
