"""The seats of the board: who sits, until when, and the powers that begin and end with a seat.

A certified election of the board is looked for by a job and seated once. A seat grants ``publish`` from
the beginning of its term to its end, so that nothing has to happen for the power to be gone. What
ends a seat early ends its powers, and its deputies', in the same transaction.
"""

import uuid
from datetime import datetime

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from commons import limits, mail, minutes, powers
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import database, one_at_a_time
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.board.models import (
    COOPTION,
    COUNT,
    FILLED,
    LEFT,
    RESIGNED,
    TERM,
    Deputy,
    Offer,
    Seat,
    Vacancy,
)
from membership.board.terms import Term, terms
from membership.elections import outcomes
from membership.elections.models import CERTIFIED, Candidacy, Election
from membership.members import members, statutes
from membership.members.models import Membership
from membership.money.models import Party

BOARD = "board"


# Who sits


def sitting(session: Session, at: datetime | None = None) -> list[Seat]:
    """Who sits at this moment, or sat at ``at``: first whose term began first, in the order of election."""
    moment = at or db_now(session)
    wanted = select(Seat).where(
        Seat.starts_at <= moment, Seat.ends_at > moment, or_(Seat.ended_at.is_(None), Seat.ended_at > moment)
    )
    return list(session.scalars(wanted.order_by(Seat.starts_at, Seat.place, Seat.id)))


def elected_before(session: Session) -> bool:
    """Whether members have elected a board, so that the founding period is over."""
    return not powers.founding(session)


def of(session: Session, account: Account | None) -> Seat | None:
    """The seat on which ``account`` sits at this moment with its powers."""
    if account is None:
        return None
    return next((seat for seat in sitting(session) if seat.account_id == account.id), None)


def hers(session: Session, account: Account | None) -> list[Seat]:
    """The seats of the member that ``account`` is that have not ended, taken up or not, begun or not."""
    if account is None:
        return []
    lasting = (
        select(Seat)
        .join(Membership, Seat.membership_id == Membership.id)
        .join(Party)
        .where(Party.account_id == account.id, Seat.ended_at.is_(None), Seat.ends_at > db_now(session))
    )
    return list(session.scalars(lasting.order_by(Seat.starts_at)))


def find(session: Session, seat_id: uuid.UUID) -> Seat:
    """The seat, or a 404."""
    found = session.get(Seat, seat_id)
    if found is None:
        raise Refused(N_("There is no such seat."), status=404)
    return found


def page(seat: Seat) -> str:
    """Where a seat stands in public."""
    return f"{settings().origin}/board#seat-{seat.id}"


def act(session: Session, by: Account | None, verb: str, *, on: str, reason: str = "") -> Seat:
    """Do something as a member of the board: refuse (403) who does not sit, or write the minute."""
    seat = of(session, by)
    if seat is None:
        raise Refused(N_("Only who sits on the board may do this."), status=403)
    powers.require(session, by, Power.PUBLISH)  # which the seat gives, and which may sleep in this browser
    write(session, verb, on=on, who=seat.name, reason=reason)
    return seat


def write(session: Session, verb: str, *, on: str, who: str, reason: str = "") -> None:
    """A line of the minutes about the board."""
    minutes.write(
        session,
        public={"power": BOARD, "verb": verb, "on": on},
        private={"reason": reason, "by": who},
    )


# Seating


def seat_due() -> int:
    """Timer job: seat who was elected and grant what waits. Returns how many seats that concerned."""
    with database().transaction() as session:
        one_at_a_time(session, minutes.LOCK_KEY)
        made = sum(_seat(session, election) for election in _unseated(session))
        return made + sum(take_up(session, seat) for seat in _waiting(session))


def _unseated(session: Session) -> list[Election]:
    """Certified elections of the board whose winners have no seats, oldest first."""
    return list(
        session.scalars(
            select(Election)
            .where(
                Election.kind == BOARD,
                Election.state == CERTIFIED,
                ~exists().where(Seat.election_id == Election.id),
            )
            .order_by(Election.certified_at)
        )
    )


def _seat(session: Session, election: Election) -> int:
    elected = outcomes.certified(session, election).elected
    for place, (candidacy, term) in enumerate(zip(elected, terms(session, len(elected)), strict=True), 1):
        admit(session, candidacy, term, place, COUNT)
    if elected:
        on, why = f"{settings().origin}/board", f"the first board was elected: {election.title}"
        powers.end_founding(session, on=on, reason=why)
    return len(elected)


def admit(session: Session, candidacy: Candidacy, term: Term, place: int, how: str) -> Seat:
    """A seat for a candidate, with its line in the minutes and a letter; its powers are granted later."""
    assert candidacy.membership_id is not None
    made = Seat(
        election_id=candidacy.election_id,
        candidacy_id=candidacy.id,
        membership_id=candidacy.membership_id,
        name=candidacy.name,
        how=how,
        place=place,
    )
    return begin(session, made, term)


def begin(session: Session, made: Seat, term: Term) -> Seat:
    """Begin the term of a new seat, which may fill one that fell vacant."""
    made.starts_at, made.ends_at, made.follows_id = term.starts_at, term.ends_at, term.follows_id
    session.add(made)
    session.flush()
    if term.follows_id is not None:
        _fill(session, session.get_one(Seat, term.follows_id))
    write(session, "take a seat", on=page(made), who=made.name, reason=f"by {made.how}")
    data = session.get_one(Membership, made.membership_id).party.data
    if data is not None and data.email:
        mail.send(session, to=data.email, letter="board_seat", name=data.name, seat=made)
    return made


def _fill(session: Session, vacant: Seat) -> None:
    """The seat is filled: whoever was co-opted into it leaves, and nobody else is asked."""
    if vacant.ended_at is None:
        end(session, vacant, TERM)
    session.get_one(Vacancy, vacant.id).state = FILLED
    open_offers = update(Offer).where(Offer.seat_id == vacant.id, Offer.answered_at.is_(None))
    session.execute(open_offers.values(answered_at=db_now(session), accepted=False))


def _waiting(session: Session) -> list[Seat]:
    """Seats whose powers nobody has taken up."""
    waiting = select(Seat).where(
        Seat.account_id.is_(None), Seat.ended_at.is_(None), Seat.ends_at > db_now(session)
    )
    return list(session.scalars(waiting.order_by(Seat.starts_at).limit(limits.ROWS_SHOWN)))


def take_up(session: Session, seat: Seat) -> bool:
    """Grant what the seat carries to its member's account.

    Returns False while she has no account, or holds an office that excludes it: she gives that up first.
    """
    account = account_of(session, seat)
    if account is None or account.closed_at is not None:
        return False
    try:
        with session.begin_nested():
            powers.grant(
                session,
                account,
                [Power.PUBLISH],
                source=powers.SEAT,
                source_id=seat.id,
                starts_at=seat.starts_at,
                ends_at=seat.ends_at,
                reason=page(seat),
            )
    except Refused:
        return False
    seat.account_id = account.id
    session.flush()
    return True


def account_of(session: Session, seat: Seat) -> Account | None:
    """The account of the member who has the seat, if she has one."""
    account_id = session.get_one(Membership, seat.membership_id).party.account_id
    return session.get(Account, account_id) if account_id is not None else None


# The end of a seat


def resign(session: Session, seat_id: uuid.UUID, *, by: Account) -> None:
    """Give up one's seat, at once."""
    seat = find(session, seat_id)
    if seat.id not in {mine.id for mine in hers(session, by)}:
        raise Refused(N_("This is not your seat."), status=403)
    end(session, seat, RESIGNED)


def end(session: Session, seat: Seat, because: str) -> None:
    """End a seat, its powers and its deputies, with minutes; before its term it leaves a vacancy.

    Refuses (409) a seat that has ended.
    """
    one_at_a_time(session, minutes.LOCK_KEY)
    session.refresh(seat)
    moment = db_now(session)
    if seat.ended_at is not None:
        raise Refused(N_("This seat has ended already."), status=409)
    seat.ended_at, seat.ended_because = min(moment, seat.ends_at), because
    on = page(seat)
    powers.end(session, powers.SEAT, seat.id, on=on, reason=because)
    for deputy in session.scalars(select(Deputy).where(Deputy.seat_id == seat.id, Deputy.ended_at.is_(None))):
        deputy.ended_at = min(moment, deputy.ends_at)
        powers.end(session, powers.DEPUTY, deputy.id, on=on, reason=because)
    write(session, "leave a seat", on=on, who=seat.name, reason=because)
    until = _elected_until(session, seat)
    if until > moment:
        session.add(Vacancy(seat_id=seat.id, opened_at=moment, until=until))
    session.flush()


def _elected_until(session: Session, seat: Seat) -> datetime:
    """The end of the elected term that the seat is part of: later than its own where one was co-opted."""
    return session.get_one(Vacancy, seat.follows_id).until if seat.how == COOPTION else seat.ends_at


def close_due() -> int:
    """Timer job: note the terms that are over, and end the seats of who is no member any more."""
    with database().transaction() as session:
        one_at_a_time(session, minutes.LOCK_KEY)
        moment, closed = db_now(session), 0
        for seat in session.scalars(select(Seat).where(Seat.ended_at.is_(None)).order_by(Seat.ends_at)):
            because = _why_over(session, seat, moment)
            if because is not None:
                end(session, seat, because)
                closed += 1
        return closed


def _why_over(session: Session, seat: Seat, moment: datetime) -> str | None:
    if seat.ends_at <= moment:
        return TERM
    account = session.get(Account, seat.account_id) if seat.account_id is not None else None
    closed = account is not None and account.closed_at is not None
    if closed or not members.counts(session.get_one(Membership, seat.membership_id), moment):
        return LEFT
    return None


def fixed_now(session: Session) -> statutes.Statutes:
    """The statutes as they hold at this moment."""
    return statutes.at(session, statutes.today(db_now(session)))
