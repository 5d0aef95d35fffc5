"""The ledger: double entry, append-only. ``post`` is the only way to write in it.

Postings form a hash chain, so they are written by one hand at a time; what is checked under
that lock (is there enough, was this posted before) cannot be outrun by another writer.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table, func, insert, select, update
from sqlalchemy.orm import Session

from commons import db, limits
from commons.clock import now
from commons.config import settings
from commons.db import Base, Upsert, one_at_a_time, rows_changed
from commons.language import N_
from commons.refusal import Refused
from membership.money import chain
from membership.money.balances import NOBODY, balance, kept_amount
from membership.money.chart import CHART, Dimension
from membership.money.currencies import Money
from membership.money.models import (
    Balance,
    ChainHead,
    DayTotal,
    LedgerAccount,
    MonthTotal,
    Posting,
    PostingLine,
    PostingMemo,
    Seal,
)
from membership.money.periods import local_day, month_of

__all__ = ["Line", "balance", "head", "hold_pen", "post", "posted", "reverse"]

LOCK_KEY = 0x626F6F6B
WORD = re.compile(r"[a-z][a-z0-9_-]{0,39}")

Cause = tuple[str, uuid.UUID]
"""What something is posted for: a kind (``charge``, ``expense``) and its id."""


@dataclass(frozen=True)
class Line:
    """An amount on an account: debit positive, credit negative.

    ``memo`` is kept beside the chain and can be erased; only its salted hash is chained.
    """

    account: str
    money: Money
    party_id: uuid.UUID | None = None
    story_id: uuid.UUID | None = None
    campaign_id: uuid.UUID | None = None
    memo: str = ""


# Writing


def post(
    session: Session,
    *,
    kind: str,
    lines: Sequence[Line],
    cause: Cause,
    on: date | None = None,
    memo: str = "",
) -> Posting:
    """Write ``lines`` down for good, on the booking date ``on`` (default: today in our zone).

    Refuses what does not sum to zero in each currency, an unknown account, an account in another
    currency than its own, a closed month, more than is held for somebody (``ChartAccount.solvent``),
    and a second posting of ``kind`` for the same ``cause`` (409).
    """
    return _write(session, kind, lines, cause, on, memo, reverses=None)


def reverse(
    session: Session, posting_id: int, cause: Cause, *, on: date | None = None, memo: str = ""
) -> Posting:
    """Take a posting back, every line of it, once. Its mirror image says which it reverses."""
    with_lines = select(Posting).where(Posting.id == posting_id)
    original = session.scalar(with_lines)
    if original is None:
        raise Refused(N_("There is no posting %(number)s."), status=404, number=posting_id)
    if original.reverses is not None:
        raise Refused(N_("A reversal is not reversed; post anew."), status=409)
    mirrored = [
        Line(
            line.account,
            Money(-line.amount, line.currency),
            party_id=line.party_id,
            story_id=line.story_id,
            campaign_id=line.campaign_id,
        )
        for line in original.lines
    ]
    return _write(session, f"{original.kind}-reversed", mirrored, cause, on, memo, reverses=original.id)


def hold_pen(session: Session) -> None:
    """Until the transaction ends nobody else posts: for a look at the books that a posting hangs on."""
    one_at_a_time(session, LOCK_KEY)


def _write(
    session: Session,
    kind: str,
    lines: Sequence[Line],
    cause: Cause,
    on: date | None,
    memo: str,
    *,
    reverses: int | None,
) -> Posting:
    _check_words(kind, cause[0], memo, *(line.memo for line in lines))
    check_lines(lines)
    hold_pen(session)
    moment = now()
    day = on or local_day(moment, settings().timezone)
    _check_open(session, day)
    _check_new(session, kind, cause, reverses)
    _check_accounts(session, lines)
    deltas = _deltas(lines)
    _check_solvent(session, deltas)
    posting = _append(session, kind, lines, cause, day, moment, memo, reverses)
    _carry(session, day, lines, deltas)
    return posting


def _append(
    session: Session,
    kind: str,
    lines: Sequence[Line],
    cause: Cause,
    day: date,
    moment: datetime,
    memo: str,
    reverses: int | None,
) -> Posting:
    """The posting, its lines and its words at the end of the chain, and the new head."""
    number, previous = head(session)
    number += 1
    memos = [_memo(number, place, text) for place, text in enumerate((memo, *(line.memo for line in lines)))]
    rows = [
        {
            "posting_id": number,
            "position": place,
            "account": line.account,
            "currency": line.money.currency,
            "amount": line.money.amount,
            "on": day,
            "party_id": line.party_id,
            "campaign_id": line.campaign_id,
            "story_id": line.story_id,
            "memo_hash": _hash_of(memos[place]),
        }
        for place, line in enumerate(lines, start=1)
    ]
    posting = Posting(
        id=number,
        kind=kind,
        cause_kind=cause[0],
        cause_id=cause[1],
        on=day,
        at=moment,
        reverses=reverses,
        memo_hash=_hash_of(memos[0]),
        previous=previous,
    )
    posting.hash = chain.link(previous, chained_head(posting), [chained_line(row) for row in rows])
    session.add(posting)
    session.flush()
    session.execute(insert(PostingLine), rows)
    session.add_all(words for words in memos if words is not None)
    move_head(session, "posting", number, posting.hash)
    return posting


def chained_head(posting: Posting) -> list[str]:
    """What ``chain.link`` covers of a posting itself."""
    return [
        str(posting.id),
        posting.kind,
        posting.cause_kind,
        posting.cause_id.hex,
        posting.on.isoformat(),
        chain.moment_text(posting.at),
        str(posting.reverses or ""),
        posting.memo_hash,
    ]


def chained_line(row: Mapping[str, Any]) -> chain.Line:
    """What ``chain.link`` covers of a line."""
    return (
        row["account"],
        row["currency"],
        str(row["amount"]),
        _hex(row["party_id"]),
        _hex(row["campaign_id"]),
        _hex(row["story_id"]),
        row["memo_hash"],
    )


def head(session: Session) -> tuple[int, str]:
    """Number and hash of the last posting: what an outsider keeps, to notice a cut."""
    return head_of(session, "posting")


def head_of(session: Session, name: str) -> tuple[int, str]:
    """Number and hash of the last link of the chain ``name``."""
    found = session.execute(
        select(ChainHead.number, ChainHead.hash).where(ChainHead.chain == name)
    ).one_or_none()
    return (found.number, found.hash) if found is not None else (0, chain.GENESIS)


def move_head(session: Session, name: str, number: int, link: str) -> None:
    """Make ``number`` the last link of the chain ``name``; only the one before may have been it."""
    moved = session.execute(
        update(ChainHead)
        .where(ChainHead.chain == name, ChainHead.number == number - 1)
        .values(number=number, hash=link)
        .execution_options(synchronize_session=False)
    )
    if not rows_changed(moved):
        # Only the first link finds no head; a second row for the chain would be refused.
        session.execute(insert(ChainHead).values(chain=name, number=number, hash=link))


def _memo(number: int, place: int, words: str) -> PostingMemo | None:
    if not words:
        return None
    return PostingMemo(posting_id=number, position=place, salt=chain.new_salt(), text=words)


def _hash_of(memo: PostingMemo | None) -> str:
    return chain.commitment(memo.salt, memo.text) if memo is not None else ""


def _hex(key: uuid.UUID | None) -> str:
    return key.hex if key is not None else ""


# What is refused


def check_lines(lines: Sequence[Line]) -> None:
    """Refuse fewer than two lines, a line of nothing or too much, and what does not sum to zero."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        if not 0 < abs(line.money.amount) <= limits.POSTING_AMOUNT:
            raise Refused(N_("A line of a posting is not zero and not above what books can hold."))
        sums[line.money.currency] += line.money.amount
    if len(lines) < 2 or any(sums.values()):
        raise Refused(N_("The lines of a posting must sum to zero."))
    if len(lines) > limits.POSTING_LINES:
        raise Refused(N_("A posting has at most %(most)s lines."), most=limits.POSTING_LINES)


def _check_words(kind: str, cause_kind: str, *memos: str) -> None:
    if not (WORD.fullmatch(kind) and WORD.fullmatch(cause_kind)):
        raise ValueError(f"{kind!r} and {cause_kind!r} must be plain words")
    if any(len(memo) > limits.MEMO_CHARS or not memo.isprintable() for memo in memos):
        raise Refused(N_("A memo is one line of at most %(most)s characters."), most=limits.MEMO_CHARS)


def _check_open(session: Session, day: date) -> None:
    sealed = session.scalar(select(func.max(Seal.month)))
    if sealed is not None and month_of(day) <= sealed:
        raise Refused(N_("The books of %(month)s are closed."), status=409, month=month_of(day))


def _check_new(session: Session, kind: str, cause: Cause, reverses: int | None) -> None:
    if posted(session, kind, cause) is not None:
        raise Refused(N_("This was posted already."), status=409)
    if reverses is None:
        return
    if session.scalar(select(Posting.id).where(Posting.reverses == reverses)) is not None:
        raise Refused(N_("This posting was reversed already."), status=409)


def posted(session: Session, kind: str, cause: Cause) -> int | None:
    """The number of the posting of ``kind`` for ``cause``, if there is one."""
    return session.scalar(
        select(Posting.id).where(
            Posting.cause_kind == cause[0], Posting.cause_id == cause[1], Posting.kind == kind
        )
    )


def _check_accounts(session: Session, lines: Sequence[Line]) -> None:
    """Every line's account is in the chart and in its currency; one that is new is opened."""
    names = {line.account for line in lines}
    for name in names - CHART.keys():
        raise Refused(N_("There is no account %(account)s."), account=name)
    found = select(LedgerAccount.name, LedgerAccount.currency).where(LedgerAccount.name.in_(names))
    currencies = {row.name: row.currency for row in session.execute(found)}
    for line in lines:
        kept = currencies.get(line.account)
        if kept is None:
            session.add(LedgerAccount(name=line.account, currency=line.money.currency))
            currencies[line.account] = kept = line.money.currency
        if kept != line.money.currency:
            raise Refused(
                N_("The account %(account)s is kept in %(currency)s."), account=line.account, currency=kept
            )
    session.flush()


Place = tuple[str, Dimension, uuid.UUID]


def _deltas(lines: Sequence[Line]) -> dict[Place, int]:
    """What each balance moves by."""
    moved: dict[Place, int] = defaultdict(int)
    for line in lines:
        for dimension, key in _keys(line):
            moved[line.account, dimension, key] += line.money.amount
    return moved


def _keys(line: Line) -> Iterator[tuple[Dimension, uuid.UUID]]:
    yield "all", NOBODY
    if line.party_id is not None:
        yield "party", line.party_id
    if line.campaign_id is not None:
        yield "campaign", line.campaign_id
    if line.story_id is not None:
        yield "story", line.story_id


def _check_solvent(session: Session, deltas: Mapping[Place, int]) -> None:
    for (account, dimension, key), delta in deltas.items():
        side = -1 if CHART[account].kind == "assets" else 1
        if side * delta <= 0 or CHART[account].solvent != dimension:
            continue
        if side * (kept_amount(session, account, dimension, key) + delta) > 0:
            raise Refused(N_("There is not enough on the account %(account)s."), status=409, account=account)


# Balances


def _carry(session: Session, day: date, lines: Sequence[Line], deltas: Mapping[Place, int]) -> None:
    """Bring balances and totals up to what the lines say."""
    turned: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        turned[line.account][line.money.amount < 0] += abs(line.money.amount)
    sums = [
        {"account": account, "on": day, "month": month_of(day), "debit": debit, "credit": credit}
        for account, (debit, credit) in turned.items()
    ]
    balances, days, months = _upserts(db.dialect_of(session))
    session.execute(
        balances,
        [
            {"account": account, "dimension": dimension, "key": key, "amount": amount}
            for (account, dimension, key), amount in deltas.items()
        ],
    )
    session.execute(
        days, [{name: row[name] for name in ("account", "on", "debit", "credit")} for row in sums]
    )
    session.execute(
        months, [{name: row[name] for name in ("account", "month", "debit", "credit")} for row in sums]
    )


@cache
def _upserts(dialect: str) -> tuple[Executable, Executable, Executable]:
    """Add to the row that is there: of balances, of days, of months."""
    return (
        _adding(dialect, Balance, ("account", "dimension", "key"), ("amount",)),
        _adding(dialect, DayTotal, ("account", "on"), ("debit", "credit")),
        _adding(dialect, MonthTotal, ("account", "month"), ("debit", "credit")),
    )


def _adding(dialect: str, model: type[Base], key: tuple[str, ...], sums: tuple[str, ...]) -> Upsert:
    table = model.__table__
    assert isinstance(table, Table)
    row = db.insert(dialect, table)
    added = {name: table.c[name] + row.excluded[name] for name in sums}
    return row.on_conflict_do_update(index_elements=key, set_=added)
