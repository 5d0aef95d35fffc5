"""The ledger, line by line, for everybody: a bill with its amount, what one person paid only as a band.

A bill's words stand where its amount does. A voucher's were entered to be read by everybody, on each of
its lines; but not a gift's, for who knows of the gift would know the giver.
"""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import Session

from commons.language import N_
from commons.refusal import Refused
from membership.books import cells
from membership.books.cells import Band
from membership.books.figures import WAGES, unit
from membership.books.models import ExpenseDetail, Voucher
from membership.money.chart import CHART
from membership.money.models import Posting, PostingLine

# On these a line is a bill; on all others it may be what one person paid, or is paid.
WHOLE = frozenset(
    name
    for name, account in CHART.items()
    if account.kind == "expenses"
    and name not in {WAGES, "expenses:patronage", "expenses:payment-fees", "expenses:losses"}
)
# Of these a voucher says nothing outside the house.
UNTOLD = ("income:gifts",)


@dataclass(frozen=True)
class OpenLine:
    """A line as anybody may see it: ``amount``, or only its ``band``; ``words`` name nobody."""

    posting_id: int
    position: int
    account: str
    on: date
    kind: str
    amount: int | None
    band: Band | None
    words: str
    story_id: uuid.UUID | None
    hash: str


Place = tuple[date, int, int]


def newest(session: Session, account: str, before: Place | None = None, count: int = 50) -> list[OpenLine]:
    """The newest lines of ``account``; ``before``: day, posting and position of the last one seen."""
    if account not in CHART:
        raise Refused(N_("There is no account %(account)s."), status=404, account=account)
    wanted = _wanted(PostingLine.account == account).limit(count)
    if before is not None:
        wanted = wanted.where(tuple_(PostingLine.on, PostingLine.posting_id, PostingLine.position) < before)
    return [_open(line, *said) for line, *said in session.execute(wanted)]


def of_story(session: Session, story_id: uuid.UUID, count: int) -> list[OpenLine]:
    """What a story cost, the newest lines first; together they are its cost in the open books."""
    wanted = _wanted(PostingLine.story_id == story_id, PostingLine.account.like("expenses:%")).limit(count)
    return [_open(line, *said) for line, *said in session.execute(wanted)]


def _wanted(*conditions: ColumnElement[bool]) -> Select[PostingLine, str, str, str, str]:
    """Lines with their posting's kind and hash, and the words of a bill and of a voucher; newest first."""
    return (
        select(PostingLine, Posting.kind, Posting.hash, ExpenseDetail.words, Voucher.words)
        .join(Posting, Posting.id == PostingLine.posting_id)
        .outerjoin(
            ExpenseDetail, (Posting.cause_kind == "expense") & (ExpenseDetail.expense_id == Posting.cause_id)
        )
        .outerjoin(
            Voucher,
            (Posting.cause_kind == "voucher")
            & (Voucher.id == Posting.cause_id)
            & Voucher.account.not_in(UNTOLD),
        )
        .where(*conditions)
        .order_by(PostingLine.on.desc(), PostingLine.posting_id.desc(), PostingLine.position.desc())
    )


def _open(line: PostingLine, kind: str, link: str, billed: str | None, noted: str | None) -> OpenLine:
    """The line without what must not be told."""
    whole = line.account in WHOLE
    return OpenLine(
        posting_id=line.posting_id,
        position=line.position,
        account=line.account,
        on=line.on,
        kind=kind,
        amount=line.amount if whole else None,
        band=None if whole else cells.band(line.amount, unit()),
        words=noted or (billed if whole else None) or "",
        story_id=line.story_id if whole else None,
        hash=link,
    )
