"""The ledger, line by line, for everybody: a bill with its amount, what one person paid only as a band."""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.books import cells
from membership.books.cells import Band
from membership.books.figures import WAGES, unit
from membership.books.models import ExpenseDetail
from membership.money.chart import CHART
from membership.money.models import Posting, PostingLine

# On these a line is a bill; on all others it may be what one person paid, or is paid.
WHOLE = frozenset(
    name
    for name, account in CHART.items()
    if account.kind == "expenses"
    and name not in {WAGES, "expenses:patronage", "expenses:payment-fees", "expenses:losses"}
)


@dataclass(frozen=True)
class OpenLine:
    """A line as anybody may see it: ``amount``, or only its ``band``; ``words`` name nobody."""

    posting_id: int
    position: int
    on: date
    kind: str
    amount: int | None
    band: Band | None
    words: str
    story_id: uuid.UUID | None
    hash: str


def newest(
    session: Session, account: str, before: tuple[date, int] | None = None, count: int = 50
) -> list[OpenLine]:
    """The newest lines of ``account``; ``before``: date and posting of the last one seen."""
    if account not in CHART:
        raise Refused(N_("There is no account %(account)s."), status=404, account=account)
    wanted = (
        select(PostingLine, Posting.kind, Posting.hash, ExpenseDetail.words)
        .join(Posting, Posting.id == PostingLine.posting_id)
        .outerjoin(
            ExpenseDetail, (Posting.cause_kind == "expense") & (ExpenseDetail.expense_id == Posting.cause_id)
        )
        .where(PostingLine.account == account)
        .order_by(PostingLine.on.desc(), PostingLine.posting_id.desc(), PostingLine.position.desc())
        .limit(count)
    )
    if before is not None:
        wanted = wanted.where(tuple_(PostingLine.on, PostingLine.posting_id) < before)
    whole = account in WHOLE
    return [
        OpenLine(
            posting_id=line.posting_id,
            position=line.position,
            on=line.on,
            kind=kind,
            amount=line.amount if whole else None,
            band=None if whole else cells.band(line.amount, unit()),
            words=(words or "") if whole else "",
            story_id=line.story_id if whole else None,
            hash=link,
        )
        for line, kind, link, words in session.execute(wanted)
    ]
