"""BLT, the format of Hill, Wichmann and Woodall (1987), as the usual STV programs write it.

Numbers and quoted texts, separated by blanks or line ends: candidates, seats, ``-N`` for each
withdrawn, ballots as weight, choices and 0, a 0 after the last, the names, the title. ``#`` starts
a comment, ``3=4`` ranks equally, ``(…)`` before a ballot is its label.
"""

import re
from collections.abc import Iterable, Iterator

from commons.refusal import Refused
from membership.elections.ballot_files.lines import read_each
from membership.elections.ballot_files.texts import shown
from membership.elections.tally.election import Election, Ranking, check_size, ranking, ranks

TOKEN = re.compile(r'\s*(?:#.*|("[^"]*"|\([^()]*\)|[^\s"#()]+))')
NUMBER = re.compile(r"-?[0-9]{1,9}")


def read_blt(lines: Iterable[str]) -> Election:
    """The election that ``lines`` describe. Raises Refused if they are not BLT."""
    reader = _Reader()
    read_each(lines, reader.read)
    return reader.election()


class _Reader:
    """Takes lines one by one; ``_take`` is what the next word means."""

    def __init__(self) -> None:
        self._take = self._header
        self._head: list[int] = []
        self._withdrawn: set[int] = set()
        self._papers: dict[Ranking, int] = {}
        self._texts: list[str] = []
        self._candidate: dict[str, int] = {}  # "7" -> 7
        self._between = False  # after the header, a ballot or a withdrawal
        self._weight = 0
        self._choices: list[list[int]] = []
        self._minus = False  # the line began with one, so it holds withdrawals only

    def read(self, line: str) -> None:
        if not (self._between and self._whole_ballot(line)):
            words = list(_words(line))
            self._minus = bool(words) and words[0].startswith("-")
            for word in words:
                self._take(word)

    def election(self) -> Election:
        """Once all lines are read: what they said."""
        if self._take != self._text:
            raise Refused("The file ends before the 0 that comes after the last ballot.")
        candidates, seats = self._head
        if len(self._texts) != candidates + 1:
            raise Refused(
                "After the ballots come %(wanted)s quoted texts, the candidates' names and the title; "
                "here are %(found)s.",
                wanted=candidates + 1,
                found=len(self._texts),
            )
        *names, title = self._texts
        return Election(tuple(names), seats, self._papers, frozenset(self._withdrawn), title)

    def _whole_ballot(self, line: str) -> bool:
        """Takes a line that is one plain ballot and nothing else, as nearly all are, in one go."""
        weight, *choices = line.split() or [""]
        if not choices or choices.pop() != "0" or not (weight.isdecimal() and weight.isascii()):
            return False
        try:
            paper = bytes(map(self._candidate.__getitem__, choices))
        except KeyError:
            return False
        number = int(weight) if len(weight) < 10 else 0
        if not number or len(set(paper)) < len(paper):
            return False
        self._papers[paper] = self._papers.get(paper, 0) + number
        return True

    def _header(self, word: str) -> None:
        self._head.append(_number(word))
        if len(self._head) == 2:
            candidates, seats = self._head
            check_size(candidates, seats)
            self._candidate = {str(number): number for number in range(1, candidates + 1)}
            self._take, self._between = self._ballot, True

    def _ballot(self, word: str) -> None:
        """The first word of a ballot, its label, a withdrawal, or the 0 after the last ballot."""
        if word.startswith("("):
            return
        if word.startswith('"'):
            raise Refused("The 0 after the last ballot is missing.")
        number = _number(word)
        if number < 0 or word.startswith("-"):
            self._withdraw(-number)
        elif self._minus:
            raise Refused("A ballot cannot count a negative number of times.")
        elif number:
            self._weight, self._choices = number, []
            self._take, self._between = self._choice, False
        else:
            self._take, self._between = self._text, False

    def _withdraw(self, candidate: int) -> None:
        if self._papers or candidate not in self._candidate.values():
            raise Refused(
                "A minus sign stands only before the number of a withdrawn candidate, "
                "ahead of the ballots; a ballot counts a positive number of times."
            )
        self._withdrawn.add(candidate)

    def _choice(self, word: str) -> None:
        if word != "0":
            self._choices.append([_number(part) for part in word.split("=")])
            return
        paper = ranking(self._choices, len(self._candidate))
        self._papers[paper] = self._papers.get(paper, 0) + self._weight
        self._take, self._between = self._ballot, True

    def _text(self, word: str) -> None:
        if not word.startswith('"'):
            raise Refused("After the ballots and a 0 come only quoted names and the title.")
        self._texts.append(shown(word.strip('"')))


def _words(line: str) -> Iterator[str]:
    place, end = 0, len(line.rstrip())
    while place < end:
        found = TOKEN.match(line, place)
        if found is None:
            raise Refused("A quotation mark or a parenthesis has no partner.")
        place = found.end()
        if found[1]:
            yield found[1]


def _number(word: str) -> int:
    if not NUMBER.fullmatch(word):
        raise Refused("A whole number of at most 9 digits is expected here.")
    return int(word)


def write_blt(election: Election) -> str:
    """The plain subset that every program reads: one line a ballot, sorted, so that only the
    papers show and not how they came; quotation marks in names become apostrophes."""
    withdrawn = [f"-{number}" for number in sorted(election.withdrawn)]
    ballots = sorted(line for paper, number in election.papers.items() for line in [_line(paper)] * number)
    texts = [f'"{_unquoted(text)}"' for text in (*election.candidates, election.title)]
    return "\n".join([f"{len(election.candidates)} {election.seats}", *withdrawn, *ballots, "0", *texts, ""])


def _line(paper: Ranking) -> str:
    return " ".join(["1", *("=".join(map(str, rank)) for rank in ranks(paper)), "0"])


def _unquoted(text: str) -> str:
    return text.replace('"', "'")
