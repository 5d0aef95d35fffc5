"""Bank transfers: importing statements, finding what each line is for, and what a treasurer says of the rest.

Money that a line brings is its payer's credit first; a charge is then filled from it. So what is
too much, too late or paid twice is never lost and never counted: it stays credit.
"""

import hashlib
import uuid
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, powers
from commons.accounts import Account
from commons.config import settings
from commons.db import rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.money import evidence, ledger
from membership.money.models import Party
from membership.payments import booking, charges, credits, references, statements
from membership.payments.models import BankFile, BankLine, BankLinePayer, Charge
from membership.payments.statements import Entry

MATCHED, UNMATCHED, RETURNED, PAYOUT, OUT = "matched", "unmatched", "returned", "payout", "out"
EVIDENCE = "bank-line"


@dataclass(frozen=True)
class Imported:
    """What a file brought: new lines, lines known before, and how many of the new found their charge."""

    new: int
    known: int
    matched: int


def import_file(session: Session, name: str, data: bytes, by: Account) -> Imported:
    """Take in a statement, all of it or nothing; the same file again brings nothing."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    if len(data) > limits.STATEMENT_FILE:
        raise Refused(N_("The file is too large."), status=413)
    statement = statements.read(data)
    if statement.iban and settings().iban and statement.iban != settings().iban:
        raise Refused(N_("This is the statement of another account."))
    file = _file(session, name, data, by)
    if file is None:
        return Imported(new=0, known=len(statement.entries), matched=0)
    own = statement.iban or settings().iban
    new = [
        line
        for position, (entry, said) in enumerate(statement.named(), start=1)
        if (line := _line(session, file, position, own, entry, said)) is not None
    ]
    matched = sum(_match(session, line) for line in new if line.state == UNMATCHED)
    return Imported(new=len(new), known=len(statement.entries) - len(new), matched=matched)


def _file(session: Session, name: str, data: bytes, by: Account) -> BankFile | None:
    """The row of a file that was never imported before."""
    digest = hashlib.sha256(data).hexdigest()
    file = BankFile(sha256=digest, name=name[:200], by_id=by.id)
    try:
        with session.begin_nested():
            session.add(file)
    except IntegrityError:
        return None
    return file


def _line(
    session: Session, file: BankFile, position: int, own: str, entry: str, said: Entry
) -> BankLine | None:
    """The row of an entry that no earlier statement brought."""
    line = BankLine(
        file_id=file.id,
        position=position,
        iban=own,
        entry=entry,
        amount=said.money.amount,
        currency=said.money.currency,
        booked_on=said.booked_on,
        reference=references.find(said.reference, said.text),
        sent_as=said.sent_as if said.money.amount < 0 else "",
        state=OUT if said.money.amount < 0 else UNMATCHED,
        payer=BankLinePayer(name=said.name, iban=said.iban, text=said.text),
    )
    try:
        with session.begin_nested():
            session.add(line)
    except IntegrityError:
        return None
    evidence.keep(session, EVIDENCE, line.id, facts(line))
    return line


def facts(line: BankLine) -> dict[str, str]:
    """What the bank said of a line, without whom it names."""
    return {
        "iban": line.iban,
        "entry": line.entry,
        "file": f"{line.file_id.hex} {line.position}",
        "amount": f"{line.amount} {line.currency}",
        "booked": line.booked_on.isoformat(),
        "reference": line.reference,
        **({"sent as": line.sent_as} if line.sent_as else {}),
    }


def _match(session: Session, line: BankLine) -> bool:
    """Book a line that came in, to the charge whose reference it carries if there is one."""
    if line.currency != settings().currency:
        return False  # a treasurer sees it; the books are in one currency
    charge = session.scalar(
        select(Charge).where(Charge.provider == "bank", Charge.reference == line.reference)
    )
    if charge is not None:
        line.state, line.party_id, line.charge_id = MATCHED, charge.party_id, charge.id
        session.flush()
    before = credits.free(session, charge.party) if charge is not None else None
    booking.came_in(session, line)
    if charge is None:
        return False
    charges.filled(session, charge, line.amount, on=line.booked_on)
    if credits.free(session, charge.party) != before:
        credits.tell(session, charge.party)
    return True


# What a treasurer does


def unmatched(session: Session, count: int = limits.ROWS_SHOWN) -> list[BankLine]:
    """Lines that came in and found no charge, oldest first."""
    wanted = select(BankLine).where(BankLine.state == UNMATCHED).order_by(BankLine.booked_on, BankLine.id)
    return list(session.scalars(wanted.limit(count)))


def count_unmatched(session: Session) -> int:
    return session.scalar(select(func.count()).where(BankLine.state == UNMATCHED)) or 0


def assign(session: Session, line_id: uuid.UUID, reference: str, by: Account) -> BankLine:
    """Say that a line is for the charge with this reference; if that is paid or over, it becomes credit."""
    wanted = references.find(reference)
    charge = session.scalar(select(Charge).where(Charge.provider == "bank", Charge.reference == wanted))
    if not wanted or charge is None:
        raise Refused(N_("No payment has this reference."), status=404)
    line = _take(session, line_id, by, state=MATCHED, party_id=charge.party_id, charge_id=charge.id)
    before = credits.free(session, charge.party)
    booking.assigned(session, line)
    charges.filled(session, charge, line.amount, on=line.booked_on)
    if credits.free(session, charge.party) != before:
        credits.tell(session, charge.party)
    return line


def credit(session: Session, line_id: uuid.UUID, party: Party, by: Account) -> BankLine:
    """Say that a line is from ``party``, and for nothing yet."""
    line = _take(session, line_id, by, state=MATCHED, party_id=party.id)
    booking.assigned(session, line)
    credits.tell(session, party)
    return line


def is_payout(session: Session, line_id: uuid.UUID, by: Account) -> BankLine:
    """Say that a line is our own money, paid out by Stripe."""
    line = _take(session, line_id, by, state=PAYOUT)
    booking.payout(session, line)
    return line


def earned(session: Session, line_id: uuid.UUID, kind: str, cause_id: uuid.UUID, by: Account) -> BankLine:
    """Say that an unmatched line is no payer's: it is income of this cause, which the caller posts."""
    return _take(session, line_id, by, state=MATCHED, pays_kind=kind, pays_id=cause_id)


def _take(session: Session, line_id: uuid.UUID, by: Account, **changes: object) -> BankLine:
    """Decide about an unmatched line, once; of two at once one wins."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    taken = session.execute(
        update(BankLine)
        .where(
            BankLine.id == line_id,
            BankLine.state == UNMATCHED,
            BankLine.currency == settings().currency,
        )
        .values(**changes)
    )
    if not rows_changed(taken):
        raise Refused(N_("This line was dealt with already."), status=409)
    powers.exercise(session, by, Power.BOOKS, on=f"bank line {line_id}", reason="", verb="assign a bank line")
    return session.get_one(BankLine, line_id, populate_existing=True)


# Money that left


def debits(session: Session, count: int = limits.ROWS_SHOWN) -> list[BankLine]:
    """Lines of money that left and of which nobody knows what they paid, oldest first."""
    wanted = select(BankLine).where(BankLine.state == OUT).order_by(BankLine.booked_on, BankLine.id)
    return list(session.scalars(wanted.limit(count)))


def count_debits(session: Session) -> int:
    return session.scalar(select(func.count()).where(BankLine.state == OUT)) or 0


def spent(session: Session, line: BankLine, kind: str, cause_id: uuid.UUID) -> BankLine:
    """A debit paid this, and nothing else did. What it means for the books the caller posts."""
    ledger.hold_pen(session)
    known = update(BankLine).where(BankLine.id == line.id, BankLine.state == OUT, BankLine.amount < 0)
    try:
        with session.begin_nested():
            taken = session.execute(known.values(state=MATCHED, pays_kind=kind, pays_id=cause_id))
    except IntegrityError:
        raise Refused(N_("Another line of the bank paid this."), status=409) from None
    if not rows_changed(taken):
        raise Refused(N_("This line was dealt with already."), status=409)
    return session.get_one(BankLine, line.id, populate_existing=True)
