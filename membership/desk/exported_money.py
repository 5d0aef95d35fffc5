"""The tables of an export that tell of money: what she pledged, paid, got back and was paid."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.accounts import Account
from commons.clock import iso
from membership.books import documents, expenses, surplus
from membership.books.models import Expense
from membership.money import currencies
from membership.money.currencies import Money
from membership.money.models import Party, Posting, PostingLine
from membership.payments import charges, receipts
from membership.pledges import pledges

Row = Mapping[str, Any]


def tables(session: Session, account: Account, party: Party | None) -> dict[str, list[Row]]:
    """By name. Amounts are decimal strings with their currency, moments ISO 8601 in UTC."""
    return {
        "pledges": _pledges(session, account),
        "payments": _payments(session, party),
        "receipts": _receipts(session, party),
        "bookings": _bookings(session, party),
        "expenses": _expenses(session, account),
        "surplus": _surplus(session, account),
    }


def papers(session: Session, account: Account) -> Iterator[tuple[str, bytes]]:
    """The files of her expenses, named as ``expenses`` names them."""
    for expense in expenses.every_of(session, account):
        if expense.document:
            yield _paper(expense), documents.read(expense.document)


def shown(money: Money) -> Row:
    """As a cell for the amount and one for the currency."""
    return {"amount": currencies.decimal_text(money), "currency": money.currency}


def _pledges(session: Session, account: Account) -> list[Row]:
    return [
        {
            "number": pledge.number,
            "purpose": pledge.purpose,
            "rhythm": pledge.rhythm,
            "state": pledge.state,
            "promised_at": iso(pledge.created_at),
            **shown(Money(pledge.amount, pledge.currency)),
        }
        for pledge in pledges.of_account(session, account)
    ]


def _payments(session: Session, party: Party | None) -> list[Row]:
    if party is None:
        return []
    return [
        {
            "asked_at": iso(charge.made_at),
            "paid_at": iso(charge.paid_at) if charge.paid_at else "",
            "for": charge.words,
            "state": charge.state,
            "by": charge.provider,
            "reference": charge.reference or "",
            "given_back": currencies.decimal_text(Money(charge.refunded + charge.lost, charge.currency)),
            **shown(Money(charge.amount, charge.currency)),
        }
        for charge in charges.of_party(session, party)
    ]


def _receipts(session: Session, party: Party | None) -> list[Row]:
    if party is None:
        return []
    return [
        {
            "number": receipt.number,
            "issued_at": iso(receipt.issued_at),
            "for": receipt.body["words"],
            "page": receipts.page(receipt),
            **shown(receipts.money(receipt)),
        }
        for receipt in receipts.of_party(session, party)
    ]


def _bookings(session: Session, party: Party | None) -> list[Row]:
    """The lines of the ledger that carry her key."""
    if party is None:
        return []
    lines = session.execute(
        select(PostingLine, Posting.kind)
        .join(Posting, Posting.id == PostingLine.posting_id)
        .where(PostingLine.party_id == party.id)
        .order_by(PostingLine.posting_id, PostingLine.position)
    )
    return [
        {
            "posting": line.posting_id,
            "on": line.on.isoformat(),
            "kind": kind,
            "account": line.account,
            **shown(Money(line.amount, line.currency)),
        }
        for line, kind in lines
    ]


def _expenses(session: Session, account: Account) -> list[Row]:
    """What she handed in, or is paid."""
    return [
        {
            "dated": expense.dated.isoformat(),
            "for": expense.detail.words,
            "payee": expense.detail.payee,
            "iban": expense.detail.iban,
            "number": expense.detail.number,
            "state": expense.state,
            "rejected_because": expense.detail.rejected_why,
            "paid_on": expense.paid_on.isoformat() if expense.paid_on else "",
            "file": _paper(expense) if expense.document else "",
            **shown(Money(expense.amount, expense.currency)),
        }
        for expense in expenses.every_of(session, account)
    ]


def _paper(expense: Expense) -> str:
    return f"expenses/{expense.id}.{expense.document.rpartition('.')[2]}"


def _surplus(session: Session, account: Account) -> list[Row]:
    """Her parts of surpluses, and what she chose."""
    return [
        {
            "year": part.surplus.year,
            "choice": part.choice,
            "state": part.state,
            "payee": part.payee,
            "iban": part.iban,
            **shown(Money(part.amount, part.surplus.currency)),
        }
        for part in surplus.of(session, account)
    ]
