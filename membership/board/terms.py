"""When the terms of newly elected members begin and end.

Nobody's term is cut short: who is elected follows the seat whose term ends next, and begins when that
one ends. Otherwise whoever calls elections could end a board by calling one early. A seat that is
free begins at once; one that fell vacant, or was given to somebody co-opted, is filled at once for the
rest of its term, by the last of the elected.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from commons.clock import db_now
from membership.board.models import COOPTION, DUE, OFFERED, OPEN, Seat, Vacancy
from membership.members import statutes
from membership.members.statutes import Statutes


@dataclass(frozen=True, slots=True)
class Term:
    """From when to when, and whose vacant seat it fills, if any."""

    starts_at: datetime
    ends_at: datetime
    follows_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The seat that an elected member would follow, and the end of its term."""

    seat_id: uuid.UUID
    until: datetime


def terms(session: Session, elected: int) -> list[Term]:
    """The terms of so many elected now, in the order of their election."""
    moment = db_now(session)
    fixed = statutes.at(session, statutes.today(moment))
    taken, vacant = _taken(session, moment), vacant_places(session)
    following = elected - max(0, fixed.board_seats - len(taken))
    if following <= 0:
        rest = [Term(moment, place.until, place.seat_id) for place in vacant[:elected]]
        return _fresh(elected - len(rest), moment, fixed, halved=not taken) + rest
    ends = sorted([seat.ends_at for seat in taken] + [place.until for place in vacant])
    free = max(0, elected - len(ends))
    return [Term(start, _end(start, fixed.term_months)) for start in [moment] * free + ends[: elected - free]]


def vacant_places(session: Session) -> list[Place]:
    """Seats that fell vacant, or were given to somebody co-opted, the longest rest of a term first."""
    moment = db_now(session)
    vacant = [
        Place(each.seat_id, each.until)
        for each in session.scalars(select(Vacancy).where(Vacancy.state.in_((DUE, OFFERED, OPEN))))
    ]
    coopted = [
        Place(seat.id, session.get_one(Vacancy, seat.follows_id).until)
        for seat in session.scalars(_lasting(moment).where(Seat.how == COOPTION))
    ]
    lasting = [place for place in vacant + coopted if place.until > moment]
    return sorted(lasting, key=lambda place: place.until, reverse=True)


def _lasting(moment: datetime) -> Select[Seat]:
    return select(Seat).where(Seat.ended_at.is_(None), Seat.ends_at > moment)


def _taken(session: Session, moment: datetime) -> list[Seat]:
    """Whoever was elected and sits or will; a seat that another one follows is not counted twice."""
    lasting = list(session.scalars(_lasting(moment).where(Seat.how != COOPTION)))
    begun = [seat for seat in lasting if seat.starts_at <= moment]
    later = sorted((seat for seat in lasting if seat.starts_at > moment), key=lambda seat: seat.starts_at)
    for successor in later:
        before = next((seat for seat in begun if seat.ends_at == successor.starts_at), None)
        if before is not None:
            begun.remove(before)
    return begun + later


def _fresh(count: int, moment: datetime, fixed: Statutes, *, halved: bool) -> list[Term]:
    """Whole terms from now on; of a first board with staggered terms, the later half gets half of one."""
    short = count // 2 if fixed.staggered and halved else 0
    whole, half = _end(moment, fixed.term_months), _end(moment, fixed.term_months // 2)
    return [Term(moment, whole)] * (count - short) + [Term(moment, half)] * short


def _end(start: datetime, months: int) -> datetime:
    """The last moment of a term of so many months that begins at ``start``."""
    day: date = statutes.today(start)
    return statutes.last_moment(statutes.months_after(day, months))
