"""When what happens in an election. Pure: moments in, moments out.

What holds at a moment follows from the timetable alone, so that it is right even where no worker runs. A
job only writes it down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from commons.language import N_
from commons.limits import ELECTION_ANNOUNCE_DAYS
from commons.refusal import Refused
from membership.elections.models import (
    BOARD,
    CALLED,
    CERTIFIED,
    CLOSED,
    COUNTED,
    ISSUING,
    NOMINATIONS,
    VOID,
    VOTING,
    Election,
)
from membership.members.statutes import Statutes


class Step(StrEnum):
    """What happens at a moment, finer than ``Election.state``."""

    NOMINATIONS = "nominations"
    OBJECTIONS = "objections"
    PREPARING = "preparing"  # officers announce
    ISSUING = "issuing"
    WAITING = "waiting"  # credentials are drawn, voting is not open
    VOTING = "voting"
    COMPLAINTS = "complaints"
    COUNTING = "counting"  # officers bring the tally key
    COUNTED = "counted"
    CERTIFIED = "certified"
    VOID = "void"


STATES: Mapping[Step, str] = {
    Step.ISSUING: ISSUING,
    Step.WAITING: ISSUING,
    Step.VOTING: VOTING,
    Step.COMPLAINTS: CLOSED,
    Step.COUNTING: CLOSED,
    Step.COUNTED: COUNTED,
    Step.CERTIFIED: CERTIFIED,
    Step.VOID: VOID,
}


@dataclass(frozen=True, slots=True)
class Timetable:
    """The moments of one election: what opens at one is open at it, what ends at one is not.

    ``nominations_end`` and ``roll_at`` are equal by default. ``issue_ends`` is ``vote_opens`` unless the
    server may assist, for which credentials are drawn until the end.
    """

    nominations_end: datetime
    roll_at: datetime
    objections_end: datetime
    issue_opens: datetime
    issue_ends: datetime
    vote_opens: datetime
    vote_ends: datetime
    complaint_hours: int

    def later(self, by: timedelta) -> "Timetable":
        """The same spans of time, everything ``by`` later."""
        moved = {name: getattr(self, name) + by for name in MOMENTS}
        return replace(self, **moved)


MOMENTS = (
    "nominations_end",
    "roll_at",
    "objections_end",
    "issue_opens",
    "issue_ends",
    "vote_opens",
    "vote_ends",
)


def backwards(vote_ends: datetime, fixed: Statutes, zone: str) -> Timetable:
    """The timetable of the statutes that leads to the end of voting; days are those of ``zone``."""
    local = vote_ends.astimezone(ZoneInfo(zone)).replace(microsecond=0)
    vote_opens = local - timedelta(days=fixed.vote_days)
    issue_opens = vote_opens - timedelta(days=fixed.issue_days)
    objections_end = issue_opens - timedelta(days=ELECTION_ANNOUNCE_DAYS)
    roll_at = objections_end - timedelta(days=fixed.objection_days)
    return Timetable(
        nominations_end=roll_at,
        roll_at=roll_at,
        objections_end=objections_end,
        issue_opens=issue_opens,
        issue_ends=local if fixed.assisted_cap else vote_opens,
        vote_opens=vote_opens,
        vote_ends=local,
        complaint_hours=fixed.complaint_hours,
    )


def days(fixed: Statutes, kind: str, *, nominating: bool = True) -> int:
    """How many days at least lie between the call and the end of voting."""
    before = fixed.nomination_days if kind == BOARD and nominating else 0
    return before + fixed.objection_days + ELECTION_ANNOUNCE_DAYS + fixed.issue_days + fixed.vote_days


def earliest_end(moment: datetime, fixed: Statutes, kind: str, zone: str, *, nominating: bool) -> datetime:
    """The first full hour at which voting can end if it is called at ``moment``."""
    local = moment.astimezone(ZoneInfo(zone))
    full = local.replace(minute=0, second=0, microsecond=0)
    rounded = full if full == local else full + timedelta(hours=1)
    return rounded + timedelta(days=days(fixed, kind, nominating=nominating))


def of(election: Election) -> Timetable:
    """The election's own timetable. Refused (404) for one that never got any."""
    moments = {name: getattr(election, name) for name in MOMENTS}
    if None in moments.values():
        raise Refused(N_("This election has no timetable."), status=404)
    return Timetable(**moments, complaint_hours=election.complaint_hours)


def step(election: Election, moment: datetime) -> Step:
    """What happens at ``moment``, whatever a job has written down."""
    if election.state in (COUNTED, CERTIFIED, VOID):
        return Step(election.state)
    times = of(election)
    if election.manifest is None:
        return _before(times, moment)
    if moment < times.issue_opens:
        return Step.PREPARING
    if moment >= times.vote_ends:
        # The ballot box's time for complaints runs from its list on, however late that comes.
        over = election.complaints_end is not None and moment >= election.complaints_end
        return Step.COUNTING if over else Step.COMPLAINTS
    if moment >= times.vote_opens:
        return Step.VOTING
    return Step.ISSUING if moment < times.issue_ends else Step.WAITING


def _before(times: Timetable, moment: datetime) -> Step:
    """The steps of an election that is not announced; one whose time to announce has passed waits there."""
    if moment < times.nominations_end:
        return Step.NOMINATIONS
    return Step.OBJECTIONS if moment < times.objections_end else Step.PREPARING


def phase(election: Election, moment: datetime) -> str:
    """The state at ``moment`` in the words of ``Election.state``; without a timetable what is written."""
    if election.vote_ends is None:
        return election.state
    return STATES.get(step(election, moment), NOMINATIONS if election.kind == BOARD else CALLED)


def write(election: Election, times: Timetable) -> None:
    """Give the election this timetable."""
    for name in MOMENTS:
        setattr(election, name, getattr(times, name))
    election.complaint_hours = times.complaint_hours
