"""M1 and P4: no verb that takes money takes nothing, less, another currency or what is no amount."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from commons import clock
from commons.accounts import Account
from commons.config import Config
from commons.db import Database
from commons.powers import Power
from commons.refusal import Refused
from membership.books import budget, expenses
from membership.books.expenses import Bill
from membership.books.vouchers import vouchers
from membership.books.vouchers.vouchers import Note
from membership.campaigns import campaigns
from membership.campaigns.models import Campaign
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Party
from membership.money.periods import local_day, month_of
from membership.payments import charges, credits, refunds
from membership.payments.models import Charge
from membership.pledges import pledges, renewals

from .campaigns.conftest import plan
from .pledges.conftest import guest, house, person, wish

__all__ = ["house"]

IBAN = "NL91ABNA0417164300"
PDF = b"%PDF-1.7\na bill"


@dataclass(frozen=True)
class World:
    """Somebody with credit and a paid charge, a campaign, a journalist and two treasurers."""

    session: Session
    party: Party
    charge: Charge
    campaign: Campaign
    jo: Account
    tom: Account

    @property
    def day(self) -> Any:
        return local_day(clock.now(), "UTC")

    def bill(self, money: Money) -> Bill:
        return Bill("Quay Print", IBAN, money, "expenses:office", self.day, "Paper", PDF)


@pytest.fixture
def keys_of(db: Database, house: Config) -> dict[str, uuid.UUID]:
    with db.transaction() as session:
        tom = person(session, "tom", Power.BOOKS)
        jo = person(session, "jo", Power.WRITE)
        party = guest(session)
        pledge = pledges.promise(session, party, wish(5_000, "once"))
        charge = renewals.start(session, pledges.instalments(session, pledge)[0])
        assert charge is not None
        charges.settled(session, charge)
        lines = [
            Line("assets:bank", Money(5_000, "EUR")),
            Line("liabilities:credit", Money(-5_000, "EUR"), party_id=party.id),
        ]
        ledger.post(session, kind="credit", lines=lines, cause=("test", party.id))
        campaign = campaigns.open_(session, plan(), by=tom)
        return {
            "tom": tom.id,
            "jo": jo.id,
            "party": party.id,
            "charge": charge.id,
            "campaign": campaign.id,
        }


def world(session: Session, keys: dict[str, uuid.UUID]) -> World:
    return World(
        session,
        session.get_one(Party, keys["party"]),
        session.get_one(Charge, keys["charge"]),
        session.get_one(Campaign, keys["campaign"]),
        session.get_one(Account, keys["jo"]),
        session.get_one(Account, keys["tom"]),
    )


Verb = Callable[[World, Any], object]
VERBS: dict[str, Verb] = {
    "a pledge": lambda w, money: pledges.promise(
        w.session, w.party, replace(wish(), money=money, once="amounts")
    ),
    "a charge": lambda w, money: charges.begin(
        w.session,
        party=w.party,
        money=money,
        purpose=("pledge", uuid.uuid4()),
        provider="bank",
        words="x",
        account="income:pledges",
    ),
    "a refund that is asked for": lambda w, money: refunds.ask(w.session, w.charge, money, "why", w.tom),
    "a refund that is owed": lambda w, money: refunds.owe(w.session, w.charge, money, "why"),
    "a refund that is proposed": lambda w, money: refunds.propose(w.session, w.charge, money, "why"),
    "credit that a treasurer sends back": lambda w, money: refunds.ask_credit(
        w.session, w.party, money, "why", w.tom
    ),
    "credit that its owner sends back": lambda w, money: credits.send_back(
        w.session, w.party, money, IBAN, None
    ),
    "an invoice": lambda w, money: expenses.hand_in(w.session, w.bill(money), w.jo),
    "a bill": lambda w, money: expenses.enter(w.session, w.bill(money), w.tom),
    "income": lambda w, money: vouchers.enter(
        w.session, Note("income:grants", money, w.day, "x", PDF), w.tom
    ),
    "a cost": lambda w, money: vouchers.enter(
        w.session, Note("expenses:office", money, w.day, "x", PDF, cash=True), w.tom
    ),
    "a goal": lambda w, money: campaigns.open_(w.session, plan(goal_money=money, title="Another"), by=w.tom),
    "a pledge to a campaign": lambda w, money: campaigns.join(
        w.session, w.party, w.campaign, money, provider="bank", once="amounts-2"
    ),
    "a plan": lambda w, money: budget.plan(w.session, "expenses:office", month_of(w.day), money, w.tom),
}
# A plan may be nothing.
NOTHING = {"a plan"}


@pytest.mark.parametrize("name", VERBS)
def test_no_verb_takes_what_is_no_amount_of_ours(
    db: Database, keys_of: dict[str, uuid.UUID], name: str
) -> None:
    def head() -> int:
        with db.reading() as session:
            return ledger.head(session)[0]

    before = head()
    wrong = [Money(-1, "EUR"), Money(1 - 2**63, "EUR"), Money(500, "CHF"), Money(500, "KWD")]
    wrong += [] if name in NOTHING else [Money(0, "EUR")]
    for money in wrong:
        with pytest.raises(Refused), db.transaction() as session:
            VERBS[name](world(session, keys_of), money)
    for raw in (10.5, "1e2", -1, 2**63, float("nan"), True, None, 500):
        with pytest.raises((TypeError, AttributeError)), db.transaction() as session:
            VERBS[name](world(session, keys_of), raw)
    assert head() == before
    with db.transaction() as session:
        assert VERBS[name](world(session, keys_of), Money(500, "EUR"))


@pytest.mark.parametrize("amount", [0, -1])
@pytest.mark.parametrize("table", ["charge", "pledge", "refund", "expense", "voucher"])
def test_the_database_itself_takes_no_amount_of_nothing_or_less(
    db: Database, keys_of: dict[str, uuid.UUID], table: str, amount: int
) -> None:
    with db.transaction() as session:
        made = world(session, keys_of)
        for name in ("a refund that is asked for", "an invoice", "a cost"):
            VERBS[name](made, Money(500, "EUR"))
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.execute(text(f"UPDATE {table} SET amount = {amount}"))
