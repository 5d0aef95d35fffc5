"""A finished count as pages show it: who is elected, and bars for each stage.

It is read from the published ballots (BLT) and counted again for the page, so what is shown is what
anybody finds who recounts the download.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import format_decimal

from commons.language import N_, REGIONS, _, language, number
from membership.elections.ballot_files import read_blt
from membership.elections.count_text import RULE_NAMES, sentence_text
from membership.elections.models import BOARD, Election
from membership.elections.tally import Count, Sentence, Stage, count

WIDTH = 1000  # of the widest bar
KEPT_COUNTS = 32

ACTIONS: Mapping[str, str] = {
    "first": N_("First choices"),
    "surplus": N_("A surplus moves on"),
    "exclude": N_("Somebody leaves the count"),
    "elect": N_("Somebody is elected"),
    "count": N_("The count"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One candidate at the end of a stage. ``kept`` and ``gained`` are parts of `WIDTH`, side by side."""

    name: str
    votes: str
    kept: int
    gained: int
    change: str
    state: str  # "elected", "excluded" or ""


@dataclass(frozen=True, slots=True)
class StageShown:
    """One stage in words and figures. ``quota_at`` is where the line of the quota stands on the bars."""

    number: int
    action: str
    sentences: tuple[Sentence, ...]
    bars: tuple[Bar, ...]
    exhausted: str
    quota: str | None
    quota_at: int | None

    def told(self) -> str:
        """What happened at this stage, in the language spoken now."""
        return " ".join(sentence_text(sentence) for sentence in self.sentences)


@lru_cache(KEPT_COUNTS)
def recount(blt: str, rule: str, seed: str, reopens: int = 0) -> Count:
    """The count of the published ballots. Raises Refused for a file that cannot be counted.

    ``reopens`` is the candidate that stands for re-opening nominations for several seats.
    """
    return count(replace(read_blt(blt.splitlines()), reopens=reopens), rule, seed)


def stages(found: Count) -> list[StageShown]:
    """Every stage, its bars on one scale for the whole count."""
    widest = max((votes for stage in found.stages for votes in stage.totals.values()), default=0)
    widest = max(widest, found.quota or 0, *(stage.quota or 0 for stage in found.stages), 1)
    before = [None, *found.stages]
    return [_shown(found, stage, before[place], widest) for place, stage in enumerate(found.stages)]


def _shown(found: Count, stage: Stage, before: Stage | None, widest: int) -> StageShown:
    quota = stage.quota if stage.quota is not None else found.quota
    return StageShown(
        stage.number,
        ACTIONS[stage.action],
        stage.sentences,
        tuple(_bars(found, stage, before, widest)),
        figure(found.figure(stage.exhausted)),
        None if quota is None else figure(found.figure(quota)),
        None if quota is None else quota * WIDTH // widest,
    )


def _bars(found: Count, stage: Stage, before: Stage | None, widest: int) -> list[Bar]:
    """The most votes first, equal ones in the ballots' order; after the first stage without who has none."""
    bars = []
    for candidate, votes in sorted(stage.totals.items(), key=lambda each: (-each[1], each[0])):
        had = before.totals[candidate] if before else votes
        if before and not votes and not had:
            continue
        kept = min(votes, had)
        change = votes - had
        bars.append(
            Bar(
                found.name(candidate),
                figure(found.figure(votes)),
                kept * WIDTH // widest,
                (votes - kept) * WIDTH // widest,
                _signed(found, change),
                _state(candidate, stage),
            )
        )
    return bars


def _state(candidate: int, stage: Stage) -> str:
    if candidate in stage.elected:
        return "elected"
    return "excluded" if candidate in stage.excluded else ""


def _signed(found: Count, change: int) -> str:
    if not change:
        return ""
    return ("+" if change > 0 else "−") + figure(found.figure(abs(change)))


def figure(exact: str) -> str:
    """An exact decimal in the language spoken now, without zeros at its end."""
    return format_decimal(Decimal(exact), locale=REGIONS[language()], decimal_quantization=False)


def rule_name(rule: str) -> str:
    return _(RULE_NAMES[rule])


def percent(part: int, whole: int) -> str:
    """With one decimal place, in the language spoken now."""
    tenths = Decimal(part * 1000 // whole) / 10 if whole else Decimal(0)
    return format_decimal(tenths, locale=REGIONS[language()])


def heading(election: Election, outcome: Mapping[str, Any]) -> str:
    """Who is elected, or what was decided: the first thing that a page of a result says."""
    names = ", ".join(outcome["names"])
    if not outcome["quorum_reached"]:
        return _("%(title)s: too few took part", title=election.title)
    if election.kind != BOARD:
        if outcome["carried"] is None:
            return _("%(title)s: %(names)s", title=election.title, names=names or _("nothing is decided"))
        said = N_("Carried: %(title)s") if outcome["carried"] else N_("Not carried: %(title)s")
        return _(said, title=election.title)
    if not names:
        return _("%(title)s: nobody is elected", title=election.title)
    return _("Elected: %(names)s", names=names)


def quorum_sentence(election: Election, outcome: Mapping[str, Any]) -> str:
    """Whether enough took part, and what was needed."""
    if not election.quorum_percent:
        return _("No quorum was needed.")
    needed = election.quorum_percent
    if outcome["quorum_reached"]:
        return _("The quorum of %(percent)s %% is reached.", percent=needed)
    return _("The quorum of %(percent)s %% is missed.", percent=needed)


def majority_sentence(election: Election, outcome: Mapping[str, Any]) -> str:
    """Of a question with two answers: how many said yes, and how many it took. Else nothing."""
    if outcome["yes"] is None or not outcome["valid"]:
        return ""
    return _(
        "%(yes)s of %(valid)s said yes, %(share)s %%; it took more than half and at least %(needed)s %%.",
        yes=number(outcome["yes"]),
        valid=number(outcome["valid"]),
        share=percent(outcome["yes"], outcome["valid"]),
        needed=election.majority_percent,
    )
