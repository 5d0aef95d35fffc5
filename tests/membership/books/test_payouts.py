"""Payment files: all that two people approved, once, in a form that a bank takes."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import xmlschema
from sepaxml import validation
from sqlalchemy.exc import IntegrityError

from commons.config import Config
from commons.config import use as use_settings
from commons.db import Database
from commons.refusal import Refused
from membership.books import documents, expenses, pain, payouts
from membership.books.models import PaymentOrder
from membership.books.verify import first_fault

from .conftest import HERS, OURS, Cast, approved, balance, bill, today

NAMES = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


def found(document: bytes, path: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(document).iterfind(f".//p:{path}", NAMES)]


def test_a_file_pays_all_that_is_approved_and_the_schema_holds(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people, payee="Zoë Łuczak", number="R-1")
        approved(session, people, 1)
        expenses.hand_in(session, bill(), people.jo)
        file = payouts.make_file(session, people.tom)
        orders = payouts.orders_of(session, file)
    document = documents.read(file.document)
    schema = xmlschema.XMLSchema(f"{validation.__file__.rpartition('/')[0]}/schemas/{pain.SCHEMA}.xsd")
    assert schema.is_valid(document.decode())
    assert found(document, "InstdAmt") == ["250.00", "0.01"]
    assert found(document, "GrpHdr/p:CtrlSum") == ["250.01"]
    assert found(document, "CdtrAcct/p:Id/p:IBAN") == [HERS, HERS]
    assert found(document, "DbtrAcct/p:Id/p:IBAN") == [OURS]
    assert found(document, "DbtrAgt/p:FinInstnId/p:BICFI") == ["COBADEFFXXX"]
    assert found(document, "Cdtr/p:Nm") == ["Zoe Luczak", "Jo"]
    assert found(document, "Ustrd")[0] == "R-1 Two days at the harbour"
    assert found(document, "EndToEndId") == [order.id.hex for order in orders]
    assert found(document, "ReqdExctnDt/p:Dt") == [(today() + timedelta(days=1)).isoformat()]
    assert (file.count, file.amount) == (2, 25_001)


def test_a_file_is_booked_when_the_bank_has_sent_it_and_only_then(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people)
        file = payouts.make_file(session, people.tom)
    assert balance(db, "assets:bank") == 0
    with db.transaction() as session:
        payouts.executed(session, file.id, people.tom, today())
    assert balance(db, "assets:bank") == -25_000
    assert balance(db, "liabilities:invoices") == 0
    with db.transaction() as session, pytest.raises(Refused, match="decided already") as refused:
        payouts.executed(session, file.id, people.tina, today())
    assert refused.value.status == 409
    with db.reading() as session:
        assert first_fault(session) is None


def test_what_is_in_a_file_is_in_no_other_until_the_bank_did_not_take_it(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        expense = approved(session, people)
        file = payouts.make_file(session, people.tom)
        with pytest.raises(Refused, match="Nothing is to be paid") as refused:
            payouts.make_file(session, people.tom)
        assert refused.value.status == 409
        with pytest.raises(Refused, match="in no payment file"):
            expenses.paid_by_hand(session, expense.id, people.tom, today())
        payouts.cancel(session, file.id, people.tina)
        again = payouts.make_file(session, people.tina)
        with pytest.raises(Refused, match="decided already"):
            payouts.cancel(session, file.id, people.tom)
        payouts.executed(session, again.id, people.tom, today())
    assert balance(db, "assets:bank") == -25_000


def test_the_database_lets_nothing_into_two_living_files(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        expense = approved(session, people)
        file = payouts.make_file(session, people.tom)
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.add(PaymentOrder(file_id=file.id, kind="expense", cause_id=expense.id, amount=1))


@pytest.mark.parametrize(
    ("change", "reason"), [({"currency": "CHF"}, "in euros"), ({"iban": ""}, "No bank account")]
)
def test_no_file_without_euros_and_an_account(
    db: Database, people: Cast, settings: Config, change: dict[str, str], reason: str
) -> None:
    use_settings(replace(settings, **change))  # type: ignore[arg-type]
    with db.transaction() as session, pytest.raises(Refused, match=reason):
        payouts.make_file(session, people.tom)


def test_a_file_of_an_account_without_a_bic_says_so() -> None:
    paid = pain.Transfer(uuid.uuid4(), "Jo", HERS, 100, "Fee")
    _message_id, data = pain.write(pain.Sender("Die Zeitung eG", OURS, ""), [paid], today())
    assert found(data, "DbtrAgt/p:FinInstnId/p:Othr/p:Id") == ["NOTPROVIDED"]


def test_a_file_that_the_schema_does_not_allow_is_not_made() -> None:
    sender = pain.Sender("Die Zeitung eG", OURS, "")
    with pytest.raises(Refused, match="not be valid"):
        pain.write(sender, [pain.Transfer(uuid.uuid4(), "Jo", "no iban", 100, "Fee")], today())


@pytest.mark.parametrize("verb", ["make_file", "executed", "cancel"])
def test_only_who_keeps_the_books_pays(db: Database, people: Cast, verb: str) -> None:
    with db.transaction() as session:
        approved(session, people)
        file = payouts.make_file(session, people.tom)
        tries: dict[str, Callable[[], object]] = {
            "make_file": lambda: payouts.make_file(session, people.edith),
            "executed": lambda: payouts.executed(session, file.id, people.edith, today()),
            "cancel": lambda: payouts.cancel(session, file.id, people.edith),
        }
        with pytest.raises(Refused, match="power") as refused:
            tries[verb]()
    assert refused.value.status == 403


def test_a_day_ahead_and_an_unknown_file_are_refused(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        approved(session, people)
        file = payouts.make_file(session, people.tom)
        with pytest.raises(Refused, match="lies ahead"):
            payouts.executed(session, file.id, people.tom, today() + timedelta(days=2))
        with pytest.raises(Refused, match="not made yet"):
            payouts.executed(session, file.id, people.tom, today() - timedelta(days=1))
        with pytest.raises(Refused, match="no such payment file") as refused:
            payouts.cancel(session, uuid.uuid4(), people.tom)
    assert refused.value.status == 404
