"""What waits for a treasurer, wherever it is decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import limits
from commons.language import N_
from membership.books import expenses
from membership.books.models import APPROVED, ASKED, CHECKED, ORDERED, PROPOSED, PaymentFile, Surplus
from membership.books.vouchers import vouchers
from membership.members.models import APPLIED, Membership, PayoutProposal
from membership.money import receivables
from membership.payments import credits, events, refunds, transfers
from membership.pledges import withdrawals
from membership.pledges.ending import cancellations


@dataclass(frozen=True)
class Waiting:
    """``count`` things of a kind, and the page where they are dealt with."""

    what: str
    count: int
    url: str


def everything(session: Session) -> Sequence[Waiting]:
    """One entry for each kind of work, also where there is none now."""
    bills = expenses.counts(session)
    return (
        Waiting(N_("Transfers that nobody could place"), transfers.count_unmatched(session), "/payments"),
        Waiting(N_("Refunds for a second signature"), len(refunds.waiting(session)), "/payments"),
        Waiting(N_("Refunds to be transferred"), len(refunds.to_transfer(session)), "/payments"),
        Waiting(
            N_("Words of a provider that our books contradict"), len(events.parked(session)), "/payments"
        ),
        Waiting(
            N_("Debits that no book explains"), transfers.count_debits(session), "/treasury/vouchers#debits"
        ),
        Waiting(
            N_("Other costs for a second signature"), len(vouchers.waiting(session)), "/treasury/vouchers"
        ),
        Waiting(N_("Payments of which only a part came"), len(credits.in_parts(session)), "/payments"),
        Waiting(N_("Payers with credit"), len(credits.everybodys(session)), "/payments"),
        Waiting(
            N_("Paid back, then charged back: owed to us"),
            len(receivables.everybodys(session, limits.ROWS_SHOWN)),
            "/treasury/payments#owed",
        ),
        Waiting(N_("Expenses for a first signature"), bills.get(ASKED, 0), "/treasury/expenses"),
        Waiting(N_("Expenses for a second signature"), bills.get(CHECKED, 0), "/treasury/expenses"),
        Waiting(N_("Expenses to be paid"), bills.get(APPROVED, 0), "/treasury/payments"),
        Waiting(
            N_("Payment files with the bank"), _count(session, PaymentFile, ORDERED), "/treasury/payments"
        ),
        Waiting(N_("Proposals for a surplus"), _count(session, Surplus, PROPOSED), "/treasury/surplus"),
        Waiting(
            N_("People who want to become members"), _count(session, Membership, APPLIED), "/treasury/members"
        ),
        Waiting(N_("Share payouts for a second signature"), _payouts(session), "/treasury/members"),
        Waiting(N_("Withdrawals from a contract"), len(withdrawals.waiting(session)), "/pledges/watch"),
        Waiting(N_("Cancellations to look at"), len(cancellations.waiting(session)), "/pledges/watch"),
    )


def _count(session: Session, table: type[PaymentFile | Surplus | Membership], state: str) -> int:
    return session.scalar(select(func.count()).select_from(table).where(table.state == state)) or 0


def _payouts(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PayoutProposal)) or 0
