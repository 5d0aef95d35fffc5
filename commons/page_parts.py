"""Small things that templates need and Jinja does not have."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

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


def scrolling_tables(html: str, label: str) -> Markup:
    """``html``, already sanitised, with each table in a frame that scrolls by itself, also by keyboard."""
    frame = f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label)}">'
    return Markup(html.replace("<table>", frame + "<table>").replace("</table>", "</table></div>"))
