"""Seats that fall vacant: the published ballots are counted again, and whom that finds is asked.

She has ``limits.OFFER_DAYS`` to answer. Who declines, does not answer, or is no member any more is passed
over and the papers are counted once more. Where no papers can fill the seat it is open: the board
may co-opt (``cooptions``), or the next election fills it.
"""

import uuid
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits, mail, minutes
from commons.accounts import Account
from commons.clock import db_now
from commons.config import settings
from commons.db import database, one_at_a_time
from commons.language import N_
from commons.refusal import Refused
from membership.board import seats
from membership.board.countback import Countback, Papers, countback, papers_of
from membership.board.models import (
    COUNTBACK,
    DUE,
    OFFERED,
    OPEN,
    OVER,
    Offer,
    Seat,
    Vacancy,
)
from membership.board.terms import Term
from membership.elections.models import Candidacy, Election
from membership.members import members
from membership.members.models import Membership

# Filling by countback


def fill_due() -> int:
    """Timer job: count again for seats that fell vacant, pass over who did not answer, end what is over."""
    with database().transaction() as session:
        one_at_a_time(session, minutes.LOCK_KEY)
        moment, done = db_now(session), 0
        for offer in session.scalars(select(Offer).where(Offer.answered_at.is_(None), Offer.until <= moment)):
            _pass_over(session, offer)
            done += 1
        for vacancy in session.scalars(select(Vacancy).where(Vacancy.state.in_((DUE, OFFERED, OPEN)))):
            done += _advance(session, vacancy)
        return done


def _advance(session: Session, vacancy: Vacancy) -> bool:
    if vacancy.until <= db_now(session):
        vacancy.state = OVER
        return True
    if vacancy.state != DUE:
        return False
    fill(session, session.get_one(Seat, vacancy.seat_id))
    return True


def fill(session: Session, seat: Seat) -> Offer | None:
    """Count again for a vacant seat and offer it to whom that finds; None, and it is open, if to nobody."""
    vacancy = session.get_one(Vacancy, seat.id)
    vacancy.state = OPEN
    if not seats.fixed_now(session).countback:
        return None
    question = _question(session, seat)
    if question is None:
        return None
    papers, left, sitting, others = question
    winner = countback(papers, left, sitting, others).winner
    if winner is None:
        return None
    candidacy = _candidacies(session, seat)[winner]
    if candidacy.membership_id is None:  # the ballots would rather see nominations re-opened
        return None
    offer = Offer(
        seat_id=seat.id,
        candidacy_id=candidacy.id,
        membership_id=candidacy.membership_id,
        name=candidacy.name,
        record={"left": left, "sitting": sorted(sitting), "others": sorted(others)},
        until=min(vacancy.until, db_now(session) + timedelta(days=limits.OFFER_DAYS)),
    )
    session.add(offer)
    vacancy.state = OFFERED
    session.flush()
    seats.write(session, "offer a seat", on=page(offer), who=offer.name)
    write_to(session, offer.membership_id, "board_offer", until=offer.until)
    return offer


def _question(session: Session, seat: Seat) -> tuple[Papers, int, frozenset[int], frozenset[int]] | None:
    """The papers, who left, who sits, who else cannot or will not; None where there are no papers."""
    election = session.get(Election, seat.election_id) if seat.election_id is not None else None
    if election is None or election.package is None or election.each:
        return None
    number = {candidacy.id: place for place, candidacy in _candidacies(session, seat).items()}
    assert seat.candidacy_id is not None
    of_election = select(Seat).where(Seat.election_id == election.id)
    lasting = {held.candidacy_id for held in session.scalars(of_election.where(Seat.ended_at.is_(None)))}
    sitting = frozenset(number[each] for each in lasting if each is not None)
    others = frozenset(
        number[candidacy.id]
        for candidacy in _candidacies(session, seat).values()
        if not _available(session, candidacy)
    )
    left = number[seat.candidacy_id]
    return papers_of(election.package), left, sitting, others - sitting - {left}


def _available(session: Session, candidacy: Candidacy) -> bool:
    """Whether a candidate could still sit: a member, who sat not before by this election nor declined."""
    if candidacy.membership_id is None:
        return True
    if not members.counts(session.get_one(Membership, candidacy.membership_id), db_now(session)):
        return False
    sat = select(Seat.id).where(Seat.candidacy_id == candidacy.id)
    elsewhere = select(Seat.id).where(
        Seat.membership_id == candidacy.membership_id, Seat.ended_at.is_(None), Seat.ends_at > db_now(session)
    )
    declined = select(Offer.id).where(Offer.candidacy_id == candidacy.id, Offer.accepted.is_(False))
    return not any(session.scalars(each.limit(1)).first() for each in (sat, elsewhere, declined))


def _candidacies(session: Session, seat: Seat) -> dict[int, Candidacy]:
    """The candidates of the seat's election by their number in the manifest."""
    wanted = select(Candidacy).where(Candidacy.election_id == seat.election_id, Candidacy.number.is_not(None))
    return {each.number: each for each in session.scalars(wanted) if each.number is not None}


def find_offer(session: Session, offer_id: uuid.UUID) -> Offer:
    """The offer, or a 404."""
    found = session.get(Offer, offer_id)
    if found is None:
        raise Refused(N_("There is no such countback."), status=404)
    return found


def recount(session: Session, offer: Offer) -> Countback:
    """The count by which a seat was offered, made again."""
    seat = session.get_one(Seat, offer.seat_id)
    election = session.get_one(Election, seat.election_id)
    assert election.package is not None
    record = offer.record
    return countback(
        papers_of(election.package),
        record["left"],
        frozenset(record["sitting"]),
        frozenset(record["others"]),
    )


def page(offer: Offer) -> str:
    """Where the count behind an offer stands in public."""
    return f"{settings().origin}/board/countbacks/{offer.id}"


# The answer


def offered_to(session: Session, account: Account) -> list[Offer]:
    """The seats that are offered to the member that ``account`` is."""
    mine = members.of(session, account)
    if mine is None:
        return []
    moment = db_now(session)
    open_ = Offer.membership_id == mine.id, Offer.answered_at.is_(None), Offer.until > moment
    return list(session.scalars(select(Offer).where(*open_)))


def answer(session: Session, offer_id: uuid.UUID, *, accepts: bool, by: Account) -> Seat | None:
    """Take the seat that a countback offers, for the rest of its term, or leave it to the next."""
    one_at_a_time(session, minutes.LOCK_KEY)
    offer = next((each for each in offered_to(session, by) if each.id == offer_id), None)
    if offer is None:
        raise Refused(N_("No seat is offered to you, or the time to answer is over."), status=403)
    if not accepts:
        _pass_over(session, offer)
        return None
    offer.answered_at, offer.accepted = db_now(session), True
    candidacy = session.get_one(Candidacy, offer.candidacy_id)
    term = Term(db_now(session), session.get_one(Vacancy, offer.seat_id).until, offer.seat_id)
    place = session.get_one(Seat, offer.seat_id).place
    made = seats.admit(session, candidacy, term, place, COUNTBACK)
    seats.take_up(session, made)
    return made


def _pass_over(session: Session, offer: Offer) -> None:
    offer.answered_at, offer.accepted = db_now(session), False
    session.get_one(Vacancy, offer.seat_id).state = DUE
    session.flush()
    seats.write(session, "decline a seat", on=page(offer), who=offer.name)


def write_to(session: Session, membership_id: uuid.UUID, letter: str, **values: object) -> None:
    """A letter to the member, if we know where."""
    data = session.get_one(Membership, membership_id).party.data
    if data is not None and data.email:
        mail.send(session, to=data.email, letter=letter, name=data.name, **values)
