"""Expenses and invoices: handed in with a file, signed by two treasurers, never by who is paid.

A journalist hands in what is hers; a treasurer enters what a supplier sends, which is the
first signature. The ledger is told with the second.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.db import rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from federation.models import Post
from membership.books import documents
from membership.books.models import (
    APPROVED,
    ASKED,
    CHECKED,
    ORDERED,
    PAID,
    REJECTED,
    WITHDRAWN,
    Expense,
    ExpenseDetail,
    ExpenseNumber,
)
from membership.money import ledger, parties
from membership.money.chart import CHART
from membership.money.currencies import Money, positive
from membership.money.ledger import Line
from membership.money.models import Party, PartyData, Seal
from membership.money.periods import local_day, month_of

WAGES = "expenses:wages"
INPUT_TAX = "assets:input-tax"
# What no invoice is booked on: other rooms write there by rule.
_NOT_BY_HAND = {"expenses:payment-fees", "expenses:losses", "expenses:patronage"}
ACCOUNTS = tuple(
    account for account in CHART.values() if account.kind == "expenses" and account.name not in _NOT_BY_HAND
)


@dataclass(frozen=True)
class Bill:
    """What is handed in. ``words`` may be read by everybody, so they name nobody.

    ``document``: the bytes of the file. ``story_id``: the story that the money is for, if any.
    """

    payee: str
    iban: str
    money: Money
    account: str
    dated: date
    words: str
    document: bytes
    number: str = ""
    tax: int = 0
    story_id: uuid.UUID | None = None


# Handing in


def hand_in(session: Session, bill: Bill, by: Account) -> Expense:
    """Ask to be paid: a fee, an outlay. For who writes for us, or keeps the books."""
    if not powers.usable(session, by) & {Power.WRITE, Power.BOOKS}:
        raise Refused(N_("You do not have the power to do this."), status=403)
    party = parties.of(session, by)
    if party.data is not None:
        party.data.iban = parties.iban_of(bill.iban)
    return _keep(session, bill, party, by, state=ASKED)


def enter(session: Session, bill: Bill, by: Account) -> Expense:
    """A treasurer enters what a supplier or an employee is owed: the first signature."""
    powers.require(session, by, Power.BOOKS)
    party = _payee(session, bill)
    if party.account_id == by.id:
        raise Refused(N_("Somebody else must do this for you."), status=403)
    expense = _keep(session, bill, party, by, state=CHECKED)
    powers.exercise(session, by, Power.BOOKS, on=_name(expense), reason="", verb="check an expense")
    return expense


def _payee(session: Session, bill: Bill) -> Party:
    """Who has this bank account: somebody we know, or a new party without an account of ours."""
    known = session.scalar(
        select(Party)
        .join(PartyData)
        .where(PartyData.iban == parties.iban_of(bill.iban))
        .order_by(Party.account_id.is_(None), Party.id)
        .limit(1)
    )
    if known is not None:
        return known
    name = line_of(bill.payee, limits.PAYEE_CHARS)
    party = Party(data=PartyData(name=name, email="", iban=parties.iban_of(bill.iban)))
    session.add(party)
    session.flush()
    return party


def _keep(session: Session, bill: Bill, party: Party, by: Account, *, state: str) -> Expense:
    positive(bill.money)
    if bill.money.amount > limits.TRANSFER_MOST:
        raise Refused(N_("This amount is too large."))
    if bill.money.currency != settings().currency:
        raise Refused(N_("The books are kept in %(currency)s."), currency=settings().currency)
    if bill.dated > _today():
        raise Refused(N_("The day lies ahead."))
    _check_account(bill.account)
    _check_tax(bill.tax, bill.money.amount)
    detail = ExpenseDetail(
        payee=line_of(bill.payee, limits.PAYEE_CHARS),
        iban=parties.iban_of(bill.iban),
        words=line_of(bill.words, limits.EXPENSE_WORDS),
        number=line_of(bill.number, limits.INVOICE_NUMBER_CHARS) if bill.number.strip() else "",
    )
    expense = Expense(
        party_id=party.id,
        payee_account_id=party.account_id,
        asked_by_id=by.id,
        checked_by_id=by.id if state == CHECKED else None,
        amount=bill.money.amount,
        currency=bill.money.currency,
        tax=bill.tax,
        account=bill.account,
        story_id=bill.story_id,
        dated=bill.dated,
        document=documents.keep(bill.document),
        state=state,
        detail=detail,
    )
    session.add(expense)
    session.flush()
    _note_number(session, expense)
    return expense


def _note_number(session: Session, expense: Expense) -> None:
    """Refuse an invoice that was handed in before."""
    if not expense.detail.number:
        return
    kept = ExpenseNumber(
        iban=expense.detail.iban, number=expense.detail.number.casefold(), expense_id=expense.id
    )
    try:
        with session.begin_nested():
            session.add(kept)
    except IntegrityError:
        raise Refused(N_("This invoice was handed in already."), status=409) from None


# Signing


def check(
    session: Session,
    expense_id: uuid.UUID,
    by: Account,
    *,
    account: str,
    tax: int = 0,
    story_id: uuid.UUID | None = None,
) -> Expense:
    """The first signature: on which account it belongs, and how much ``tax`` in it is reclaimed."""
    expense = _to_decide(session, expense_id, by)
    _check_account(account)
    _check_tax(tax, expense.amount)
    _move(
        session,
        expense_id,
        (ASKED,),
        state=CHECKED,
        checked_by_id=by.id,
        account=account,
        tax=tax,
        story_id=story_id or expense.story_id,
    )
    powers.exercise(session, by, Power.BOOKS, on=_name(expense), reason="", verb="check an expense")
    return find(session, expense_id)


def approve(session: Session, expense_id: uuid.UUID, by: Account) -> Expense:
    """The second signature: it stands in the books, and is to be paid. Of two at once one wins."""
    expense = _to_decide(session, expense_id, by)
    if by.id in (expense.checked_by_id, expense.asked_by_id):
        raise Refused(N_("Somebody else must approve this."), status=403)
    _move(session, expense_id, (CHECKED,), state=APPROVED, approved_by_id=by.id, decided_at=now())
    powers.exercise(session, by, Power.BOOKS, on=_name(expense), reason="", verb="approve an expense")
    expense = find(session, expense_id)
    _book(session, expense)
    return expense


def reject(session: Session, expense_id: uuid.UUID, by: Account, why: str) -> Expense:
    """It is not paid; who handed it in reads why."""
    expense = _to_decide(session, expense_id, by)
    reason = why.strip()[: limits.REASON_CHARS]
    if not reason:
        raise Refused(N_("Say why."))
    _move(session, expense_id, (ASKED, CHECKED), state=REJECTED, decided_at=now())
    _free_number(session, expense_id)
    powers.exercise(session, by, Power.BOOKS, on=_name(expense), reason="", verb="reject an expense")
    expense = find(session, expense_id)
    expense.detail.rejected_why = reason
    session.flush()
    return expense


def withdraw(session: Session, expense_id: uuid.UUID, by: Account) -> Expense:
    """Take back what one handed in, as long as nobody has signed it."""
    expense = find(session, expense_id)
    if expense.asked_by_id != by.id:
        raise Refused(N_("There is no such expense."), status=404)
    _move(session, expense_id, (ASKED,), state=WITHDRAWN, decided_at=now())
    _free_number(session, expense_id)
    return find(session, expense_id)


def _to_decide(session: Session, expense_id: uuid.UUID, by: Account) -> Expense:
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    expense = find(session, expense_id)
    if by.id == expense.payee_account_id:
        raise Refused(N_("Somebody else must do this for you."), status=403)
    return expense


def _move(session: Session, expense_id: uuid.UUID, states: Sequence[str], **changes: object) -> None:
    moved = session.execute(
        update(Expense)
        .where(Expense.id == expense_id, Expense.state.in_(states))
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(moved):
        raise Refused(N_("This was decided already."), status=409)


def _free_number(session: Session, expense_id: uuid.UUID) -> None:
    session.execute(delete(ExpenseNumber).where(ExpenseNumber.expense_id == expense_id))


# The ledger


def owed_on(expense: Expense) -> str:
    """The account on which it is owed until it is paid."""
    return "liabilities:wages" if expense.account == WAGES else "liabilities:invoices"


def _book(session: Session, expense: Expense) -> None:
    """Cost, reclaimed tax and debt, on the day of the invoice, or today if that month is closed."""
    gross, tax = Money(expense.amount, expense.currency), Money(expense.tax, expense.currency)
    lines = [
        Line(expense.account, gross - tax, party_id=expense.party_id, story_id=expense.story_id),
        *([Line(INPUT_TAX, tax)] if expense.tax else []),
        Line(owed_on(expense), -gross, party_id=expense.party_id),
    ]
    day = open_day(session, expense.dated)
    ledger.post(session, kind="expense", lines=lines, cause=("expense", expense.id), on=day)


def pay(session: Session, expense: Expense, on: date) -> None:
    """The bank has sent it."""
    _move(session, expense.id, (APPROVED, ORDERED), state=PAID, paid_on=on)
    money = Money(expense.amount, expense.currency)
    lines = [Line(owed_on(expense), money, party_id=expense.party_id), Line("assets:bank", -money)]
    day = open_day(session, on)
    ledger.post(session, kind="expense-paid", lines=lines, cause=("expense", expense.id), on=day)


def paid_by_hand(session: Session, expense_id: uuid.UUID, by: Account, on: date) -> Expense:
    """A treasurer says that she paid an approved expense without a file of ours."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    expense = find(session, expense_id)
    if expense.state != APPROVED:
        raise Refused(N_("Only what is approved and in no payment file can be paid."), status=409)
    check_past(on)
    pay(session, expense, on)
    powers.exercise(session, by, Power.BOOKS, on=_name(expense), reason="", verb="pay an expense")
    return find(session, expense_id)


def check_past(day: date) -> None:
    if day > _today():
        raise Refused(N_("The day lies ahead."))


def open_day(session: Session, day: date) -> date | None:
    """``day``, or None (today) if the books of its month are closed."""
    sealed = session.scalar(select(func.max(Seal.month)))
    return None if sealed is not None and month_of(day) <= sealed else day


# Looking


def find(session: Session, expense_id: uuid.UUID) -> Expense:
    found = session.get(Expense, expense_id, populate_existing=True)
    if found is None:
        raise Refused(N_("There is no such expense."), status=404)
    return found


def seen_by(session: Session, expense_id: uuid.UUID, account: Account) -> Expense:
    """The expense, for who handed it in, is paid, or keeps the books; 404 for others."""
    expense = find(session, expense_id)
    if account.id in (expense.asked_by_id, expense.payee_account_id):
        return expense
    if powers.may(session, account, Power.BOOKS):
        return expense
    raise Refused(N_("There is no such expense."), status=404)


def of(session: Session, account: Account, count: int = limits.ROWS_SHOWN) -> list[Expense]:
    """What ``account`` handed in or is paid, newest first."""
    return list(
        session.scalars(select(Expense).where(_hers(account)).order_by(Expense.id.desc()).limit(count))
    )


def every_of(session: Session, account: Account) -> Sequence[Expense]:
    """All that ``account`` handed in or is paid, oldest first."""
    return session.scalars(select(Expense).where(_hers(account)).order_by(Expense.id)).unique().all()


def _hers(account: Account) -> ColumnElement[bool]:
    return (Expense.asked_by_id == account.id) | (Expense.payee_account_id == account.id)


def in_state(session: Session, state: str, count: int = limits.ROWS_SHOWN) -> list[Expense]:
    """What waits in ``state``, oldest first."""
    wanted = select(Expense).where(Expense.state == state).order_by(Expense.id).limit(count)
    return list(session.scalars(wanted))


def counts(session: Session) -> dict[str, int]:
    """How many there are in each state."""
    rows = session.execute(select(Expense.state, func.count()).group_by(Expense.state))
    return {row[0]: row[1] for row in rows}


def stories(session: Session, count: int = limits.ROWS_SHOWN) -> list[tuple[uuid.UUID, str]]:
    """Published stories by id and title, newest first, to link an expense to."""
    rows = session.execute(
        select(Post.id, Post.name)
        .where(Post.local, Post.kind == "Article", Post.gone_at.is_(None))
        .order_by(Post.published_at.desc())
        .limit(count)
    )
    return [(row.id, row.name or "") for row in rows]


# What is refused


def _check_account(account: str) -> None:
    if account not in {each.name for each in ACCOUNTS}:
        raise Refused(N_("There is no account %(account)s."), account=account)


def _check_tax(tax: int, amount: int) -> None:
    if not 0 <= tax < amount:
        raise Refused(N_("The tax must be less than the amount."))


def line_of(text: str, most: int) -> str:
    """``text`` on one line; refuses an empty one, and more than ``most`` characters."""
    line = " ".join(text.split())
    if not line:
        raise Refused(N_("Fill this in."))
    if len(line) > most or not line.isprintable():
        raise Refused(N_("At most %(max)s characters, on one line."), max=most)
    return line


def _today() -> date:
    return local_day(now(), settings().timezone)


def _name(expense: Expense) -> str:
    return f"expense {expense.id}"
