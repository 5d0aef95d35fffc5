"""Paying what is approved: transfers are put into a file for the bank, and booked once it has sent them.

Everything in a file was approved by two people before; each thing is in one living file at most.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons import limits, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.db import new_id, rows_changed
from commons.language import N_, _
from commons.powers import Power
from commons.refusal import Refused
from membership.books import documents, expenses, pain, surplus
from membership.books.models import APPROVED, ORDERED, PAID, Allotment, Expense, PaymentFile, PaymentOrder
from membership.money import ledger
from membership.money.periods import local_day
from membership.payments import refunds
from membership.payments.models import Refund

EXPENSE, REFUND, BACK = "expense", "patronage", "refund"
CANCELLED = "cancelled"


@dataclass(frozen=True)
class Payable:
    """Something approved that is to be transferred, in minor units of the newsroom's currency."""

    kind: str
    id: uuid.UUID
    amount: int
    payee: str
    iban: str
    words: str


def payable(session: Session) -> list[Payable]:
    """What waits to be transferred, oldest first; as much as one file takes."""
    bills = [
        Payable(EXPENSE, each.id, each.amount, each.detail.payee, each.detail.iban, _words(each))
        for each in expenses.in_state(session, APPROVED, limits.PAYMENTS_IN_A_FILE)
    ]
    shares = [
        Payable(REFUND, each.id, each.amount, each.payee, each.iban, _("Patronage refund"))
        for each in surplus.to_pay(session, limits.PAYMENTS_IN_A_FILE)
    ]
    back = [
        Payable(BACK, each.id, each.amount, name, iban, _("Refund"))
        for each in refunds.to_transfer(session)
        for name, iban in [refunds.payee(session, each)]
        if iban
    ]
    return (bills + shares + back)[: limits.PAYMENTS_IN_A_FILE]


def make_file(session: Session, by: Account) -> PaymentFile:
    """Put all that is payable into a file for the bank, to be sent on the next day."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    if settings().currency != "EUR":
        raise Refused(N_("A payment file is in euros; pay by hand and say so."))
    if not settings().iban:
        raise Refused(N_("No bank account is set (ROSTRA_IBAN)."))
    surplus.set_off_due(session)
    found = payable(session)
    if not found:
        raise Refused(N_("Nothing is to be paid."), status=409)
    sender = pain.Sender(settings().account_holder, settings().iban, settings().bic)
    orders = [
        PaymentOrder(id=new_id(), kind=each.kind, cause_id=each.id, amount=each.amount) for each in found
    ]
    transfers = [
        pain.Transfer(order.id, each.payee, each.iban, each.amount, each.words)
        for order, each in zip(orders, found, strict=True)
    ]
    message_id, data = pain.write(sender, transfers, _today() + timedelta(days=1))
    file = PaymentFile(
        message_id=message_id,
        document=documents.keep_xml(data),
        count=len(orders),
        amount=sum(each.amount for each in found),
        currency="EUR",
        made_by_id=by.id,
    )
    session.add(file)
    session.flush()
    for order in orders:
        order.file_id = file.id
    session.add_all(orders)
    _mark(session, orders, APPROVED, ORDERED)
    powers.exercise(session, by, Power.BOOKS, on=_name(file), reason="", verb="make a payment file")
    return file


def executed(session: Session, file_id: uuid.UUID, by: Account, on: date) -> PaymentFile:
    """The bank has sent all of the file on the day ``on``: it is booked."""
    expenses.check_past(on)
    if on < local_day(find(session, file_id).made_at, settings().timezone):
        raise Refused(N_("On that day the file was not made yet."))
    file = _close(session, file_id, by, PAID, "note a payment file as sent")
    carry_out_all(session, file, on)
    return file


def carry_out_all(session: Session, file: PaymentFile, on: date) -> None:
    """The bank has sent every transfer of the file; those that were booked before stay as they are."""
    for order in orders_of(session, file):
        carry_out(session, order, on)


def carry_out(session: Session, order: PaymentOrder, on: date) -> None:
    """The bank has sent one transfer: it is booked, once. With the last of its file the file is paid."""
    if order.paid_on is not None or not order.live:
        return
    order.paid_on = on
    if order.kind == EXPENSE:
        expenses.pay(session, session.get_one(Expense, order.cause_id), on)
    elif order.kind == REFUND:
        surplus.pay(session, session.get_one(Allotment, order.cause_id), on)
    else:
        refunds.executed(session, order.cause_id)
    session.flush()
    file = session.get_one(PaymentFile, order.file_id)
    if file.state == ORDERED and all(each.paid_on for each in orders_of(session, file)):
        file.state, file.closed_at = PAID, now()
        session.flush()


def cancel(session: Session, file_id: uuid.UUID, by: Account) -> PaymentFile:
    """The bank did not take the file: all of it is to be paid again."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    file = find(session, file_id)
    orders = orders_of(session, file)
    if file.state == ORDERED and any(order.paid_on for order in orders):
        raise Refused(N_("The bank has sent some of it already."), status=409)
    file = _close(session, file_id, by, CANCELLED, "cancel a payment file")
    for order in orders:
        order.live = False
    _mark(session, orders, ORDERED, APPROVED)
    return file


def find(session: Session, file_id: uuid.UUID) -> PaymentFile:
    found = session.get(PaymentFile, file_id, populate_existing=True)
    if found is None:
        raise Refused(N_("There is no such payment file."), status=404)
    return found


def files(session: Session, count: int = 20) -> list[PaymentFile]:
    """The files, newest first."""
    return list(session.scalars(select(PaymentFile).order_by(PaymentFile.id.desc()).limit(count)))


def orders_of(session: Session, file: PaymentFile) -> Sequence[PaymentOrder]:
    wanted = select(PaymentOrder).where(PaymentOrder.file_id == file.id).order_by(PaymentOrder.id)
    return session.scalars(wanted).all()


def _close(session: Session, file_id: uuid.UUID, by: Account, state: str, verb: str) -> PaymentFile:
    """Of two who close a file at once one wins."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    find(session, file_id)
    closed = session.execute(
        update(PaymentFile)
        .where(PaymentFile.id == file_id, PaymentFile.state == ORDERED)
        .values(state=state, closed_at=now())
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(closed):
        raise Refused(N_("This was decided already."), status=409)
    file = find(session, file_id)
    powers.exercise(session, by, Power.BOOKS, on=_name(file), reason="", verb=verb)
    return file


def _mark(session: Session, orders: Sequence[PaymentOrder], before: str, after: str) -> None:
    for kind, table in ((EXPENSE, Expense), (REFUND, Allotment)):
        ids = [order.cause_id for order in orders if order.kind == kind]
        session.execute(update(table).where(table.id.in_(ids), table.state == before).values(state=after))
    back = [order.cause_id for order in orders if order.kind == BACK]
    states = (refunds.DUE, refunds.ORDERED) if after == ORDERED else (refunds.ORDERED, refunds.DUE)
    refunds.order(session, back, *states)
    session.flush()


def told(session: Session, order: PaymentOrder) -> tuple[str, str]:
    """What a transfer was for, and the IBAN that it went to."""
    if order.kind == EXPENSE:
        expense = expenses.find(session, order.cause_id)
        return _words(expense), expense.detail.iban
    if order.kind == REFUND:
        return _("Patronage refund"), session.get_one(Allotment, order.cause_id).iban
    return _("Refund"), refunds.payee(session, session.get_one(Refund, order.cause_id))[1]


def _words(expense: Expense) -> str:
    number = expense.detail.number
    return f"{number} {expense.detail.words}" if number else expense.detail.words


def _name(file: PaymentFile) -> str:
    return f"payment file {file.message_id}"


def _today() -> date:
    return local_day(now(), settings().timezone)
