"""Withdrawing from a contract made online (Directive 2011/83/EU, Article 11a, by Directive (EU) 2023/2673).

Whoever ordered without signing in can withdraw without it: she says who she is and from what, confirms it
on a second page, and gets a receipt with the moment by mail. In time, and with a pledge's number and its
e-mail address, it takes effect at once; everything else a treasurer looks at.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits, mail
from commons.accounts import fold_email
from commons.clock import db_now
from commons.config import settings
from commons.language import N_
from commons.refusal import Refused
from membership.money import parties
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments import refunds
from membership.payments.models import Charge
from membership.pledges import pledges
from membership.pledges.models import Instalment, Pledge, Withdrawal

EFFECTIVE, LATE, OPEN, DONE = "effective", "late", "open", "done"


def declare(session: Session, *, name: str, email: str, contract: str, once: str) -> Withdrawal:
    """Take a withdrawal in, send the receipt, and let it take effect if the pledge is known and in time."""
    found = session.scalar(select(Withdrawal).where(Withdrawal.once == once))
    if found is not None:
        return found
    if not name.strip() or not contract.strip():
        raise Refused(N_("Say who you are and from what you withdraw."))
    pledge = meant(session, contract, email)
    moment = db_now(session)
    withdrawal = Withdrawal(
        once=once,
        received_at=moment,
        party_id=parties.create(session, name, email).id,
        contract=contract.strip()[: limits.CONTRACT_CHARS],
        pledge_id=pledge.id if pledge else None,
        state=OPEN,
    )
    if pledge is not None:
        in_time = pledges.today_here(session) <= last_day(pledge)
        withdrawal.state = EFFECTIVE if in_time else LATE
        if in_time:
            _undo(session, pledge)
    session.add(withdrawal)
    session.flush()
    mail.send(
        session,
        to=email,
        letter="withdrawal_received",
        name=name.strip(),
        contract=withdrawal.contract,
        received_at=moment,
        state=withdrawal.state,
    )
    return withdrawal


def last_day(pledge: Pledge) -> date:
    """The last day on which one may withdraw: the day of the contract is not counted."""
    return pledge.anchor + timedelta(days=limits.WITHDRAWAL_DAYS)


def last_moment(pledge: Pledge) -> datetime:
    """Noon of that day in the newsroom's zone: for letters, which say the day only."""
    return datetime.combine(last_day(pledge), time(12), ZoneInfo(settings().timezone))


def meant(session: Session, contract: str, email: str) -> Pledge | None:
    """The pledge whose number stands in ``contract``, if it is of this e-mail address."""
    address = fold_email(email)
    for word in contract.replace("-", "").split():
        pledge = pledges.by_number(session, word)
        data = session.get_one(Party, pledge.party_id).data if pledge is not None else None
        if pledge is not None and data is not None and data.email == address:
            return pledge
    return None


def _undo(session: Session, pledge: Pledge) -> None:
    """End the pledge and owe back everything that was paid."""
    usual = {"promised", "charging", "active", "late", "paused", "fulfilled"}
    over = {"state": "withdrawn", "next_on": None, "ended_at": db_now(session)}
    pledges.drop_waiting(session, pledge)
    if not pledges.shift(session, pledge, frozenset(usual), **over):
        return
    paid = select(Charge).join(Instalment, Instalment.charge_id == Charge.id)
    paid = paid.where(Instalment.pledge_id == pledge.id, Instalment.state == "paid")
    for charge in session.scalars(paid):
        left = charge.received - charge.refunded - charge.lost
        if left > 0:
            refunds.owe(session, charge, Money(left, charge.currency), N_("Withdrawal"))
    pledges.note(session, pledge, "withdrawn", pledges.PAYER)


def waiting(session: Session) -> list[Withdrawal]:
    """What a treasurer must look at, oldest first."""
    wanted = select(Withdrawal).where(Withdrawal.state.in_((OPEN, LATE))).order_by(Withdrawal.id)
    return list(session.scalars(wanted.limit(limits.ROWS_SHOWN)))


def close(session: Session, withdrawal: Withdrawal) -> None:
    """A treasurer has dealt with it."""
    withdrawal.state = DONE
    session.flush()
