"""A ballot that is filled in by plain forms: its state travels in each form's hidden fields. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from commons.language import N_, _
from commons.refusal import Refused
from membership.elections.ballot_page.sentences import SENTENCES
from membership.elections.protocol.manifest import Manifest

Told = str


@dataclass(frozen=True, slots=True)
class Paper:
    """``shown``: all candidates by number, as they stand on the page; ``ranking``: those ranked, in order."""

    manifest: Manifest
    shown: tuple[int, ...]
    ranking: tuple[int, ...] = ()

    @property
    def left(self) -> tuple[int, ...]:
        """Who is not ranked, as they stand on the page."""
        return tuple(each for each in self.shown if each not in self.ranking)

    @property
    def full(self) -> bool:
        return len(self.ranking) >= self.manifest.ranks

    @property
    def numbered(self) -> bool:
        """Whether the order matters and there can be one."""
        return self.manifest.rule != "approval" and self.manifest.ranks > 1

    def name(self, candidate: int) -> str:
        return self.manifest.candidates[candidate - 1]

    def names(self, candidates: Iterable[int]) -> str:
        return ", ".join(map(self.name, candidates))


def read(manifest: Manifest, shown: str, ranking: str) -> Paper:
    """The paper in two hidden fields of numbers. Refused (400) for what no page of ours sends."""
    paper = Paper(manifest, _numbers(shown), _numbers(ranking))
    every = range(1, len(manifest.candidates) + 1)
    known = set(paper.ranking) <= set(every) and len(set(paper.ranking)) == len(paper.ranking)
    if sorted(paper.shown) != list(every) or not known or len(paper.ranking) > manifest.ranks:
        raise Refused(N_("This is not what the page sends. Begin again."), status=400)
    return paper


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.split()
    if not all(part.isascii() and part.isdecimal() and len(part) <= 3 for part in parts):
        raise Refused(N_("This is not what the page sends. Begin again."), status=400)
    return tuple(map(int, parts))


def press(paper: Paper, act: str, candidate: int) -> tuple[Paper, Told]:
    """The paper after ``rank``, ``up``, ``down`` or ``out`` was pressed beside a candidate, and the outcome.

    What has no use at the moment changes nothing and says why. Refused (400) for any other press.
    """
    name, ranking = paper.name(candidate), list(paper.ranking)
    if act == "rank" and candidate not in ranking:
        if paper.full:
            return paper, say("full", most=paper.manifest.ranks)
        ranking.append(candidate)
        told = say("ranked", name=name, rank=len(ranking)) if paper.numbered else say("chosen", name=name)
    elif act == "out" and candidate in ranking:
        ranking.remove(candidate)
        told = say("removed", name=name)
    elif act in ("up", "down") and candidate in ranking:
        place = ranking.index(candidate)
        other = place + (1 if act == "down" else -1)
        if not 0 <= other < len(ranking):
            return paper, say("first" if act == "up" else "last", name=name)
        ranking[place], ranking[other] = ranking[other], ranking[place]
        told = say("ranked", name=name, rank=other + 1)
    else:
        raise Refused(N_("This is not what the page sends. Begin again."), status=400)
    after = replace(paper, ranking=tuple(ranking))
    return after, f"{told} {tally(after)}"


def in_order(paper: Paper) -> tuple[Paper, Told]:
    """The ranked first, in their order; the others as they stood."""
    return replace(paper, shown=paper.ranking + paper.left), f"{say('sorted')} {tally(paper)}"


def tally(paper: Paper) -> Told:
    return say("tally", ranked=len(paper.ranking), unranked=len(paper.left))


def say(sentence: str, /, **values: object) -> str:
    """A sentence of the ballot page, in the language spoken now."""
    return _(SENTENCES[sentence], **values)
