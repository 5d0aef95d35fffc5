"""The record of a count: every stage with its figures and its sentence, every tie, the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from membership.elections.tally.words import Sentence

Action = Literal["first", "surplus", "exclude", "elect", "count"]
Decider = Literal["earlier stage", "lot"]
EARLIER: Decider = "earlier stage"
LOT: Decider = "lot"


@dataclass(frozen=True, slots=True)
class Stage:
    """The figures at the end of one stage, in units of the count's last decimal place.

    ``action`` says what happened: ``first`` choices were counted, a ``surplus`` was moved, a
    candidate was ``exclude``d; Meek's rounds end in ``elect`` or ``exclude``; rules without
    stages ``count`` once. ``candidate`` is whose papers moved. ``keep`` are Meek's keep factors.
    """

    number: int
    action: Action
    candidate: int | None
    totals: Mapping[int, int]
    exhausted: int
    quota: int | None = None
    keep: Mapping[int, int] | None = None
    elected: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Tie:
    """Candidates equal at the end of ``stage``, and who was chosen: to be excluded, to have the
    surplus moved, or to be elected. ``seed`` is that of the lot, if one was drawn."""

    stage: int
    tied: tuple[int, ...]
    decided_by: Decider
    chosen: int
    seed: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A finished count. ``quota`` is what a candidate needed at the last stage."""

    rule: str
    candidates: tuple[str, ...]
    seats: int
    places: int
    valid: int
    blank: int
    quota: int | None
    elected: tuple[int, ...]
    stages: tuple[Stage, ...]
    ties: tuple[Tie, ...]
    seed: str
    pairwise: Mapping[tuple[int, int], int] | None = None

    def name(self, candidate: int) -> str:
        return self.candidates[candidate - 1]

    def names(self, candidates: tuple[int, ...]) -> list[str]:
        return [self.name(candidate) for candidate in candidates]

    def figure(self, value: int) -> str:
        """``value`` as an exact decimal with all places of the rule."""
        return decimal(value, self.places)

    def as_json(self) -> dict[str, object]:
        """What ``rostra count --json`` prints and an election's bundle holds."""
        published: dict[str, object] = {
            "rule": self.rule,
            "seats": self.seats,
            "quota": None if self.quota is None else self.figure(self.quota),
            "elected": self.names(self.elected),
            "stages": [self._stage(stage) for stage in self.stages],
            "ties": [self._tie(tie) for tie in self.ties],
        }
        if self.pairwise is not None:
            published["pairwise"] = {
                f"{self.name(a)}>{self.name(b)}": str(wins) for (a, b), wins in self.pairwise.items()
            }
        return published

    def _stage(self, stage: Stage) -> dict[str, object]:
        return {
            "action": stage.action,
            "tallies": {self.name(c): self.figure(votes) for c, votes in stage.totals.items()},
            "exhausted": self.figure(stage.exhausted),
            "elected": self.names(stage.elected),
            "excluded": self.names(stage.excluded),
        }

    def _tie(self, tie: Tie) -> dict[str, object]:
        return {
            "stage": tie.stage,
            "tied": self.names(tie.tied),
            "decided_by": tie.decided_by,
            "seed": tie.seed,
            "chosen": self.name(tie.chosen),
        }


def decimal(value: int, places: int) -> str:
    """``value`` units of 10 ** -places as an exact decimal: ``decimal(1988880, 5) == "19.88880"``."""
    if not places:
        return str(value)
    whole, part = divmod(value, 10**places)
    return f"{whole}.{part:0{places}d}"


def plain(value: int, places: int) -> str:
    """The same without zeros at the end, for a sentence."""
    text = decimal(value, places)
    return text.rstrip("0").rstrip(".") if places else text
