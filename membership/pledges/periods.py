"""When a recurring pledge is due; pure.

A pledge counts the months that it has asked for since its anchor, so the day of the month never
drifts: the 31st of January is followed by the 28th of February and the 31st of March.
"""

import calendar
from datetime import date, datetime
from zoneinfo import ZoneInfo

ONCE, MONTHLY, YEARLY = "once", "monthly", "yearly"
# How many months one payment is for.
MONTHS = {MONTHLY: 1, YEARLY: 12}
RHYTHMS = (ONCE, MONTHLY, YEARLY)


def after(anchor: date, months: int) -> date:
    """The day ``months`` calendar months after ``anchor``; the month's last day where it is shorter."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor.day, last))


def months_until(anchor: date, asked: int, step: int, today: date) -> int:
    """The least number of months, ``asked`` plus whole steps, whose day is today or later."""
    while after(anchor, asked) < today:
        asked += step
    return asked


def day(moment: datetime, zone: str) -> date:
    """The calendar day of ``moment`` in the named zone."""
    return moment.astimezone(ZoneInfo(zone)).date()
