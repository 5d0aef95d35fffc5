"""Deputies: whom a seat lets write, edit or publish, for no longer than its own term."""

import uuid
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, minutes, powers
from commons.accounts import Account
from commons.clock import db_now
from commons.db import one_at_a_time
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from federation import actors
from membership.board import seats
from membership.board.models import Deputy, Seat
from membership.members import statutes

# What a seat may hand on: all of it, or less.
POWERS = (Power.WRITE, Power.EDIT, Power.PUBLISH)


def appoint(
    session: Session, handle: str, power: Power, last_day: date | None, reason: str, *, by: Account
) -> Deputy:
    """Let the person with ``handle`` use ``power`` until ``last_day``, or as long as the seat lasts.

    Refuses who does not sit (403), a day after the end of the seat or in the past, too many deputies, the
    same one twice and one whose office excludes it (409).
    """
    one_at_a_time(session, minutes.LOCK_KEY)
    account, name = _person(session, handle)
    seat = seats.act(session, by, "appoint a deputy", on=_address(session, account), reason=reason)
    if power not in POWERS:
        raise Refused(N_("A deputy may write, edit or publish, and nothing else."))
    if account.id == by.id:
        raise Refused(N_("Nobody is her own deputy."))
    ends_at = _end(session, seat, last_day)
    _free_slots(session, seat)
    taken = {deputy.slot for deputy in of_seat(session, seat)}
    slot = next((slot for slot in range(1, limits.DEPUTIES_PER_SEAT + 1) if slot not in taken), None)
    if slot is None:
        raise Refused(N_("A seat has at most %(most)s deputies."), status=409, most=limits.DEPUTIES_PER_SEAT)
    made = Deputy(
        seat_id=seat.id, account_id=account.id, name=name, power=power.value, slot=slot, ends_at=ends_at
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Refused(N_("This person is your deputy already."), status=409) from None
    powers.grant(
        session,
        account,
        [power],
        source=powers.DEPUTY,
        source_id=made.id,
        ends_at=ends_at,
        reason=seats.page(seat),
    )
    return made


def dismiss(session: Session, deputy_id: uuid.UUID, *, by: Account) -> None:
    """End an appointment at once: by whom it was made, or by the deputy herself."""
    one_at_a_time(session, minutes.LOCK_KEY)
    deputy = session.get(Deputy, deputy_id)
    if deputy is None:
        raise Refused(N_("There is no such deputy."), status=404)
    seat = session.get_one(Seat, deputy.seat_id)
    session.refresh(deputy)
    if by.id != deputy.account_id:
        mine = seats.of(session, by)
        if mine is None or mine.id != seat.id:
            raise Refused(N_("You do not have the power to do this."), status=403)
        powers.require(session, by, Power.PUBLISH)
    if deputy.ended_at is not None:
        raise Refused(N_("This appointment has ended already."), status=409)
    deputy.ended_at = min(db_now(session), deputy.ends_at)
    why = "laid down" if by.id == deputy.account_id else "dismissed"
    powers.end(session, powers.DEPUTY, deputy.id, on=seats.page(seat), reason=why)


def of_seat(session: Session, seat: Seat) -> list[Deputy]:
    """Who acts for the seat at this moment."""
    return [deputy for deputy in acting(session) if deputy.seat_id == seat.id]


def of_account(session: Session, account: Account) -> list[Deputy]:
    """For whom ``account`` acts at this moment."""
    return [deputy for deputy in acting(session) if deputy.account_id == account.id]


def acting(session: Session) -> list[Deputy]:
    """Everybody who acts for a seat at this moment, longest first."""
    lasting = select(Deputy).where(Deputy.ended_at.is_(None), Deputy.ends_at > db_now(session))
    return list(session.scalars(lasting.order_by(Deputy.starts_at, Deputy.id)))


def _person(session: Session, handle: str) -> tuple[Account, str]:
    actor = actors.local(session, handle.strip().removeprefix("@"))
    account = session.get(Account, actor.account_id) if actor is not None and actor.account_id else None
    if actor is None or account is None or account.closed_at is not None:
        raise Refused(N_("Nobody here has the handle %(handle)s."), handle=handle)
    return account, actor.name or actor.handle


def _address(session: Session, account: Account) -> str:
    actor = actors.of(session, account)
    assert actor is not None
    return actor.uri


def _end(session: Session, seat: Seat, last_day: date | None) -> datetime:
    if last_day is None:
        return seat.ends_at
    wanted = statutes.last_moment(last_day)
    if not db_now(session) < wanted <= seat.ends_at:
        raise Refused(N_("A deputy is appointed from now on, and at most until your own term ends."))
    return wanted


def _free_slots(session: Session, seat: Seat) -> None:
    """Note the appointments whose time is over, so that others can have their slots."""
    over = select(Deputy).where(
        Deputy.seat_id == seat.id, Deputy.ended_at.is_(None), Deputy.ends_at <= db_now(session)
    )
    for deputy in session.scalars(over):
        deputy.ended_at = deputy.ends_at
    session.flush()
