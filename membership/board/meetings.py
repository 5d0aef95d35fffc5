"""The board's meetings, in public: who was there, and what was decided with which votes."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import limits
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import new_id
from commons.language import N_
from commons.refusal import Refused
from membership.board import seats
from membership.board.models import ABSENT, EXCUSED, PRESENT, Attendance, Decision, Meeting, Seat

WORDS = (PRESENT, EXCUSED, ABSENT)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What was decided, and how many were for it, against it, or abstained."""

    text: str
    yes: int
    no: int
    abstained: int


@dataclass(frozen=True, slots=True)
class Presence:
    """At how many of the meetings during a seat its member was present."""

    present: int
    of: int


def record(
    session: Session,
    *,
    held_at: datetime,
    title: str,
    place: str,
    attended: Mapping[uuid.UUID, str],
    by: Account,
) -> Meeting:
    """Record a meeting that was held. ``attended`` says of everybody who sat then whether she was there.

    Refuses who does not sit (403), a meeting that is still to come, and a list that leaves somebody out or
    names a stranger.
    """
    if held_at > db_now(session):
        raise Refused(N_("A meeting is recorded after it was held."))
    sat = {seat.id for seat in seats.sitting(session, held_at)}
    if not sat:
        raise Refused(N_("Nobody sat on the board at that time."))
    if set(attended) != sat or not set(attended.values()) <= set(WORDS):
        raise Refused(N_("Say of everybody who sat then whether she was there, and of nobody else."))
    made = Meeting(id=new_id(), held_at=held_at, title=title.strip(), place=place.strip())
    made.recorded_by_id = seats.act(session, by, "record a meeting", on=page(made.id), reason=title).id
    session.add(made)
    session.flush()
    session.add_all(
        Attendance(meeting_id=made.id, seat_id=seat_id, attended=word) for seat_id, word in attended.items()
    )
    session.flush()
    return made


def decide(session: Session, meeting_id: uuid.UUID, resolution: Resolution, *, by: Account) -> Decision:
    """Add what a meeting decided. Refuses a decision without votes, and more votes than were present."""
    meeting = find(session, meeting_id)
    seat = seats.act(session, by, "record a decision", on=page(meeting.id), reason=resolution.text)
    votes = resolution.yes + resolution.no + resolution.abstained
    if min(resolution.yes, resolution.no, resolution.abstained) < 0 or not votes:
        raise Refused(N_("A decision has votes."))
    if votes > _present(session, meeting.id):
        raise Refused(N_("There are more votes than members were present."))
    last = session.scalar(select(func.max(Decision.number)).where(Decision.meeting_id == meeting.id)) or 0
    made = Decision(
        meeting_id=meeting.id,
        number=last + 1,
        text=resolution.text.strip(),
        yes=resolution.yes,
        no=resolution.no,
        abstained=resolution.abstained,
        recorded_by_id=seat.id,
    )
    session.add(made)
    session.flush()
    return made


def find(session: Session, meeting_id: uuid.UUID) -> Meeting:
    """The meeting, or a 404."""
    found = session.get(Meeting, meeting_id)
    if found is None:
        raise Refused(N_("There is no such meeting."), status=404)
    return found


def page(meeting_id: uuid.UUID) -> str:
    """Where a meeting stands in public."""
    return f"{settings().origin}/board/meetings/{meeting_id}"


def newest(session: Session) -> list[Meeting]:
    """The latest meetings, newest first."""
    wanted = select(Meeting).order_by(Meeting.held_at.desc(), Meeting.id.desc())
    return list(session.scalars(wanted.limit(limits.MEETINGS_SHOWN)))


def attendance(session: Session, meeting: Meeting) -> list[tuple[Seat, str]]:
    """Who sat then, and whether she was there, in the order of the seats."""
    rows = session.execute(
        select(Seat, Attendance.attended)
        .join(Attendance, Attendance.seat_id == Seat.id)
        .where(Attendance.meeting_id == meeting.id)
        .order_by(Seat.starts_at, Seat.place, Seat.id)
    )
    return [(seat, attended) for seat, attended in rows]


def decisions(session: Session, meeting: Meeting) -> list[Decision]:
    """What the meeting decided, in order."""
    wanted = select(Decision).where(Decision.meeting_id == meeting.id)
    return list(session.scalars(wanted.order_by(Decision.number)))


def presence(session: Session, among: Sequence[Seat]) -> dict[uuid.UUID, Presence]:
    """For each seat, at how many of its meetings its member was."""
    here = func.count().filter(Attendance.attended == PRESENT)
    rows = session.execute(
        select(Attendance.seat_id, here, func.count())
        .where(Attendance.seat_id.in_([seat.id for seat in among]))
        .group_by(Attendance.seat_id)
    )
    found = {seat_id: Presence(present, total) for seat_id, present, total in rows}
    return {seat.id: found.get(seat.id, Presence(0, 0)) for seat in among}


def _present(session: Session, meeting_id: uuid.UUID) -> int:
    here = select(func.count()).where(Attendance.meeting_id == meeting_id, Attendance.attended == PRESENT)
    return session.scalar(here.select_from(Attendance)) or 0
