"""The job that takes in what became of the payments that pledges asked for."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.db import database
from membership.members import members
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments import charges
from membership.payments.models import Charge
from membership.pledges import dunning, gifts, letters, meaning, periods, pledges, prices, seats
from membership.pledges.models import Instalment
from membership.pledges.renewals import PURPOSE


def settle_due() -> int:
    """Job: take in what became of the charges that pledges asked for. Returns how many."""
    with database().transaction() as session:
        news = charges.news(session, PURPOSE, limits.DUE_AT_ONCE)
        for charge in news:
            settle(session, charge)
        return len(news)


def settle(session: Session, charge: Charge) -> None:
    """Take in how one charge stands now; once more changes nothing."""
    charges.heard(charge)
    instalment = session.scalar(
        select(Instalment).where(
            Instalment.pledge_id == charge.purpose_id, Instalment.period == charge.period
        )
    )
    if instalment is None:
        return
    if charge.state == charges.PAID:
        if instalment.state != "paid":
            _paid(session, instalment, charge)
        if charge.refunded + charge.lost or instalment.pledge.returned:
            _given_back(session, instalment, charge)
        if instalment.pledge.purpose == meaning.SUPPORT:
            _tell_shares(session, instalment, charge)
    elif charge.state == charges.FAILED and instalment.charge_id == charge.id:
        _failed(session, instalment, charge)
    elif charge.state == charges.CANCELLED and charge.received:
        pledges.note(session, instalment.pledge, "late money", pledges.CLOCK, amount=charge.received)
    session.flush()


def _paid(session: Session, instalment: Instalment, charge: Charge) -> None:
    pledge = instalment.pledge
    instalment.state, instalment.paid_at = "paid", charge.paid_at
    if pledge.rhythm == periods.ONCE:
        pledges.shift(session, pledge, frozenset({"promised", "charging"}), state="fulfilled")
    else:
        pledges.shift(session, pledge, frozenset({"promised", "late"}), state="active")
    pledges.note(session, pledge, "paid", pledges.CLOCK, amount=instalment.amount, period=instalment.period)
    if pledge.purpose == meaning.SUPPORT:
        party = session.get_one(Party, pledge.party_id)
        money = pledges.money_of(instalment)
        members.paid(session, party, money, from_account=charge.account, cause=("charge", charge.id))
    elif pledge.purpose == meaning.GIFT:
        codes = [gifts.code(gift) for gift in gifts.make(session, pledge)]
        letters.write(session, pledge, "gift_codes", codes=codes)
    elif pledge.purpose == meaning.SEATS:
        seats.fill(session, instalment, pledge.quantity)


def _given_back(session: Session, instalment: Instalment, charge: Charge) -> None:
    """Some or all of a payment went back: by the table of ``meaning``."""
    pledge = instalment.pledge
    back = charge.refunded + charge.lost
    each = prices.year(pledge.currency).amount if pledge.purpose in (meaning.GIFT, meaning.SEATS) else 0
    left = meaning.after_refund(pledge.purpose, instalment.amount, back, each, pledge.quantity)
    if pledge.rhythm == periods.ONCE:
        pledge.returned = back
        before, after = ("refunded", "fulfilled") if left.person else ("fulfilled", "refunded")
        pledges.shift(session, pledge, frozenset({before}), state=after)
    elif charge.lost:
        over = {"state": "stopped", "next_on": None, "ended_at": db_now(session)}
        pledges.shift(session, pledge, pledges.CHANGES["stop"], **over)
    pledges.note(session, pledge, "given back", pledges.CLOCK, amount=back, period=instalment.period)
    if pledge.purpose == meaning.GIFT:
        gifts.keep(session, pledge, left.things)
    elif pledge.purpose == meaning.SEATS:
        seats.fill(session, instalment, left.things)


def _tell_shares(session: Session, instalment: Instalment, charge: Charge) -> None:
    """How much of a payment is away, to the shares that it paid; also when a dispute was won."""
    money, gone = pledges.money_of(instalment), Money(charge.refunded + charge.lost, charge.currency)
    members.unpaid(session, ("charge", charge.id), of=money, gone=gone, to_account=charge.account)


def _failed(session: Session, instalment: Instalment, charge: Charge) -> None:
    """Try again after a while; after the last time it is over."""
    if instalment.state != "charging":
        return
    pledge = instalment.pledge
    if instalment.tries > len(limits.DUNNING_DAYS) or pledge.state in pledges.OVER | {"paused"}:
        dunning.give_up(session, instalment)
        return
    instalment.state = "due"
    instalment.next_try = db_now(session) + dunning.patience(instalment.tries - 1)
    dunning.late(session, pledge, instalment)
    letters.write(session, pledge, "pledge_failed", pay="")
