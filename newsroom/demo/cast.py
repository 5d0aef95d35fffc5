"""The cast of the demo, read from ``newsroom.yaml``."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from newsroom.story_file import StoryFile, parse

FOLDER = Path(__file__).parent
# One for all: the demo runs on this machine only, and the command prints it.
PASSWORD = "reader-owned news"


@dataclass(frozen=True)
class Player:
    """Someone of the demo who signs in."""

    handle: str
    name: str
    email: str
    bio: str
    powers: tuple[str, ...]


@dataclass(frozen=True)
class Reply:
    """What a neighbour answers to a story, named by its slug."""

    handle: str
    story: str
    text: str


@cache
def script() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "newsroom.yaml").read_text())
    return found


def journalists() -> list[Player]:
    return _players("journalists")


def owners() -> list[Player]:
    """Who keeps the books, and who only owns and reads."""
    return _players("owners")


def _players(part: str) -> list[Player]:
    return [
        Player(it["handle"], it["name"], it["email"], it["bio"], tuple(it["powers"])) for it in script()[part]
    ]


def readers() -> list[Player]:
    """The people of the neighbour newsroom; the first of them may publish."""
    found = script()["neighbour"]["readers"]
    return [
        Player(
            it["handle"],
            it["name"],
            f"{it['handle']}@example.org",
            it.get("bio", ""),
            ("publish",) if n == 0 else ("write",),
        )
        for n, it in enumerate(found)
    ]


def replies() -> list[Reply]:
    return [Reply(it["handle"], it["story"], it["text"]) for it in script()["neighbour"]["replies"]]


def stories() -> list[tuple[str, StoryFile]]:
    """``(slug, story)``, the oldest first."""
    order = script()["order"]
    return [(slug, parse((FOLDER / "stories" / f"{slug}.md").read_text(encoding="utf-8"))) for slug in order]
