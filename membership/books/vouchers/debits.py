"""What the bank's debits paid: a transfer of a file of ours, a refund, a bill, a cost. None is lost.

A debit is matched by the end-to-end id that we gave, else by account and amount where only one thing
fits. What was noted as paid before its line came is only tied to it. All others wait for a treasurer.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from commons import limits, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.db import database
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.books import expenses, payouts
from membership.books.models import APPROVED, BOOKED, PAID, Expense, PaymentFile, PaymentOrder, Voucher
from membership.books.vouchers import vouchers
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.payments import refunds, transfers
from membership.payments.models import BankLine, Refund

log = logging.getLogger(__name__)

ORDER, FILE, EXPENSE, REFUND, VOUCHER, OWN = "order", "file", "expense", "refund", "voucher", "own"
# How far apart the day that a treasurer noted and the bank's may be.
DAYS = timedelta(days=40)


@dataclass(frozen=True)
class Candidate:
    """Something that a debit may have paid. ``iban`` is empty where nobody knows it."""

    kind: str
    id: uuid.UUID
    words: str
    iban: str


def match_due() -> int:
    """Job: find what debits paid. Returns how many found it."""
    with database().transaction() as session:
        return sum(_match(session, line) for line in transfers.debits(session, limits.STATEMENT_LINES))


def _match(session: Session, line: BankLine) -> bool:
    found = _named(session, line) or _only_one(session, line)
    if found is None:
        return False
    try:
        with session.begin_nested():
            _pay(session, line, *found)
    except Refused as refused:
        log.warning("the debit %s waits for somebody: %s", line.id, refused)
        return False
    return True


def _named(session: Session, line: BankLine) -> tuple[str, uuid.UUID] | None:
    """What the debit is called, if we called it so and the amount is right."""
    if not line.sent_as:
        return None
    order = session.get(PaymentOrder, _uuid(line.sent_as)) if _uuid(line.sent_as) else None
    if order is not None and order.live and order.amount == -line.amount:
        return ORDER, order.id
    file = session.scalar(select(PaymentFile).where(PaymentFile.message_id == line.sent_as))
    if file is not None and file.amount == -line.amount:
        return FILE, file.id
    return None


def _only_one(session: Session, line: BankLine) -> tuple[str, uuid.UUID] | None:
    """The one thing of this amount that goes to this account; a cost of the bank itself has no account."""
    iban = line.payer.iban if line.payer is not None else ""
    fits = [each for each in candidates(session, line) if each.iban == iban]
    return (fits[0].kind, fits[0].id) if len(fits) == 1 else None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# What it may have paid


def candidates(session: Session, line: BankLine) -> list[Candidate]:
    """What of the debit's amount is to be paid, or was noted as paid about then; none has a line yet."""
    if line.amount >= 0 or line.currency != settings().currency:
        return []
    since, until = line.booked_on - DAYS, line.booked_on + DAYS
    return [found for look in _LOOKS for found in look(session, -line.amount, since, until)]


def _orders(session: Session, amount: int, since: date, until: date) -> list[Candidate]:
    in_time = PaymentOrder.paid_on.is_(None) | PaymentOrder.paid_on.between(since, until)
    wanted = select(PaymentOrder).where(
        PaymentOrder.amount == amount, PaymentOrder.live, in_time, _no_line(ORDER, PaymentOrder.id)
    )
    found = session.scalars(wanted.order_by(PaymentOrder.id))
    return [Candidate(ORDER, each.id, *payouts.told(session, each)) for each in found]


def _bills(session: Session, amount: int, since: date, until: date) -> list[Candidate]:
    by_hand = (Expense.state == PAID) & Expense.paid_on.between(since, until)
    ordered = exists().where(PaymentOrder.cause_id == Expense.id, PaymentOrder.live)
    wanted = select(Expense).where(
        Expense.amount == amount,
        (Expense.state == APPROVED) | by_hand,
        ~ordered,
        _no_line(EXPENSE, Expense.id),
    )
    found = session.scalars(wanted.order_by(Expense.id))
    return [Candidate(EXPENSE, each.id, each.detail.words, each.detail.iban) for each in found]


def _refunds(session: Session, amount: int, since: date, until: date) -> list[Candidate]:
    sent = (Refund.state == refunds.DONE) & (Refund.done_at >= now() - 2 * DAYS)
    ordered = exists().where(PaymentOrder.cause_id == Refund.id, PaymentOrder.live)
    wanted = select(Refund).where(
        Refund.provider == "bank",
        Refund.amount == amount,
        (Refund.state == refunds.DUE) | sent,
        ~ordered,
        _no_line(REFUND, Refund.id),
    )
    found = session.scalars(wanted.order_by(Refund.id))
    return [Candidate(REFUND, each.id, each.reason, refunds.payee(session, each)[1]) for each in found]


def _costs(session: Session, amount: int, since: date, until: date) -> list[Candidate]:
    wanted = select(Voucher).where(
        Voucher.amount == amount,
        Voucher.state == BOOKED,
        Voucher.against == vouchers.PAYABLE,
        Voucher.line_id.is_(None),
        Voucher.dated.between(since, until),
    )
    return [Candidate(VOUCHER, each.id, each.words, "") for each in session.scalars(wanted)]


_LOOKS: Sequence[Callable[[Session, int, date, date], list[Candidate]]] = (_orders, _bills, _refunds, _costs)


def _no_line(kind: str, key: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
    """No line of the bank has paid it yet."""
    return ~exists().where(BankLine.pays_kind == kind, BankLine.pays_id == key)


# What a treasurer says


def assign(session: Session, line_id: uuid.UUID, kind: str, cause_id: uuid.UUID, by: Account) -> None:
    """Say which of the candidates a debit paid."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    line = _debit(session, line_id)
    if (kind, cause_id) not in {(each.kind, each.id) for each in candidates(session, line)}:
        raise Refused(N_("This does not fit the line."), status=409)
    _pay(session, line, kind, cause_id)
    powers.exercise(session, by, Power.BOOKS, on=f"bank line {line_id}", reason="", verb="assign a debit")


def is_own(session: Session, line_id: uuid.UUID, by: Account) -> None:
    """Say that a debit went to another account of ours: it is on its way."""
    powers.require(session, by, Power.BOOKS)
    line = transfers.spent(session, _debit(session, line_id), OWN, line_id)
    _post(session, line, "assets:transit", "own-transfer")
    powers.exercise(session, by, Power.BOOKS, on=f"bank line {line_id}", reason="", verb="assign a debit")


def _debit(session: Session, line_id: uuid.UUID) -> BankLine:
    line = session.get(BankLine, line_id)
    if line is None or line.amount >= 0:
        raise Refused(N_("There is no such line."), status=404)
    return line


# The books


def _pay(session: Session, line: BankLine, kind: str, cause_id: uuid.UUID) -> None:
    """Tie the debit to what it paid, and book that unless it was booked before."""
    if kind == VOUCHER:
        vouchers.settle(session, vouchers.find(session, cause_id), line, None)
        return
    line = transfers.spent(session, line, kind, cause_id)
    if kind == ORDER:
        payouts.carry_out(session, session.get_one(PaymentOrder, cause_id), line.booked_on)
    elif kind == FILE:
        payouts.carry_out_all(session, session.get_one(PaymentFile, cause_id), line.booked_on)
    elif kind == EXPENSE:
        expense = expenses.find(session, cause_id)
        if expense.state == APPROVED:
            expenses.pay(session, expense, line.booked_on)
    else:
        refunds.executed(session, cause_id)


def _post(session: Session, line: BankLine, account: str, kind: str) -> None:
    money = Money(-line.amount, line.currency)
    day = expenses.open_day(session, line.booked_on)
    lines = [Line(account, money), Line(vouchers.BANK, -money)]
    ledger.post(session, kind=kind, lines=lines, cause=("bank-line", line.id), on=day)
