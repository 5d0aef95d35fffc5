"""An expense or a surplus that was changed past us is found."""

import pytest
from sqlalchemy import text

from commons import minutes
from commons.db import Database
from membership.books import expenses, proofs
from membership.books.models import Surplus
from membership.books.verify import first_fault

from .conftest import Cast, approved, bill, today


@pytest.mark.parametrize(
    "change",
    ["amount = 24999", "state = 'checked'", "state = 'paid'"],
)
def test_an_expense_that_was_changed_is_found(db: Database, people: Cast, change: str) -> None:
    with db.transaction() as session:
        expense = approved(session, people)
        expenses.hand_in(session, bill(), people.jo)
        assert first_fault(session) is None
        session.execute(text(f"UPDATE expense SET {change} WHERE state = 'approved'"))
        fault = proofs.check_expenses(session)
    assert fault is not None and (fault.table, fault.row) == ("expense", expense.id)


def test_an_expense_said_to_be_unpaid_is_found(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        expense = approved(session, people)
        expenses.paid_by_hand(session, expense.id, people.tom, today())
        assert proofs.check_expenses(session) is None
        session.execute(text("UPDATE expense SET state = 'approved'"))
        assert proofs.check_expenses(session) is not None


def test_an_approval_without_a_posting_is_found(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        asked = expenses.enter(session, bill(iban="AT611904300234573201"), people.tom)
        asked.state, asked.approved_by_id = "approved", people.tina.id
        session.flush()
        assert proofs.check_expenses(session) is not None


def test_a_surplus_that_nobody_booked_is_found(db: Database, people: Cast) -> None:
    with db.transaction() as session:
        number = minutes.write(session, public={"verb": "decide"}, private={}).number
        session.add(
            Surplus(
                year=2025,
                minute=number,
                currency="EUR",
                surplus=100,
                reserve=100,
                refund=0,
                state="approved",
                proposed_by_id=people.tom.id,
                approved_by_id=people.tina.id,
            )
        )
        session.flush()
        fault = proofs.check_surpluses(session)
    assert fault is not None and "ledger says 0" in str(fault)
