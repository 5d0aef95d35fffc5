"""A founded house with two treasurers, a payer, a bank account and the fake provider."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from commons import accounts, powers, web
from commons.accounts import Account
from commons.config import Config
from commons.config import use as use_settings
from commons.db import Database
from commons.powers import Power
from membership.money import parties
from membership.money.models import Party
from membership.payments import mandates
from membership.payments.models import Charge, Mandate
from tests.membership.payments.till import HOLDER, IBAN, People, hosted_page, start, tell
from tests.services import applications, fake_provider
from tests.services.fake_provider import FakeProvider


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider.running() as fake:
        yield fake


@pytest.fixture
def settings(settings: Config, provider: FakeProvider) -> Iterator[Config]:
    """With an account at a bank, and one at the fake."""
    laid_out = replace(
        settings,
        iban=IBAN,
        account_holder=HOLDER,
        stripe_key=fake_provider.KEY,
        stripe_webhook_secrets=(fake_provider.SECRET,),
        stripe_url=provider.url,
    )
    use_settings(laid_out)
    yield laid_out


@pytest.fixture
def people(db: Database) -> People:
    with db.transaction() as session:
        return People(
            tove=_person(session, "tove", Power.BOOKS),
            tim=_person(session, "tim", Power.BOOKS),
            paula=_person(session, "paula", None),
            maria=_person(session, "maria", Power.PUBLISH),
        )


def _person(session: Session, name: str, power: Power | None) -> Account:
    account = accounts.create(
        session, email=f"{name}@example.org", name=name.title(), password="correct horse battery"
    )
    if power is not None:
        powers.grant(session, account, [power], reason="founding")
    return account


@pytest.fixture
def payer(db: Database, people: People) -> Party:
    """Paula, as the books know her."""
    with db.transaction() as session:
        return parties.of(session, people.paula)


Begin = Callable[..., Charge]


@pytest.fixture
def begin(db: Database, payer: Party) -> Begin:
    """``begin("stripe", 5000)``: a charge for a pledge of its own, unless ``purpose`` is given."""

    def begin(provider: str = "bank", amount: int = 5000, **changes: object) -> Charge:
        with db.transaction() as session:
            return start(session, payer, provider, amount, **changes)

    return begin


@pytest.fixture
def mandate(db: Database, payer: Party, provider: FakeProvider) -> Callable[..., Mandate]:
    """``mandate("sepa_debit")``: one that Paula has signed."""

    def sign(kind: str = "card") -> Mandate:
        with db.transaction() as session:
            asked = mandates.begin(session, payer, "stripe")
        page = hosted_page(asked)
        provider.sign(page, kind)
        tell(db, provider)
        with db.reading() as session:
            return session.get_one(Mandate, asked.id)

    return sign


@pytest.fixture
def app(people: People) -> web.App:
    return applications.shared()
