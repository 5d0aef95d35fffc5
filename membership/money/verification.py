"""Reading every posting from the first to the last, and naming the first that is not as written.

Three streams run side by side (postings, lines, words), so memory does not grow with the books.
Ids and dates are read as text, just as they were hashed: making objects of them would take most
of the time.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain as flattened
from itertools import zip_longest
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, select, type_coerce
from sqlalchemy.orm import Session

from membership.money import chain, ledger, seals
from membership.money.faults import BATCH, STEP, Fault, Progress, quiet
from membership.money.models import (
    Balance,
    DayTotal,
    LedgerAccount,
    MonthTotal,
    Posting,
    PostingLine,
    PostingMemo,
    Seal,
    SelfCheck,
)
from membership.money.periods import later_month

Rows = Iterator[Any]
_END = (2**63,)
# Columns of tables, not of models: no object is made of a row.
_POSTING, _LINE, _MEMO = (model.__table__.c for model in (Posting, PostingLine, PostingMemo))
# Sorts behind every key.
_NOTHING = ("g", "", 0)


def verify(session: Session, progress: Progress = quiet) -> Fault | None:
    """The first fault of postings, lines, words, seals, balances. The session must see one moment."""
    read = _Reading(currencies=_currencies(session))
    total, head_hash = ledger.head(session)
    anchors = _anchors(session)
    fault = _postings(session, read, anchors, total, progress)
    if fault is not None:
        return fault
    if read.number > total:
        return Fault("posting", total + 1, "inserted")
    if read.number < max(total, *anchors, 0):
        return Fault("posting", read.number + 1, "cut off")
    if read.previous != head_hash:
        return Fault("posting", read.number, "replaced")
    return _seals(session, read) or _totals(session, read) or _balances(session)


@dataclass
class _Reading:
    """What has been read so far."""

    currencies: dict[str, str]
    number: int = 0
    previous: str = chain.GENESIS
    # By day and account, what was debited and credited.
    turned: dict[str, dict[str, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0]))
    )

    def days(self) -> Iterator[tuple[str, str, list[int]]]:
        """Account, day, and what was debited and credited then."""
        for day, accounts in self.turned.items():
            for account, both in accounts.items():
                yield account, day, both


def _postings(
    session: Session, read: _Reading, anchors: dict[int, str], total: int, progress: Progress
) -> Fault | None:
    with (
        _stream(session, _posting_rows(session)) as postings,
        _stream(session, _line_rows(session)) as lines,
        _stream(session, _memo_rows()) as memos,
    ):
        line, memo = next(lines, _END), next(memos, _END)
        for posting in postings:
            number = read.number + 1
            if posting[0] != number:
                return Fault("posting", number, "deleted")
            mine, words = [], []
            while line[0] == number:
                mine.append(line)
                line = next(lines, _END)
            while memo[0] == number:
                words.append(memo)
                memo = next(memos, _END)
            what = _wrong(posting, mine, read) or (words and _wrong_words(posting, mine, words))
            if what:
                return Fault("posting", number, what)
            if posting[3] != read.previous:
                return Fault("posting", max(read.number, 1), "replaced")
            if anchors and anchors.get(number, posting[4]) != posting[4]:
                return Fault("posting", number, "replaced")
            read.number, read.previous = number, posting[4]
            if number % STEP == 0:
                progress("postings", number, total)
        left = min(line[0], memo[0])
        return Fault("posting", left, "cut off") if left < _END[0] else None


def _wrong(posting: Any, lines: list[Any], read: _Reading) -> str:
    """What is wrong with one posting and its lines, or nothing."""
    if chain.link_of(posting[3], posting[1], [line[6] for line in lines]) != posting[4]:
        return "changed"
    day = posting[2]
    currencies, turned = read.currencies, read.turned[day]
    for place, (_, position, on, amount, account, currency, _) in enumerate(lines, start=1):
        if position != place or on != day or currencies.get(account) != currency:
            return "changed"
        if amount > 0:
            turned[account][0] += amount
        else:
            turned[account][1] -= amount
    return "" if _balanced(lines) else "does not sum to zero"


def _balanced(lines: list[Any]) -> bool:
    """Whether there are two lines or more, which sum to zero in each currency."""
    if len(lines) == 2:  # nearly every posting
        return bool(lines[0][3] == -lines[1][3] and lines[0][5] == lines[1][5])
    sums: dict[str, int] = {}
    for line in lines:
        sums[line[5]] = sums.get(line[5], 0) + line[3]
    return len(lines) > 2 and not any(sums.values())


def _wrong_words(posting: Any, lines: list[Any], words: list[Any]) -> str:
    """Erased words are no fault; changed ones, and ones that were never chained, are."""
    kept = [json.loads(text)[-1] for text in (posting[1], *(line[6] for line in lines))]
    for _, position, salt, text in words:
        if not 0 <= position < len(kept) or chain.commitment(salt, text) != kept[position]:
            return "words changed"
    return ""


# What stands beside the chain


def _seals(session: Session, read: _Reading) -> Fault | None:
    expected = None
    for seal in session.scalars(select(Seal).order_by(Seal.month)):
        if expected is not None and seal.month != expected:
            return Fault("seal", expected, "deleted")
        expected = later_month(seal.month)
        turned = [
            (name, debit, credit) for name, day, (debit, credit) in read.days() if day[:7] <= seal.month
        ]
        if not seals.is_signed(session, seal):
            return Fault("seal", seal.month, "not signed by this newsroom")
        if seals.hash_of(turned) != seal.balances_hash:
            return Fault("seal", seal.month, "changed")
    return None


def _totals(session: Session, read: _Reading) -> Fault | None:
    """Totals of days and months and the balances of whole accounts, against what was read."""
    turned: dict[tuple[str, str], list[int]] = {}
    wholes: dict[str, int] = {}
    for name, on, (debit, credit) in read.days():
        both = turned.setdefault((name, on[:7]), [0, 0])
        both[0] += debit
        both[1] += credit
        wholes[name] = wholes.get(name, 0) + debit - credit
    day, month, whole = DayTotal.__table__.c, MonthTotal.__table__.c, Balance.__table__.c
    days = select(day.account, _day(session, day.on), day.debit, day.credit)
    months = select(month.account, month.month, month.debit, month.credit)
    kept = select(whole.account, whole.amount).where(whole.dimension == "all")
    return (
        _differ(
            "day_total",
            {(name, on): both for name, on, both in read.days()},
            {(name, on): sums for name, on, *sums in session.execute(days)},
        )
        or _differ("month_total", turned, {(name, on): sums for name, on, *sums in session.execute(months)})
        or _differ("balance", wholes, {row.account: row.amount for row in session.execute(kept)})
    )


def _differ(table: str, right: Mapping[Any, object], kept: Mapping[Any, object]) -> Fault | None:
    for key in sorted(right.keys() | kept.keys()):
        if right.get(key) != kept.get(key):
            return Fault(table, key if isinstance(key, str) else " ".join(key), "changed")
    return None


def _balances(session: Session) -> Fault | None:
    """Balances of parties, campaigns and stories: two streams in the same order."""
    of = Balance.__table__.c
    for dimension in ("party", "campaign", "story"):
        key = _LINE[f"{dimension}_id"]
        sums = (
            select(_hex(session, key), _LINE.account, func.sum(_LINE.amount))
            .where(key.is_not(None))
            .group_by(key, _LINE.account)
            .order_by(key, _LINE.account)
        )
        kept = (
            select(_hex(session, of.key), of.account, of.amount)
            .where(of.dimension == dimension)
            .order_by(of.key, of.account)
        )
        with _stream(session, sums) as said, _stream(session, kept) as held:
            for right, row in zip_longest(said, held, fillvalue=_NOTHING):
                if right != row:
                    key_text, account, _ = min(right, row)
                    return Fault("balance", f"{account} of {dimension} {key_text}", "changed")
    return None


def _anchors(session: Session) -> dict[int, str]:
    """Heads that were noted down: by seals and by nights that found no fault."""
    nights = session.execute(select(SelfCheck.number, SelfCheck.hash).where(SelfCheck.number > 0))
    closed = session.execute(select(Seal.posting_id, Seal.hash))
    return {row[0]: row[1] for row in (*nights, *closed)}


def _currencies(session: Session) -> dict[str, str]:
    rows = session.execute(select(LedgerAccount.name, LedgerAccount.currency))
    return {row.name: row.currency for row in rows}


# The streams


@contextmanager
def _stream(session: Session, rows: Select[Any]) -> Iterator[Rows]:
    """The rows as they are asked for, a batch at a time; closed even if they are not all read."""
    if _is_postgresql(session):
        with session.execute(rows.execution_options(yield_per=BATCH)) as result:
            yield flattened.from_iterable(result.partitions())
        return
    # The driver's own tuples: to make SQLAlchemy's rows of them would take a fifth of the time.
    sql = str(rows.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    with closing(driver.execute(sql)) as cursor:
        yield cursor


def _posting_rows(session: Session) -> Select[Any]:
    """Number, chained text, date, hash before, hash."""
    chained = (
        cast(_POSTING.id, Text),
        _POSTING.kind,
        _POSTING.cause_kind,
        _hex(session, _POSTING.cause_id),
        _day(session, _POSTING.on),
        _moment(session, _POSTING.at),
        func.coalesce(cast(_POSTING.reverses, Text), ""),
        _POSTING.memo_hash,
    )
    return select(
        _POSTING.id,
        _joined(chained),
        _day(session, _POSTING.on),
        _POSTING.previous,
        _POSTING.hash,
    ).order_by(_POSTING.id)


def _line_rows(session: Session) -> Select[Any]:
    """Posting, position, date, amount, account, currency, chained text."""
    chained = (
        _LINE.account,
        _LINE.currency,
        cast(_LINE.amount, Text),
        _hex(session, _LINE.party_id),
        _hex(session, _LINE.campaign_id),
        _hex(session, _LINE.story_id),
        _LINE.memo_hash,
    )
    return select(
        _LINE.posting_id,
        _LINE.position,
        _day(session, _LINE.on),
        _LINE.amount,
        _LINE.account,
        _LINE.currency,
        _joined(chained),
    ).order_by(_LINE.posting_id, _LINE.position)


def _joined(columns: Sequence[ColumnElement[str]]) -> ColumnElement[str]:
    """A list of texts in canonical JSON, put together by the database.

    Nothing in it needs escaping: these are numbers, ids, hashes and plain words. A value that was given
    a quotation mark makes one field more than was ever hashed, so it cannot pass for another row.
    """
    places = ",".join(['"%s"'] * len(columns))
    return func.format(literal(f"[{places}]"), *columns)


def _memo_rows() -> Select[Any]:
    return select(_MEMO.posting_id, _MEMO.position, _MEMO.salt, _MEMO.text).order_by(
        _MEMO.posting_id, _MEMO.position
    )


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _hex(session: Session, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A UUID as 32 hex digits, which is how SQLite keeps it; nothing for NULL."""
    if _is_postgresql(session):
        return func.coalesce(func.replace(cast(column, Text), "-", ""), "")
    return func.coalesce(type_coerce(column, Text), "")


def _day(session: Session, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A date as ``2026-11-24``, which is how SQLite keeps it."""
    if _is_postgresql(session):
        return func.to_char(column, "YYYY-MM-DD")
    return type_coerce(column, Text)


def _moment(session: Session, column: ColumnElement[Any]) -> ColumnElement[str]:
    """``chain.moment_text`` of a moment, which is how SQLite keeps it."""
    if _is_postgresql(session):
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")
    return type_coerce(column, Text)
