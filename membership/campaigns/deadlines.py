"""When a campaign ends: an instant in UTC, said as a wall clock in a named zone; pure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from commons.language import N_
from commons.refusal import Refused


def instant(wall: datetime, zone: str) -> datetime:
    """The instant in UTC at which clocks in ``zone`` show ``wall``.

    Refuses an unknown zone, and an hour that the change to summer time skips. Of an hour that
    comes twice the later one counts, so that nobody who reads the clock is too late.
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall clock has no zone of its own")
    if zone not in available_timezones():
        raise Refused(N_("There is no time zone of the name %(zone)s."), zone=zone)
    moment = wall.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise Refused(N_("Clocks in %(zone)s skip this hour."), zone=zone)
    return moment


def days_left(moment: datetime, closes_at: datetime, zone: str) -> int:
    """How many calendar days in ``zone`` lie between ``moment`` and the end; 0 on the last day."""
    there = ZoneInfo(zone)
    return (closes_at.astimezone(there).date() - moment.astimezone(there).date()).days
