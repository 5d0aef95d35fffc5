"""Disputes: a payer's bank takes money back, and somebody decides whose it is."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons.clock import now
from commons.db import rows_changed
from commons.language import N_
from commons.refusal import Refused
from membership.money import ledger
from membership.payments import booking, charges, mandates
from membership.payments.models import Charge, Dispute
from membership.payments.providers.provider import Objection

OPEN, WON, LOST = "open", "won", "lost"


def seen(session: Session, charge: Charge, found: Objection) -> str:
    """Take in how a dispute of ``charge`` stands. Its mandate is not charged again from the first day."""
    ledger.hold_pen(session)
    dispute = session.scalar(
        select(Dispute).where(Dispute.provider == charge.provider, Dispute.reference == found.id)
    )
    dispute = dispute or _open(session, charge, found)
    if dispute.state != OPEN or found.state == OPEN:
        return ""
    dispute.state, dispute.closed_at = found.state, now()
    if found.state == WON:
        charge = charges.lock(session, charge)
        charge.lost -= dispute.amount
        booking.dispute_won(session, dispute)
    else:
        booking.dispute_lost(session, dispute)
    _tell(session, charge)
    return ""


def _open(session: Session, charge: Charge, found: Objection) -> Dispute:
    """The provider has taken the money: it is reserved, so that it is not refunded as well."""
    if found.money.currency != charge.currency:
        raise Refused(N_("The dispute is in another currency than its payment."), status=409)
    session.flush()
    amount = found.money.amount
    taken = session.execute(
        update(Charge)
        .where(Charge.id == charge.id, Charge.refunded + Charge.lost + amount <= Charge.received)
        .values(lost=Charge.lost + amount)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(taken):
        raise Refused(N_("The dispute is about more than is left of the payment."), status=409)
    dispute = Dispute(
        charge_id=charge.id,
        provider=charge.provider,
        reference=found.id,
        amount=amount,
        fee=found.fee,
        state=OPEN,
    )
    session.add(dispute)
    session.flush()
    booking.disputed(session, dispute)
    if charge.mandate is not None:
        mandates.end(session, charge.mandate, "dispute")
    _tell(session, charge)
    return dispute


def _tell(session: Session, charge: Charge) -> None:
    charges.lock(session, charge).version += 1
    session.flush()
