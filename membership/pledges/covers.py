"""Whose year somebody else paid for, and until when; the first that it pays is her share."""

import uuid
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from membership.members import members, shares
from membership.members.models import ACTIVE, APPLIED
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Party
from membership.money.periods import months_after
from membership.pledges.models import Cover, Gift, Pledge

YEAR = 12
GIFT, SEAT = "gift", "seat"
# Where the money of such a year stands, and where what goes into shares stands in between: so that it
# never counts as paid by her.
STANDS_ON = {GIFT: "income:gifts", SEAT: "income:membership"}
BETWEEN = "liabilities:prepaid"


def add(session: Session, party: Party, kind: str, cause_id: str, today: date) -> Cover:
    """A year for ``party``, from today or from the day after the year she has already."""
    last = until(session, party)
    starts = max(today, last) if last is not None else today
    cover = Cover(
        party_id=party.id,
        kind=kind,
        cause_id=cause_id,
        starts_on=starts,
        ends_on=months_after(starts, YEAR),
    )
    session.add(cover)
    session.flush()
    return cover


def until(session: Session, party: Party) -> date | None:
    """The first day that nobody has paid for her; None if nobody ever did."""
    return session.scalar(select(func.max(Cover.ends_on)).where(Cover.party_id == party.id))


def pay_shares(session: Session, party: Party, today: date, each: Money) -> None:
    """Pay what is missing of her shares from the years that others paid for; who applied is then a member.

    ``each`` is what a year from the pot costs. A year pays once.
    """
    shares.hold_pen(session)
    running = select(Cover).where(Cover.party_id == party.id, Cover.ends_on > today)
    for cover in session.scalars(running.order_by(Cover.starts_on)).all():
        membership = members.of_party(session, party)
        if membership is None or membership.state not in (APPLIED, ACTIVE):
            return
        cause = ("cover", cover.id)
        missing = shares.position(session, membership).unpaid
        money = min(missing, _worth(session, cover, each))
        if money.amount <= 0 or shares.caused(session, cause, "pay"):
            continue
        lines = [Line(STANDS_ON[cover.kind], money), Line(BETWEEN, -money, party_id=party.id)]
        ledger.post(session, kind="given-share", lines=lines, cause=cause)
        members.paid(session, party, money, from_account=BETWEEN, cause=cause)


def _worth(session: Session, cover: Cover, each: Money) -> Money:
    """What was paid for the year: a gift may have been bought at another price than today's."""
    if cover.kind == SEAT:
        return each
    gift = session.get_one(Gift, uuid.UUID(cover.cause_id))
    pledge = session.get_one(Pledge, gift.pledge_id)
    return Money(pledge.amount // pledge.quantity, pledge.currency)
