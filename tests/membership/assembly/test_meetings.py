"""Meetings are called in time, everybody is told, and records stand."""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from commons import clock
from commons.accounts import Account
from commons.db import Database
from commons.mail import Letter
from commons.refusal import Refused
from membership.assembly import calendar_file, meetings
from membership.assembly.models import CANCELLED, HELD, Assembly
from tests.membership.members.conftest import Officers

from .conftest import Voter


def called(db: Database, by: Account, days: int = 20) -> Assembly:
    with db.transaction() as session:
        return meetings.call(
            session,
            title="Assembly of 2027",
            invitation="Come, please.",
            place="Town hall; room 3",
            starts_at=clock.now() + timedelta(days=days),
            zone="Europe/Berlin",
            by=by,
        )


def letters(db: Database, letter: str) -> list[Letter]:
    with db.reading() as session:
        return list(session.scalars(select(Letter).where(Letter.letter == letter)))


def test_every_member_gets_a_letter_with_place_and_calendar_file(
    db: Database, officers: Officers, voter: Voter
) -> None:
    voter("ada")
    voter("ben")
    made = called(db, officers.eli)
    sent = letters(db, "assembly_called")
    assert {each.to for each in sent} == {"ada@example.org", "ben@example.org"}
    assert all("Town hall; room 3" in each.body for each in sent)
    assert all(f"/assembly/{made.id}/calendar.ics" in each.body for each in sent)


def test_a_meeting_is_not_called_at_short_notice(db: Database, officers: Officers) -> None:
    with pytest.raises(Refused) as refused:
        called(db, officers.eli, days=13)
    assert refused.value.status == 422


def test_only_officers_of_elections_call_a_meeting(db: Database, officers: Officers) -> None:
    for somebody in (officers.tom, officers.edith, officers.mo):
        with pytest.raises(Refused) as refused:
            called(db, somebody)
        assert refused.value.status == 403


def test_a_cancelled_meeting_is_told_to_everybody_and_not_recorded(
    db: Database, officers: Officers, voter: Voter
) -> None:
    voter("ada")
    made = called(db, officers.eli)
    with db.transaction() as session:
        meetings.cancel(session, made.id, "The hall burnt down.", officers.eli)
    assert "The hall burnt down." in letters(db, "assembly_cancelled")[0].body
    with pytest.raises(Refused) as refused, db.transaction() as session:
        meetings.cancel(session, made.id, "Again.", officers.eli)
    assert refused.value.status == 409
    with db.reading() as session:
        assert meetings.find(session, made.id).state == CANCELLED


def test_a_meeting_is_recorded_once_and_after_it_began(
    db: Database, officers: Officers, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = called(db, officers.eli)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        meetings.record(session, made.id, "We met.", 12, officers.eli)
    assert refused.value.status == 409
    monkeypatch.setattr(clock, "shift", timedelta(days=21))
    with db.transaction() as session:
        recorded = meetings.record(session, made.id, "We met.", 12, officers.eli)
        assert (recorded.state, recorded.record, recorded.present) == (HELD, "We met.", 12)
    with pytest.raises(Refused) as refused, db.transaction() as session:
        meetings.record(session, made.id, "We did not.", 0, officers.eli)
    assert refused.value.status == 409


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_calendar_file_is_read_by_a_calendar(db: Database, officers: Officers) -> None:
    made = called(db, officers.eli)
    with db.reading() as session:
        read = Calendar.from_ical(calendar_file.of(meetings.find(session, made.id)))
    (event,) = read.walk("VEVENT")
    assert event["summary"].endswith("Assembly of 2027")
    assert event["location"] == "Town hall; room 3"
    assert abs(event["dtstart"].dt - made.starts_at) < timedelta(seconds=1)
