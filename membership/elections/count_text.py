"""A finished count as text for a terminal: who is elected, then every stage in words and bars."""

import unicodedata
from collections.abc import Iterator, Mapping

from commons.language import N_, _
from membership.elections.tally import Count, Sentence, Stage

RULE_NAMES: Mapping[str, str] = {
    "scottish-stv": N_("Scottish STV"),
    "meek-prf-9dp": N_("Meek STV"),
    "irv": N_("Instant runoff"),
    "schulze-winning-votes": N_("Schulze"),
    "approval": N_("Approval"),
    "plurality": N_("Plurality"),
}
BAR = 24  # columns
NAME = 40


def count_text(count: Count, title: str) -> str:
    """The whole report, ending in a line end."""
    parts = [_heading(count, title), _elected(count)]
    parts += [_stage(count, stage) for stage in count.stages]
    parts += [_pairs(count)] if count.pairwise else []
    return "\n\n".join(["\n".join(lines) for lines in [*parts, _lots(count)]]) + "\n"


def sentence_text(sentence: Sentence) -> str:
    """A sentence of the count in the language spoken now."""
    values = {
        key: ", ".join(value) if isinstance(value, tuple) else value for key, value in sentence.values.items()
    }
    return _(sentence.message, **values)


def _heading(count: Count, title: str) -> Iterator[str]:
    if title:
        yield title
    facts = [
        _(RULE_NAMES[count.rule]),
        _("seats: %(number)s", number=count.seats),
        _("candidates: %(number)s", number=len(count.stages[0].totals)),
        _("papers counted: %(number)s", number=count.valid),
        _("blank: %(number)s", number=count.blank),
    ]
    if count.quota is not None:
        facts.append(_("quota: %(number)s", number=_short(count.figure(count.quota))))
    yield " · ".join(facts)


def _elected(count: Count) -> Iterator[str]:
    yield _("Elected")
    seated_at = {candidate: stage.number for stage in count.stages for candidate in stage.elected}
    for place, candidate in enumerate(count.elected, 1):
        when = _("stage %(number)s", number=seated_at[candidate]) if len(count.stages) > 1 else ""
        yield f"  {place}. {count.name(candidate)}  {when}".rstrip()


def _stage(count: Count, stage: Stage) -> Iterator[str]:
    if len(count.stages) > 1:
        yield _("Stage %(number)s", number=stage.number)
    yield from map(sentence_text, stage.sentences)
    before = count.stages[stage.number - 2] if stage.number > 1 else None
    rows = [
        (
            count.name(candidate),
            votes,
            votes - before.totals[candidate] if before else 0,
            _state(candidate, stage),
        )
        for candidate, votes in stage.totals.items()
        if votes or not before or before.totals[candidate]
    ]
    if stage.exhausted:
        change = stage.exhausted - before.exhausted if before else 0
        rows.append((_("(no further choice)"), stage.exhausted, change, ""))
    yield from _table(count, rows)


def _state(candidate: int, stage: Stage) -> str:
    if candidate in stage.elected:
        return _("elected")
    return _("excluded") if candidate in stage.excluded else ""


def _table(count: Count, rows: list[tuple[str, int, int, str]]) -> Iterator[str]:
    """Name, bar, votes, change and state, with no more decimal places than this table needs."""
    whole = all(votes % 10**count.places == 0 for _name, votes, _change, _mark in rows)
    most = max(votes for _name, votes, _change, _mark in rows) or 1
    names = min(NAME, max(_width(name) for name, *_rest in rows))
    figures = [_figures(count, votes, change, whole) for _name, votes, change, _mark in rows]
    wide = [max(len(pair[column]) for pair in figures) for column in (0, 1)]
    for (name, votes, _change, mark), (figure, moved) in zip(rows, figures, strict=True):
        bar = "█" * (votes * BAR // most) or ("▏" if votes else "")
        line = f"  {_padded(name, names)}  {bar:{BAR}}  {figure:>{wide[0]}}  {moved:>{wide[1]}}  {mark}"
        yield line.rstrip()


def _figures(count: Count, votes: int, change: int, whole: bool) -> tuple[str, str]:
    if whole:
        return str(votes // 10**count.places), f"{change // 10**count.places:+d}" if change else ""
    sign = "+" if change > 0 else "-"
    return count.figure(votes), sign + count.figure(abs(change)) if change else ""


def _pairs(count: Count) -> Iterator[str]:
    yield _("Each against each")
    pairs = count.pairwise or {}
    for (a, b), wins in pairs.items():
        other = pairs[b, a]
        if wins > other or (wins == other and a < b):
            yield f"  {count.name(a)} {wins} : {other} {count.name(b)}"


def _lots(count: Count) -> Iterator[str]:
    drawn = sum(tie.decided_by == "lot" for tie in count.ties)
    yield _("Ties decided by lot: %(number)s. Seed for lots: %(seed)s", number=drawn, seed=count.seed)


def _short(figure: str) -> str:
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


def _width(text: str) -> int:
    """Columns of a terminal: East Asian letters take two, combining marks none."""
    return sum(
        2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text
    )


def _padded(text: str, width: int) -> str:
    while _width(text) > width:
        text = text.removesuffix("…")[:-1] + "…"
    return text + " " * (width - _width(text))
