"""Meetings of the board: who was there, what was decided, and that both are public."""

from datetime import timedelta

import pytest

from commons import clock, minutes
from commons.clock import now
from commons.db import Database
from commons.refusal import Refused
from membership.board import meetings, seats
from membership.board.meetings import Presence, Resolution
from membership.board.models import Meeting

from .conftest import NOWHERE, Elect, People, account, seat_of

ALL = {"Ada": "present", "Ben": "present", "Cho": "excused"}
YES = Resolution("We look into the harbour.", yes=1, no=0, abstained=1)


@pytest.fixture
def board(elect: Elect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada, Ben and Cho have sat for a week."""
    elect("ada", "ben", "cho")
    monkeypatch.setattr(clock, "shift", timedelta(days=7))


def record(
    db: Database,
    people: People,
    attended: dict[str, str] = ALL,
    by: str = "ada",
    ago: timedelta = timedelta(hours=1),
) -> Meeting:
    with db.transaction() as session:
        return meetings.record(
            session,
            held_at=now() - ago,
            title="First meeting",
            place="Pier 1",
            attended={seat_of(db, name).id: word for name, word in attended.items()},
            by=account(db, people, by),
        )


def decide(db: Database, people: People, meeting: Meeting, resolution: Resolution, by: str = "ada") -> int:
    with db.transaction() as session:
        return meetings.decide(session, meeting.id, resolution, by=account(db, people, by)).number


def test_a_meeting_and_its_decisions_are_kept_in_order_with_a_minute_each(
    db: Database, board: None, people: People
) -> None:
    made = record(db, people)
    assert decide(db, people, made, YES) == 1
    assert decide(db, people, made, Resolution("And the mayor.", 2, 0, 0), by="ben") == 2
    with db.reading() as session:
        assert [each.id for each in meetings.newest(session)] == [made.id]
        listed = {seat.name: word for seat, word in meetings.attendance(session, made)}
        assert listed == ALL
        assert [each.text for each in meetings.decisions(session, made)] == [YES.text, "And the mayor."]
        lines = list(minutes.lines(session, count=3))
        assert [line.body["verb"] for line, _details in lines] == [
            "record a decision",
            "record a decision",
            "record a meeting",
        ]
        assert [details["by"] for _line, details in lines] == ["Ben", "Ada", "Ada"]


def test_attendance_is_added_up_for_each_seat(db: Database, board: None, people: People) -> None:
    record(db, people)
    record(db, people, {"Ada": "present", "Ben": "absent", "Cho": "present"}, by="ben")
    with db.reading() as session:
        sat = seats.sitting(session)
        found = meetings.presence(session, sat)
        assert {seat.name: found[seat.id] for seat in sat} == {
            "Ada": Presence(2, 2),
            "Ben": Presence(1, 2),
            "Cho": Presence(1, 2),
        }
        assert meetings.presence(session, []) == {}


def test_who_resigned_since_is_still_on_the_list_of_an_earlier_meeting(
    db: Database, board: None, people: People
) -> None:
    with db.transaction() as session:
        seats.resign(session, seat_of(db, "Cho").id, by=account(db, people, "cho"))
    record(db, people, ago=timedelta(days=1))
    with pytest.raises(Refused, match="everybody who sat then"):
        record(db, people, ago=timedelta(0))


@pytest.mark.parametrize(
    ("attended", "by", "ago", "why"),
    [
        (ALL, "dee", timedelta(hours=1), "Only who sits"),
        (ALL, "ada", timedelta(hours=-1), "after it was held"),
        (ALL, "ada", timedelta(days=30), "Nobody sat"),
        ({"Ada": "present"}, "ada", timedelta(hours=1), "everybody who sat then"),
        ({**ALL, "Cho": "asleep"}, "ada", timedelta(hours=1), "everybody who sat then"),
    ],
)
def test_what_is_no_meeting_of_the_board_is_refused(
    db: Database, board: None, people: People, attended: dict[str, str], by: str, ago: timedelta, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        record(db, people, attended, by, ago)
    with db.reading() as session:
        assert meetings.newest(session) == []


@pytest.mark.parametrize(
    ("resolution", "by", "why"),
    [
        (Resolution("x", 0, 0, 0), "ada", "has votes"),
        (Resolution("x", 3, -1, 0), "ada", "has votes"),
        (Resolution("x", 2, 1, 0), "ada", "more votes than members"),
        (YES, "dee", "Only who sits"),
    ],
)
def test_what_is_no_decision_is_refused(
    db: Database, board: None, people: People, resolution: Resolution, by: str, why: str
) -> None:
    made = record(db, people)
    with pytest.raises(Refused, match=why):
        decide(db, people, made, resolution, by)
    with db.reading() as session:
        assert meetings.decisions(session, made) == []


def test_a_meeting_that_there_is_not_is_not_found(db: Database) -> None:
    with pytest.raises(Refused) as refusal, db.reading() as session:
        meetings.find(session, NOWHERE)
    assert refusal.value.status == 404
