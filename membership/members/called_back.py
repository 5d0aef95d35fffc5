"""Money for shares that goes back to who paid it: a refund, or her bank takes it. The shares are frozen.

What was paid back to her before, or handed on with the shares, she owes us from then on. Nothing in the
register or the ledger is edited: what goes is an event and a posting, and so is what comes back.
"""

import uuid

from sqlalchemy.orm import Session

from commons import mail
from commons.config import settings
from membership.members import lots, shares
from membership.members.lots import Holding
from membership.members.models import Membership, ShareEvent
from membership.money import ledger, receivables
from membership.money.currencies import Money, show
from membership.money.ledger import Line

# The cause of a payment that undoes what was called back.
BACK = "unpay"


def away(
    session: Session, paid_for: tuple[str, uuid.UUID], *, of: Money, gone: Money, to_account: str
) -> Money:
    """Of the payment ``of`` that caused ``paid_for``, ``gone`` is away so far (refund, dispute).

    What was a contribution goes first; the rest leaves the shares and is posted back to ``to_account``.
    They stay, frozen: they cannot be handed on or paid out, and the next payment goes to them. What is
    gone already becomes a debt of who paid. What comes back (a dispute that we won) is paid in again.
    Returns what was taken now, below zero what was put back; told the same again, nothing.
    """
    shares.hold_pen(session)
    payments = shares.caused(session, paid_for, "pay")
    called = shares.caused(session, paid_for, "unpay")
    back = [event for each in called for event in shares.caused(session, (BACK, each.id), "pay")]
    contribution = of.amount - sum(event.amount for event in payments)
    already = sum(event.amount for event in called) - sum(event.amount for event in back)
    wanted = max(0, gone.amount - contribution) - already
    moved = (
        _call_back(session, payments, wanted, paid_for, to_account)
        if wanted > 0
        else -_put_back(session, called, -wanted, to_account)
    )
    return Money(moved, gone.currency)


def _call_back(
    session: Session, payments: list[ShareEvent], wanted: int, cause: tuple[str, uuid.UUID], to_account: str
) -> int:
    taken = 0
    for payment in reversed(payments):
        membership, holding = _holding_of(session, payment)
        there = holding.paid + holding.owed + holding.gone - holding.recalled
        amount = min(wanted - taken, payment.amount, there)
        if amount > 0:
            added = shares.add_event(session, membership, payment.lot, "unpay", amount=amount, cause=cause)
            parts = lots.called_back(holding, amount)
            _return(session, membership, parts, to_account, added)
            _tell(session, membership, parts[2])
            taken += amount
    return taken


def _tell(session: Session, membership: Membership, amount: int) -> None:
    """To whoever owes us from now on, if we know where."""
    data = membership.party.data
    if amount and data is not None and data.email:
        mail.send(
            session,
            to=data.email,
            letter="payment_called_back",
            name=data.name,
            amount=show(Money(amount, settings().currency)),
            link=f"{settings().origin}/payments/mine",
        )


def _put_back(session: Session, called: list[ShareEvent], wanted: int, from_account: str) -> int:
    """Undo what was called back, newest first."""
    put = 0
    for event in reversed(called):
        membership, holding = _holding_of(session, event)
        room = event.amount if holding.over else holding.unpaid + holding.recalled
        amount = min(wanted - put, event.amount, room)
        if amount > 0 and not shares.caused(session, (BACK, event.id), "pay"):
            added = shares.add_event(
                session, membership, event.lot, "pay", amount=amount, cause=(BACK, event.id)
            )
            paid = min(amount, holding.unpaid)
            _return(session, membership, (-paid, paid - amount, 0), from_account, added)
            _set_off(session, membership, event.lot, min(amount - paid, holding.recalled))
            put += amount
    return put


def _set_off(session: Session, membership: Membership, lot: uuid.UUID, amount: int) -> None:
    """What came back for something gone cancels what is left of the debt, and is not paid back twice."""
    part = receivables.part_of(session, membership.party_id, amount)
    if part > 0:
        event = shares.add_event(session, membership, lot, "payout", amount=part)
        receivables.set_off(session, membership.party_id, shares.OWED, part, ("share_event", event.id))


def _holding_of(session: Session, event: ShareEvent) -> tuple[Membership, Holding]:
    membership = session.get_one(Membership, event.membership_id)
    return membership, {it.lot: it for it in shares.holdings(session, membership)}[event.lot]


def _return(
    session: Session, membership: Membership, amounts: tuple[int, int, int], account: str, event: ShareEvent
) -> None:
    """Post what leaves the paid-in shares, what leaves our debt for ended ones, and what becomes hers;
    below zero it comes."""
    names = (shares.EQUITY, shares.OWED, receivables.ACCOUNT)
    sides = [(name, amount) for name, amount in zip(names, amounts, strict=True) if amount]
    total = sum(amount for _name, amount in sides)
    lines = [*sides, (account, -total)]
    ledger.post(
        session,
        kind="share-return",
        lines=[
            Line(name, Money(amount, settings().currency), party_id=membership.party_id)
            for name, amount in lines
        ],
        cause=("share_event", event.id),
    )
