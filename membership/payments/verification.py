"""What ``rostra books verify`` asks of payments: that every record is as it was kept."""

from collections.abc import Iterator
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from membership.money import chain, evidence
from membership.money.faults import STEP, Fault, Progress, quiet
from membership.payments import charges, receipts, transfers
from membership.payments.models import BankLine, Charge, Receipt

Row = TypeVar("Row", Charge, BankLine, Receipt)


def check_charges(session: Session, progress: Progress = quiet) -> Fault | None:
    """The first paid charge that was inserted, deleted or changed."""
    paid = _each(session, Charge, Charge.id, Charge.paid_at.is_not(None))
    kept = ((row.id, charges.facts(row)) for row in paid)
    return evidence.check(session, charges.EVIDENCE, kept, progress)


def check_bank_lines(session: Session, progress: Progress = quiet) -> Fault | None:
    """The first bank line that was inserted, deleted or changed."""
    kept = ((row.id, transfers.facts(row)) for row in _each(session, BankLine, BankLine.id))
    return evidence.check(session, transfers.EVIDENCE, kept, progress)


def check_receipts(session: Session, progress: Progress = quiet) -> Fault | None:
    """The first receipt that was inserted, deleted or changed, or whose number does not follow."""
    kept = ((row.id, receipts.facts(row)) for row in _each(session, Receipt, Receipt.id))
    return evidence.check(session, receipts.EVIDENCE, kept, progress) or _chain(session)


def _chain(session: Session) -> Fault | None:
    previous, counts = chain.GENESIS, dict[str, int]()
    for serial, receipt in enumerate(_each(session, Receipt, Receipt.serial), start=1):
        year, _, count = receipt.number.partition("-")
        counts[year] = counts.get(year, 0) + 1
        if receipt.serial != serial or int(count) != counts[year]:
            return Fault("receipt", receipt.number, "follows a gap")
        if receipt.previous != previous or receipt.hash != receipts.hash_of(receipt):
            return Fault("receipt", receipt.number, "changed")
        if receipt.person is not None and receipt.body["person"] != receipts.commitment(receipt.person):
            return Fault("receipt", receipt.number, "its name was changed")
        previous = receipt.hash
    return None


def _each(
    session: Session, table: type[Row], order: InstrumentedAttribute[Any], *only: ColumnElement[bool]
) -> Iterator[Row]:
    """Row after row; memory holds a few of them."""
    wanted = select(table).where(*only).order_by(order)
    rows = session.scalars(wanted.execution_options(yield_per=STEP))
    try:
        for row in rows:
            yield row
            session.expunge(row)
    finally:
        rows.close()
