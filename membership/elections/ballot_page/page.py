"""The ballot page as HTML: the same for everybody, from the manifest, the board and the clock alone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from commons import templates
from commons.config import settings
from commons.language import date_and_time, language
from membership.elections.ballot_page.sentences import spoken
from membership.elections.protocol.manifest import FILES, Manifest

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "static"
SCRIPTS = tuple(name for name in FILES if name.endswith(".js"))
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Phase:
    """What can be done at a moment. ``name`` is one of early, drawing, waiting, voting, complaints, over."""

    name: str
    drawing: bool
    voting: bool


def phase(manifest: Manifest, complaints_end: datetime | None, moment: datetime) -> Phase:
    """``complaints_end`` is the box's, None before its provisional list."""
    times = manifest.times
    drawing = times.issue_opens <= moment < times.issue_ends
    voting = times.vote_opens <= moment < times.vote_ends
    if moment >= times.vote_ends:
        over = complaints_end is not None and moment >= complaints_end
        return Phase("over" if over else "complaints", False, False)
    if voting:
        return Phase("voting", drawing, True)
    if drawing:
        return Phase("drawing", True, False)
    return Phase("early" if moment < times.issue_opens else "waiting", False, False)


def ballot_page(
    slug: str,
    manifest: Manifest,
    withdrawn: Collection[int],
    complaints_end: datetime | None,
    moment: datetime,
) -> str:
    """The whole document. ``withdrawn`` are candidates by number."""
    return (
        _templates()
        .get_template("membership/box/ballot.html")
        .render(
            _shared(),
            slug=slug,
            manifest=manifest,
            phase=phase(manifest, complaints_end, moment),
            complaints_end=complaints_end,
            overlap=manifest.times.vote_opens < manifest.times.issue_ends,
            other_files=[name for name in SCRIPTS if manifest.files[name] != file_hash(name)],
            withdrawn=sorted(withdrawn),
            sentences=spoken(),
        )
    )


def list_page(rows: Iterable[tuple[str, Manifest, datetime | None]], moment: datetime) -> str:
    """Every election of this box with its ``complaints_end``, the one that closes last first."""
    latest_first = sorted(rows, key=lambda row: row[1].times.vote_ends, reverse=True)
    shown = [(slug, manifest, phase(manifest, end, moment)) for slug, manifest, end in latest_first]
    return _templates().get_template("membership/box/list.html").render(_shared(), rows=shown)


def file_hash(name: str) -> bytes:
    """SHA-256 of a file that is served with the page."""
    return sha256((STATIC / name).read_bytes()).digest()


def _shared() -> dict[str, object]:
    found = settings()
    return {"language": language(), "newsroom": found.name, "origin": found.origin}


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
    )
    templates.prepare(environment)
    environment.filters["when"] = date_and_time
    return environment
