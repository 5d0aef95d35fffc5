"""What changed between two texts, word by word. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from commons import limits
from newsroom.models import Revision

_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """A run of words: ``kept``, ``added`` or ``removed``."""

    change: str
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A line of the text, in pieces."""

    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return any(piece.change != "kept" for piece in self.pieces)


def between(before: Revision, after: Revision) -> list[tuple[str, list[Paragraph]]]:
    """The fields of a story in which two revisions differ, by name, with their differences."""
    fields = ("title", "summary", "body", "method", "content_warning", "language")
    found = [(name, paragraphs(getattr(before, name), getattr(after, name))) for name in fields]
    found.append(("tags", paragraphs(", ".join(before.tags), ", ".join(after.tags))))
    found.append(("sources", paragraphs(_listed(before.sources), _listed(after.sources))))
    if before.picture_id != after.picture_id:
        found.append(("picture", paragraphs(_shown(before), _shown(after))))
    return [(name, lines) for name, lines in found if any(line.changed for line in lines)]


def paragraphs(before: str, after: str) -> list[Paragraph]:
    """Line by line first, and word by word only inside lines that changed: the time stays near linear."""
    old, new = before.split("\n"), after.split("\n")
    found: list[Paragraph] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [Paragraph((Piece("kept", line),)) for line in old[a:b]]
        else:
            found += _paired(old[a:b], new[c:d])
    return found


def _paired(old: list[str], new: list[str]) -> Iterator[Paragraph]:
    for before, after in zip(old, new, strict=False):
        yield Paragraph(tuple(words(before, after)))
    for line in old[len(new) :]:
        yield Paragraph((Piece("removed", line),))
    for line in new[len(old) :]:
        yield Paragraph((Piece("added", line),))


def words(before: str, after: str) -> Iterator[Piece]:
    """The pieces of one line; a very long line that changed is shown whole, old and new."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > limits.DIFF_WORDS:
        old, new = [before], [after]
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("kept", "".join(old[a:b]))
            continue
        if a != b:
            yield Piece("removed", "".join(old[a:b]))
        if c != d:
            yield Piece("added", "".join(new[c:d]))


def _listed(sources: list[dict[str, str]]) -> str:
    return "\n".join(" · ".join(value for value in source.values() if value) for source in sources)


def _shown(revision: Revision) -> str:
    picture = revision.picture
    return f"{picture.alt} · {picture.credit} · {picture.licence}" if picture is not None else ""
