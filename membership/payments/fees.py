"""What a provider keeps of a payment, by our own books: said before one pays, and after."""

from decimal import Decimal

from babel.numbers import format_percent
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons.language import language
from membership.money.currencies import Money
from membership.money.models import Posting, PostingLine
from membership.payments.booking import FEES
from membership.payments.models import Charge

# So many payments, the newest, tell what is usual.
RECENT = 100


def of(session: Session, charge: Charge) -> Money:
    """What was kept of ``charge``; zero before it is paid."""
    kept = session.scalar(
        select(func.sum(PostingLine.amount))
        .join(Posting, PostingLine.posting_id == Posting.id)
        .where(
            Posting.cause_kind == "charge",
            Posting.cause_id == charge.id,
            Posting.kind == "charge-paid",
            PostingLine.account == FEES,
        )
    )
    return Money(int(kept or 0), charge.currency)


def usual(session: Session, provider: str) -> str:
    """What part of the newest payments by ``provider`` it kept, as a per cent; empty if it never kept any."""
    newest = (
        select(PostingLine.amount.label("kept"), Charge.amount)
        .join(Posting, PostingLine.posting_id == Posting.id)
        .join(Charge, Charge.id == Posting.cause_id)
        .where(PostingLine.account == FEES, Posting.kind == "charge-paid", Charge.provider == provider)
        .order_by(PostingLine.on.desc(), PostingLine.posting_id.desc())
        .limit(RECENT)
        .subquery()
    )
    kept, paid = session.execute(select(func.sum(newest.c.kept), func.sum(newest.c.amount))).one()
    if not paid:
        return ""
    share = round(Decimal(int(kept)) / int(paid), 3)
    return format_percent(share, locale=language(), decimal_quantization=False)
