"""What the page of the board shows: who sits and by which count, what is vacant, who held which power."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits, minutes, powers
from commons.accounts import Account
from commons.clock import db_now
from commons.minutes import Minute
from commons.powers import Grant, Power
from membership.board import deputies, meetings, petitions, seats
from membership.board.meetings import Presence
from membership.board.models import (
    DUE,
    OFFERED,
    OPEN,
    Decision,
    Deputy,
    Meeting,
    Offer,
    Petition,
    Seat,
    Vacancy,
)
from membership.elections.models import Election

# What the board's seats and deputies use, and the founders before them.
BOARD_POWERS = (Power.PUBLISH.value, Power.EDIT.value, seats.BOARD)
USES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SeatShown:
    """A seat with all that is public about it. ``offer`` is the countback that found who sits there."""

    seat: Seat
    election: Election | None
    offer: Offer | None
    presence: Presence
    deputies: Sequence[Deputy]


@dataclass(frozen=True, slots=True)
class Founder:
    """Who holds a power of the board's in the founding period, and since when."""

    name: str
    power: str
    since: datetime


@dataclass(frozen=True, slots=True)
class VacancyShown:
    vacancy: Vacancy
    seat: Seat
    offer: Offer | None


@dataclass(frozen=True, slots=True)
class MeetingShown:
    meeting: Meeting
    decisions: Sequence[Decision]


@dataclass(frozen=True, slots=True)
class PetitionShown:
    """A petition, whom it is about, and how many of how many needed signed it."""

    petition: Petition
    seat: Seat
    signatures: int
    needed: int
    election: Election | None


def sitting(session: Session) -> list[SeatShown]:
    """Who sits now."""
    return _shown(session, seats.sitting(session))


def to_come(session: Session) -> list[SeatShown]:
    """Who is elected and whose term has not begun."""
    later = select(Seat).where(Seat.ended_at.is_(None), Seat.starts_at > db_now(session))
    return _shown(session, list(session.scalars(later.order_by(Seat.starts_at, Seat.place))))


def former(session: Session) -> list[SeatShown]:
    """Who sat before, the latest first."""
    over = select(Seat).where(Seat.ended_at.is_not(None)).order_by(Seat.ended_at.desc(), Seat.place)
    return _shown(session, list(session.scalars(over.limit(limits.ROWS_SHOWN))))


def _shown(session: Session, found: Sequence[Seat]) -> list[SeatShown]:
    presence = meetings.presence(session, found)
    acting: dict[uuid.UUID, list[Deputy]] = {}
    for deputy in deputies.acting(session):
        acting.setdefault(deputy.seat_id, []).append(deputy)
    return [
        SeatShown(
            seat=seat,
            election=session.get(Election, seat.election_id) if seat.election_id else None,
            offer=_accepted(session, seat),
            presence=presence[seat.id],
            deputies=acting.get(seat.id, ()),
        )
        for seat in found
    ]


def _accepted(session: Session, seat: Seat) -> Offer | None:
    if seat.follows_id is None:
        return None
    accepted = select(Offer).where(Offer.seat_id == seat.follows_id, Offer.accepted.is_(True))
    return session.scalar(accepted.where(Offer.candidacy_id == seat.candidacy_id))


def founders(session: Session) -> list[Founder]:
    """While nobody was elected: who edits and publishes, longest first."""
    if not powers.founding(session):
        return []
    moment = db_now(session)
    held = (
        select(Grant, Account)
        .join(Account, Grant.account_id == Account.id)
        .where(
            Grant.source == powers.FOUNDING,
            Grant.power.in_([power.value for power in powers.EDITORIAL]),
            Grant.starts_at <= moment,
            Grant.ends_at.is_(None),
            Account.closed_at.is_(None),
        )
        .order_by(Grant.starts_at, Grant.id)
    )
    return [
        Founder(account.personal.name, grant.power, grant.starts_at)
        for grant, account in session.execute(held).unique()
        if account.personal is not None
    ]


def vacancies(session: Session) -> list[VacancyShown]:
    """The seats that are vacant now, with whom the latest countback asked."""
    wanted = (
        select(Vacancy, Seat)
        .join(Seat, Vacancy.seat_id == Seat.id)
        .where(Vacancy.state.in_((DUE, OFFERED, OPEN)), Vacancy.until > db_now(session))
        .order_by(Vacancy.opened_at, Vacancy.seat_id)
    )
    return [VacancyShown(row, seat, _open_offer(session, seat)) for row, seat in session.execute(wanted)]


def _open_offer(session: Session, seat: Seat) -> Offer | None:
    return session.scalar(select(Offer).where(Offer.seat_id == seat.id, Offer.answered_at.is_(None)))


def met(session: Session) -> list[MeetingShown]:
    """The latest meetings and what they decided."""
    return [MeetingShown(each, meetings.decisions(session, each)) for each in meetings.newest(session)]


def recalls(session: Session, found: Sequence[Petition]) -> list[PetitionShown]:
    """Petitions as everybody may see them."""
    needed = petitions.needed(session) if found else 0
    return [
        PetitionShown(
            each,
            session.get_one(Seat, each.seat_id),
            petitions.signatures(session, each),
            needed,
            session.get(Election, each.election_id) if each.election_id else None,
        )
        for each in found
    ]


def uses(session: Session) -> Iterator[tuple[Minute, dict[str, str]]]:
    """The latest lines of the minutes about the board and its powers."""
    return minutes.lines(session, count=USES_SHOWN, powers=BOARD_POWERS)
