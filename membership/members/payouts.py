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
from membership.money import ledger, receivables
from membership.money.currencies import Money
from membership.money.ledger import Line


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
    _drop_stale(session, membership, money)
    try:
        with session.begin_nested():
            session.add(proposal)
    except IntegrityError as error:
        raise Refused(N_("A payout was proposed already."), status=409) from error
    return proposal


def proposed(session: Session, membership: Membership) -> PayoutProposal | None:
    """What waits for the second person; None also where less is to be paid back than was proposed."""
    proposal = session.get(PayoutProposal, membership.id)
    fits = proposal is not None and proposal.amount <= payable(session, membership).amount
    return proposal if fits else None


def _drop_stale(session: Session, membership: Membership, money: Money) -> None:
    """A proposal of more than there is now cannot be approved any more: another takes its place."""
    old = session.get(PayoutProposal, membership.id, populate_existing=True)
    if old is not None and old.amount > money.amount:
        session.delete(old)
        session.flush()


def approve_payout(
    session: Session, membership: Membership, *, by: Account, from_account: str = "assets:bank"
) -> Money:
    """The second person: what was proposed is paid back from ``from_account``, less what the member owes
    us. Never one's own proposal. Returns what leaves the account.
    """
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
    paid = _post(session, membership, proposal.amount, from_account, first)
    session.delete(proposal)
    session.flush()
    return paid


def _post(
    session: Session, membership: Membership, amount: int, from_account: str, event: ShareEvent
) -> Money:
    """The debt is paid: by what the member owes us first, the rest from ``from_account``."""
    party, currency = membership.party_id, settings().currency
    part = receivables.part_of(session, party, amount)
    lines = [Line(shares.OWED, Money(amount, currency), party_id=party)]
    lines += [receivables.line(party, -part)] if part else []
    lines += [Line(from_account, Money(part - amount, currency), party_id=party)] if part < amount else []
    ledger.post(session, kind="share-payout", lines=lines, cause=("share_event", event.id))
    return Money(amount - part, currency)


def _exercise_payout(session: Session, membership: Membership, by: Account, verb: str) -> None:
    if membership.party.account_id == by.id:
        raise Refused(N_("Somebody else must do this for you."), status=403)
    on = f"{settings().origin}/members#{membership.id}"
    powers.exercise(session, by, Power.BOOKS, on=on, reason="", verb=verb)
