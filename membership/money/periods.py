"""Days and months as bookkeeping counts them. Pure, and without drift: every date is computed
from the anchor, never from the date before.
"""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def month_of(day: date) -> str:
    """``2026-11``."""
    return f"{day.year:04}-{day.month:02}"


def first_day(month: str) -> date:
    """The first day of ``2026-11``; ``ValueError`` for what is no month."""
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    first = first_day(month)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def later_month(month: str, count: int = 1) -> str:
    """The month ``count`` months after (or, below zero, before) ``month``."""
    return month_of(months_after(first_day(month), count))


def months_after(anchor: date, count: int) -> date:
    """``count`` months after ``anchor``, on its day or, in a shorter month, on the last.

    From 31 January: 28 or 29 February, 31 March, 30 April.
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + count, 12)
    return date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))


def months_through(first: str, last: str) -> Iterator[str]:
    """Every month from ``first`` to ``last``, both included."""
    while first <= last:
        yield first
        first = later_month(first)


def starts(day: date, zone: str) -> datetime:
    """The moment, in UTC, when ``day`` begins in ``zone``: an hour shifts with summer time."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def local_day(moment: datetime, zone: str) -> date:
    """The day that ``moment`` falls on in ``zone``."""
    return moment.astimezone(ZoneInfo(zone)).date()


def part_of(amount: int, begins: date, ends: date, since: date) -> int:
    """What of ``amount`` minor units, paid for the days ``begins`` to ``ends`` (excluded), falls on
    the days from ``since`` on. Half a unit or more counts whole; with what falls before ``since``
    it sums to ``amount``.
    """
    if not begins <= since <= ends or begins == ends:
        raise ValueError(f"{since} is not within {begins} to {ends}")
    whole, left = (ends - begins).days, (ends - since).days
    return (2 * amount * left + whole) // (2 * whole)


def change_price(old: int, new: int, begins: date, ends: date, since: date) -> int:
    """What is owed (below zero: given back) when the price of a period changes on the day ``since``.

    Changing back on the same day owes exactly the opposite.
    """
    return part_of(new, begins, ends, since) - part_of(old, begins, ends, since)
