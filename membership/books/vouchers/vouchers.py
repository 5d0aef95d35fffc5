"""Other income and costs: grants, sales, interest, fees of the bank. Each has a document and a note.

A treasurer enters one. Income stands in the books at once; a cost when a second treasurer has signed.
Money is at the bank only where a line of its statement says so; until then it is owed, or cash.
"""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update
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
from membership.books import documents, expenses
from membership.books.models import BOOKED, CHECKED, REJECTED, Voucher
from membership.books.vouchers import naming
from membership.money import ledger, taxes
from membership.money.chart import CHART, ChartAccount
from membership.money.currencies import Money, positive
from membership.money.ledger import Line
from membership.payments import transfers
from membership.payments.models import BankLine

BANK, CASH, RECEIVABLE, PAYABLE = "assets:bank", "assets:cash", "assets:receivable", "liabilities:invoices"
UNMATCHED, SALES_TAX, INPUT_TAX = "liabilities:unmatched", "liabilities:tax", "assets:input-tax"
KIND = "voucher"
# What readers pay is booked with their payments; wages, losses and patronage have their own ways.
_NOT_HERE = {
    "income:membership",
    "income:pledges",
    "income:campaigns",
    "income:pitches",
    "expenses:wages",
    "expenses:losses",
    "expenses:patronage",
}
ACCOUNTS: tuple[ChartAccount, ...] = tuple(
    account
    for account in CHART.values()
    if account.kind in ("income", "expenses") and account.name not in _NOT_HERE
)


@dataclass(frozen=True)
class Note:
    """What is entered. ``words`` may be read by everybody, so they name nobody.

    ``line_id``: the line of the bank's statement in which the money moved; without one it is ``cash``,
    or still owed. ``tax``: the part of ``money`` that is owed to the tax office, or reclaimed; it is
    computed where there is one ``rate`` in basis points (0 to be taxed at nothing, None for no rate).
    """

    account: str
    money: Money
    dated: date
    words: str
    document: bytes
    tax: int = 0
    rate: int | None = None
    story_id: uuid.UUID | None = None
    line_id: uuid.UUID | None = None
    cash: bool = False


# Entering and signing


def enter(session: Session, note: Note, by: Account) -> Voucher:
    """A treasurer enters it: income is booked, a cost waits for a second signature."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    _check(session, note)
    line = _line(session, note) if note.line_id else None
    voucher = Voucher(
        account=note.account,
        against=_against(note),
        amount=note.money.amount,
        tax=_tax(note),
        rate=note.rate,
        currency=note.money.currency,
        story_id=note.story_id,
        dated=note.dated,
        words=expenses.line_of(note.words, limits.EXPENSE_WORDS),
        document=documents.keep(note.document),
        line_id=line.id if line else None,
        asked_by_id=by.id,
    )
    try:
        with session.begin_nested():
            session.add(voucher)
    except IntegrityError:
        raise Refused(N_("This line was dealt with already."), status=409) from None
    powers.exercise(session, by, Power.BOOKS, on=_name(voucher), reason="", verb="enter a voucher")
    if is_income(voucher):
        _move(session, voucher, state=BOOKED, decided_at=now())
        _book(session, voucher, by)
    return find(session, voucher.id)


def approve(session: Session, voucher_id: uuid.UUID, by: Account) -> Voucher:
    """The second signature under a cost: it stands in the books. Of two at once one wins."""
    voucher = _to_decide(session, voucher_id, by)
    _move(session, voucher, state=BOOKED, approved_by_id=by.id, decided_at=now())
    powers.exercise(session, by, Power.BOOKS, on=_name(voucher), reason="", verb="approve a voucher")
    voucher = find(session, voucher_id)
    _book(session, voucher, by)
    return voucher


def reject(session: Session, voucher_id: uuid.UUID, by: Account) -> Voucher:
    """It is not booked, and its line is free again; who entered it may take it back so, too."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    voucher = find(session, voucher_id)
    _move(session, voucher, state=REJECTED, decided_at=now())
    powers.exercise(session, by, Power.BOOKS, on=_name(voucher), reason="", verb="reject a voucher")
    return find(session, voucher_id)


def settle(session: Session, voucher: Voucher, line: BankLine, by: Account | None) -> None:
    """What was owed has moved in this line of the bank's statement; ``by``: None where nobody chose it."""
    ledger.hold_pen(session)
    if voucher.state != BOOKED or voucher.line_id is not None or voucher.against not in (RECEIVABLE, PAYABLE):
        raise Refused(N_("Nothing is owed for this."), status=409)
    money = Money(voucher.amount, voucher.currency)
    _fits(line, voucher.account, money)
    if is_income(voucher):
        if by is None:
            raise ValueError("somebody must say what came in")
        transfers.earned(session, line.id, KIND, voucher.id, by)
        lines = [Line(UNMATCHED, money), Line(RECEIVABLE, -money)]
    else:
        transfers.spent(session, line, KIND, voucher.id)
        lines = [Line(PAYABLE, money), Line(BANK, -money)]
    voucher.line_id = line.id
    day = expenses.open_day(session, line.booked_on)
    ledger.post(session, kind="voucher-settled", lines=lines, cause=(KIND, voucher.id), on=day)


def _to_decide(session: Session, voucher_id: uuid.UUID, by: Account) -> Voucher:
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    voucher = find(session, voucher_id)
    if voucher.asked_by_id == by.id:
        raise Refused(N_("Somebody else must approve this."), status=403)
    return voucher


def _move(session: Session, voucher: Voucher, **changes: object) -> None:
    moved = session.execute(
        update(Voucher)
        .where(Voucher.id == voucher.id, Voucher.state == CHECKED)
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(moved):
        raise Refused(N_("This was decided already."), status=409)
    session.refresh(voucher)


# The ledger


def _book(session: Session, voucher: Voucher, by: Account) -> None:
    """Earned or spent, its tax, and where the money is."""
    gross, tax = Money(voucher.amount, voucher.currency), Money(voucher.tax, voucher.currency)
    line = session.get_one(BankLine, voucher.line_id) if voucher.line_id else None
    sign = -1 if is_income(voucher) else 1
    against = voucher.against
    if line is not None and is_income(voucher):
        transfers.earned(session, line.id, KIND, voucher.id, by)
        against = UNMATCHED  # as which it stands at the bank since it came in
    elif line is not None:
        transfers.spent(session, line, KIND, voucher.id)
    taxed = SALES_TAX if is_income(voucher) else INPUT_TAX
    lines = [
        Line(voucher.account, _times(sign, gross - tax), story_id=voucher.story_id),
        *([Line(taxed, _times(sign, tax))] if voucher.tax else []),
        Line(against, _times(-sign, gross)),
    ]
    day = expenses.open_day(session, line.booked_on if line is not None else voucher.dated)
    ledger.post(session, kind=KIND, lines=lines, cause=(KIND, voucher.id), on=day)


def _times(sign: int, money: Money) -> Money:
    return Money(sign * money.amount, money.currency)


# Looking


def is_income(voucher: Voucher) -> bool:
    return CHART[voucher.account].kind == "income"


def find(session: Session, voucher_id: uuid.UUID) -> Voucher:
    found = session.get(Voucher, voucher_id, populate_existing=True)
    if found is None:
        raise Refused(N_("There is no such voucher."), status=404)
    return found


def waiting(session: Session) -> list[Voucher]:
    """Costs for a second signature, oldest first."""
    wanted = select(Voucher).where(Voucher.state == CHECKED).order_by(Voucher.id)
    return list(session.scalars(wanted.limit(limits.ROWS_SHOWN)))


def owed(session: Session) -> list[Voucher]:
    """What is booked and not yet paid, by us or to us, oldest first."""
    wanted = select(Voucher).where(
        Voucher.state == BOOKED, Voucher.line_id.is_(None), Voucher.against.in_((RECEIVABLE, PAYABLE))
    )
    return list(session.scalars(wanted.order_by(Voucher.id).limit(limits.ROWS_SHOWN)))


def newest(session: Session, count: int = 20) -> list[Voucher]:
    """What was booked last."""
    wanted = select(Voucher).where(Voucher.state == BOOKED).order_by(Voucher.id.desc()).limit(count)
    return list(session.scalars(wanted))


# What is refused


def _check(session: Session, note: Note) -> None:
    positive(note.money)
    if note.money.currency != settings().currency:
        raise Refused(N_("The books are kept in %(currency)s."), currency=settings().currency)
    if note.account not in {each.name for each in ACCOUNTS}:
        raise Refused(N_("There is no account %(account)s."), account=note.account)
    if not 0 <= note.tax < note.money.amount:
        raise Refused(N_("The tax must be less than the amount."))
    if note.rate is not None and note.tax:
        raise Refused(N_("Choose a rate, or write the tax: not both."))
    expenses.check_past(note.dated)
    if naming.names_somebody(session, note.words):
        raise Refused(N_("Everybody can read these words: name no person, no e-mail address and no account."))


def _tax(note: Note) -> int:
    """What of it is tax, rounded once; what was read off the document counts as it stands there."""
    return note.tax if note.rate is None else taxes.included(note.money, note.rate).tax.amount


def _against(note: Note) -> str:
    if note.line_id is not None:
        return BANK
    if note.cash:
        return CASH
    return RECEIVABLE if CHART[note.account].kind == "income" else PAYABLE


def _line(session: Session, note: Note) -> BankLine:
    """The line of the bank in which the money moved, if it fits."""
    line = session.get(BankLine, note.line_id)
    if line is None:
        raise Refused(N_("There is no such line."), status=404)
    _fits(line, note.account, note.money)
    return line


def _fits(line: BankLine, account: str, money: Money) -> None:
    came = CHART[account].kind == "income"
    if line.state != (transfers.UNMATCHED if came else transfers.OUT):
        raise Refused(N_("This line was dealt with already."), status=409)
    if (abs(line.amount), line.currency) != (money.amount, money.currency):
        raise Refused(N_("The line of the bank has another amount."))


def _name(voucher: Voucher) -> str:
    return f"voucher {voucher.id}"
