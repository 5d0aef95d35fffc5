"""Everything that is checked when the books are: postings first, then what belongs to them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from commons.db import Database
from membership.books import proofs
from membership.members import shares
from membership.money import evidence, verification
from membership.money.faults import Checker, Fault, Progress, quiet
from membership.payments import verification as payments

CHECKERS: tuple[Checker, ...] = (
    verification.verify,
    evidence.verify,
    payments.check_charges,
    payments.check_bank_lines,
    payments.check_receipts,
    shares.check,
    proofs.check_expenses,
    proofs.check_surpluses,
)


def first_fault(session: Session, progress: Progress = quiet) -> Fault | None:
    """What the first checker finds that finds something. ``session`` is one of ``one_moment``."""
    for check in CHECKERS:
        fault = check(session, progress)
        if fault is not None:
            return fault
    return None


@contextmanager
def one_moment(database: Database) -> Iterator[Session]:
    """A session in which all that is read is of one moment, whatever is written meanwhile."""
    with database.reading() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session
