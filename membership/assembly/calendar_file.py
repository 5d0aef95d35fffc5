"""A meeting as a calendar file (RFC 5545), to be opened by any calendar."""

from datetime import timedelta

from icalendar import Calendar, Event

from commons.config import settings
from membership.assembly.meetings import address
from membership.assembly.models import CANCELLED, Assembly

LASTS = timedelta(hours=2)  # nobody says beforehand how long it takes


def of(meeting: Assembly) -> bytes:
    """One event, in UTC so that every calendar shows its reader's own time."""
    event = Event()
    event.add("uid", f"{meeting.id}@{settings().origin.partition('://')[2]}")
    event.add("dtstamp", meeting.recorded_at or meeting.called_at)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.starts_at + LASTS)
    event.add("summary", f"{settings().name}: {meeting.title}")
    event.add("location", meeting.place)
    event.add("description", meeting.invitation)
    event.add("url", address(meeting))
    event.add("status", "CANCELLED" if meeting.state == CANCELLED else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", "-//Rostra//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
