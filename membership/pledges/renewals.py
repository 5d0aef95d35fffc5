"""The jobs that ask: again when a period begins, and again when a payment does not come.

What is due is an instalment; each day of a pledge has at most one, however often a job runs.
"""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.db import database, rows_changed
from commons.language import N_, _
from membership.money.models import Party
from membership.money.periods import months_after
from membership.payments import charges
from membership.payments.models import Charge, Mandate
from membership.payments.providers import PROVIDERS
from membership.pledges import dunning, letters, meaning, periods, pledges, seats
from membership.pledges.models import Instalment, Pledge

PURPOSE = "pledge"
SIGNATURE_SECONDS = 60
# What the ledger credits; a campaign says itself where its money is held.
ACCOUNTS = {
    meaning.SUPPORT: "income:pledges",
    meaning.GIFT: "income:gifts",
    meaning.SEATS: seats.POT,
    meaning.CAMPAIGN: "restricted:campaigns",
}
WORDS = {
    meaning.SUPPORT: N_("Pledge"),
    meaning.GIFT: N_("Gift membership"),
    meaning.SEATS: N_("Seats for others"),
    meaning.CAMPAIGN: N_("Campaign"),
}


# Asking


def renew_due() -> int:
    """Job: ask for the next payment of every running pledge whose day has come. Returns how many."""
    with database().transaction() as session:
        today = pledges.today_here(session)
        due = session.scalars(
            select(Pledge)
            .where(Pledge.state == "active", Pledge.next_on <= today)
            .order_by(Pledge.next_on)
            .limit(limits.DUE_AT_ONCE)
        )
        return sum(_renew(session, pledge) for pledge in due)


def _renew(session: Session, pledge: Pledge) -> bool:
    """The next instalment, if no other worker has just made it."""
    asked, due = pledge.months_asked, pledge.next_on
    mine = update(Pledge).where(
        Pledge.id == pledge.id, Pledge.state == "active", Pledge.months_asked == asked, Pledge.next_on == due
    )
    months = asked + periods.MONTHS[pledge.rhythm]
    claimed = mine.values(months_asked=months, next_on=months_after(pledge.anchor, months))
    if not rows_changed(session.execute(claimed.execution_options(synchronize_session=False))):
        return False
    session.refresh(pledge)
    assert due is not None
    session.add(
        Instalment(
            pledge_id=pledge.id,
            period=due.isoformat(),
            amount=pledge.amount,
            currency=pledge.currency,
            next_try=db_now(session),
        )
    )
    pledges.note(session, pledge, "due", pledges.CLOCK, period=due.isoformat())
    return True


def charge_due() -> int:
    """Job: ask for the instalments that wait, and remind of transfers that stay away. Returns how many."""
    with database().transaction() as session:
        due = list(
            session.scalars(
                select(Instalment)
                .where(Instalment.state.in_(("due", "charging")), Instalment.next_try <= db_now(session))
                .order_by(Instalment.next_try)
                .limit(limits.DUE_AT_ONCE)
            )
        )
        for instalment in due:
            if instalment.state == "due":
                start(session, instalment)
            else:
                _remind(session, instalment)
        return len(due)


def start(session: Session, instalment: Instalment, *, write: bool = True) -> Charge | None:
    """Begin the charge of an instalment that waits; None while a signature is awaited, or if it was begun.

    The payer gets a letter of it, unless ``write`` says that the caller writes one.
    """
    tries, moment = instalment.tries, db_now(session)
    pledge = instalment.pledge
    mandate = _mandate(session, pledge)
    if mandate is None and _awaits_signature(session, pledge, instalment):
        instalment.next_try = moment + timedelta(seconds=SIGNATURE_SECONDS)
        return None
    claimed = session.execute(
        update(Instalment)
        .where(Instalment.id == instalment.id, Instalment.state == "due", Instalment.tries == tries)
        .values(state="charging", tries=tries + 1, next_try=moment + dunning.patience(tries))
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(claimed):
        return None
    session.refresh(instalment)
    party = session.get_one(Party, pledge.party_id)
    charge = charges.begin(
        session,
        party=party,
        money=pledges.money_of(instalment),
        purpose=(PURPOSE, pledge.id),
        provider=pledge.provider,
        words=f"{_(WORDS[pledge.purpose])} {pledge.number}",
        account=pledge.account or ACCOUNTS[pledge.purpose],
        period=instalment.period,
        campaign_id=pledge.campaign_id,
        mandate=mandate,
        pay_by=pledge.pay_by,
    )
    instalment.charge_id = charge.id
    session.flush()
    if write and mandate is None and instalment.period != periods.ONCE and tries == 0:
        letters.write(session, pledge, "pledge_due", pay=charges.page(charge))
    return charge


def _mandate(session: Session, pledge: Pledge) -> Mandate | None:
    """The party's newest leave to charge it with the pledge's provider."""
    usable = select(Mandate).where(
        Mandate.party_id == pledge.party_id, Mandate.provider == pledge.provider, Mandate.state == "active"
    )
    return session.scalars(usable.order_by(Mandate.id.desc()).limit(1)).first()


def _awaits_signature(session: Session, pledge: Pledge, instalment: Instalment) -> bool:
    """Whether the payer is probably still on her way through the provider's page."""
    if pledge.rhythm == periods.ONCE or not PROVIDERS[pledge.provider].takes_mandates:
        return False
    return instalment.tries == 0 and db_now(session) < instalment.created_at + dunning.patience(0)


def _remind(session: Session, instalment: Instalment) -> None:
    """A charge has brought nothing so far: say so, or give up after the last reminder."""
    charge = session.get_one(Charge, instalment.charge_id)
    pledge = instalment.pledge
    if charge.state == charges.PAID or (charge.mandate_id is not None and charge.state == charges.PENDING):
        instalment.next_try = db_now(session) + dunning.patience(0)  # its news will tell
    elif instalment.tries > len(limits.DUNNING_DAYS) - 1:
        if charges.cancel(session, charge):
            dunning.give_up(session, instalment)
    else:
        instalment.next_try = db_now(session) + dunning.patience(instalment.tries)
        instalment.tries += 1
        dunning.late(session, pledge, instalment)
        letters.write(session, pledge, "pledge_reminder", pay=charges.page(charge))
    session.flush()
