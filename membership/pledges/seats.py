"""Seats paid for by others: givers fill a pot, and whoever needs a seat takes one.

Blind on both sides: a seat that is taken has a running number and no giver.
"""

import uuid

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.members import shares
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Party
from membership.pledges import covers, pledges, prices
from membership.pledges.models import Cover, Instalment, SeatsPaid, SeatTaken

POT, FEES = "restricted:seats", "income:membership"


def fill(session: Session, instalment: Instalment, seats: int) -> None:
    """Put the seats of a paid instalment into the pot, or correct how many stay after a refund."""
    row = session.get(SeatsPaid, instalment.id)
    if row is not None:
        row.seats = seats
    elif seats:
        each = instalment.amount // seats
        session.add(
            SeatsPaid(instalment_id=instalment.id, seats=seats, price=each, currency=instalment.currency)
        )
    session.flush()


def free(session: Session) -> int:
    """How many seats are in the pot; never below zero, also when paid ones were refunded."""
    return max(_paid(session) - _taken(session), 0)


def take(session: Session, party: Party, currency: str) -> Cover:
    """Take a seat for a year, without a reason given. Refuses an empty pot, and a second seat in a year.

    It pays her share first, as a payment of her own would.
    """
    shares.hold_pen(session)
    ledger.hold_pen(session)
    today = pledges.today_here(session)
    number = (session.scalar(select(func.max(SeatTaken.ordinal))) or 0) + 1
    if number > _paid(session):
        raise Refused(N_("The pot is empty at the moment. Ask again in a while."), status=409)
    try:
        with session.begin_nested():
            session.add(SeatTaken(ordinal=number, party_id=party.id, year=today.year))
    except IntegrityError as error:
        raise Refused(N_("You have taken a seat this year already."), status=409) from error
    price = prices.year(currency)
    ledger.post(
        session,
        kind="seat_taken",
        lines=[Line(POT, price), Line(FEES, -price)],
        cause=("seat", uuid.UUID(int=number)),
    )
    cover = covers.add(session, party, covers.SEAT, str(number), today)
    covers.pay_shares(session, party, today, price)
    return cover


def price() -> int:
    """Whole units of the currency that a seat costs for a year."""
    return prices.SUGGESTED["yearly"][prices.NORMAL]


def _paid(session: Session) -> int:
    return session.scalar(select(func.coalesce(func.sum(SeatsPaid.seats), 0))) or 0


def _taken(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SeatTaken)) or 0


def money(count: int, currency: str) -> Money:
    """What ``count`` seats cost."""
    each = prices.year(currency)
    return Money(each.amount * count, currency)
