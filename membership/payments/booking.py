"""What payments write into the ledger: each posting once, in one place.

Money at the bank that is somebody's and not yet for anything is her credit
(``liabilities:credit``); what nobody could place is ``liabilities:unmatched``; what is to be
sent back and has not left is ``liabilities:refunds``. Debit is positive.
"""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons.refusal import Refused
from membership.money import ledger
from membership.money.currencies import Money
from membership.money.ledger import Line
from membership.money.models import Seal
from membership.money.periods import month_of
from membership.payments.models import BankLine, Charge, Dispute, Refund

BANK = "assets:bank"
CLEARING = {"bank": BANK, "stripe": "assets:stripe"}
DISPUTED = "assets:receivable:disputes"
FEES = "expenses:payment-fees"
LOSSES = "expenses:losses"
CREDIT = "liabilities:credit"
UNMATCHED = "liabilities:unmatched"
REFUNDS = "liabilities:refunds"


def paid(session: Session, charge: Charge, fee: int) -> None:
    """A provider has the money: less its fee it is ours, for what it was paid."""
    lines = [
        Line(CLEARING[charge.provider], _money(charge, charge.amount - fee)),
        *([Line(FEES, _money(charge, fee))] if fee else []),
        _purpose(charge, -charge.amount),
    ]
    _post(session, "charge-paid", lines, charge)


def paid_from_credit(session: Session, charge: Charge) -> None:
    """A charge is filled from what its payer has with us."""
    lines = [
        Line(CREDIT, _money(charge, charge.amount), party_id=charge.party_id),
        _purpose(charge, -charge.amount),
    ]
    _post(session, "charge-paid", lines, charge)


def came_in(session: Session, line: BankLine) -> None:
    """A bank line: to the credit of its party, or to what nobody could place yet."""
    money = Money(line.amount, line.currency)
    other = Line(CREDIT, -money, party_id=line.party_id) if line.party_id else Line(UNMATCHED, -money)
    ledger.post(
        session,
        kind="bank-line",
        lines=[Line(BANK, money), other],
        cause=("bank-line", line.id),
        on=_open_day(session, line),
    )


def assigned(session: Session, line: BankLine) -> None:
    """A line that nobody could place is a party's after all."""
    money = Money(line.amount, line.currency)
    ledger.post(
        session,
        kind="bank-line-assigned",
        lines=[Line(UNMATCHED, money), Line(CREDIT, -money, party_id=line.party_id)],
        cause=("bank-line", line.id),
    )


def payout(session: Session, line: BankLine) -> None:
    """A line is money that a provider held for us."""
    money = Money(line.amount, line.currency)
    lines = [Line(UNMATCHED, money), Line(CLEARING["stripe"], -money)]
    ledger.post(session, kind="payout", lines=lines, cause=("bank-line", line.id))


def return_owed(session: Session, refund: Refund) -> None:
    """Credit, or money of nobody, that is to be sent back: it cannot be used for anything else."""
    money = Money(refund.amount, refund.currency)
    source = Line(UNMATCHED, money) if refund.line_id else Line(CREDIT, money, party_id=refund.party_id)
    ledger.post(
        session, kind="return-owed", lines=[source, _to_send(refund, -money)], cause=("refund", refund.id)
    )


def return_kept(session: Session, refund: Refund) -> None:
    """It is not sent back after all."""
    money = Money(refund.amount, refund.currency)
    source = Line(UNMATCHED, -money) if refund.line_id else Line(CREDIT, -money, party_id=refund.party_id)
    lines = [_to_send(refund, money), source]
    ledger.post(session, kind="return-kept", lines=lines, cause=("refund", refund.id))


def refunded(session: Session, refund: Refund) -> None:
    """A refund has left: the charge's purpose gets that much less, or a debt of ours is paid."""
    money = Money(refund.amount, refund.currency)
    source = _purpose(refund.charge, refund.amount) if refund.charge else _to_send(refund, money)
    lines = [source, Line(CLEARING[refund.provider], -money)]
    ledger.post(session, kind="refunded", lines=lines, cause=("refund", refund.id))


def refund_came_back(session: Session, refund: Refund) -> None:
    """A refund that had left could not be delivered: as if it had never been sent."""
    money = Money(refund.amount, refund.currency)
    source = _purpose(refund.charge, -refund.amount) if refund.charge else _to_send(refund, -money)
    lines = [Line(CLEARING[refund.provider], money), source]
    ledger.post(session, kind="refund-came-back", lines=lines, cause=("refund", refund.id))


def disputed(session: Session, dispute: Dispute) -> None:
    """The provider took the money, and a fee, until it is decided."""
    money, fee = _disputed(dispute)
    lines = [Line(DISPUTED, money), Line(CLEARING[dispute.provider], -(money + fee))]
    lines += [Line(FEES, fee)] if dispute.fee else []
    ledger.post(session, kind="disputed", lines=lines, cause=("dispute", dispute.id))


def dispute_won(session: Session, dispute: Dispute) -> None:
    money, _fee = _disputed(dispute)
    lines = [Line(CLEARING[dispute.provider], money), Line(DISPUTED, -money)]
    ledger.post(session, kind="dispute-won", lines=lines, cause=("dispute", dispute.id))


def dispute_lost(session: Session, dispute: Dispute) -> None:
    """It stays away. Where its purpose has spent it already, it is a loss of the house."""
    money, _fee = _disputed(dispute)
    try:
        with session.begin_nested():
            _lost(session, dispute, _purpose(dispute.charge, dispute.amount), money)
    except Refused:
        _lost(session, dispute, Line(LOSSES, money), money)


def _lost(session: Session, dispute: Dispute, bearer: Line, money: Money) -> None:
    lines = [bearer, Line(DISPUTED, -money)]
    ledger.post(session, kind="dispute-lost", lines=lines, cause=("dispute", dispute.id))


def _open_day(session: Session, line: BankLine) -> date | None:
    """The day the bank booked a line on; today (None) if the books of that month are closed."""
    sealed = session.scalar(select(func.max(Seal.month)))
    return None if sealed is not None and month_of(line.booked_on) <= sealed else line.booked_on


def _to_send(refund: Refund, money: Money) -> Line:
    return Line(REFUNDS, money, party_id=refund.party_id)


def _disputed(dispute: Dispute) -> tuple[Money, Money]:
    currency = dispute.charge.currency
    return Money(dispute.amount, currency), Money(dispute.fee, currency)


def _money(charge: Charge, amount: int) -> Money:
    return Money(amount, charge.currency)


def _purpose(charge: Charge, amount: int) -> Line:
    """The line of what a charge was paid for."""
    return Line(
        charge.account,
        _money(charge, amount),
        party_id=charge.party_id,
        campaign_id=charge.campaign_id,
        story_id=charge.story_id,
    )


def _post(session: Session, kind: str, lines: list[Line], charge: Charge) -> None:
    ledger.post(session, kind=kind, lines=lines, cause=("charge", charge.id))
