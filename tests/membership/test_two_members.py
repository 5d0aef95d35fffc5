"""F4: what is one member's is not there for another, whatever route she types its number into."""

import re
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from commons import config, csrf, sessions, web
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.powers import Power
from membership.books import expenses
from membership.books.expenses import Bill
from membership.books.models import APPROVED, Allotment, Expense, Surplus
from membership.members import members, shares
from membership.money import ledger, parties
from membership.money.currencies import Money
from membership.payments.models import Charge
from membership.pledges import pledges, renewals
from membership.pledges.models import Pledge
from tests.services import applications

from .pledges.conftest import house, person, wish
from .test_firewall import routes

__all__ = ["house"]

# Who may ask does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

IBAN = "NL91ABNA0417164300"
# Routes on which something of one person's own is named; those of treasurers are the firewall's.
OWN = re.compile(
    r"(GET|POST) /(expenses/<uuid:expense_id>|patronage/<uuid:allotment_id>|pledges/<number>"
    r"|pitches/choose/<number>|payments/mine/\w+/<uuid:charge_id>)"
)


@dataclass(frozen=True)
class Browser:
    client: FlaskClient
    token: str

    def ask(self, route: str) -> TestResponse:
        method, path = route.split(" ")
        data = {csrf.FIELD: self.token, "choice": "credit"} if method == "POST" else None
        return self.client.open(path, method=method, data=data)


@dataclass(frozen=True)
class Two:
    """Ada's things, by the names that routes have for them; and both, signed in."""

    things: dict[str, str]
    ada: Browser
    bob: Browser


@pytest.fixture
def two(db: Database, house: Config) -> Two:
    with db.transaction() as session:
        ada, bob = (person(session, name, Power.WRITE) for name in ("ada", "bob"))
        for account in (ada, bob):
            party = parties.of(session, account)
            members.apply(session, party, consent="Yes.")
            pledges.promise(session, party, wish(900, once=account.id.hex))
        things = _of(session, ada, bob)
        keys = [sessions.start(session, account, proved=True) for account in (ada, bob)]
    return Two(things, *(_browser(key) for key in keys))


def _browser(key: str) -> Browser:
    client = applications.shared().test_client()
    client.set_cookie(web.cookie_name(), key, domain="127.0.0.1")
    return Browser(client, csrf.token(config.settings().secret_key, sessions.hash_of(key)))


def _of(session: Session, ada: Account, bob: Account) -> dict[str, str]:
    """An invoice, a part of a surplus, a pledge and what it asks for."""
    party = parties.of(session, ada)
    (pledge,) = pledges.of_party(session, party)
    charge = renewals.start(session, pledges.instalments(session, pledge)[0])
    assert charge is not None
    pdf = b"%PDF-1.7\na ticket"
    ticket = Bill("Ada", IBAN, Money(500, "EUR"), "expenses:travel", shares.today(), "Train", pdf)
    expense = expenses.hand_in(session, ticket, ada)
    proposal = Surplus(
        year=2025,
        minute=1,
        currency="EUR",
        surplus=9,
        reserve=0,
        refund=9,
        state=APPROVED,
        proposed_by_id=ada.id,
        approved_by_id=bob.id,
    )
    session.add(proposal)
    session.flush()
    part = Allotment(surplus_id=proposal.id, party_id=party.id, weight=1, amount=9, state=APPROVED)
    session.add(part)
    session.flush()
    return {
        "<number>": pledge.number,
        "<uuid:charge_id>": str(charge.id),
        "<uuid:expense_id>": str(expense.id),
        "<uuid:allotment_id>": str(part.id),
    }


def _state(session: Session) -> list[object]:
    """What a deed on anything of hers would change."""
    rows = [
        *session.execute(select(Pledge.state, Pledge.amount, Pledge.next_on).order_by(Pledge.id)),
        *session.execute(select(Charge.state, Charge.received).order_by(Charge.id)),
        *session.execute(select(Expense.state)),
        *session.execute(select(Allotment.choice, Allotment.state)),
    ]
    return [*map(tuple, rows), ledger.head(session)]


def test_what_is_anothers_is_not_there_and_stays_as_it_is(db: Database, two: Two) -> None:
    own = sorted(route for route in set(routes(two.ada.client.application)) if OWN.match(route))
    kinds = {name for route in own for name in two.things if name in route}
    assert kinds == set(two.things) and len(own) > 12
    with db.reading() as session:
        before = _state(session)
    wrong = []
    for route in own:
        path = route
        for name, value in two.things.items():
            path = path.replace(name, value)
        status = two.bob.ask(path).status_code
        if status != 404:
            wrong.append(f"{route}: {status}")
    assert wrong == []
    with db.reading() as session:
        assert _state(session) == before
    for route in own:
        path = route
        for name, value in two.things.items():
            path = path.replace(name, value)
        assert two.ada.ask(path).status_code != 404 or "choose" in route, route
