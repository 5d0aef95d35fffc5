"""What a provider's objects mean for our rows. Applying the same object again changes nothing.

Each function returns why it had no effect, or an empty text.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.money import ledger
from membership.money.currencies import Money
from membership.payments import charges, disputes, mandates, refunds
from membership.payments.models import Charge
from membership.payments.providers.provider import Found, Objection, Payment, Return, Signature

NOT_OURS = "not ours"


def apply(session: Session, provider: str, found: Found) -> str:
    """Take in how an object stands. ``Refused`` for what contradicts our books: somebody must look."""
    ledger.hold_pen(session)
    if isinstance(found, Payment):
        return _payment(session, provider, found)
    if isinstance(found, Signature):
        return mandates.signed(session, provider, found)
    charge = paid_by(session, provider, found.payment_id)
    if charge is None:
        return NOT_OURS
    if isinstance(found, Return):
        return refunds.seen(session, charge, found)
    assert isinstance(found, Objection)
    return disputes.seen(session, charge, found)


def paid_by(session: Session, provider: str, payment_id: str) -> Charge | None:
    """The charge that this payment paid. A provider's id stands at most once in all our books."""
    return session.scalar(select(Charge).where(Charge.provider == provider, Charge.reference == payment_id))


def _payment(session: Session, provider: str, found: Payment) -> str:
    charge = _charge_of(session, provider, found)
    if charge is None and found.state == "paid" and found.charge_key:
        raise Refused(N_("Money came for something that our books do not know."), status=409)
    if charge is None:
        return NOT_OURS
    if found.state != "failed" and found.money != Money(charge.amount, charge.currency):
        raise Refused(N_("The provider has another amount than we asked for."), status=409)
    if found.state == "paid":
        charges.settled(session, _meant(session, charge, found), fee=found.fee, method=found.method)
    elif charge.received:
        return "an older state"
    elif found.state == "failed":
        charges.failed(session, charge, found.failure)
    else:
        charges.under_way(session, charge, found.id)
    return ""


def _charge_of(session: Session, provider: str, found: Payment) -> Charge | None:
    ours = select(Charge).where(Charge.provider == provider)
    known = paid_by(session, provider, found.id)
    if known is None and found.charge_key:
        known = session.scalar(ours.where(Charge.key == found.charge_key))
    return charges.lock(session, known) if known is not None else None


def _meant(session: Session, charge: Charge, found: Payment) -> Charge:
    """The charge that a payment fills; one of its own for money that came a second time."""
    if charge.reference == found.id:
        return charge
    if not charge.received:
        charge.reference = found.id
        return charge
    return charges.again(session, charge, found.id)
