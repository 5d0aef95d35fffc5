"""Readers who pledge, a bank that pays, and a clock that moves."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import accounts, clock, config, jobs, mail, powers, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.mail import Letter
from commons.powers import Power
from federation import actors, keys
from membership.money import parties
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments import charges
from membership.payments.models import Charge
from membership.pledges import pledges, renewals, settling
from membership.pledges.models import Instalment, Pledge
from membership.pledges.pledges import Wish
from tests.services import applications, key_pairs

Wait = Callable[..., None]


@pytest.fixture
def house(db: Database, settings: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A founded newsroom that takes bank transfers. Bells are silent: tests run the jobs themselves."""
    monkeypatch.setattr(jobs, "ring", lambda job, lanes=1: None)
    monkeypatch.setattr(keys, "generate", key_pairs.once)
    opened = replace(settings, iban="DE89370400440532013000", account_holder="Rostra eG")
    config.use(opened)
    with db.transaction() as session:
        actors.found_newsroom(session)
    return opened


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wait]:
    """``wait(days=3)``: so much later it is."""

    def later(**how_long: float) -> None:
        monkeypatch.setattr(clock, "shift", clock.shift + timedelta(**how_long))

    yield later


@pytest.fixture
def app(house: Config) -> web.App:
    return applications.shared()


@pytest.fixture
def reader(app: web.App) -> FlaskClient:
    """Somebody's browser, not signed in."""
    return app.test_client()


def eur(amount: int) -> Money:
    """``amount`` cents."""
    return Money(amount, "EUR")


def person(session: Session, name: str, power: Power | None = None) -> Account:
    """An account, and its actor."""
    account = accounts.create(session, email=f"{name}@example.org", name=name.title(), password=None)
    actors.create_local(session, kind="Person", handle=name, name=name.title(), account=account)
    if power is not None:
        powers.grant(session, account, [power], reason="founding")
    return account


def guest(session: Session, name: str = "rita") -> Party:
    return parties.create(session, name.title(), f"{name}@example.org")


def wish(amount: int = 900, rhythm: str = "monthly", **more: object) -> Wish:
    values: dict[str, object] = {"provider": "bank", "once": f"once-{clock.now().timestamp()}"} | more
    return Wish(eur(amount), rhythm, **values)  # type: ignore[arg-type]


def pay(db: Database, pledge: Pledge, period: str | None = None) -> Charge:
    """The transfer for what the pledge asked for last arrives, and is taken in."""
    renewals.charge_due()
    with db.transaction() as session:
        wanted = select(Instalment).where(Instalment.pledge_id == pledge.id)
        wanted = wanted.where(Instalment.period == period) if period else wanted
        instalment = session.scalars(wanted.order_by(Instalment.id.desc()).limit(1)).one()
        charge = session.get_one(Charge, instalment.charge_id)
        charges.settled(session, charge)
    settling.settle_due()
    return charge


def fail(db: Database, pledge: Pledge) -> None:
    """The provider refuses what the pledge asked for last."""
    renewals.charge_due()
    with db.transaction() as session:
        newest = select(Instalment).where(Instalment.pledge_id == pledge.id)
        instalment = session.scalars(newest.order_by(Instalment.id.desc()).limit(1)).one()
        charges.failed(session, session.get_one(Charge, instalment.charge_id), "insufficient_funds")
    settling.settle_due()


def again(db: Database, pledge: Pledge) -> Pledge:
    """The pledge as it stands now."""
    with db.reading() as session:
        return session.get_one(Pledge, pledge.id)


def letters(db: Database, kind: str) -> list[Letter]:
    with db.reading() as session:
        return [letter for letter in mail.newest(session) if letter.letter == kind]


def promised(db: Database, name: str = "rita", **more: object) -> Pledge:
    """A pledge of somebody without an account."""
    with db.transaction() as session:
        return pledges.promise(session, guest(session, name), wish(**more))  # type: ignore[arg-type]


def at_once(call: Callable[[], object], threads: int = 20) -> list[BaseException]:
    """Call it from many threads at the same moment; what they raised."""
    barrier, raised = threading.Barrier(threads), []

    def run() -> None:
        barrier.wait()
        try:
            call()
        except Exception as error:
            raised.append(error)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return raised
