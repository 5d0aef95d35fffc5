"""Well-nested HTML, as our renderer and our cleaner write it, read in one pass over its tags."""

import re
from collections.abc import Iterator
from itertools import pairwise

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*+)(?:\s++[a-z-]++(?:="[^"]*+")?+)*+\s*+/?+>')
_VOID = {"br", "hr", "img"}


class Tangled(ValueError):
    """The HTML is not well nested, or holds something else than elements and text."""


def depth(html: str) -> int:
    """How many elements stand inside each other at the deepest place; ``Tangled`` where they do not nest."""
    return max((level for _, level in _tags(html)), default=0)


def blocks(html: str) -> list[str]:
    """``html`` cut after each outermost element; joined again, it is the same text."""
    cuts = [0, *(place for place, level in _tags(html) if level == 0), len(html)]
    return [html[start:end] for start, end in pairwise(cuts) if start < end]


def _tags(html: str) -> Iterator[tuple[int, int]]:
    """For each tag, where it ends and how many elements are open there."""
    open_ = list[str]()
    place = html.find("<")
    while place >= 0:
        tag = _TAG.match(html, place)
        if not tag:
            raise Tangled
        closes, name = tag.groups()
        if closes and (not open_ or open_.pop() != name):
            raise Tangled
        if not closes and name not in _VOID:
            open_.append(name)
        yield tag.end(), len(open_)
        place = html.find("<", tag.end())
    if open_:
        raise Tangled
