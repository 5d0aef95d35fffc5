"""Motions: moved by a member, supported by others, voted on in secret, and then carried out.

Who supports a motion is known to the newsroom, since it opens the way to a vote; how anybody voted is not.
What a carried motion asks of the software happens by itself and once, in the transaction in which it
counts as carried: the statutes change, or the ledger books the surplus.
"""

import uuid
from datetime import date

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, minutes, powers
from commons.accounts import Account
from commons.clock import db_now, now
from commons.config import settings
from commons.db import database, rows_changed
from commons.language import N_, _, day, speaking
from commons.minutes import Minute
from commons.powers import Power
from commons.refusal import Refused
from membership.assembly.models import (
    CARRIED,
    FAILED,
    OPINION,
    PROPOSED,
    PUT,
    STATUTE,
    SURPLUS,
    WITHDRAWN,
    Motion,
    MotionSupport,
)
from membership.books import surplus
from membership.elections import calls, outcomes, rolls
from membership.elections.models import CERTIFIED, VOID, Election
from membership.members import members, statute_words, statutes
from membership.members.models import Membership

YES, NO = N_("Yes"), N_("No")


# Moving and supporting


def move(
    session: Session,
    *,
    title: str,
    reasons: str,
    by: Account,
    assembly_id: uuid.UUID | None = None,
    statute: tuple[str, int, date] | None = None,
    surplus_id: uuid.UUID | None = None,
) -> Motion:
    """Move something; the mover is its first supporter.

    ``statute``: name, new value and the day from which it is to hold. ``surplus_id``: the treasurer's
    proposal. Refused for who has no vote, and for what could not be carried out.
    """
    voter = _voter(session, by)
    motion = Motion(
        kind=STATUTE if statute else SURPLUS if surplus_id else OPINION,
        title=title,
        reasons=reasons,
        proposer_id=voter.id,
        assembly_id=assembly_id,
        surplus_id=surplus_id,
    )
    if statute:
        motion.statute_name, motion.statute_value, motion.valid_from = statute
        statutes.check(motion.statute_name, motion.statute_value)
    if surplus_id:
        surplus.undecided(session, surplus_id)
    try:
        with session.begin_nested():
            session.add(motion)
    except IntegrityError:
        raise Refused(N_("There is a motion about this proposal already."), status=409) from None
    session.add(MotionSupport(motion_id=motion.id, membership_id=voter.id))
    session.flush()
    return motion


def support(session: Session, motion_id: uuid.UUID, by: Account) -> Motion:
    """Ask for a vote on it. Refused a second time (409), and once it is decided whether there is one."""
    voter, motion = _voter(session, by), find(session, motion_id)
    if motion.state != PROPOSED:
        raise Refused(N_("This motion is past that."), status=409)
    try:
        with session.begin_nested():
            session.add(MotionSupport(motion_id=motion.id, membership_id=voter.id))
    except IntegrityError:
        raise Refused(N_("You support this motion already."), status=409) from None
    return motion


def withdraw(session: Session, motion_id: uuid.UUID, by: Account) -> Motion:
    """The mover takes it back, until it is put to the vote."""
    voter, motion = _voter(session, by), find(session, motion_id)
    if motion.proposer_id != voter.id:
        raise Refused(N_("Only who moved it can withdraw it."), status=403)
    _step(session, motion, PROPOSED, WITHDRAWN)
    return motion


def put(session: Session, motion_id: uuid.UUID, by: Account) -> Election:
    """Call the vote on a motion that has enough supporters. The officers of elections do it."""
    powers.require(session, by, Power.ELECTIONS)
    motion = find(session, motion_id)
    fixed = statutes.at(session, statutes.today(now()))
    if motion.state != PROPOSED:
        raise Refused(N_("This motion is past that."), status=409)
    if supporters(session, motion) < fixed.motion_supporters:
        raise Refused(N_("It takes %(number)s supporters."), number=fixed.motion_supporters, status=409)
    majority = fixed.statutes_majority_percent if motion.kind == STATUTE else fixed.motion_majority_percent
    election = calls.call(
        session,
        kind="question",
        title=motion.title,
        question=_question(motion),
        options=(YES, NO),
        quorum_percent=fixed.motion_quorum_percent,
        majority_percent=majority,
        by=by,
    )
    _step(session, motion, PROPOSED, PUT, election_id=election.id, put_by_id=by.id, hindrance="")
    return election


def _question(motion: Motion) -> str:
    """What the ballot asks, in the newsroom's language: the motion, and what follows if it is carried."""
    with speaking(settings().language):
        change = change_words(motion)
        return (
            _("%(title)s If carried: %(change)s", title=motion.title, change=change)
            if change
            else motion.title
        )


def change_words(motion: Motion) -> str:
    """Which of the statutes becomes what, from when on; empty for another motion."""
    if motion.kind != STATUTE or motion.statute_name is None or motion.valid_from is None:
        return ""
    return _(
        "%(what)s: %(value)s, from %(when)s on.",
        what=_(statute_words.WORDS[motion.statute_name]),
        value=motion.statute_value,
        when=day(motion.valid_from),
    )


def _step(session: Session, motion: Motion, before: str, after: str, **values: object) -> None:
    moved = session.execute(
        update(Motion).where(Motion.id == motion.id, Motion.state == before).values(state=after, **values)
    )
    session.refresh(motion)
    if not rows_changed(moved):
        raise Refused(N_("This motion is past that."), status=409)


def _voter(session: Session, account: Account) -> Membership:
    found, moment = members.of(session, account), db_now(session)
    if found is not None:
        hers = select(Membership.id).where(Membership.id == found.id, rolls.has_vote(session, moment))
        if session.scalar(hers) is not None:
            return found
    raise Refused(N_("This takes a vote: members have one some time after joining."), status=403)


# What follows


def decide_due() -> int:
    """Job: motions whose vote is certified are decided, and carried ones carried out.

    One whose vote is void is where it was before: it keeps its supporters and may be put to a vote again.
    """
    with database().reading() as session:
        due = session.scalars(
            select(Motion.id)
            .join(Election, Election.id == Motion.election_id)
            .where(Motion.state == PUT, Election.state.in_((CERTIFIED, VOID)))
        ).all()
    return sum(_decide(motion_id) for motion_id in due)


def _decide(motion_id: uuid.UUID) -> int:
    with database().transaction() as session:
        motion = session.get_one(Motion, motion_id, with_for_update=True)
        if motion.state != PUT or motion.election_id is None:
            return 0
        election = session.get_one(Election, motion.election_id)
        if election.state == VOID:
            _give_back(session, motion, election)
            return 1
        outcome = outcomes.of(session, election)
        if outcome is None:
            return 0
        motion.decided_at = now()
        motion.state = CARRIED if outcome.carried else FAILED
        minute = _minute(session, motion, "carry a motion" if outcome.carried else "reject a motion")
        if motion.state == CARRIED:
            _carry_out(session, motion, minute)
    return 1


def _give_back(session: Session, motion: Motion, election: Election) -> None:
    """Nothing was decided about it."""
    motion.state, motion.election_id, motion.put_by_id = PROPOSED, None, None
    motion.hindrance = election.void_because[: limits.NOTE_CHARS]
    _minute(session, motion, "give a motion back")


def _minute(session: Session, motion: Motion, verb: str) -> Minute:
    public = {"power": "assembly", "verb": verb, "on": address(motion)}
    return minutes.write(session, public=public, private={"reason": motion.title})


def _carry_out(session: Session, motion: Motion, minute: Minute) -> None:
    """What was decided happens. If it has become impossible, the page says why, and it stays undone."""
    try:
        with session.begin_nested():
            if motion.kind == STATUTE and motion.statute_name and motion.statute_value is not None:
                day = max(motion.valid_from or date.min, statutes.today(now()))
                statutes.change(session, motion.statute_name, motion.statute_value, day, address(motion))
            if motion.kind == SURPLUS and motion.surplus_id and motion.put_by_id:
                surplus.carry_out(session, motion.surplus_id, minute.number, motion.put_by_id)
    except Refused as refusal:
        motion.hindrance = str(refusal)[: limits.NOTE_CHARS]


# Looking


def find(session: Session, motion_id: uuid.UUID) -> Motion:
    """Refused (404) where there is none."""
    found = session.get(Motion, motion_id, populate_existing=True)
    if found is None:
        raise Refused(N_("There is no such motion."), status=404)
    return found


def every(session: Session) -> list[Motion]:
    """All motions that were not withdrawn, the newest first."""
    wanted = select(Motion).where(Motion.state != WITHDRAWN).order_by(Motion.proposed_at.desc(), Motion.id)
    return list(session.scalars(wanted.limit(limits.ROWS_SHOWN)))


def supporters(session: Session, motion: Motion) -> int:
    counted = select(func.count()).where(MotionSupport.motion_id == motion.id)
    return session.scalar(counted) or 0


def supports(session: Session, motion: Motion, account: Account | None) -> bool:
    """Whether the member behind ``account`` supports it."""
    found = members.of(session, account)
    return found is not None and session.get(MotionSupport, (motion.id, found.id)) is not None


def moved_by(session: Session, motion: Motion, account: Account | None) -> bool:
    found = members.of(session, account)
    return found is not None and motion.proposer_id == found.id


def address(motion: Motion) -> str:
    return f"{settings().origin}/assembly/motions/{motion.id}"
