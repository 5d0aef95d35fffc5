"""What expenses say of people, and the papers handed in with them: forgotten once no law keeps them.

The amounts stay, in the books and here; the words, the names, the bank accounts and the files go.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from commons.accounts import Account
from commons.db import after_commit
from membership.books import documents, expenses
from membership.books.models import (
    ASKED,
    PAID,
    REJECTED,
    WITHDRAWN,
    Expense,
    ExpenseNumber,
    PaymentFile,
    Voucher,
)

NEVER_BOOKED = (REJECTED, WITHDRAWN)


def of_person(session: Session, account: Account) -> None:
    """Forget what ``account`` handed in and what was never booked; what waits is taken back."""
    for expense in expenses.every_of(session, account):
        if expense.state == ASKED and expense.asked_by_id == account.id:
            expenses.withdraw(session, expense.id, account)
        if expense.state in NEVER_BOOKED:
            _forget(session, expense)


def before(session: Session, moment: datetime, count: int) -> int:
    """Forget ``count`` expenses and files for the bank that were over before ``moment``. Returns how many."""
    day = moment.date()
    old = (
        select(Expense)
        .where(
            Expense.document != "",
            (Expense.paid_on < day) | (Expense.state.in_(NEVER_BOOKED) & (Expense.dated < day)),
        )
        .order_by(Expense.id)
        .limit(count)
    )
    forgotten = session.scalars(old).unique().all()
    for expense in forgotten:
        _forget(session, expense)
    return len(forgotten) + _files(session, moment, count)


def _forget(session: Session, expense: Expense) -> None:
    detail, key = expense.detail, expense.document
    detail.payee = detail.iban = detail.words = detail.number = detail.rejected_why = ""
    session.execute(delete(ExpenseNumber).where(ExpenseNumber.expense_id == expense.id))
    expense.document = ""
    session.flush()
    _remove(session, [key])


def _files(session: Session, moment: datetime, count: int) -> int:
    """Files for the bank name everybody whom they pay."""
    old = select(PaymentFile).where(PaymentFile.document != "", PaymentFile.state == PAID)
    files = session.scalars(old.where(PaymentFile.closed_at < moment).limit(count)).all()
    keys = [file.document for file in files]
    for file in files:
        file.document = ""
    session.flush()
    _remove(session, keys)
    return len(files)


def _remove(session: Session, keys: Sequence[str]) -> None:
    """After the commit, and only what nothing points to: the same paper may have been handed in twice."""
    for key in filter(None, keys):
        kept = (Expense.document, PaymentFile.document, Voucher.document)
        if not any(session.scalar(select(column).where(column == key).limit(1)) for column in kept):
            after_commit(session, partial(documents.forget, key))
