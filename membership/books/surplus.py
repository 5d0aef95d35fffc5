"""What happens with a surplus: one treasurer proposes what a minute says, another approves.

A part goes into a reserve that is never shared out. The rest may go back to the members in
proportion to what each paid in the year (not to shares); every cent of it, by largest remainder.
Each says what becomes of hers: paid out, kept as credit, or given to the newsroom.
"""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commons import limits, powers
from commons.accounts import Account
from commons.clock import now
from commons.config import settings
from commons.db import rows_changed
from commons.language import N_
from commons.minutes import Minute
from commons.powers import Power
from commons.refusal import Refused
from membership.books import expenses, surplus_letters
from membership.books.models import APPROVED, PAID, PROPOSED, REJECTED, Allotment, Surplus
from membership.members import statutes
from membership.members.models import ACTIVE, LEAVING, Membership
from membership.money import ledger, parties, receivables
from membership.money.chart import CHART
from membership.money.currencies import Money, split
from membership.money.ledger import Line
from membership.money.models import MonthTotal, Party, PostingLine
from membership.money.periods import local_day, month_of, months_after
from membership.payments import refunds

PAY, CREDIT, WAIVE = "pay", "credit", "waive"
CHOICES = (PAY, CREDIT, WAIVE)
# What counts as a member's contribution.
CONTRIBUTIONS = ("income:membership", "income:pledges")
SURPLUS, RESERVE, OWED = "equity:surplus", "equity:reserve", "liabilities:patronage"
GIVEN = "income:gifts"
DONE = "done"


# Proposing and approving


def propose(
    session: Session, year: int, minute: int, *, reserve: Money, refund: Money, by: Account
) -> Surplus:
    """Propose to use the surplus of the financial ``year`` as the minute with this number says.

    What of it is neither put into the reserve nor given back stays where it is.
    """
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    _check_minute(session, minute)
    there = available(session, year)
    _check_amounts(session, year, there, reserve, refund)
    proposal = Surplus(
        year=year,
        minute=minute,
        currency=there.currency,
        surplus=there.amount,
        reserve=reserve.amount,
        refund=refund.amount,
        proposed_by_id=by.id,
    )
    try:
        with session.begin_nested():
            session.add(proposal)
    except IntegrityError:
        raise Refused(N_("There is a proposal for this year already."), status=409) from None
    if refund.amount:
        _allot(session, proposal)
    powers.exercise(session, by, Power.BOOKS, on=_name(proposal), reason="", verb="propose surplus")
    return proposal


def approve(session: Session, proposal_id: uuid.UUID, by: Account) -> Surplus:
    """The second person: the reserve and everybody's part are booked.

    Refused (409) once there is an elected board: from then on the members decide, by a motion.
    """
    if not powers.founding(session):
        raise Refused(N_("The members decide this, by a motion in the assembly."), status=409)
    proposal = _decide(session, proposal_id, by, APPROVED, "approve surplus", approved_by_id=by.id)
    _book(session, proposal)
    return proposal


def undecided(session: Session, proposal_id: uuid.UUID) -> Surplus:
    """The proposal, while it can still be decided. Refused (409) afterwards."""
    proposal = find(session, proposal_id)
    if proposal.state != PROPOSED:
        raise Refused(N_("This was decided already."), status=409)
    return proposal


def carry_out(session: Session, proposal_id: uuid.UUID, minute: int, signed_by: uuid.UUID) -> Surplus:
    """What the members decided, as ``minute`` says, is booked. ``signed_by``: the account of the officer
    of elections who put the motion to the vote and stands for the second person."""
    ledger.hold_pen(session)
    _settle_proposal(session, proposal_id, APPROVED, approved_by_id=signed_by, minute=minute)
    proposal = find(session, proposal_id)
    _book(session, proposal)
    return proposal


def _book(session: Session, proposal: Surplus) -> None:
    if available(session, proposal.year).amount < proposal.reserve + proposal.refund:
        raise Refused(N_("The surplus of this year has become smaller."), status=409)
    if proposal.reserve:
        money = Money(proposal.reserve, proposal.currency)
        lines = [Line(SURPLUS, money), Line(RESERVE, -money)]
        ledger.post(session, kind="reserve", lines=lines, cause=("surplus", proposal.id))
    everybody, most = allotments(session, proposal), limits.POSTING_LINES - 1
    for first in range(0, len(everybody), most):
        _owe(session, everybody[first : first + most])
    for part in everybody:
        surplus_letters.allotted(session, part)


def reject(session: Session, proposal_id: uuid.UUID, by: Account) -> Surplus:
    """The second person, or who proposed it: it is not done."""
    proposal = find(session, proposal_id)
    return _decide(session, proposal.id, by, REJECTED, "reject surplus")


def _decide(
    session: Session, proposal_id: uuid.UUID, by: Account, state: str, verb: str, **changes: object
) -> Surplus:
    powers.require(session, by, Power.BOOKS)
    ledger.hold_pen(session)
    if state == APPROVED and find(session, proposal_id).proposed_by_id == by.id:
        raise Refused(N_("Somebody else must approve this."), status=403)
    _settle_proposal(session, proposal_id, state, **changes)
    proposal = find(session, proposal_id)
    powers.exercise(session, by, Power.BOOKS, on=_name(proposal), reason="", verb=verb)
    return proposal


def _settle_proposal(session: Session, proposal_id: uuid.UUID, state: str, **changes: object) -> None:
    decided = session.execute(
        update(Surplus)
        .where(Surplus.id == proposal_id, Surplus.state == PROPOSED)
        .values(state=state, decided_at=now(), **changes)
    )
    if not rows_changed(decided):
        raise Refused(N_("This was decided already."), status=409)
    session.execute(update(Allotment).where(Allotment.surplus_id == proposal_id).values(state=state))


def _owe(session: Session, part: Sequence[Allotment]) -> None:
    """The parts of several members, in one posting."""
    currency = settings().currency
    total = Money(sum(each.amount for each in part), currency)
    lines = [Line(SURPLUS, total)]
    lines += [Line(OWED, Money(-each.amount, currency), party_id=each.party_id) for each in part]
    ledger.post(session, kind="patronage", lines=lines, cause=("allotment", part[0].id))


def _check_minute(session: Session, number: int) -> None:
    if session.get(Minute, number) is None:
        raise Refused(N_("There is no minute %(number)s."), number=number)


def _check_amounts(session: Session, year: int, there: Money, reserve: Money, refund: Money) -> None:
    if there.amount <= 0:
        raise Refused(N_("There is no surplus of this year."), status=409)
    if min(reserve.amount, refund.amount) < 0 or reserve.amount + refund.amount == 0:
        raise Refused(N_("The amount must be more than zero."))
    if reserve.amount + refund.amount > there.amount:
        raise Refused(N_("That is more than there is."), status=409)
    percent = statutes.at(session, year_of(session, year)[1]).reserve_percent
    if refund.amount and reserve.amount * 100 < percent * there.amount:
        raise Refused(
            N_("At least %(percent)s percent of the surplus belong into the reserve."), percent=percent
        )


# What there is, and whose it is


def year_of(session: Session, year: int) -> tuple[date, date]:
    """The first and last day of the financial year that ends in ``year``; refuses one that is not over."""
    today = local_day(now(), settings().timezone)
    if not 2000 <= year <= today.year:
        raise Refused(N_("This year is not over."))
    last = statutes.year_end(date(year, 1, 1), statutes.at(session, today))
    if last >= today:
        raise Refused(N_("This year is not over."))
    return months_after(last + timedelta(days=1), -12), last


def available(session: Session, year: int) -> Money:
    """Income less expenses until the end of ``year``, less what was decided about before.

    Below zero: a loss. Reads month totals, never the lines.
    """
    _first, last = year_of(session, year)
    names = [name for name, account in CHART.items() if account.kind in ("income", "expenses")]
    net = session.scalar(
        select(func.coalesce(func.sum(MonthTotal.credit - MonthTotal.debit), 0)).where(
            MonthTotal.account.in_(names), MonthTotal.month <= month_of(last)
        )
    )
    used = ledger.balance(session, SURPLUS, settings().currency)
    return Money(int(net or 0) - used, settings().currency)


def contributions(session: Session, year: int) -> dict[uuid.UUID, int]:
    """What each who is a member now paid in ``year``, less what went back; by party."""
    first, last = year_of(session, year)
    rows = session.execute(
        select(PostingLine.party_id, func.sum(PostingLine.amount))
        .join(Membership, Membership.party_id == PostingLine.party_id)
        .where(
            PostingLine.account.in_(CONTRIBUTIONS),
            PostingLine.on.between(first, last),
            Membership.state.in_((ACTIVE, LEAVING)),
        )
        .group_by(PostingLine.party_id)
        .order_by(PostingLine.party_id)
    )
    return {party_id: -int(amount) for party_id, amount in rows if party_id is not None and amount < 0}


def parts(refund: int, weights: Sequence[int], year: int) -> list[int]:
    """``refund`` minor units in proportion to ``weights``, to the last one; pure."""
    return split(refund, weights, turn=year)


def _allot(session: Session, proposal: Surplus) -> None:
    paid = contributions(session, proposal.year)
    if not paid:
        raise Refused(N_("There is nobody to share this among."))
    amounts = parts(proposal.refund, list(paid.values()), proposal.year)
    session.add_all(
        Allotment(surplus_id=proposal.id, party_id=party_id, weight=weight, amount=amount)
        for (party_id, weight), amount in zip(paid.items(), amounts, strict=True)
        if amount
    )
    session.flush()


# What a member does with hers


def choose(
    session: Session, allotment_id: uuid.UUID, choice: str, by: Account, *, iban: str = ""
) -> Allotment:
    """Say, once, what becomes of one's part: ``pay`` (to ``iban``), ``credit`` or ``waive``."""
    if choice not in CHOICES:
        raise Refused(N_("Choose one of these."))
    part = _hers(session, allotment_id, by)
    payee = part.party.data.name if part.party.data is not None else ""
    target = {"payee": payee, "iban": parties.iban_of(iban)} if choice == PAY else {}
    ledger.hold_pen(session)
    chosen = session.execute(
        update(Allotment)
        .where(Allotment.id == allotment_id, Allotment.state == APPROVED, Allotment.choice == "")
        .values(choice=choice, state=APPROVED if choice == PAY else DONE, **target)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(chosen):
        raise Refused(N_("This was decided already."), status=409)
    session.refresh(part)
    if choice == WAIVE:
        _settle(session, part, Line(GIVEN, _money(-part.amount), party_id=part.party_id))
    elif choice == CREDIT or receivables.owed_by(session, part.party_id).amount:
        _to_credit(session, part, by)
    surplus_letters.chosen(session, part)
    return part


def set_off_due(session: Session) -> None:
    """What is to be transferred to members who have come to owe us something is set against that."""
    for part in to_pay(session, limits.PAYMENTS_IN_A_FILE):
        if receivables.owed_by(session, part.party_id).amount:
            _to_credit(session, part, None)


def _to_credit(session: Session, part: Allotment, by: Account | None) -> None:
    """Less what the member owes us it becomes her credit; where she wants it paid, that goes on its way."""
    rest = part.amount - receivables.set_off(
        session, part.party_id, OWED, part.amount, ("allotment", part.id)
    )
    if rest:
        _settle(session, part, Line("liabilities:credit", _money(-rest), party_id=part.party_id))
    if rest and part.choice == PAY and part.party.data is not None:
        part.party.data.iban = part.iban
        refunds.set_aside(session, part.party, _money(rest), str(N_("Patronage refund")), by)
    part.state = DONE
    session.flush()


def pay(session: Session, part: Allotment, on: date) -> None:
    """The bank has sent it."""
    part.state = PAID
    _settle(session, part, Line("assets:bank", _money(-part.amount)), expenses.open_day(session, on))
    surplus_letters.paid(session, part)


def _settle(session: Session, part: Allotment, to: Line, on: date | None = None) -> None:
    """From what is owed to the member as a refund to where ``to`` says."""
    lines = [Line(OWED, _money(-to.money.amount), party_id=part.party_id), to]
    ledger.post(session, kind="patronage-settled", lines=lines, cause=("allotment", part.id), on=on)


def _hers(session: Session, allotment_id: uuid.UUID, by: Account) -> Allotment:
    part = session.get(Allotment, allotment_id)
    if part is None or part.party.account_id != by.id:
        raise Refused(N_("There is no such refund."), status=404)
    return part


def _money(amount: int) -> Money:
    return Money(amount, settings().currency)


# Looking


def find(session: Session, proposal_id: uuid.UUID) -> Surplus:
    found = session.get(Surplus, proposal_id, populate_existing=True)
    if found is None:
        raise Refused(N_("There is no such proposal."), status=404)
    return found


def every(session: Session) -> list[Surplus]:
    """All proposals, newest first."""
    return list(session.scalars(select(Surplus).order_by(Surplus.id.desc())))


def allotments(session: Session, proposal: Surplus) -> list[Allotment]:
    """Everybody's part, for who keeps the books."""
    wanted = select(Allotment).where(Allotment.surplus_id == proposal.id).order_by(Allotment.party_id)
    return list(session.scalars(wanted))


def of(session: Session, account: Account) -> list[Allotment]:
    """The parts of ``account``, newest first, of approved proposals."""
    wanted = (
        select(Allotment)
        .join(Party, Party.id == Allotment.party_id)
        .where(Party.account_id == account.id, Allotment.state.not_in((PROPOSED, REJECTED)))
        .order_by(Allotment.id.desc())
    )
    return list(session.scalars(wanted))


def to_pay(session: Session, count: int) -> list[Allotment]:
    """The parts that are to be transferred."""
    wanted = select(Allotment).where(Allotment.choice == PAY, Allotment.state == APPROVED)
    return list(session.scalars(wanted.order_by(Allotment.id).limit(count)))


def _name(proposal: Surplus) -> str:
    return f"surplus of {proposal.year}"
