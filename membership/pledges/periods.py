"""How often a pledge asks; pure. Its days are counted from its anchor by ``money.periods``, without drift."""

from datetime import date

from membership.money.periods import months_after

ONCE, MONTHLY, YEARLY = "once", "monthly", "yearly"
# How many months one payment is for.
MONTHS = {MONTHLY: 1, YEARLY: 12}
RHYTHMS = (ONCE, MONTHLY, YEARLY)


def months_until(anchor: date, asked: int, step: int, today: date) -> int:
    """The least number of months, ``asked`` plus whole steps, whose day is today or later."""
    while months_after(anchor, asked) < today:
        asked += step
    return asked
