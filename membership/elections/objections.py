"""Objections to the frozen roll: a member says what is wrong, officers answer and correct it."""

import uuid

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import mail
from commons.accounts import Account
from commons.clock import db_now
from commons.language import N_
from commons.limits import OBJECTION_CHARS
from commons.refusal import Refused
from membership.elections import calls, rolls, timetable
from membership.elections.models import Election, Objection
from membership.elections.timetable import Step
from membership.members import members
from membership.members.models import Membership


def make(session: Session, election: Election, text: str, *, by: Account) -> Objection:
    """Say what is wrong with the roll: one at a time (409), until the end of objections (403)."""
    mine = members.of(session, by)
    if mine is None:
        raise Refused(N_("Only a member can object to the roll."), status=403)
    if election.roll_size is None or timetable.step(election, db_now(session)) != Step.OBJECTIONS:
        raise Refused(N_("Objections are not taken at this time."), status=403)
    text = text.strip()
    if not text or len(text) > OBJECTION_CHARS:
        raise Refused(N_("Say in at most %(most)s characters what is wrong."), most=OBJECTION_CHARS)
    made = Objection(election_id=election.id, membership_id=mine.id, text=text)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Refused(N_("Your last objection is not answered yet."), status=409) from None
    return made


def answer(
    session: Session,
    objection_id: uuid.UUID,
    *,
    upheld: bool,
    answer: str,
    by: Account,
    correct: tuple[int, bool] | None = None,
) -> Objection:
    """Answer an objection, once. ``correct``: a member's number, and whether she belongs on the roll."""
    objection = session.get(Objection, objection_id, with_for_update=True)
    if objection is None:
        raise Refused(N_("There is no such objection."), status=404)
    election = session.get_one(Election, objection.election_id)
    calls.act(session, election, by, "answer an objection")
    if objection.answered_at is not None:
        raise Refused(N_("This objection is answered."), status=409)
    if not answer.strip():
        raise Refused(N_("Write an answer."))
    if correct is not None and upheld:
        number, on_roll = correct
        rolls.correct(session, election, members.numbered(session, number).id, on_roll=on_roll)
    objection.upheld, objection.answer = upheld, answer.strip()
    objection.answered_at, objection.answered_by_id = db_now(session), by.id
    _write(session, election, objection)
    return objection


def _write(session: Session, election: Election, objection: Objection) -> None:
    data = session.get_one(Membership, objection.membership_id).party.data
    if data is not None and data.email:
        mail.send(
            session,
            to=data.email,
            letter="election_objection_answered",
            name=data.name,
            election=election,
            objection=objection,
            address=f"{calls.address(election)}/entry",
        )


def unanswered(session: Session, election: Election) -> list[Objection]:
    """Oldest first."""
    open_ = Objection.election_id == election.id, Objection.answered_at.is_(None)
    return list(session.scalars(select(Objection).where(*open_).order_by(Objection.at)))


def answered(session: Session, election: Election) -> list[Objection]:
    """Oldest first."""
    done = Objection.election_id == election.id, Objection.answered_at.is_not(None)
    return list(session.scalars(select(Objection).where(*done).order_by(Objection.at)))


def of(session: Session, election: Election, membership: Membership) -> list[Objection]:
    """The member's own, oldest first."""
    hers = Objection.election_id == election.id, Objection.membership_id == membership.id
    return list(session.scalars(select(Objection).where(*hers).order_by(Objection.at)))
