"""Refunds: two people for each, or what is owed by rule. Never more than came in.

A refund is reserved when it is asked for (``Charge.refunded``), in one conditional UPDATE, so that
two at once cannot send back more than was paid. The ledger is told when it has left.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commons import jobs, limits, powers
from commons.accounts import Account
from commons.clock import db_now, now
from commons.db import database, new_id, rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.money import ledger, receivables
from membership.money.currencies import Money, positive
from membership.money.models import Party
from membership.payments import booking, charges, receipts
from membership.payments.claims import each_due, later
from membership.payments.models import BankLine, Charge, Refund
from membership.payments.providers import PROVIDERS
from membership.payments.providers.provider import Declined, Return, Unavailable

log = logging.getLogger(__name__)

ASKED, DUE, ORDERED, SENT, DONE = "asked", "due", "ordered", "sent", "done"
FAILED, REJECTED = "failed", "rejected"


def ask(session: Session, charge: Charge, money: Money, reason: str, by: Account) -> Refund:
    """A treasurer asks to send ``money`` of ``charge`` back; another must approve."""
    powers.require(session, by, Power.BOOKS)
    return _reserve(session, charge, money, reason, state=ASKED, by=by)


def owe(session: Session, charge: Charge, money: Money, reason: str) -> Refund:
    """``money`` must go back by our own rules or by law: nobody needs to approve.

    A direct debit waits until its payer's bank cannot take it back any more: it would be paid twice.
    """
    refund = _reserve(session, charge, money, reason, state=DUE, by=None)
    if charge.method == "sepa_debit" and charge.paid_at is not None:
        refund.due_at = max(refund.due_at, charge.paid_at + timedelta(days=limits.DIRECT_DEBIT_DAYS))
    jobs.ring_after(session, refund_due)
    return refund


def propose(session: Session, charge: Charge, money: Money, reason: str) -> Refund:
    """Somebody outside the house asks for ``money`` of ``charge`` back; a treasurer must agree."""
    return _reserve(session, charge, money, reason, state=ASKED, by=None)


def ask_credit(session: Session, party: Party, money: Money, reason: str, by: Account) -> Refund:
    """A treasurer asks to send ``money`` of a party's credit back; it is set aside until then."""
    powers.require(session, by, Power.BOOKS)
    return set_aside(session, party, money, reason, by)


def set_aside(session: Session, party: Party, money: Money, reason: str, by: Account | None) -> Refund:
    """Set ``money`` of a party's credit aside to be sent back, if a treasurer who is not ``by`` agrees."""
    _check_debt(session, party, positive(money))
    refund = _new(money, reason, state=ASKED, by=by)
    refund.party_id, refund.provider = party.id, "bank"
    session.add(refund)
    session.flush()
    booking.return_owed(session, refund)
    return refund


def _check_debt(session: Session, party: Party, money: Money) -> None:
    ledger.hold_pen(session)
    debt = receivables.owed_by(session, party.id).amount
    credit = -ledger.balance(session, booking.CREDIT, money.currency, party_id=party.id)
    if debt and credit - money.amount < debt:
        raise Refused(N_("The payer owes us money: set it off against the credit first."), status=409)


def ask_line(session: Session, line: BankLine, reason: str, by: Account) -> Refund:
    """A treasurer asks to send a transfer back that nobody could place."""
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    taken = session.execute(
        update(BankLine).where(BankLine.id == line.id, BankLine.state == "unmatched").values(state="returned")
    )
    if not rows_changed(taken):
        raise Refused(N_("This line was dealt with already."), status=409)
    refund = _new(Money(line.amount, line.currency), reason, state=ASKED, by=by)
    refund.line_id, refund.provider = line.id, "bank"
    session.add(refund)
    session.flush()
    booking.return_owed(session, refund)
    return refund


def approve(session: Session, refund_id: uuid.UUID, by: Account) -> Refund:
    """Let a refund go that somebody else asked for; of two at once one wins."""
    _decide(
        session, refund_id, by, "approve a refund", state=DUE, approved_by_id=by.id, due_at=db_now(session)
    )
    jobs.ring_after(session, refund_due)
    return session.get_one(Refund, refund_id, populate_existing=True)


def reject(session: Session, refund_id: uuid.UUID, by: Account) -> Refund:
    """Do not send it; what was reserved is free again."""
    _decide(session, refund_id, by, "reject a refund", state=REJECTED, approved_by_id=by.id)
    refund = session.get_one(Refund, refund_id, populate_existing=True)
    _release(session, refund)
    return refund


def _decide(session: Session, refund_id: uuid.UUID, by: Account, verb: str, **changes: object) -> None:
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    asked = session.get(Refund, refund_id)
    if asked is None:
        raise Refused(N_("There is no such refund."), status=404)
    if asked.asked_by_id == by.id:
        raise Refused(N_("Somebody else must approve what you asked for."), status=403)
    payee = session.get(Party, asked.party_id) if asked.party_id else None
    if payee is not None and payee.account_id == by.id:
        raise Refused(N_("Somebody else must do this for you."), status=403)
    decided = session.execute(
        update(Refund).where(Refund.id == refund_id, Refund.state == ASKED).values(**changes)
    )
    if not rows_changed(decided):
        raise Refused(N_("This was decided already."), status=409)
    powers.exercise(session, by, Power.BOOKS, on=f"refund {refund_id}", reason="", verb=verb)


def to_transfer(session: Session) -> list[Refund]:
    """The refunds that a treasurer must send from the bank account."""
    due = select(Refund).where(Refund.provider == "bank", Refund.state == DUE).order_by(Refund.id)
    return list(session.scalars(due))


def transferred(session: Session, refund_id: uuid.UUID, by: Account) -> Refund:
    """A treasurer says that she sent it."""
    powers.require(session, by, Power.BOOKS)
    refund = _lock(session, refund_id)
    if refund.provider != "bank" or refund.state != DUE:
        raise Refused(N_("This refund is not to be sent by transfer."), status=409)
    _done(session, refund)
    return refund


def order(session: Session, refund_ids: Sequence[uuid.UUID], before: str = DUE, after: str = ORDERED) -> None:
    """Refunds are in a file for the bank, and not to be sent by hand; or, turned round, are not any more."""
    session.execute(
        update(Refund).where(Refund.id.in_(refund_ids), Refund.state == before).values(state=after)
    )


def executed(session: Session, refund_id: uuid.UUID) -> Refund:
    """The bank has sent it, from a file or by hand. Told again, nothing happens."""
    refund = _lock(session, refund_id)
    if refund.provider == "bank" and refund.state in (DUE, ORDERED):
        _done(session, refund)
    return refund


def payee(session: Session, refund: Refund) -> tuple[str, str]:
    """Name and IBAN to which a refund by transfer goes: whence its money came, or where its party wants it.

    Both are empty where they were erased or never known: a treasurer has to ask.
    """
    line = session.get(BankLine, refund.line_id) if refund.line_id else None
    if line is None and refund.charge_id is not None:
        paid_by = select(BankLine).where(BankLine.charge_id == refund.charge_id).order_by(BankLine.id.desc())
        line = session.scalars(paid_by.limit(1)).first()
    if line is not None:
        return (line.payer.name, line.payer.iban) if line.payer is not None else ("", "")
    party = session.get(Party, refund.party_id) if refund.party_id else None
    return (party.data.name, party.data.iban) if party is not None and party.data is not None else ("", "")


def waiting(session: Session) -> list[Refund]:
    """The refunds that wait for a second person, oldest first."""
    return list(session.scalars(select(Refund).where(Refund.state == ASKED).order_by(Refund.id)))


# Sending


def refund_due() -> int:
    """Job: hand due refunds to their provider. Returns how many were taken or refused."""
    return each_due(Refund, _send, Refund.state == DUE, Refund.provider != "bank")


def _send(refund: Refund) -> bool:
    with database().reading() as session:
        refund = session.get_one(Refund, refund.id)
        try:
            found: Return | str = PROVIDERS[refund.provider].refund(refund)
        except Declined as refusal:
            found = refusal.reason
        except Unavailable as error:
            log.warning("refund %s waits: %s", refund.id, error)
            return _postpone(refund)
    with database().transaction() as session:
        ours = _lock(session, refund.id)
        ours.lease_token = ours.lease_until = None
        if isinstance(found, str):
            _failed(session, ours, found)
        else:
            _take_in(session, ours, found)
        return True


def _postpone(refund: Refund) -> bool:
    with database().transaction() as session:
        ours = _lock(session, refund.id)
        ours.lease_token = ours.lease_until = None
        ours.due_at = db_now(session) + later(ours)
        return False


def seen(session: Session, charge: Charge, found: Return) -> str:
    """Take in a refund of ``charge`` as its provider has it, also one that was made there by hand."""
    known = session.scalar(
        select(Refund).where(
            Refund.charge_id == charge.id,
            (Refund.reference == found.id) | (Refund.key == found.refund_key),
        )
    )
    if known is None and found.state == "failed":
        return "never left"
    if known is None:
        known = _reserve(session, charge, found.money, "made at the provider", state=SENT, by=None)
    return _take_in(session, _lock(session, known.id), found)


def _take_in(session: Session, refund: Refund, found: Return) -> str:
    refund.reference = refund.reference or found.id
    if found.state == "failed":
        return _failed(session, refund, found.failure or "failed")
    if found.state == "done":
        return _done(session, refund)
    if refund.state == DUE:
        refund.state = SENT
    session.flush()
    return ""


def _done(session: Session, refund: Refund) -> str:
    if refund.state in (DONE, FAILED, REJECTED):
        return "an older state"
    refund.state, refund.done_at = DONE, now()
    booking.refunded(session, refund)
    receipts.issue_refund(session, refund)
    if refund.charge is not None:
        charges.lock(session, refund.charge).version += 1
    session.flush()
    return ""


def _failed(session: Session, refund: Refund, reason: str) -> str:
    """It did not leave, or came back (a closed account): it is ours to send again in another way."""
    if refund.state in (FAILED, REJECTED):
        return "an older state"
    if refund.state == DONE:
        booking.refund_came_back(session, refund)
    refund.state, refund.failure = FAILED, reason[: limits.REASON_CHARS]
    _release(session, refund)
    session.flush()
    return ""


# Reserving


def _reserve(
    session: Session, charge: Charge, money: Money, reason: str, *, state: str, by: Account | None
) -> Refund:
    positive(money)
    if money.currency != charge.currency:
        raise Refused(N_("A refund is in the currency of its payment."))
    ledger.hold_pen(session)
    session.flush()
    fits = Charge.refunded + Charge.lost + money.amount <= Charge.received
    reserved = session.execute(
        update(Charge)
        .where(Charge.id == charge.id, Charge.paid_at.is_not(None), fits)
        .values(refunded=Charge.refunded + money.amount)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(reserved):
        raise Refused(N_("This is more than is left of the payment."), status=409)
    charge = charges.lock(session, charge)
    refund = _new(money, reason, state=state, by=by)
    refund.charge_id, refund.party_id, refund.provider = charge.id, charge.party_id, charge.provider
    session.add(refund)
    session.flush()
    return refund


def _new(money: Money, reason: str, *, state: str, by: Account | None) -> Refund:
    if not reason.strip():
        raise Refused(N_("Say why."))
    refund_id = new_id()
    return Refund(
        id=refund_id,
        key=f"refund:{refund_id}",
        amount=money.amount,
        currency=money.currency,
        reason=reason.strip()[: limits.REASON_CHARS],
        state=state,
        asked_by_id=by.id if by else None,
    )


def _release(session: Session, refund: Refund) -> None:
    if refund.charge is not None:
        charge = charges.lock(session, refund.charge)
        charge.refunded -= refund.amount
        charge.version += 1
    elif refund.state == REJECTED:
        booking.return_kept(session, refund)
        if refund.line_id is not None:
            session.execute(update(BankLine).where(BankLine.id == refund.line_id).values(state="unmatched"))
    session.flush()


def _lock(session: Session, refund_id: uuid.UUID) -> Refund:
    ledger.hold_pen(session)
    found = session.get(Refund, refund_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise Refused(N_("There is no such refund."), status=404)
    return found
