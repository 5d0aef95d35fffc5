"""Reading Stripe's objects: what each means in our words. Pure.

Objects of ours carry the key of their row as metadata.
"""

from collections.abc import Callable
from typing import Any

from membership.money.currencies import from_provider
from membership.payments.providers.provider import Objection, Page, Payment, Return, Signature

CHARGE, MANDATE, REFUND = "rostra_charge", "rostra_mandate", "rostra_refund"
ON_PAGE = "rostra_page"
STATES = {"succeeded": "paid", "canceled": "failed", "requires_payment_method": "failed"}


def payment(intent: Any, *, ended: bool = True) -> Payment:
    """A payment as it stands; ``ended``: nobody will try another card on its page."""
    state = STATES.get(intent.status, "pending")
    if intent.status == "requires_payment_method" and not ended:
        state = "pending"
    if intent.status == "requires_action" and not mark(intent, ON_PAGE):
        state = "failed"  # the holder is not here to act
    taken = getattr(intent, "amount_received", intent.amount) if state == "paid" else intent.amount
    charge = intent.latest_charge if state == "paid" and not isinstance(intent.latest_charge, str) else None
    error = getattr(intent, "last_payment_error", None)
    failure = (getattr(error, "decline_code", None) or getattr(error, "code", None) or intent.status) or ""
    return Payment(
        id=intent.id,
        charge_key=mark(intent, CHARGE),
        state=state,  # type: ignore[arg-type]
        money=from_provider(taken, intent.currency, "stripe"),
        fee=_fee(charge, intent.currency),
        method=_method(charge),
        failure=failure if state == "failed" else "",
    )


def _fee(charge: Any, currency: str) -> int:
    """What Stripe kept, in minor units of ours; 0 while it has not said."""
    booked = getattr(charge, "balance_transaction", None)
    fee = getattr(booked, "fee", 0) or 0
    return from_provider(fee, currency, "stripe").amount


def _method(charge: Any) -> str:
    details = getattr(charge, "payment_method_details", None)
    return str(getattr(details, "type", "") or "")


def signature(session: Any, kind_of: Callable[[str], str]) -> Signature:
    """How a mandate stands; ``kind_of`` says what a saved payment method is, such as ``card``."""
    intent = session.setup_intent
    active = session.status == "complete" and intent is not None and intent.status == "succeeded"
    state = "active" if active else "failed" if session.status == "expired" else "waiting"
    kinds = getattr(intent, "payment_method_types", None) or ["card"]
    reference = id_of(intent.payment_method) if active else ""
    return Signature(
        mandate_key=mark(session, MANDATE),
        state=state,  # type: ignore[arg-type]
        customer=id_of(session.customer) if session.customer else "",
        reference=reference,
        kind=kind_of(reference) if active else kinds[0],
    )


def refund(found: Any) -> Return:
    """A refund as it stands."""
    state = {"succeeded": "done", "failed": "failed", "canceled": "failed"}.get(found.status, "pending")
    return Return(
        id=found.id,
        payment_id=id_of(found.payment_intent),
        refund_key=mark(found, REFUND),
        state=state,  # type: ignore[arg-type]
        money=from_provider(found.amount, found.currency, "stripe"),
        failure=getattr(found, "failure_reason", None) or "",
    )


def page(session: Any) -> Page:
    """A page to pay or to sign on."""
    states = {"complete": "done", "expired": "expired"}
    return Page(session.id, session.url or "", states.get(session.status, "open"))  # type: ignore[arg-type]


def id_of(value: Any) -> str:
    """An id, whether or not the object came along."""
    return value if isinstance(value, str) else str(value.id)


def mark(thing: Any, name: str) -> str:
    """What we wrote on an object of ours under ``name``; empty on others'."""
    marks = getattr(thing, "metadata", None)
    return str(marks[name]) if marks and name in marks else ""


def dispute(found: Any) -> Objection | None:
    """How a dispute stands; None for an inquiry, in which no money has moved."""
    if not found.payment_intent or found.status.startswith("warning_"):
        return None
    moved = [item for item in found.balance_transactions or [] if item.type == "adjustment"]
    fee = sum(item.fee for item in moved)
    state = {"won": "won", "lost": "lost"}.get(found.status, "open")
    return Objection(
        id=found.id,
        payment_id=id_of(found.payment_intent),
        state=state,  # type: ignore[arg-type]
        money=from_provider(found.amount, found.currency, "stripe"),
        fee=from_provider(fee, found.currency, "stripe").amount,
    )
