"""Paying shares back: once the accounts of the year of leaving are adopted, by two people."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import powers
from commons.accounts import Account
from commons.config import settings
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
from membership.members import shares, statutes
from membership.members.models import AdoptedAccounts, Membership, PayoutProposal, ShareEvent
from membership.money.currencies import Money


def adopt_accounts(session: Session, year: int, decided_in: str, *, by: Account) -> AdoptedAccounts:
    """The accounts of the financial year that ended in ``year`` were adopted. Minuted; once for a year."""
    if not decided_in.strip():
        raise Refused(N_("Say where this was decided, such as the minutes of the assembly."))
    day = shares.today()
    if statutes.year_end(date(year, 1, 1), statutes.at(session, day)) >= day:
        raise Refused(N_("That financial year is not over."))
    powers.exercise(
        session,
        by,
        Power.BOOKS,
        on=f"{settings().origin}/members",
        reason=f"{year}: {decided_in}",
        verb="adopt accounts",
    )
    adopted = AdoptedAccounts(year=year, adopted_on=day, decided_in=decided_in.strip(), by_id=by.id)
    try:
        with session.begin_nested():
            session.add(adopted)
    except IntegrityError as error:
        raise Refused(N_("These accounts were adopted already."), status=409) from error
    return adopted


def adopted(session: Session) -> list[AdoptedAccounts]:
    """The years whose accounts were adopted, newest first."""
    return list(session.scalars(select(AdoptedAccounts).order_by(AdoptedAccounts.year.desc())))


def payable(session: Session, membership: Membership) -> Money:
    """What may be paid back now: of declined applications at once, else after the year's accounts."""
    fixed = statutes.at(session, shares.today())
    amount = 0
    for holding in shares.holdings(session, membership):
        ended = holding.ended_on
        if ended is None or session.get(AdoptedAccounts, statutes.year_end(ended, fixed).year) is not None:
            amount += holding.owed
    return Money(amount, settings().currency)


def propose_payout(session: Session, membership: Membership, *, by: Account) -> PayoutProposal:
    """Propose to pay back what may be paid back; somebody else must approve it."""
    _exercise_payout(session, membership, by, "propose share payout")
    shares.hold_pen(session)
    money = payable(session, membership)
    if money.amount <= 0:
        raise Refused(
            N_("There is nothing to pay back yet: the accounts of the year of leaving come first."),
            status=409,
        )
    proposal = PayoutProposal(
        membership_id=membership.id, amount=money.amount, currency=money.currency, by_id=by.id
    )
    try:
        with session.begin_nested():
            session.add(proposal)
    except IntegrityError as error:
        raise Refused(N_("A payout was proposed already."), status=409) from error
    return proposal


def approve_payout(
    session: Session, membership: Membership, *, by: Account, from_account: str = "assets:bank"
) -> Money:
    """The second person: what was proposed is paid back from ``from_account``. Never one's own proposal."""
    proposal = session.get(PayoutProposal, membership.id)
    if proposal is None:
        raise Refused(N_("No payout was proposed."), status=404)
    if by.id in (proposal.by_id, membership.party.account_id):
        raise Refused(N_("Somebody else must approve this."), status=403)
    _exercise_payout(session, membership, by, "approve share payout")
    shares.hold_pen(session)
    rest = proposal.amount
    if payable(session, membership).amount < rest:
        raise Refused(N_("That is more than there is."), status=409)
    first: ShareEvent | None = None
    for holding in shares.holdings(session, membership):
        amount = min(rest, holding.owed)
        if amount:
            added = shares.add_event(session, membership, holding.lot, "payout", amount=amount, by=by)
            first, rest = first or added, rest - amount
    assert first is not None
    cause = ("share_event", first.id)
    shares.move(
        session, membership, proposal.amount, shares.OWED, from_account, kind="share-payout", cause=cause
    )
    session.delete(proposal)
    session.flush()
    return Money(proposal.amount, proposal.currency)


def _exercise_payout(session: Session, membership: Membership, by: Account, verb: str) -> None:
    if membership.party.account_id == by.id:
        raise Refused(N_("Somebody else must do this for you."), status=403)
    on = f"{settings().origin}/members#{membership.id}"
    powers.exercise(session, by, Power.BOOKS, on=on, reason="", verb=verb)
