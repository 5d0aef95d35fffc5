"""A founded newsroom with three treasurers and a journalist, and short ways to spend and earn."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from commons import clock, web
from commons.accounts import Account
from commons.config import Config
from commons.config import use as use_settings
from commons.db import Database
from commons.powers import Power
from federation import actors, keys
from membership.books import expenses
from membership.books.expenses import Bill
from membership.books.models import Expense
from membership.members import members
from membership.money import ledger, parties
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.periods import local_day
from tests.services import applications, key_pairs

from ..conftest import SignIn, person  # noqa: F401

OURS = "DE89370400440532013000"
HERS = "NL91ABNA0417164300"
SUPPLIER = "AT611904300234573201"
PDF = b"%PDF-1.7\nan invoice"


@dataclass(frozen=True)
class Cast:
    """``tom``, ``tina`` and ``ted`` keep the books, ``jo`` writes, ``edith`` edits, ``ada`` only reads."""

    tom: Account
    tina: Account
    ted: Account
    jo: Account
    edith: Account
    ada: Account


@pytest.fixture
def settings(settings: Config) -> Iterator[Config]:
    """With an account at a bank."""
    laid_out = replace(settings, iban=OURS, account_holder="Die Zeitung eG", bic="COBADEFFXXX")
    use_settings(laid_out)
    yield laid_out


@pytest.fixture
def people(db: Database, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(keys, "generate", key_pairs.once)
    with db.transaction() as session:
        actors.found_newsroom(session)
        return Cast(
            tom=person(session, "tom", Power.BOOKS),
            tina=person(session, "tina", Power.BOOKS),
            ted=person(session, "ted", Power.BOOKS),
            jo=person(session, "jo", Power.WRITE),
            edith=person(session, "edith", Power.PUBLISH),
            ada=person(session, "ada"),
        )


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def today() -> date:
    return local_day(clock.now(), "UTC")


def bill(amount: int = 25_000, **changes: object) -> Bill:
    """A fee of 250 euros, with a file."""
    values: dict[str, object] = {
        "payee": "Jo",
        "iban": HERS,
        "money": eur(amount),
        "account": "expenses:freelance",
        "dated": today(),
        "words": "Two days at the harbour",
        "document": PDF,
        **changes,
    }
    return Bill(**values)  # type: ignore[arg-type]


def approved(session: Session, people: Cast, amount: int = 25_000, **changes: object) -> Expense:
    """What Jo handed in, signed twice."""
    asked = expenses.hand_in(session, bill(amount, **changes), people.jo)
    expenses.check(session, asked.id, people.tom, account=asked.account)
    return expenses.approve(session, asked.id, people.tina)


def balance(db: Database, account: str, **more: uuid.UUID) -> int:
    with db.reading() as session:
        return ledger.balance(session, account, "EUR", **more)  # type: ignore[arg-type]


def earn(
    session: Session,
    amount: int,
    party_id: uuid.UUID | None = None,
    *,
    account: str = "income:pledges",
    on: date | None = None,
) -> None:
    """Money arrives at the bank."""
    ledger.post(
        session,
        kind="charge-paid",
        lines=[Line("assets:bank", eur(amount)), Line(account, eur(-amount), party_id=party_id)],
        cause=("charge", uuid.uuid4()),
        on=on,
    )


def member(session: Session, name: str) -> Account:
    """Somebody who is a member."""
    account = person(session, name)
    party = parties.of(session, account)
    made = members.apply(session, party, consent="I want to become a co-owner.", number_of_shares=1)
    session.flush()
    members.paid(
        session, made.party, eur(1_000), from_account="income:pledges", cause=("charge", uuid.uuid4())
    )
    return account


@pytest.fixture
def app(people: Cast) -> web.App:
    return applications.shared()


def token_of(page: str) -> str:
    """The CSRF token in a page."""
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]
