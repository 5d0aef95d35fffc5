"""The words people read: one gettext catalogue, English as message id.

Catalogues are read from ``translations/LANG/LC_MESSAGES/rostra.po`` when the process
starts; there is no compiled file to forget.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date as datetime_date
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from commons.config import settings

LANGUAGES = ("en", "de")
# Whose way of writing dates.
REGIONS = {"en": "en_GB", "de": "de_DE"}
FOLDER = Path(__file__).parent.parent / "translations"
_language: ContextVar[str | None] = ContextVar("language", default=None)


def speak(language: str | None) -> None:
    """Use ``language`` for what follows in this context; None: the newsroom's own."""
    _language.set(language if language in LANGUAGES else None)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use ``language`` for what is done inside, such as a paper that was made out in it."""
    before = _language.set(language if language in LANGUAGES else None)
    try:
        yield
    finally:
        _language.reset(before)


def language() -> str:
    """The language spoken now: of the request, else of the newsroom."""
    return _language.get() or settings().language


@cache
def catalogue(code: str) -> NullTranslations:
    """The translations of one language; English is the message ids themselves."""
    path = FOLDER / code / "LC_MESSAGES" / "rostra.po"
    if not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(compiled, domain="rostra")


def _(message: str, **values: object) -> str:
    """``message`` in the language spoken now, its ``%(name)s`` filled from ``values``."""
    text = str(catalogue(language()).ugettext(message))
    return text % values if values else text


def ngettext(singular: str, plural: str, number: int, **values: object) -> str:
    """The form that fits ``number``; ``%(num)s`` is filled with it."""
    text = str(catalogue(language()).ungettext(singular, plural, number))
    return text % {"num": number, **values}


def N_(message: str) -> str:
    """Mark ``message`` for the catalogue; it is translated where it is shown."""
    return message


def date(moment: datetime) -> str:
    """``24 November 2026``, in the newsroom's zone."""
    local = moment.astimezone(ZoneInfo(settings().timezone))
    return format_date(local, "long", locale=REGIONS[language()])


def day(value: datetime_date) -> str:
    """``24 November 2026``: a day, which has no zone."""
    return format_date(value, "long", locale=REGIONS[language()])


def date_and_time(moment: datetime) -> str:
    """``24 November 2026, 14:05``, in the newsroom's zone."""
    local = moment.astimezone(ZoneInfo(settings().timezone))
    return f"{date(moment)}, {format_time(local, 'HH:mm', locale=REGIONS[language()])}"


def wall(moment: datetime, zone: str) -> str:
    """What clocks in ``zone`` show: ``24 November 2026, 20:00 (Europe/Berlin)``."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{day(there.date())}, {there:%H:%M} ({zone})"


def number(value: int) -> str:
    """``1,234``, or ``1.234`` where that is the custom."""
    return format_decimal(value, locale=language())
