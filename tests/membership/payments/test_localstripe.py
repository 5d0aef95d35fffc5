"""The Stripe adapter against localstripe, which nobody here wrote: charges, declines, refunds."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from stripe import StripeClient

from commons import config
from commons.config import Config
from commons.db import Database
from membership.money.currencies import Money
from membership.payments import refunds
from membership.payments.models import Charge, Mandate
from membership.payments.providers import PROVIDERS
from membership.payments.providers.stripe_http import Door
from tests.membership.payments.conftest import Begin
from tests.membership.payments.till import again, balance, work
from tests.services import local_stripe

GOOD, REFUSED = "4242424242424242", "4000000000000341"


def card(number: str) -> dict[str, object]:
    face = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    return {"type": "card", "card": face}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with local_stripe.running(tmp_path_factory.mktemp("localstripe")) as url:
        yield url


@pytest.fixture
def client(settings: Config, address: str) -> StripeClient:
    """As somebody at the provider, who can make cards; our settings lead there, too."""
    config.use(replace(settings, stripe_url=address, stripe_key="sk_test_12345"))
    return StripeClient("sk_test_12345", base_addresses={"api": address}, http_client=Door())


def signed(db: Database, begin: Begin, client: StripeClient, method: dict[str, object]) -> Mandate:
    """A mandate with this card, as a hosted page would have left it (localstripe has none)."""
    customer = client.v1.customers.create({"email": "paula@example.org"})
    made = client.v1.payment_methods.create(method)  # type: ignore[arg-type]
    client.v1.payment_methods.attach(made.id, {"customer": customer.id})
    party = begin("bank").party_id
    with db.transaction() as session:
        mandate = Mandate(
            token=made.id,
            party_id=party,
            provider="stripe",
            key=f"mandate:{made.id}",
            state="active",
            customer=customer.id,
            reference=made.id,
            kind="card",
        )
        session.add(mandate)
    return mandate


def test_a_saved_card_is_charged_and_refunded_in_part(
    db: Database, begin: Begin, client: StripeClient
) -> None:
    charge = begin("stripe", 5000, mandate=signed(db, begin, client, card(GOOD)))
    work()
    paid = again(db, charge)
    assert (paid.state, paid.received) == ("paid", 5000)
    assert client.v1.payment_intents.retrieve(str(paid.reference)).status == "succeeded"

    with db.transaction() as session:
        refunds.owe(session, session.get_one(Charge, charge.id), Money(2000, "EUR"), "withdrawn")
    work()
    assert again(db, charge).refunded == 2000
    assert balance(db, "income:membership") == -3000


def test_a_declined_card_fails_with_its_code(db: Database, begin: Begin, client: StripeClient) -> None:
    charge = begin("stripe", 5000, mandate=signed(db, begin, client, card(REFUSED)))
    work()
    failed = again(db, charge)
    assert (failed.state, failed.failure, failed.received) == ("failed", "card_declined", 0)


def test_an_unknown_object_is_nothing(db: Database, begin: Begin, client: StripeClient) -> None:
    found = PROVIDERS["stripe"].fetch("payment_intent", "pi_unknown")
    assert found is None
