"""What the clock does to an election: freezes the roll, opens nominations again, writes to members.

Nothing depends on when this runs: the roll is that of its moment, and each step is looked up by the clock.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.clock import db_now
from commons.db import database
from commons.language import N_
from commons.limits import ELECTION_REOPENED
from commons.refusal import Refused
from membership.elections import calls, candidacies, mailings, rolls, timetable
from membership.elections.models import BOARD, CERTIFIED, VOID, Election
from membership.elections.timetable import Step

LETTERS = {Step.ISSUING: "election_issuing", Step.VOTING: "election_voting"}


def timetable_due() -> int:
    """Timer job: move every running election to where its timetable has come. Returns how many changed."""
    with database().reading() as session:
        running = session.scalars(
            select(Election.id).where(
                Election.state.not_in((CERTIFIED, VOID)), Election.vote_ends.is_not(None)
            )
        ).all()
    return sum(_move(election_id) for election_id in running)


def _move(election_id: uuid.UUID) -> bool:
    # Looking at every member's shares takes a while; nobody has to wait for that.
    with database().reading() as session:
        election = session.get_one(Election, election_id)
        roll_at = _roll_due(session, election)
        eligible = rolls.eligible(session, roll_at) if roll_at is not None else []
    with database().transaction() as session:
        election = session.get_one(Election, election_id, with_for_update=True)
        before = (election.state, election.roll_size, election.reopened)
        if election.state in (CERTIFIED, VOID):
            return False
        if roll_at is not None and roll_at == _roll_due(session, election):
            _freeze(session, election, eligible)
        moment = db_now(session)
        election.state = timetable.phase(election, moment)
        letter = LETTERS.get(timetable.step(election, moment))
        if letter is not None:
            mailings.start(session, election, letter)
        return before != (election.state, election.roll_size, election.reopened)


def _roll_due(session: Session, election: Election) -> datetime | None:
    """The moment of the roll, if that has come and it is not frozen."""
    roll_at = timetable.of(election).roll_at
    return roll_at if election.roll_size is None and db_now(session) >= roll_at else None


def _freeze(session: Session, election: Election, eligible: list[uuid.UUID]) -> None:
    """The roll as of its moment; where nobody stands nominations open again, once."""
    if election.kind == BOARD and not candidacies.standing(session, election):
        _reopen(session, election)
        return
    try:
        with session.begin_nested():
            rolls.freeze(session, election, eligible)
    except Refused as refused:
        calls.void(session, election, by=None, reason=str(refused))
        return
    mailings.start(session, election, "election_roll")


def _reopen(session: Session, election: Election) -> None:
    if election.reopened >= ELECTION_REOPENED:
        calls.void(session, election, by=None, reason=N_("Nobody stands."))
        return
    times, moment = timetable.of(election), db_now(session)
    more = timedelta(days=calls.fixed_now(session).reopen_days)
    timetable.write(election, times.later(moment.replace(microsecond=0) - times.nominations_end + more))
    election.reopened += 1
    session.flush()
    calls.note(session, election, "open nominations again")
    mailings.start(session, election, "election_reopened")
