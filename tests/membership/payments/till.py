"""What the tests of payments do again and again: ask, pay, tell, look."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from commons.accounts import Account
from commons.db import Database, new_id
from membership.books.verify import first_fault
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.models import Party
from membership.payments import charges, charging, events, hosted, refunds
from membership.payments.models import Charge, Mandate
from tests.services import fake_provider
from tests.services.fake_provider import FakeProvider

IBAN = "DE89370400440532013000"
HOLDER = "Die Zeitung eG"
ORIGIN = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class People:
    """``tove`` and ``tim`` are treasurers, ``paula`` pays, ``maria`` publishes."""

    tove: Account
    tim: Account
    paula: Account
    maria: Account


def start(session: Session, party: Party, provider: str, amount: int, **changes: object) -> Charge:
    values: dict[str, object] = {
        "party": party,
        "money": Money(amount, "EUR"),
        "purpose": ("pledge", new_id()),
        "provider": provider,
        "words": "Membership",
        "account": "income:membership",
        **changes,
    }
    return charges.begin(session, **values)  # type: ignore[arg-type]


def hosted_page(row: Charge | Mandate) -> str:
    """Open the provider's page of a row; its id there."""
    leads = hosted.to_pay(row.token) if isinstance(row, Charge) else hosted.to_sign(row.token, ORIGIN)
    return leads.rpartition("/")[2]


def tell(db: Database, provider: FakeProvider) -> None:
    """Deliver every event that is not known yet, and let the jobs work."""
    for body in provider.bodies():
        deliver(db, body)
    work()


def deliver(db: Database, body: bytes) -> None:
    with db.transaction() as session:
        events.accept(session, "stripe", body, {"Stripe-Signature": fake_provider.signed(body)})


def work() -> None:
    """Run the jobs of payments until there is nothing to do."""
    while events.process_due() + charging.charge_due() + refunds.refund_due():
        pass


def again(db: Database, charge: Charge) -> Charge:
    """The row as it is now."""
    with db.reading() as session:
        return session.get_one(Charge, charge.id)


def balance(db: Database, account: str) -> int:
    with db.reading() as session:
        return ledger.balance(session, account, "EUR")


def whole(db: Database) -> None:
    """The books, and all that belongs to them, are as written."""
    with db.reading() as session:
        assert first_fault(session) is None
