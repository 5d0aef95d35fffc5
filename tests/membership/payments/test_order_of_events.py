"""M16 and M17: events come in any order, again, and at once; what the provider has in the end counts."""

import itertools
import json
import threading
import uuid
from dataclasses import replace

import pytest

from commons.db import Database
from commons.refusal import Refused
from membership.money.models import Party
from membership.payments import events
from membership.payments.models import Charge, ProviderEvent, Receipt
from membership.payments.providers.provider import Found, Payment, Return
from tests.membership.payments.conftest import Begin
from tests.membership.payments.till import again, balance, deliver, hosted_page, start, tell, whole, work
from tests.services.fake_provider import FEE, FakeProvider

KINDS = [
    "charge.refunded",
    "charge.succeeded",
    "checkout.session.completed",
    "payment_intent.succeeded",
    "refund.created",
]


def five(provider: FakeProvider, charge: Charge) -> list[bytes]:
    """The events of a payment of 50 euros of which 20 were given back by hand."""
    known = len(provider.events)
    intent = provider.pay(hosted_page(charge))
    provider.give_back(intent["id"], 2000)
    assert sorted(each["type"] for each in provider.events[known:]) == KINDS
    return provider.bodies()[known:]


def of_another(found: list[Found], charge: Charge) -> list[Found]:
    """The same objects as they would be of another charge."""
    mine = f"{charge.id}"
    return [
        replace(each, id=f"pi_{mine}", charge_key=charge.key)
        if isinstance(each, Payment)
        else replace(each, id=f"re_{mine}", payment_id=f"pi_{mine}")
        for each in found
        if isinstance(each, Payment | Return)
    ]


# In which order they come does not depend on the database.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_five_events_in_each_of_their_120_orders_end_the_same(
    db: Database, begin: Begin, payer: Party, provider: FakeProvider
) -> None:
    orders, charges = list(itertools.permutations(range(5))), list[Charge]()
    about = [json.loads(body)["data"]["object"] for body in five(provider, begin("stripe", 5000))]
    looks = [events.look("stripe", each["object"], each["id"]) for each in about]
    assert sorted(len(found) for found in looks) == [1, 1, 1, 1, 2]
    with db.transaction() as session:
        for order in orders:
            charge = start(session, session.get_one(Party, payer.id), "stripe", 5000)
            for place in order:
                events.take_in(session, "stripe", of_another(looks[place], charge))
            charges.append(charge)
    for order, charge in zip(orders, charges, strict=True):
        found = again(db, charge)
        assert (found.state, found.received, found.refunded) == ("paid", 5000, 2000), order
    assert len(orders) == 120
    assert balance(db, "income:membership") == -3000 * 120
    assert balance(db, "assets:stripe") == (3000 - FEE) * 120
    with db.reading() as session:
        assert session.query(Receipt).count() == 240
    whole(db)


def test_an_older_event_that_comes_late_takes_nothing_back(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    page = hosted_page(charge)
    intent = provider.pay(page, settle=False)
    early = provider.bodies()
    provider.settle(intent["id"])
    for body in [*provider.bodies()[len(early) :], *early]:
        deliver(db, body)
        work()
    assert (again(db, charge).state, again(db, charge).received) == ("paid", 5000)
    assert balance(db, "income:membership") == -5000


def test_twenty_times_the_same_event_at_once_and_twenty_workers_have_one_effect(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    charge = begin("stripe", 5000)
    bodies = five(provider, charge)
    refused: list[Refused] = []
    ready = threading.Barrier(20)

    def run(number: int) -> None:
        ready.wait()
        for body in bodies[number % 5 :] + bodies[: number % 5]:
            try:
                deliver(db, body)
            except Refused as error:
                refused.append(error)
        events.process_due()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()
    assert refused == []
    with db.reading() as session:
        assert session.query(ProviderEvent).count() == 5
        assert session.query(Receipt).count() == 2
    assert (again(db, charge).received, again(db, charge).refunded) == (5000, 2000)
    assert balance(db, "income:membership") == -3000
    whole(db)


def test_money_for_something_that_our_books_do_not_know_waits_for_a_treasurer(
    db: Database, begin: Begin, provider: FakeProvider
) -> None:
    begin("stripe", 5000)
    lost = provider._intent(700, "eur", {"rostra_charge": f"charge:{uuid.uuid4()}:1"})
    provider.settle(lost["id"])
    tell(db, provider)
    with db.reading() as session:
        parked = events.parked(session)
        assert parked and all("do not know" in each.reason for each in parked)
    assert balance(db, "assets:stripe") == 0
