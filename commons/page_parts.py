"""Small things that templates need and Jinja does not have."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from commons import language
from commons.clock import iso
from commons.config import settings

# Endpoints that a watchdog on this machine asks for, by whatever name it has for the host.
HEALTH = {"commons.livez", "commons.readyz", "commons.metrics"}
STATIC = Path(__file__).parent.parent / "static"


def initials(name: str) -> str:
    """``AL`` for Ada Lovelace: the first letters of the first and the last word."""
    words = [word for word in name.split() if word[0].isalnum()] or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def described(ids: str, errors: Sequence[str]) -> dict[str, str]:
    """The ARIA attributes of a form field whose hint and error have the given ids."""
    attributes = {"aria-describedby": ids} if ids else {}
    return attributes | ({"aria-invalid": "true"} if errors else {})


@cache
def asset(name: str) -> str:
    """The address of a file in ``static/``; it changes with the content, so it can be kept for a year."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def own_path(target: str | None) -> str:
    """``target`` if it is a path here, else nothing. Browsers read ``\\`` as ``/``."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return ""
    if any(ord(character) < 33 or ord(character) == 127 for character in target):
        return ""
    return target if not urlsplit(target).netloc else ""


def path_on(origin: str, address: str | None) -> str:
    """The path of ``address`` if it is one on ``origin``, else nothing."""
    return own_path(address.removeprefix(origin)) if address and address.startswith(origin + "/") else ""


def scrolling_tables(html: str, label: str) -> Markup:
    """``html``, already sanitised, with each table in a frame that scrolls by itself, also by keyboard.

    A frame is named ``label``; several of one page are told apart by number.
    """
    several = html.count("<table>") > 1
    numbers = count(1)

    def frame(_table: re.Match[str]) -> str:
        name = escape(f"{label} {next(numbers)}" if several else label)
        return f'<div class="scroll" role="region" tabindex="0" aria-label="{name}"><table>'

    return Markup(re.sub("<table>", frame, html).replace("</table>", "</table></div>"))


FILTERS: dict[str, Any] = {"initials": initials, "scrolling_tables": scrolling_tables}
# What every template may use, whoever asks for the page
GLOBALS: dict[str, Any] = {
    "asset": asset,
    "date": language.date,
    "date_and_time": language.date_and_time,
    "day": language.day,
    "described": described,
    "iso": iso,
    "language": language.language,
    "number": language.number,
    "settings": settings,
}
