"""Recall: members sign a petition, and once enough have, all members vote in secret on the question.

Signing is by name, since only members with a vote count; but no page and no minute says who signed, and
once a petition is over it is forgotten. A seat has one petition at a time, and is left alone for
``limits.RECALL_PAUSE_DAYS`` after a recall that failed.
"""

import uuid
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, minutes
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import database, one_at_a_time
from commons.language import N_, _
from commons.refusal import Refused
from membership.board import seats
from membership.board.models import (
    CALLED,
    CARRIED,
    FAILED,
    LAPSED,
    REACHED,
    RECALLED,
    SIGNING,
    Petition,
    Seat,
    Signature,
)
from membership.elections import calls, outcomes, rolls
from membership.elections.models import CERTIFIED, QUESTION, VOID, Election
from membership.members import members
from membership.members.models import Membership

LIVE = (SIGNING, REACHED, CALLED)

# Opening and signing


def open_(session: Session, seat_id: uuid.UUID, reason: str, *, by: Account) -> Petition:
    """Ask members to recall whoever has the seat, and sign first.

    Refuses who has no vote (403), a petition without a reason, a seat that has ended, has a petition
    already or was voted on lately (409).
    """
    voter = _voter(session, by)
    seat = seats.find(session, seat_id)
    moment = db_now(session)
    if seat.ended_at is not None or seat.ends_at <= moment:
        raise Refused(N_("This seat has ended already."), status=409)
    if not reason.strip():
        raise Refused(N_("Say why."))
    _leave_alone(session, seat)
    made = Petition(
        seat_id=seat.id, reason=reason.strip(), until=moment + timedelta(days=limits.PETITION_DAYS)
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Refused(N_("There is a petition about this seat already; sign that one."), status=409) from None
    _sign(session, made, voter)
    return made


def sign(session: Session, petition_id: uuid.UUID, *, by: Account) -> Petition:
    """Sign a petition, once. The signature that makes it enough closes it."""
    voter = _voter(session, by)
    petition = find(session, petition_id)
    if petition.state != SIGNING or petition.until <= db_now(session):
        raise Refused(N_("This petition cannot be signed any more."), status=409)
    _sign(session, petition, voter)
    return petition


def _sign(session: Session, petition: Petition, membership: Membership) -> None:
    one_at_a_time(session, minutes.LOCK_KEY)
    session.refresh(petition)
    try:
        with session.begin_nested():
            session.add(Signature(petition_id=petition.id, membership_id=membership.id))
    except IntegrityError:
        raise Refused(N_("You have signed already."), status=409) from None
    if petition.state == SIGNING and signatures(session, petition) >= needed(session):
        petition.state = REACHED
        name = session.get_one(Seat, petition.seat_id).name
        seats.write(session, "petition reached", on=page(petition), who=name)
    session.flush()


def _voter(session: Session, by: Account) -> Membership:
    """The membership with which ``by`` votes, or a refusal (403)."""
    mine = members.of(session, by)
    if mine is None or mine.id not in _votes(session):
        raise Refused(N_("Only members who have a vote may do this."), status=403)
    return mine


def has_vote(session: Session, account: Account) -> bool:
    """Whether ``account`` may sign."""
    mine = members.of(session, account)
    return mine is not None and mine.id in _votes(session)


def _votes(session: Session) -> set[uuid.UUID]:
    return set(rolls.voters(session, db_now(session)))


def _leave_alone(session: Session, seat: Seat) -> None:
    since = db_now(session) - timedelta(days=limits.RECALL_PAUSE_DAYS)
    failed = select(Petition.id).where(
        Petition.seat_id == seat.id, Petition.state == FAILED, Petition.closed_at > since
    )
    if session.scalars(failed.limit(1)).first() is not None:
        raise Refused(
            N_("Members voted on this less than %(days)s days ago."),
            status=409,
            days=limits.RECALL_PAUSE_DAYS,
        )


# What everybody may see


def find(session: Session, petition_id: uuid.UUID) -> Petition:
    """The petition, or a 404."""
    found = session.get(Petition, petition_id)
    if found is None:
        raise Refused(N_("There is no such petition."), status=404)
    return found


def page(petition: Petition) -> str:
    """Where a petition stands in public."""
    return f"{settings().origin}/board#petition-{petition.id}"


def signatures(session: Session, petition: Petition) -> int:
    """How many of those who signed have a vote now."""
    signed = session.scalars(select(Signature.membership_id).where(Signature.petition_id == petition.id))
    return len(_votes(session).intersection(signed))


def needed(session: Session) -> int:
    """How many signatures a petition needs today: the statutes' part of the members with a vote."""
    percent = seats.fixed_now(session).petition_percent
    return max(1, -(-len(_votes(session)) * percent // 100))


def live(session: Session) -> list[Petition]:
    """Petitions that are signed or voted on, oldest first."""
    wanted = select(Petition).where(Petition.state.in_(LIVE)).order_by(Petition.opened_at)
    return list(session.scalars(wanted))


def closed(session: Session) -> list[Petition]:
    """How petitions ended, the latest first."""
    wanted = select(Petition).where(Petition.state.not_in(LIVE)).order_by(Petition.closed_at.desc())
    return list(session.scalars(wanted.limit(limits.MEETINGS_SHOWN)))


def signed_by(session: Session, account: Account) -> set[uuid.UUID]:
    """The petitions that ``account`` signed: for her own eyes."""
    mine = members.of(session, account)
    if mine is None:
        return set()
    return set(session.scalars(select(Signature.petition_id).where(Signature.membership_id == mine.id)))


# The vote


def petitions_due() -> int:
    """Timer job: call the vote where enough signed, apply its result, end what is over."""
    with database().transaction() as session:
        one_at_a_time(session, minutes.LOCK_KEY)
        return sum(_advance(session, petition) for petition in live(session))


def certified(session: Session, election: Election) -> None:
    """What the certificate of a recall does, in its own transaction: the seat and its powers end with it."""
    one_at_a_time(session, minutes.LOCK_KEY)
    called = select(Petition).where(Petition.election_id == election.id, Petition.state == CALLED)
    for petition in session.scalars(called):
        _advance(session, petition)


def _advance(session: Session, petition: Petition) -> bool:
    seat = session.get_one(Seat, petition.seat_id)
    if petition.state == CALLED:
        return _apply(session, petition, seat)
    if seat.ended_at is not None or (petition.state == SIGNING and petition.until <= db_now(session)):
        _close(session, petition, LAPSED)
        return True
    return petition.state == REACHED and _call(session, petition, seat)


def _call(session: Session, petition: Petition, seat: Seat) -> bool:
    """Call the vote. With fewer members than a secret ballot needs it waits until there are enough."""
    fixed = seats.fixed_now(session)
    try:
        election = calls.call(
            session,
            kind=QUESTION,
            title=_("Recall of %(name)s", name=seat.name),
            question=_("Shall %(name)s leave the board?", name=seat.name),
            options=(_("Yes"), _("No")),
            majority_percent=fixed.recall_majority_percent,
            quorum_percent=fixed.recall_quorum_percent,
            by=None,
        )
    except Refused:
        return False
    election.repeats_id = petition.election_id  # one that was void
    petition.election_id, petition.state = election.id, CALLED
    return True


def _apply(session: Session, petition: Petition, seat: Seat) -> bool:
    election = session.get_one(Election, petition.election_id)
    if election.state == VOID:
        _after_void(session, petition, election)
        return True
    if election.state != CERTIFIED:
        return False
    if not outcomes.certified(session, election).carried:
        _close(session, petition, FAILED)
        return True
    if seat.ended_at is None:
        seats.end(session, seat, RECALLED)
    _close(session, petition, CARRIED)
    return True


def _after_void(session: Session, petition: Petition, election: Election) -> None:
    """A void vote decides nothing: it is called again, once. After that members may ask anew at once."""
    if election.repeats_id is None:
        petition.state = REACHED
    else:
        _close(session, petition, LAPSED)


def _close(session: Session, petition: Petition, state: str) -> None:
    """The petition is over, and who signed it is forgotten."""
    session.execute(delete(Signature).where(Signature.petition_id == petition.id))
    petition.state, petition.closed_at = state, db_now(session)
    session.flush()
