"""The register of shares: every verb adds events, and posts what moves in the ledger.

Money paid in for shares stands in ``equity:shares``, what is to be paid back in
``liabilities:shares``, each with its party: ``differs`` proves the register against both.
"""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.db import one_at_a_time
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.members import lots, statutes
from membership.members.lots import Holding
from membership.members.models import (
    ACTIVE,
    LEAVING,
    Membership,
    ShareEvent,
)
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.faults import Fault, Progress, quiet
from membership.money.ledger import Line

EQUITY = "equity:shares"
OWED = "liabilities:shares"
LOCK = 0x73686172


@dataclass(frozen=True)
class Position:
    """What one member has in shares on a day. Money in the newsroom's currency."""

    asked: int
    held: int
    noticed: int
    ended: int
    paid: Money
    unpaid: Money
    owed: Money


# Reading


def events(session: Session, *of: Membership) -> list[ShareEvent]:
    """The register, or all lines of the lots of some members, in the order in which they took effect."""
    wanted = select(ShareEvent).order_by(ShareEvent.effective_on, ShareEvent.at, ShareEvent.id)
    if of:
        members = [membership.id for membership in of]
        theirs = select(ShareEvent.lot).where(ShareEvent.membership_id.in_(members))
        wanted = wanted.where(ShareEvent.lot.in_(theirs))
    return list(session.scalars(wanted))


def holdings(session: Session, membership: Membership, on: date | None = None) -> list[Holding]:
    """What the member has of each lot, as of the day ``on`` (default: all that is written)."""
    found = lots.fold(events(session, membership), on)
    return [holding for (member, _lot), holding in found.items() if member == membership.id]


def position(session: Session, membership: Membership, on: date | None = None) -> Position:
    """All lots of the member together."""
    return total(holdings(session, membership, on))


def total(several: list[Holding]) -> Position:
    currency = settings().currency
    return Position(
        asked=sum(holding.asked for holding in several),
        held=sum(holding.held for holding in several),
        noticed=sum(holding.noticed for holding in several),
        ended=sum(holding.ended for holding in several),
        paid=Money(sum(holding.paid for holding in several), currency),
        unpaid=Money(sum(holding.unpaid for holding in several), currency),
        owed=Money(sum(holding.owed for holding in several), currency),
    )


def paid_enough(session: Session, membership: Membership) -> bool:
    """Whether so much is paid in that the statutes let the shares be approved."""
    percent = statutes.at(session, today()).paid_in_percent
    return all(
        100 * holding.paid >= percent * holding.price * (holding.asked + holding.held)
        for holding in holdings(session, membership)
    )


# Getting shares


def subscribe(session: Session, membership: Membership, number: int | None = None) -> uuid.UUID:
    """Ask for shares (default: as many as the statutes ask at least). Returns the new lot."""
    hold_pen(session)
    fixed = statutes.at(session, today())
    have = position(session, membership)
    already = have.asked + have.held
    wanted = fixed.shares_least if number is None else number
    if wanted < 1 or already + wanted < fixed.shares_least or already + wanted > fixed.shares_most:
        raise Refused(
            N_("A member has from %(least)s to %(most)s shares."),
            least=fixed.shares_least,
            most=fixed.shares_most,
        )
    lot = uuid.uuid4()
    add_event(session, membership, lot, "subscribe", shares=wanted, amount=fixed.share_price)
    return lot


def subscribe_more(session: Session, membership: Membership, number: int) -> uuid.UUID:
    """More shares for a member; they count once they are paid in full."""
    if membership.state != ACTIVE:
        raise Refused(N_("Only members can take more shares."), status=409)
    return subscribe(session, membership, number)


def take(
    session: Session,
    membership: Membership,
    money: Money,
    *,
    from_account: str,
    cause: tuple[str, uuid.UUID],
) -> Money:
    """Pay for the member's shares, oldest first, out of ``money`` that stands on ``from_account``.

    Returns what was taken: at most what is owed, and nothing in another currency than the shares'.
    """
    hold_pen(session)
    if money.currency != settings().currency or caused(session, cause, "pay"):
        return Money(0, money.currency)
    taken = 0
    for holding in holdings(session, membership):
        amount = min(money.amount - taken, holding.unpaid)
        if amount > 0:
            add_event(session, membership, holding.lot, "pay", amount=amount, cause=cause)
            taken += amount
    if taken:
        move(session, membership, taken, from_account, EQUITY, kind="share-payment", cause=cause)
        _approve_paid(session, membership)
    return Money(taken, money.currency)


def caused(session: Session, cause: tuple[str, uuid.UUID], kind: str) -> list[ShareEvent]:
    """The events of a kind that have this cause, oldest first."""
    same = select(ShareEvent).where(
        ShareEvent.cause_kind == cause[0], ShareEvent.cause_id == cause[1], ShareEvent.kind == kind
    )
    return list(session.scalars(same.order_by(ShareEvent.id)))


def _approve_paid(session: Session, membership: Membership) -> None:
    """More shares of a member need nobody's approval: they count when they are paid in full."""
    if membership.state != ACTIVE:
        return
    for holding in holdings(session, membership):
        if holding.asked and not holding.unpaid:
            add_event(session, membership, holding.lot, "approve", shares=holding.asked)


def approve(session: Session, membership: Membership, by: Account | None) -> None:
    """The shares that the applicant asked for count from today."""
    hold_pen(session)
    for holding in holdings(session, membership):
        if holding.asked:
            add_event(session, membership, holding.lot, "approve", shares=holding.asked, by=by)


def decline(session: Session, membership: Membership, by: Account | None) -> None:
    """The shares are not given; what was paid for them is owed back."""
    hold_pen(session)
    for holding in holdings(session, membership):
        if holding.asked:
            added = add_event(session, membership, holding.lot, "decline", shares=holding.asked, by=by)
            _owe_back(session, membership, holding.paid, added)


# Handing on


def transfer(
    session: Session, giver: Membership, taker: Membership, lot: uuid.UUID, number: int, *, by: Account
) -> None:
    """Shares of one lot go to another member; the lot stays the same. By the treasurer, minuted.

    The giver keeps at least what the statutes ask, or is leaving.
    """
    powers.exercise(
        session,
        by,
        Power.BOOKS,
        on=f"{settings().origin}/members#{giver.id}",
        reason="",
        verb="transfer shares",
    )
    hold_pen(session)
    if giver.id == taker.id or number < 1:
        raise Refused(N_("That is no transfer."))
    over = giver.ended_at is not None and giver.ended_at <= now()
    if giver.state not in (ACTIVE, LEAVING) or over or taker.state != ACTIVE:
        raise Refused(N_("Shares go from member to member."), status=409)
    fixed = statutes.at(session, today())
    if position(session, taker).held + number > fixed.shares_most:
        raise Refused(
            N_("A member has from %(least)s to %(most)s shares."),
            least=fixed.shares_least,
            most=fixed.shares_most,
        )
    if giver.state == ACTIVE and position(session, giver).held - number < fixed.shares_least:
        raise Refused(N_("The giver would have too few shares. Notice comes first."), status=409)
    before = {it.lot: it for it in holdings(session, giver)}.get(lot)
    if before is None:
        raise Refused(N_("There is no such block of shares."), status=404)
    given = add_event(session, giver, lot, "give", shares=number, by=by, other=taker)
    add_event(session, taker, lot, "take", shares=number, by=by, other=giver)
    ledger.post(
        session,
        kind="share-transfer",
        lines=[
            Line(EQUITY, Money(before.price * number, given.currency), party_id=giver.party_id),
            Line(EQUITY, Money(-before.price * number, given.currency), party_id=taker.party_id),
        ],
        cause=("share_event", given.id),
    )


# Ending


def notice_all(session: Session, membership: Membership, by: Account | None) -> None:
    """Notice for every share; shares that do not count yet are not wanted any more."""
    decline(session, membership, by)
    for holding in holdings(session, membership):
        if holding.free:
            add_event(session, membership, holding.lot, "notice", shares=holding.free, by=by)


def end_all(session: Session, membership: Membership, last_day: date) -> None:
    """The shares under notice end with ``last_day``; what was paid in is owed back."""
    hold_pen(session)
    for holding in holdings(session, membership):
        if holding.noticed:
            added = add_event(session, membership, holding.lot, "end", shares=holding.noticed, on=last_day)
            after = {it.lot: it for it in holdings(session, membership)}[holding.lot]
            _owe_back(session, membership, holding.paid - after.paid, added)


# Proof


def check(session: Session, progress: Progress = quiet) -> Fault | None:
    """The register can be read, and says the same as the ledger; or where it does not."""
    written = events(session)
    try:
        found = list(lots.fold(written).values())
    except Refused as refused:
        return Fault("share_event", len(written), str(refused))
    progress("share_event", len(written), len(written))
    for account, amount in (
        (EQUITY, sum(holding.paid for holding in found)),
        (OWED, sum(holding.owed for holding in found)),
    ):
        posted = -ledger.balance(session, account, settings().currency)
        if posted != amount:
            return Fault("share_event", account, f"is {amount}, the ledger says {posted}")
    return None


# What all share


def hold_pen(session: Session) -> None:
    """One hand at a time in the register, until the transaction ends: what is read stays true."""
    one_at_a_time(session, LOCK)
    session.flush()


def today() -> date:
    return statutes.today(now())


def add_event(
    session: Session,
    membership: Membership,
    lot: uuid.UUID,
    kind: str,
    *,
    shares: int = 0,
    amount: int = 0,
    on: date | None = None,
    by: Account | None = None,
    other: Membership | None = None,
    cause: tuple[str, uuid.UUID] | None = None,
) -> ShareEvent:
    """Add a line, if the register can be read with it."""
    event = ShareEvent(
        membership_id=membership.id,
        lot=lot,
        kind=kind,
        shares=shares,
        amount=amount,
        currency=settings().currency,
        effective_on=on or today(),
        by_id=by.id if by is not None else None,
        other_id=other.id if other is not None else None,
        cause_kind=cause[0] if cause else None,
        cause_id=cause[1] if cause else None,
    )
    session.add(event)
    session.flush()
    lots.fold(events(session, membership))
    return event


def _owe_back(session: Session, membership: Membership, amount: int, event: ShareEvent) -> None:
    if amount:
        move(session, membership, amount, EQUITY, OWED, kind="share-end", cause=("share_event", event.id))


def move(
    session: Session,
    membership: Membership,
    amount: int,
    debit: str,
    credit: str,
    *,
    kind: str,
    cause: tuple[str, uuid.UUID],
) -> None:
    """Post ``amount`` from one account to another; the sides that are the member's carry the party."""
    money = Money(amount, settings().currency)
    party = membership.party_id
    ledger.post(
        session,
        kind=kind,
        lines=[Line(debit, money, party_id=party), Line(credit, -money, party_id=party)],
        cause=cause,
    )
