"""Co-option: the board itself fills a seat that no ballots could fill, for a while and once.

It takes the agreement of more than half of those who sit, and the consent of who is to sit.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import minutes
from commons.accounts import Account
from commons.clock import db_now
from commons.db import one_at_a_time
from commons.language import N_
from commons.refusal import Refused
from membership.board import seats
from membership.board.models import COOPTION, OPEN, Cooption, CooptionVoice, Seat, Vacancy
from membership.board.terms import Term
from membership.board.vacancies import write_to
from membership.elections import rolls
from membership.members import members, register, statutes
from membership.money import parties


def propose(session: Session, seat_id: uuid.UUID, number: int, *, by: Account) -> Cooption:
    """Propose to co-opt the member with that number in the register; who proposes agrees.

    Refuses a seat that is not open, who sits already, who is no member with a vote, and a second proposal.
    """
    one_at_a_time(session, minutes.LOCK_KEY)
    if not may_coopt(session, seats.find(session, seat_id)):
        raise Refused(N_("This seat is not open for co-option."), status=409)
    membership = members.numbered(session, number)
    if membership.id not in rolls.voters(session, db_now(session)):
        raise Refused(N_("Only a member who has a vote can be co-opted."))
    if membership.id in {seat.membership_id for seat in seats.sitting(session)}:
        raise Refused(N_("She sits on the board already."), status=409)
    made = Cooption(
        seat_id=seat_id,
        membership_id=membership.id,
        name=parties.name_of(membership.party) or register.pseudonym(number),
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Refused(N_("This co-option is proposed already."), status=409) from None
    voice = seats.act(session, by, "propose a co-option", on=_seat_page(session, seat_id), reason=made.name)
    session.add(CooptionVoice(cooption_id=made.id, seat_id=voice.id))
    session.flush()
    months = seats.fixed_now(session).cooption_months
    write_to(session, membership.id, "board_cooption", months=months)
    return made


def agree(session: Session, cooption_id: uuid.UUID, *, by: Account) -> Seat | None:
    """Agree to a co-option, as one who sits; the last that is needed seats who consented."""
    one_at_a_time(session, minutes.LOCK_KEY)
    cooption = find_cooption(session, cooption_id)
    on = _seat_page(session, cooption.seat_id)
    voice = seats.act(session, by, "agree to a co-option", on=on, reason=cooption.name)
    try:
        with session.begin_nested():
            session.add(CooptionVoice(cooption_id=cooption.id, seat_id=voice.id))
    except IntegrityError:
        raise Refused(N_("You have agreed already."), status=409) from None
    return _coopt(session, cooption)


def consent(session: Session, cooption_id: uuid.UUID, *, by: Account) -> Seat | None:
    """The proposed member is ready to sit."""
    one_at_a_time(session, minutes.LOCK_KEY)
    cooption = find_cooption(session, cooption_id)
    mine = members.of(session, by)
    if mine is None or mine.id != cooption.membership_id:
        raise Refused(N_("This is not proposed for you."), status=403)
    cooption.consented_at = cooption.consented_at or db_now(session)
    session.flush()
    return _coopt(session, cooption)


def find_cooption(session: Session, cooption_id: uuid.UUID) -> Cooption:
    """A proposal for a seat that is still open, or a refusal (404, 409)."""
    found = session.get(Cooption, cooption_id)
    if found is None:
        raise Refused(N_("There is no such proposal."), status=404)
    if not may_coopt(session, session.get_one(Seat, found.seat_id)):
        raise Refused(N_("This seat is not open for co-option."), status=409)
    return found


def may_coopt(session: Session, seat: Seat) -> bool:
    """Whether the board may co-opt for the seat: it is open, and nobody was co-opted into it before."""
    vacancy = session.get(Vacancy, seat.id)
    return vacancy is not None and vacancy.state == OPEN and seat.how != COOPTION


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal, for whose seat, and how many of those who sit agree."""

    cooption: Cooption
    vacant: Seat
    voices: int
    agreed: frozenset[uuid.UUID]


def shown(session: Session) -> list[Shown]:
    """What is proposed for seats that are open, oldest first."""
    wanted = (
        select(Cooption, Seat)
        .join(Vacancy, Vacancy.seat_id == Cooption.seat_id)
        .join(Seat, Seat.id == Cooption.seat_id)
        .where(Vacancy.state == OPEN)
        .order_by(Cooption.proposed_at)
    )
    return [
        Shown(each, vacant, voices(session, each), _agreed(session, each))
        for each, vacant in session.execute(wanted)
    ]


def asked(session: Session, account: Account) -> list[Shown]:
    """The proposals that wait for the consent of the member that ``account`` is."""
    mine = members.of(session, account)
    return [
        each
        for each in shown(session)
        if mine is not None and each.cooption.membership_id == mine.id and each.cooption.consented_at is None
    ]


def _agreed(session: Session, cooption: Cooption) -> frozenset[uuid.UUID]:
    given = select(CooptionVoice.seat_id).where(CooptionVoice.cooption_id == cooption.id)
    return frozenset(session.scalars(given))


def voices(session: Session, cooption: Cooption) -> int:
    """How many of those who sit now agree."""
    return len(_agreed(session, cooption) & {seat.id for seat in seats.sitting(session)})


def _coopt(session: Session, cooption: Cooption) -> Seat | None:
    """Seat who consented, once more than half of those who sit agree; for a while only."""
    enough = 2 * voices(session, cooption) > len(seats.sitting(session))
    if cooption.consented_at is None or not enough:
        return None
    moment = db_now(session)
    day = statutes.months_after(statutes.today(moment), seats.fixed_now(session).cooption_months)
    until = session.get_one(Vacancy, cooption.seat_id).until
    term = Term(moment, min(statutes.last_moment(day), until), cooption.seat_id)
    made = Seat(
        membership_id=cooption.membership_id,
        name=cooption.name,
        how=COOPTION,
        place=session.get_one(Seat, cooption.seat_id).place,
    )
    seats.begin(session, made, term)
    seats.take_up(session, made)
    return made


def _seat_page(session: Session, seat_id: uuid.UUID) -> str:
    return seats.page(session.get_one(Seat, seat_id))
