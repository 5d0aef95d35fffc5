"""Receipts: no gap, no change, no name where it was erased."""

import io
import threading
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError

from commons import config, mail
from commons.config import Config
from commons.db import Database
from membership.money import parties
from membership.money.models import Party
from membership.payments import charges, pdf, receipts
from membership.payments.models import Charge, Receipt
from membership.payments.verification import check_charges, check_receipts
from tests.membership.conftest import SignIn
from tests.membership.payments.conftest import Begin
from tests.membership.payments.till import People, whole

NAMES = "Łucja Œuvre Ğül Жанна Ўладзімір Ελένη"


def settle(db: Database, charge: Charge) -> None:
    with db.transaction() as session:
        charges.settled(session, session.get_one(Charge, charge.id), method="card")


@pytest.fixture
def receipt(db: Database, begin: Begin) -> Receipt:
    settle(db, begin("stripe", 5000))
    with db.reading() as session:
        return session.query(Receipt).one()


def test_numbers_have_no_gap_when_twenty_are_paid_at_once_and_some_fail(db: Database, begin: Begin) -> None:
    rows = [begin("stripe", 5000 + number) for number in range(20)]

    def pay(number: int, charge: Charge) -> None:
        try:
            with db.transaction() as session:
                charges.settled(session, session.get_one(Charge, charge.id))
                if number % 4 == 0:
                    raise RuntimeError("the machine breaks")
        except RuntimeError:
            pass

    threads = [threading.Thread(target=pay, args=each) for each in enumerate(rows)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.reading() as session:
        numbers = sorted(session.scalars(session.query(Receipt.number).statement))
    year = numbers[0][:4]
    assert numbers == [f"{year}-{count:06}" for count in range(1, 16)]
    whole(db)


def test_each_payment_has_its_own_receipt_and_a_payment_told_twice_has_one(
    db: Database, begin: Begin
) -> None:
    first, second = begin("stripe", 5000, period="2026"), begin("stripe", 5000, period="2027")
    for charge in (first, second, first):
        settle(db, charge)
    with db.reading() as session:
        assert {each.cause_id for each in session.query(Receipt)} == {first.id, second.id}


def test_a_receipt_does_not_change_when_the_payer_does(db: Database, receipt: Receipt, payer: Party) -> None:
    with db.reading() as session:
        before = pdf.receipt(session.get_one(Receipt, receipt.serial))
    with db.transaction() as session:
        party = session.get_one(Party, payer.id)
        assert party.data is not None
        party.data.name = "Somebody Else"
    with db.reading() as session:
        assert pdf.receipt(session.get_one(Receipt, receipt.serial)) == before


def test_a_receipt_does_not_change_when_the_newsroom_does(
    db: Database, receipt: Receipt, settings: Config
) -> None:
    with db.reading() as session:
        before = pdf.receipt(session.get_one(Receipt, receipt.serial))
    config.use(replace(settings, language="de", name="Neu", account_holder="Neu eG"))
    with db.reading() as session:
        assert pdf.receipt(session.get_one(Receipt, receipt.serial)) == before


def test_the_pdf_has_every_letter(db: Database, begin: Begin, payer: Party) -> None:
    with db.transaction() as session:
        party = session.get_one(Party, payer.id)
        assert party.data is not None
        party.data.name = NAMES
    settle(db, begin("stripe", 5000, words="Beitrag für das Jahr – ₴, €"))
    with db.reading() as session:
        found = session.query(Receipt).one()
        text = PdfReader(io.BytesIO(pdf.receipt(found))).pages[0].extract_text()
    assert NAMES in text
    assert "€50.00" in text
    assert found.number in text
    assert "Beitrag für das Jahr – ₴, €" in text


TAMPERED = {
    "changed": "UPDATE receipt SET issued_at = '2020-01-01 00:00:00' WHERE serial = 2",
    "renamed": "UPDATE receipt_person SET name = 'Nobody' WHERE serial = 2",
    "deleted": "DELETE FROM receipt WHERE serial = 2",
    "cut off": "DELETE FROM receipt WHERE serial = 3",
}


def _tamper(db: Database, statement: str) -> None:
    """As somebody who owns the database: no trigger and no foreign key stops her."""
    with db.engine.execution_options(writes=True).connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            connection.rollback()
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            for event in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER receipt_append_only_{event}"))
        connection.execute(text(statement))
        connection.commit()
        connection.invalidate()


@pytest.mark.parametrize("what", TAMPERED)
def test_a_tampered_receipt_is_named(db: Database, begin: Begin, what: str) -> None:
    for number in range(3):
        settle(db, begin("stripe", 5000 + number))
    with db.reading() as session:
        assert check_receipts(session) is None
    _tamper(db, TAMPERED[what])
    with db.reading() as session:
        assert check_receipts(session) is not None


def test_the_database_itself_keeps_receipts_as_they_are(db: Database, receipt: Receipt) -> None:
    with pytest.raises(DatabaseError), db.transaction() as session:
        session.execute(update(Receipt).values(number="2026-000007"))


def test_a_changed_paid_charge_is_named(db: Database, begin: Begin) -> None:
    charge = begin("stripe", 5000)
    settle(db, charge)
    with db.transaction() as session:
        session.execute(update(Charge).values(amount=4000))
    with db.reading() as session:
        fault = check_charges(session)
    assert fault is not None
    assert (fault.table, fault.row) == ("charge", charge.id)


def test_an_erased_name_leaves_the_chain_whole(db: Database, receipt: Receipt, payer: Party) -> None:
    with db.transaction() as session:
        party = session.get_one(Party, payer.id)
        receipts.erase(session, party)
        parties.erase(session, party)
    with db.reading() as session:
        assert b"Paula" not in pdf.receipt(session.get_one(Receipt, receipt.serial))
    whole(db)


def test_a_receipt_is_read_by_whom_it_is_for_and_by_nobody_else(
    db: Database, receipt: Receipt, people: People, browser_of: SignIn, app: object
) -> None:
    path = f"/receipts/{receipt.token}"
    hers = browser_of(people.paula)
    page = hers.get(path)
    assert page.status_code == 200
    assert receipt.number in page.text
    assert hers.get(f"{path}.pdf").data.startswith(b"%PDF")
    stranger: FlaskClient = app.test_client()  # type: ignore[attr-defined]
    for client in (stranger, browser_of(people.maria), browser_of(people.tove)):
        assert client.get(path).status_code == 404
        assert client.get(f"{path}.pdf").status_code == 404


def test_the_letter_leads_to_the_receipt(db: Database, receipt: Receipt) -> None:
    with db.reading() as session:
        (letter,) = mail.newest(session)
    assert letter.to == "paula@example.org"
    assert receipts.page(receipt) in letter.body
    assert "€50.00" in letter.body


def test_a_receipt_says_who_issued_it(db: Database, begin: Begin, settings: config.Config) -> None:
    config.use(replace(settings, account_holder="The Harbour Co-operative"))
    settle(db, begin("stripe", 5000))
    with db.reading() as session:
        assert session.query(Receipt).one().body["issuer"] == "The Harbour Co-operative"
