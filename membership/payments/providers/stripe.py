"""Stripe: hosted pages to pay and to sign on, saved cards and SEPA mandates, refunds, disputes.

Objects of ours carry the key of their row as metadata, so that they are found even if the
answer to their creation was lost. What an event says is never believed: the object is fetched.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import stripe
from stripe import StripeClient

from commons import limits, strict_json
from commons.clock import now
from commons.config import settings
from commons.language import N_, language
from commons.refusal import Refused
from membership.money.currencies import Money, to_provider
from membership.payments.models import Charge, Mandate, Refund
from membership.payments.providers import stripe_objects as read
from membership.payments.providers.provider import (
    Declined,
    Event,
    Found,
    Objection,
    Page,
    Payment,
    Return,
    Unavailable,
)
from membership.payments.providers.stripe_http import Door
from membership.payments.providers.stripe_objects import CHARGE, MANDATE, ON_PAGE, REFUND

WITH_FEE = ["latest_charge.balance_transaction"]
GONE = "resource_missing"
stripe.enable_telemetry = False


class Stripe:
    """The adapter. It knows rows only to read them."""

    name = "stripe"
    takes_mandates = True

    def ready(self) -> bool:
        return bool(settings().stripe_key)

    # Pages

    def open_page(self, charge: Charge, back: str) -> Page:
        marks = {CHARGE: charge.key, ON_PAGE: "1"}
        with _asking():
            session = _client().v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": charge.currency.lower(),
                                "unit_amount": _number(charge.amount, charge.currency),
                                "product_data": {"name": charge.words},
                            },
                        }
                    ],
                    "metadata": marks,
                    "payment_intent_data": {"metadata": marks},
                    "success_url": back,
                    "cancel_url": back,
                    "locale": language(),
                },
                {"idempotency_key": f"{charge.key}:page:{charge.pages}"},
            )
        return read.page(session)

    def see_page(self, page_id: str) -> Page:
        with _asking():
            return read.page(_client().v1.checkout.sessions.retrieve(page_id))

    def create_mandate(self, mandate: Mandate, email: str, back: str) -> Page:
        marks = {MANDATE: mandate.key}
        with _asking():
            customer = _client().v1.customers.create(
                {"email": email, "metadata": marks}, {"idempotency_key": f"{mandate.key}:customer"}
            )
            session = _client().v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "currency": settings().currency.lower(),
                    "customer": customer.id,
                    "metadata": marks,
                    "setup_intent_data": {"metadata": marks},
                    "success_url": back,
                    "cancel_url": back,
                    "locale": language(),
                },
                {"idempotency_key": f"{mandate.key}:page:{mandate.pages}"},
            )
        return read.page(session)

    def end_mandate(self, mandate: Mandate) -> None:
        if mandate.reference is None:
            return
        try:
            with _asking():
                _client().v1.payment_methods.detach(mandate.reference)
        except Declined:
            return  # it is detached already

    # Money

    def charge(self, charge: Charge) -> Payment:
        mandate = charge.mandate
        if mandate is None or not mandate.customer or not mandate.reference:
            raise Declined("no_mandate")
        known = self._found_again(charge, mandate.customer) if charge.tries > 1 else None
        if known is not None:
            return known
        with _asking():
            intent = _client().v1.payment_intents.create(
                {
                    "amount": _number(charge.amount, charge.currency),
                    "currency": charge.currency.lower(),
                    "customer": mandate.customer,
                    "payment_method": mandate.reference,
                    "confirm": True,
                    "off_session": True,
                    "metadata": {CHARGE: charge.key},
                    "expand": WITH_FEE,
                },
                {"idempotency_key": charge.key},
            )
        return read.payment(intent)

    def refund(self, refund: Refund) -> Return:
        charge = refund.charge
        if charge is None or charge.reference is None:
            raise Declined("no_payment")
        known = _sent_before(refund, charge.reference) if refund.tries > 1 else None
        if known is not None:
            return known
        with _asking():
            made = _client().v1.refunds.create(
                {
                    "payment_intent": charge.reference,
                    "amount": _number(refund.amount, refund.currency),
                    "metadata": {REFUND: refund.key},
                },
                {"idempotency_key": refund.key},
            )
        return read.refund(made)

    # What is so

    def fetch(self, object_kind: str, object_id: str) -> Found | None:
        look = LOOKS.get(object_kind)
        if look is None:
            return None
        try:
            with _asking():
                return cast("Found | None", look(object_id))
        except Declined as refusal:
            if refusal.reason == GONE:
                return None
            raise Unavailable(refusal.reason) from refusal

    def parse_webhook(self, raw: bytes, headers: Mapping[str, str]) -> Event:
        header = headers.get("Stripe-Signature", "")
        if not any(_genuine(raw, header, secret) for secret in settings().stripe_webhook_secrets):
            raise Refused(N_("The signature is not right."), status=400)
        try:
            event: dict[str, Any] = strict_json.loads_object(raw)
            about = event["data"]["object"]
            return Event(
                id=str(event["id"]),
                kind=str(event["type"]),
                object_kind=str(about.get("object", "")),
                object_id=str(about.get("id", "")),
                made_at=datetime.fromtimestamp(int(event["created"]), UTC),
                foreign=_foreign(event),
            )
        except (strict_json.BadJson, KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            raise Refused(N_("This is not an event."), status=400) from error

    def since(self, moment: datetime) -> Iterator[tuple[str, str]]:
        lists: tuple[tuple[str, Any], ...] = (
            ("checkout.session", _client().v1.checkout.sessions),
            ("payment_intent", _client().v1.payment_intents),
            ("refund", _client().v1.refunds),
            ("dispute", _client().v1.disputes),
        )
        with _asking():
            for kind, service in lists:
                found = service.list({"created": {"gte": int(moment.timestamp())}, "limit": 100})
                for each in found.auto_paging_iter():
                    yield kind, each.id

    def _found_again(self, charge: Charge, customer: str) -> Payment | None:
        """The payment that an earlier call made and whose answer was lost: keys are forgotten after a day."""
        since = int(charge.made_at.timestamp()) - limits.WEBHOOK_AGE
        with _asking():
            found = _client().v1.payment_intents.list(
                {"customer": customer, "created": {"gte": since}, "limit": 100}
            )
            for intent in found.auto_paging_iter():
                if read.mark(intent, CHARGE) == charge.key:
                    return _see_payment(intent.id)
        return None


def _sent_before(refund: Refund, payment: str) -> Return | None:
    with _asking():
        found = _client().v1.refunds.list({"payment_intent": payment, "limit": 100})
        for each in found.auto_paging_iter():
            if read.mark(each, REFUND) == refund.key:
                return read.refund(each)
    return None


# The client, and what its errors mean


def _client() -> StripeClient:
    return _connect(settings().stripe_key or "", settings().stripe_url)


@cache
def _connect(key: str, url: str) -> StripeClient:
    return StripeClient(key, base_addresses={"api": url}, http_client=Door(), max_network_retries=0)


@contextmanager
def _asking() -> Iterator[None]:
    """Errors of the SDK as ours: a no for good, or ask again."""
    try:
        yield
    except stripe.CardError as error:
        reason = getattr(error.error, "decline_code", None) or error.code or "card_declined"
        raise Declined(str(reason)) from error
    except (stripe.RateLimitError, stripe.APIConnectionError) as error:
        raise Unavailable(type(error).__name__) from error
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        if error.http_status == 409:
            raise Unavailable("in use") from error
        raise Declined(GONE if error.http_status == 404 else error.code or "invalid_request") from error
    except stripe.StripeError as error:
        raise Unavailable(type(error).__name__) from error


# Looking at Stripe's objects


def _see_session(session_id: str) -> Found | None:
    session = _client().v1.checkout.sessions.retrieve(session_id, {"expand": ["setup_intent"]})
    if session.mode == "setup":
        return read.signature(session, _kind)
    if session.mode != "payment" or not session.payment_intent:
        return None
    return _see_payment(read.id_of(session.payment_intent), ended=session.status == "complete")


def _see_payment(intent_id: str, ended: bool | None = None) -> Payment:
    """``ended``: the page it belongs to is complete, so that nobody will try another card there."""
    intent = _client().v1.payment_intents.retrieve(intent_id, {"expand": WITH_FEE})
    if intent.status == "requires_payment_method" and read.mark(intent, ON_PAGE) and ended is None:
        pages = _client().v1.checkout.sessions.list({"payment_intent": intent_id, "limit": 1}).data
        ended = bool(pages) and pages[0].status != "open"
    return read.payment(intent, ended=ended is not False)


def _see_charge(charge_id: str) -> Payment | None:
    charge = _client().v1.charges.retrieve(charge_id)
    return _see_payment(read.id_of(charge.payment_intent)) if charge.payment_intent else None


def _see_refund(refund_id: str) -> Return | None:
    refund = _client().v1.refunds.retrieve(refund_id)
    return read.refund(refund) if refund.payment_intent else None


def _see_dispute(dispute_id: str) -> Objection | None:
    return read.dispute(_client().v1.disputes.retrieve(dispute_id))


def _kind(method_id: str) -> str:
    return _client().v1.payment_methods.retrieve(method_id).type


LOOKS: Mapping[str, Any] = {
    "checkout.session": _see_session,
    "payment_intent": _see_payment,
    "charge": _see_charge,
    "refund": _see_refund,
    "dispute": _see_dispute,
}


def _number(amount: int, currency: str) -> int:
    return to_provider(Money(amount, currency), "stripe")


# Webhooks


def _genuine(raw: bytes, header: str, secret: str) -> bool:
    """Signed with ``secret`` over these very bytes, and neither old nor from the future.

    The SDK would take any time in the future.
    """
    try:
        stripe.WebhookSignature.verify_header(raw, header, secret)
        stamp = int(next(part[2:] for part in header.split(",") if part.startswith("t=")))
    except (stripe.SignatureVerificationError, UnicodeDecodeError, StopIteration, ValueError):
        return False
    return -limits.WEBHOOK_AHEAD <= now().timestamp() - stamp <= limits.WEBHOOK_AGE


def _foreign(event: Mapping[str, Any]) -> str:
    if event.get("account"):
        return "another account"
    real_money = not (settings().stripe_key or "").startswith(("sk_test_", "rk_test_"))
    return "" if event.get("livemode") is real_money else "play money and real money do not mix"
