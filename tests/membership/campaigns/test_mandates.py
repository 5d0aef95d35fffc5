"""Saved cards from the pages of pledges and campaigns to the money: hosted page, mandate, charges.

Cards, charges, and the events that it has are localstripe's, a process of its own; hosted pages and
events of payments are our fake's.
"""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commons import config
from commons.config import Config
from commons.db import Database
from membership.books.verify import first_fault
from membership.campaigns.models import Campaign
from membership.money import ledger
from membership.payments import charging, events, mandates, reconciliation
from membership.payments.models import Charge, Mandate, ProviderEvent
from membership.pledges import renewals, settling
from membership.pledges.models import Pledge
from tests.membership.campaigns.conftest import Open, now, work
from tests.membership.pledges.conftest import Wait
from tests.services import local_stripe, stripe_counter
from tests.services.instance import until
from tests.services.stripe_counter import Counter

GOOD, REFUSED = "4242424242424242", "4000000000000341"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with local_stripe.running(tmp_path_factory.mktemp("localstripe")) as url:
        yield url


@pytest.fixture
def counter(house: Config, address: str) -> Iterator[Counter]:
    """Stripe, as our settings know it."""
    with stripe_counter.running(address) as found:
        config.use(
            replace(
                house,
                stripe_url=found.url,
                stripe_key=stripe_counter.KEY,
                stripe_webhook_secrets=(stripe_counter.SECRET,),
            )
        )
        yield found


def form(name: str, **more: str) -> dict[str, str]:
    return {
        "name": name.title(),
        "email": f"{name}@example.org",
        "amount": "10",
        "provider": "stripe",
        "once": f"form-{name}",
        **more,
    }


def sign(reader: FlaskClient, counter: Counter, address: str, number: str) -> None:
    """Go where the form led, on to the hosted page, type the card in, and come back."""
    led = reader.get(urlsplit(address).path)
    assert led.status_code == 303 and led.location.startswith(f"{counter.url}/page/")
    session_id = led.location.rpartition("/")[2]
    counter.sign(session_id, number)
    back = counter.sessions[session_id]["success_url"]
    assert reader.get(urlsplit(back).path).status_code == 200
    reconciliation.reconcile()


def jobs() -> None:
    """Every job of pledges and payments, until there is nothing to do."""
    while renewals.renew_due() + renewals.charge_due() + charging.charge_due() + settling.settle_due():
        pass


def charges_of(db: Database) -> list[tuple[str, int]]:
    with db.reading() as session:
        return [(each.state, each.received) for each in session.scalars(select(Charge).order_by(Charge.id))]


def balance(db: Database, account: str) -> int:
    with db.reading() as session:
        return ledger.balance(session, account, "EUR")


def pledge_of(db: Database, email: str = "") -> Pledge:
    with db.reading() as session:
        return session.scalars(select(Pledge)).one()


def test_a_monthly_pledge_is_signed_once_and_charged_each_month(
    db: Database, counter: Counter, reader: FlaskClient, wait: Wait
) -> None:
    page = reader.get("/pledges/new").text
    assert 'value="stripe"' in page
    led = reader.post("/pledges/new", data=form("rita", rhythm="monthly"))
    assert "/pay/mandate/" in led.location
    jobs()
    assert charges_of(db) == []
    sign(reader, counter, led.location, GOOD)
    wait(seconds=renewals.SIGNATURE_SECONDS + 1)
    jobs()
    assert (charges_of(db), pledge_of(db).state) == ([("paid", 1000)], "active")
    for months in (1, 2):
        wait(days=31)
        jobs()
        jobs()
        assert charges_of(db) == [("paid", 1000)] * (months + 1)
    assert balance(db, "income:pledges") == -3000
    assert balance(db, "assets:stripe") == 3000
    with db.reading() as session:
        assert [each.state for each in session.scalars(select(Mandate))] == ["active"]
        assert first_fault(session) is None


def test_what_the_provider_calls_out_is_taken_in_once(
    db: Database, counter: Counter, reader: FlaskClient, wait: Wait
) -> None:
    led = reader.post("/pledges/new", data=form("rita", rhythm="monthly"))
    sign(reader, counter, led.location, GOOD)
    wait(seconds=renewals.SIGNATURE_SECONDS + 1)
    jobs()
    wait(seconds=-renewals.SIGNATURE_SECONDS - 1)
    with db.reading() as session:
        reference = str(session.scalars(select(Charge.reference)).one())
    intent = counter.ask("GET", f"/v1/payment_intents/{reference}", {})
    until(lambda: any(b"customer.created" in body for body, _signed in counter.told))
    paid = counter.tell("payment_intent.succeeded", intent)
    for body, signed in [*counter.told, paid, paid]:
        answer = reader.post("/webhooks/stripe", data=body, headers={"Stripe-Signature": signed})
        assert answer.status_code == 200
        changed = body.replace(b"customer", b"Customer").replace(b"payment", b"Payment")
        refused = reader.post("/webhooks/stripe", data=changed, headers={"Stripe-Signature": signed})
        assert refused.status_code == 400
    events.process_due()
    with db.reading() as session:
        states = {each.kind: each.state for each in session.scalars(select(ProviderEvent))}
    assert states == {"customer.created": "ignored", "payment_intent.succeeded": "done"}
    assert (charges_of(db), balance(db, "income:pledges")) == ([("paid", 1000)], -1000)


def test_a_page_that_nobody_signed_leads_to_reminders_and_no_charge(
    db: Database, counter: Counter, reader: FlaskClient, wait: Wait
) -> None:
    led = reader.post("/pledges/new", data=form("rita", rhythm="monthly"))
    reader.get(urlsplit(led.location).path)
    again = reader.get(urlsplit(led.location).path)
    assert again.location.startswith(f"{counter.url}/page/") and len(counter.sessions) == 1
    reconciliation.reconcile()
    wait(seconds=renewals.SIGNATURE_SECONDS + 1)
    jobs()
    assert charges_of(db) == []
    with db.reading() as session:
        assert [each.state for each in session.scalars(select(Mandate))] == [mandates.WAITING]


def campaign_of(db: Database, opened: Open) -> tuple[Campaign, str]:
    campaign = opened()
    return campaign, f"/campaigns/{campaign.slug}/pledge"


def test_an_all_or_nothing_campaign_charges_saved_cards_only_when_it_succeeds(
    db: Database, counter: Counter, reader: FlaskClient, opened: Open, wait: Wait
) -> None:
    campaign, page = campaign_of(db, opened)
    for name in ("ada", "bea", "cleo"):
        led = reader.post(page, data=form(name))
        assert "/pay/mandate/" in led.location, led.text
        sign(reader, counter, led.location, GOOD)
    work()
    jobs()
    assert charges_of(db) == []
    wait(days=11)
    work()
    jobs()
    work()
    assert charges_of(db) == [("paid", 1000)] * 3
    assert now(db, campaign).state == "succeeded"
    assert (balance(db, "income:campaigns"), balance(db, "restricted:campaigns")) == (-3000, 0)
    with db.reading() as session:
        assert first_fault(session) is None


def test_a_card_that_fails_leaves_the_campaign_short_and_honest(
    db: Database, counter: Counter, reader: FlaskClient, opened: Open, wait: Wait
) -> None:
    campaign, page = campaign_of(db, opened)
    for name, number in (("ada", GOOD), ("bea", GOOD), ("cleo", REFUSED)):
        sign(reader, counter, reader.post(page, data=form(name)).location, number)
    wait(days=11)
    work()
    jobs()
    work()
    assert sorted(charges_of(db)) == [("failed", 0), ("paid", 1000), ("paid", 1000)]
    assert now(db, campaign).state != "succeeded"
    assert balance(db, "income:campaigns") == 0
    assert balance(db, "restricted:campaigns") == -2000


def test_a_campaign_that_fails_charges_nobody(
    db: Database, counter: Counter, reader: FlaskClient, opened: Open, wait: Wait
) -> None:
    campaign, page = campaign_of(db, opened)
    sign(reader, counter, reader.post(page, data=form("ada")).location, GOOD)
    wait(days=11)
    work()
    jobs()
    work()
    assert (charges_of(db), now(db, campaign).state) == ([], "missed")
