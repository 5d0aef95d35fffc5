"""That expenses and surpluses say the same as the ledger, or the first that does not."""

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from membership.books.models import APPROVED, ORDERED, PAID, Expense, Surplus
from membership.books.surplus import OWED, RESERVE
from membership.money.faults import Fault, Progress, quiet
from membership.money.models import Posting, PostingLine


def check_expenses(session: Session, progress: Progress = quiet) -> Fault | None:
    """Every approved expense is booked once with its amount, every paid one as paid, and no other."""
    booked, paid = aliased(Posting), aliased(Posting)
    owed = (
        select(func.coalesce(func.sum(case((PostingLine.amount < 0, -PostingLine.amount), else_=0)), 0))
        .where(PostingLine.posting_id == booked.id)
        .correlate(booked)
        .scalar_subquery()
    )
    stands = Expense.state.in_((APPROVED, ORDERED, PAID))
    wrong = or_(
        and_(stands, booked.id.is_(None)),
        and_(stands, owed != Expense.amount),
        and_(~stands, booked.id.is_not(None)),
        and_(Expense.state == PAID, paid.id.is_(None)),
        and_(Expense.state != PAID, paid.id.is_not(None)),
    )
    found = session.execute(
        select(Expense.id, Expense.state)
        .outerjoin(booked, _of(booked, "expense"))
        .outerjoin(paid, _of(paid, "expense-paid"))
        .where(wrong)
        .order_by(Expense.id)
        .limit(1)
    ).first()
    total = session.scalar(select(func.count()).select_from(Expense)) or 0
    progress("expense", total, total)
    return Fault("expense", found.id, f"is {found.state}, the ledger says otherwise") if found else None


def _of(posting: type[Posting], kind: str) -> ColumnElement[bool]:
    return and_(posting.cause_kind == "expense", posting.cause_id == Expense.id, posting.kind == kind)


def check_surpluses(session: Session, progress: Progress = quiet) -> Fault | None:
    """What went into the reserve, and to members, is what was approved."""
    approved = Surplus.state == APPROVED
    reserve, refund = session.execute(
        select(func.coalesce(func.sum(Surplus.reserve), 0), func.coalesce(func.sum(Surplus.refund), 0)).where(
            approved
        )
    ).one()
    for account, kind, amount in ((RESERVE, "reserve", reserve), (OWED, "patronage", refund)):
        posted = session.scalar(
            select(func.coalesce(func.sum(-PostingLine.amount), 0))
            .join(Posting, Posting.id == PostingLine.posting_id)
            .where(PostingLine.account == account, Posting.kind == kind)
        )
        if posted != amount:
            return Fault("surplus", account, f"is {amount}, the ledger says {posted}")
    progress("surplus", 1, 1)
    return None
