"""Money by Stripe, against a fake of it: asked once, counted once, whatever is lost or comes twice."""

import itertools
import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from commons import clock, config
from commons.db import Database, new_id
from commons.refusal import Refused
from membership.payments import charges, charging, events, hosted, mandates, reconciliation
from membership.payments.models import Charge, Mandate, ProviderEvent
from tests.membership.payments.conftest import Begin
from tests.membership.payments.till import again, balance, deliver, hosted_page, tell, whole, work
from tests.services import fake_provider
from tests.services.fake_provider import FEE, FakeProvider

SignMandate = Callable[..., Mandate]


def test_a_payment_on_the_hosted_page_is_pending_until_the_provider_says_so(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    intent = provider.pay(hosted_page(charge))
    assert again(db, charge).state == charges.OPEN  # she is back on our page, and nobody told us

    tell(db, provider)
    paid = again(db, charge)
    assert (paid.state, paid.received, paid.reference, paid.method) == ("paid", 5000, intent["id"], "card")
    assert balance(db, "income:membership") == -5000
    assert balance(db, "assets:stripe") == 5000 - FEE == provider.balance()
    assert balance(db, "expenses:payment-fees") == FEE
    whole(db)


def test_the_page_is_opened_once_however_often_she_comes_back(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe")
    first = hosted_page(charge)
    assert hosted_page(charge) == first
    provider.expire(first)
    second = hosted_page(charge)
    assert second != first
    provider.pay(second)
    assert hosted.to_pay(charge.token) == charges.page(charge)
    assert len(provider.of("checkout.session")) == 2


def test_a_lost_answer_to_the_opening_of_a_page_makes_no_second_page(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe")
    provider.lost_answers = 9
    with pytest.raises(Refused) as refusal:
        hosted.to_pay(charge.token)
    assert refusal.value.status == 503
    provider.lost_answers = 0
    hosted_page(charge)
    assert len(provider.of("checkout.session")) == 1


def test_every_event_three_times_and_shuffled_has_one_effect(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    intent = provider.pay(hosted_page(charge))
    provider.give_back(intent["id"], 2000)
    orders = list(itertools.permutations(provider.bodies()))
    for body in [*orders[-1], *orders[len(orders) // 2], *orders[0]]:
        deliver(db, body)
    work()

    paid = again(db, charge)
    assert (paid.received, paid.refunded) == (5000, 2000)
    assert balance(db, "assets:stripe") == provider.balance()
    assert balance(db, "income:membership") == -3000
    whole(db)


@pytest.mark.parametrize("order", range(6))
def test_a_refund_that_is_heard_of_before_its_payment_is_counted(
    db: Database, begin: Begin, provider: FakeProvider, order: int
) -> None:
    charge = begin("stripe", 5000)
    intent = provider.pay(hosted_page(charge))
    provider.give_back(intent["id"], 5000)
    bodies = [body for body in provider.bodies() if json.loads(body)["type"] != "charge.succeeded"]
    for body in list(itertools.permutations(bodies[:3] + bodies[-1:]))[order * 4]:
        deliver(db, body)
        work()

    paid = again(db, charge)
    assert (paid.state, paid.received, paid.refunded) == ("paid", 5000, 5000)
    assert balance(db, "income:membership") == 0


def test_a_lost_webhook_is_found_by_the_hourly_comparison(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    provider.pay(hosted_page(charge))
    reconciliation.reconcile()
    assert again(db, charge).state == "paid"
    tell(db, provider)  # and now the event comes after all
    assert balance(db, "income:membership") == -5000


def test_a_mandate_is_charged_once_by_two_workers_and_after_a_lost_answer(
    db: Database, begin: Begin, mandate: SignMandate, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = begin("stripe", 5000, mandate=mandate())
    provider.lost_answers = 9
    assert charging.charge_due() == 0
    assert again(db, charge).state == charges.OPEN
    provider.lost_answers = 0

    monkeypatch.setattr(clock, "shift", timedelta(hours=30))  # the provider has forgotten the key
    provider.keys.clear()
    charging.charge_due()
    charging.charge_due()
    assert again(db, charge).state == "paid"
    assert len(provider.of("payment_intent")) == 1
    assert balance(db, "assets:stripe") == provider.balance()


def test_a_scheduler_that_runs_twenty_times_at_once_charges_once(
    db: Database, begin: Begin, mandate: SignMandate, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000, mandate=mandate())
    threads = [threading.Thread(target=charging.charge_due) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert again(db, charge).state == "paid"
    asked = [call for call in provider.calls if call == ("POST", "/v1/payment_intents")]
    assert len(asked) == len(provider.of("payment_intent")) == 1


def test_twenty_who_begin_at_once_get_the_same_charge(db: Database, begin: Begin) -> None:
    purpose, made = ("pledge", new_id()), list[uuid.UUID]()
    threads = [
        threading.Thread(target=lambda: made.append(begin("bank", 5000, purpose=purpose).id))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 20
    assert len(set(made)) == 1


def test_the_provider_forgets_the_card_of_an_ended_mandate(
    db: Database, mandate: SignMandate, provider: FakeProvider
) -> None:
    signed = mandate()
    assert mandates.detach_due() == 0
    with db.transaction() as session:
        mandates.end(session, session.get_one(Mandate, signed.id), "her wish")
    provider.away = True
    assert mandates.detach_due() == 0
    provider.away = False
    assert (mandates.detach_due(), mandates.detach_due()) == (1, 0)
    assert ("POST", f"/v1/payment_methods/{signed.reference}/detach") in provider.calls


def test_a_declined_card_fails_the_charge_and_the_next_attempt_has_a_key_of_its_own(
    db: Database, begin: Begin, mandate: SignMandate, provider: FakeProvider
) -> None:
    signed = mandate()
    assert signed.reference
    provider.declines[signed.reference] = "insufficient_funds"
    first = begin("stripe", 5000, mandate=signed)
    work()
    failed = again(db, first)
    assert (failed.state, failed.failure) == ("failed", "insufficient_funds")

    provider.declines.clear()
    second = begin("stripe", 5000, mandate=signed, purpose=(first.purpose, first.purpose_id))
    assert (second.attempt, second.key) == (2, f"{first.key.removesuffix(':1')}:2")
    work()
    tell(db, provider)
    assert (again(db, first).state, again(db, second).state) == ("failed", "paid")
    assert balance(db, "income:membership") == -5000


def test_a_direct_debit_is_pending_for_days_and_may_come_back(
    db: Database, begin: Begin, mandate: SignMandate, provider: FakeProvider
) -> None:
    signed = mandate("sepa_debit")
    assert signed.kind == "sepa_debit"
    kept, returned = begin("stripe", 5000, mandate=signed), begin("stripe", 700, mandate=signed)
    work()
    assert again(db, kept).state == again(db, returned).state == "pending"
    provider.settle(str(again(db, kept).reference), "sepa_debit")
    provider.bounce(str(again(db, returned).reference))
    tell(db, provider)
    assert again(db, kept).method == "sepa_debit"
    assert again(db, returned).failure == "insufficient_funds"
    assert balance(db, "income:membership") == -5000


def test_money_that_comes_twice_for_one_charge_becomes_credit(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    page = provider.objects[hosted_page(charge)]
    provider.pay(page["id"])
    tell(db, provider)
    provider.pay(page["id"])  # a second tab
    tell(db, provider)
    assert balance(db, "income:membership") == -5000
    assert balance(db, "liabilities:credit") == -5000
    assert balance(db, "assets:stripe") == provider.balance()


def test_money_for_a_cancelled_charge_becomes_credit_and_counts_for_nothing(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    page = hosted_page(charge)
    with db.transaction() as session:
        assert charges.cancel(session, charge)
    provider.pay(page)
    tell(db, provider)
    late = again(db, charge)
    assert (late.state, late.received) == ("cancelled", 5000)
    assert balance(db, "liabilities:credit") == -5000


def test_an_amount_that_we_did_not_ask_for_is_parked_for_somebody(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    page = hosted_page(charge)
    provider.objects[page]["amount"] = 4999
    provider.pay(page)
    tell(db, provider)
    assert again(db, charge).received == 0
    assert events.count_parked() > 0


def test_an_outage_delays_and_loses_nothing(
    db: Database, begin: Begin, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = begin("stripe", 5000)
    provider.pay(hosted_page(charge))
    provider.away = True
    tell(db, provider)
    assert again(db, charge).received == 0
    assert events.count_due() == 3
    provider.away = False
    monkeypatch.setattr(clock, "shift", timedelta(hours=1))
    work()
    assert again(db, charge).state == "paid"


def test_an_event_about_somebody_else_is_kept_and_ignored(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    begin("stripe", 5000)
    foreign = provider._intent(700, "eur", {"order": "of another shop"})
    provider.settle(foreign["id"])
    provider._event("customer.created", provider._new("customer", "cus"))
    provider._event("product.created", {"object": "product", "id": "prod_unknown"})
    tell(db, provider)
    with db.reading() as session:
        kept = {event.kind: (event.state, event.reason) for event in session.query(ProviderEvent)}
    assert kept["payment_intent.succeeded"] == ("ignored", "not ours")
    assert kept["customer.created"] == ("ignored", "nothing that concerns us")
    assert balance(db, "assets:stripe") == 0


# Webhooks


def _event(**changes: object) -> bytes:
    about = {"object": "payment_intent", "id": "pi_1"}
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1,
        "livemode": False,
    }
    return json.dumps(event | {"data": {"object": about}} | changes).encode()


GOOD = _event()


# Signed when the test runs: what is refused for its age would prove nothing else.
FORGED: dict[str, tuple[bytes, Callable[[], str]]] = {
    "unsigned": (GOOD, lambda: ""),
    "a made up signature": (GOOD, lambda: "t=1,v1=00"),
    "no signature": (GOOD, lambda: "nonsense"),
    "another secret": (GOOD, lambda: fake_provider.signed(GOOD, secret="whsec_other" * 4)),
    "old": (GOOD, lambda: fake_provider.signed(GOOD, at=1)),
    "one byte more": (GOOD + b" ", lambda: fake_provider.signed(GOOD)),
    "written again": (json.dumps(json.loads(GOOD), indent=1).encode(), lambda: fake_provider.signed(GOOD)),
    "other bytes": (b"\xff\xfe", lambda: fake_provider.signed(GOOD)),
    "a list": (b"[]", lambda: fake_provider.signed(b"[]")),
    "no event": (b'{"id": 1}', lambda: fake_provider.signed(b'{"id": 1}')),
}


@pytest.mark.parametrize(("body", "header"), FORGED.values(), ids=FORGED)
def test_a_webhook_that_is_not_genuine_is_refused_and_leaves_nothing(
    db: Database, provider: FakeProvider, body: bytes, header: Callable[[], str]
) -> None:
    with pytest.raises(Refused) as refusal, db.transaction() as session:
        events.accept(session, "stripe", body, {"Stripe-Signature": header()})
    assert refusal.value.status == 400
    with db.reading() as session:
        assert session.query(ProviderEvent).count() == 0


@pytest.mark.parametrize(
    ("seconds", "taken"), [(-301, False), (-299, True), (0, True), (59, True), (120, False)]
)
def test_the_time_of_a_webhook_is_neither_old_nor_from_the_future(
    db: Database, provider: FakeProvider, seconds: int, taken: bool
) -> None:
    header = fake_provider.signed(GOOD, at=clock.now().timestamp() + seconds)
    try:
        with db.transaction() as session:
            events.accept(session, "stripe", GOOD, {"Stripe-Signature": header})
        accepted = True
    except Refused:
        accepted = False
    assert accepted == taken


@pytest.mark.parametrize("changes", [{"livemode": True}, {"livemode": None}, {"account": "acct_other"}])
def test_play_money_and_other_accounts_are_parked(
    db: Database, provider: FakeProvider, changes: dict[str, object]
) -> None:
    deliver(db, _event(**changes))
    work()
    assert events.count_parked() == 1
    assert provider.calls == []


def test_two_secrets_are_valid_while_one_is_replaced(db: Database, settings: config.Config) -> None:
    config.use(replace(settings, stripe_webhook_secrets=("whsec_new" * 4, fake_provider.SECRET)))
    deliver(db, GOOD)
    with db.reading() as session:
        assert session.query(ProviderEvent).count() == 1


def test_the_endpoint_takes_the_bytes_as_they_came_without_sign_in(
    db: Database, begin: Begin, provider: FakeProvider, app: object
) -> None:
    charge = begin("stripe", 5000)
    provider.pay(hosted_page(charge))
    client = app.test_client()  # type: ignore[attr-defined]
    for body in provider.bodies():
        sent = {"Stripe-Signature": fake_provider.signed(body), "Content-Type": "application/json"}
        assert client.post("/webhooks/stripe", data=body, headers=sent).status_code == 200
        assert client.post("/webhooks/stripe", data=body + b" ", headers=sent).status_code == 400
        assert client.post("/webhooks/nobody", data=body, headers=sent).status_code == 404
    assert client.post("/webhooks/stripe", data=b"x" * 300_000).status_code == 413
    work()
    assert again(db, charge).state == "paid"


def test_a_mandate_that_ended_is_not_charged(
    db: Database, begin: Begin, mandate: SignMandate, provider: FakeProvider
) -> None:
    signed = mandate()
    charge = begin("stripe", 5000, mandate=signed)
    with db.transaction() as session:
        found = session.get_one(Mandate, signed.id)
        found.state = "ended"
    work()
    assert again(db, charge).failure == "mandate_ended"
    assert provider.of("payment_intent") == []
    with pytest.raises(Refused):
        begin("stripe", 5000, mandate=session.get_one(Mandate, signed.id))


def test_a_provider_id_stands_once_in_all_our_books(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    first, second = begin("stripe", 5000), begin("stripe", 5000)
    intent = provider.pay(hosted_page(first))
    tell(db, provider)
    intent["metadata"] = {"rostra_charge": second.key}  # another order claims the same payment
    provider._event("payment_intent.updated", intent)
    tell(db, provider)
    assert (again(db, first).state, again(db, second).state) == ("paid", "open")
    assert balance(db, "income:membership") == -5000


def test_the_same_purpose_and_period_has_one_running_charge(db: Database, begin: Begin) -> None:
    first = begin("bank", 5000)
    purpose = first.purpose, first.purpose_id
    assert begin("bank", 5000, purpose=purpose).id == first.id
    assert begin("bank", 5000, purpose=purpose, period="2027").id != first.id
    with db.reading() as session:
        assert session.query(Charge).count() == 2
