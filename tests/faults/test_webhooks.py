"""A newsroom is killed while its provider reports: every payment is counted once, to the cent."""

import random
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.db import new_id
from membership.books.verify import first_fault
from membership.money import ledger, parties
from membership.payments import charges
from membership.payments.models import Charge, ProviderEvent, Receipt
from tests.services import fake_provider, instance
from tests.services.fake_provider import FakeProvider
from tests.services.instance import Instance, kill_all, tree, until
from tests.services.postgres import Server

ROUNDS = 5  # on each of two databases
LONG_ROUNDS = 100
PAYMENTS = 6
LATEST = 0.5  # seconds after the first event is sent
DRAIN_SECONDS = 90


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Till"]:
    """``rostra serve`` that takes money by the fake, on SQLite and on PostgreSQL."""
    folder = tmp_path_factory.mktemp("till")
    if request.param == "sqlite":
        yield from _till(folder)
        return
    server: Server = request.getfixturevalue("postgresql")
    url = server.create()
    yield from _till(folder, DATABASE_URL=url)
    server.drop(url)


def _till(folder: Path, **variables: str) -> Iterator["Till"]:
    with fake_provider.running() as provider:
        stripe = {
            "ROSTRA_STRIPE_KEY": fake_provider.KEY,
            "ROSTRA_STRIPE_WEBHOOK_SECRET": fake_provider.SECRET,
            "ROSTRA_STRIPE_URL": provider.url,
        }
        with instance.running(folder, **stripe, **variables) as newsroom:
            yield Till(newsroom, provider)


class Till:
    """A newsroom and its provider, which reports until it is told that it was heard."""

    def __init__(self, newsroom: Instance, provider: FakeProvider) -> None:
        self.newsroom = newsroom
        self.provider = provider
        self.acknowledged: set[bytes] = set()

    def take(self, count: int) -> None:
        """So many people pay; of two a part is given back, of one the bank takes all."""
        for number in range(count):
            key = self._ask(1000 + number)
            session = self.provider._session(
                {
                    "mode": "payment",
                    "success_url": self.newsroom.origin,
                    "line_items[0][price_data][unit_amount]": str(1000 + number),
                    "line_items[0][price_data][currency]": "eur",
                    "payment_intent_data[metadata][rostra_charge]": key,
                }
            )
            intent = self.provider.pay(session["id"])
            if number in (0, 1):
                self.provider.give_back(intent["id"], 300)
            if number == 2:
                self.provider.close(self.provider.dispute(intent["id"]), "lost")

    def _ask(self, amount: int) -> str:
        with self.newsroom.database() as database, database.transaction() as session:
            charge = Charge(
                token=str(new_id()),
                party_id=parties.create(session, "Paula", "paula@example.org").id,
                provider="stripe",
                purpose="pledge",
                purpose_id=new_id(),
                key=f"charge:{new_id()}",
                words="Membership",
                amount=amount,
                currency="EUR",
                account="income:membership",
                state=charges.OPEN,
            )
            session.add(charge)
            return charge.key

    def report(self, dice: random.Random) -> None:
        """Every event that is not acknowledged, three times, in any order."""
        waiting = [body for body in self.provider.bodies() if body not in self.acknowledged] * 3
        dice.shuffle(waiting)
        left = deque(waiting)
        threads = [threading.Thread(target=self._send, args=(left,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, left: deque[bytes]) -> None:
        while left:
            body = left.popleft()
            if self._heard(body):
                self.acknowledged.add(body)

    def _heard(self, body: bytes) -> bool:
        request = urllib.request.Request(
            f"{self.newsroom.origin}/webhooks/stripe",
            body,
            {"Stripe-Signature": fake_provider.signed(body), "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, HTTPException):
            return False

    def drain(self, dice: random.Random) -> None:
        """The provider goes on until all is acknowledged, and the newsroom until nothing is due."""

        def quiet() -> bool:
            self.report(dice)
            return len(self.acknowledged) == len(self.provider.events) and not self._due()

        until(quiet, DRAIN_SECONDS, lambda: f"{self._due()}\n{self.newsroom.log()}")

    def _due(self) -> list[str]:
        with self.newsroom.database() as database, database.reading() as session:
            return list(session.scalars(select(ProviderEvent.id).where(ProviderEvent.state == "due")))

    def audit(self) -> None:
        """Counted once, whole, and equal to what the provider holds."""
        with self.newsroom.database() as database, database.reading() as session:
            assert _held(session) == self.provider.balance()
            rows = list(session.scalars(select(Charge)))
            assert {row.state for row in rows} == {"paid"}
            assert sum(row.received for row in rows) == sum(
                each["amount"] for each in self.provider.of("charge")
            )
            receipts = list(session.scalars(select(Receipt.cause).order_by(Receipt.serial)))
            assert receipts.count("charge") == len(rows)
            assert receipts.count("refund") == len(self.provider.of("refund"))
            assert not session.scalars(select(ProviderEvent.id).where(ProviderEvent.state == "parked")).all()
            assert first_fault(session) is None


def _held(session: Session) -> int:
    return ledger.balance(session, "assets:stripe", "EUR")


def _everything(till: Till) -> None:
    till.newsroom.kill()
    till.newsroom.start()


def _server(till: Till) -> None:
    kill_all(tree(till.newsroom.child("web").pid))
    till.newsroom.wait()


def _worker(till: Till) -> None:
    kill_all(tree(till.newsroom.child("worker").pid))


def test_every_event_three_times_and_shuffled_around_kills_is_counted_once(
    till: Till, dice: random.Random, long: bool
) -> None:
    for _round in range(LONG_ROUNDS if long else ROUNDS):
        till.take(PAYMENTS)
        reporting = threading.Thread(target=till.report, args=(dice,))
        reporting.start()
        time.sleep(dice.uniform(0, LATEST))
        dice.choice((_worker, _server, _everything))(till)
        reporting.join()

    till.drain(dice)
    till.audit()
