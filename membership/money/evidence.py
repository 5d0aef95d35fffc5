"""Charges, bank lines, receipts: whatever belongs to the books and is not a posting.

``keep`` chains a salted digest of a record's facts; ``check`` compares the records of a kind with
what was chained and names the first that was inserted, deleted or changed.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Executable, delete, func, select
from sqlalchemy.orm import Session

from membership.money import chain, ledger
from membership.money.faults import BATCH, STEP, Fault, Progress, quiet
from membership.money.models import Evidence, EvidenceSalt

CHAIN = "evidence"
GONE = ""
Facts = Mapping[str, str]
Record = tuple[uuid.UUID, Facts]


def keep(session: Session, kind: str, record_id: uuid.UUID, facts: Facts) -> None:
    """Chain what a record says, once it will not change any more. ``facts`` are all text."""
    salt = EvidenceSalt(kind=kind, record_id=record_id, salt=chain.new_salt())
    session.add(salt)
    _add(session, kind, record_id, digest(salt.salt, facts))


def erase(session: Session, kind: str, record_id: uuid.UUID) -> None:
    """Say in the chain that a record is erased, and make its digest unreadable."""
    session.execute(
        delete(EvidenceSalt).where(EvidenceSalt.kind == kind, EvidenceSalt.record_id == record_id)
    )
    _add(session, kind, record_id, GONE)


def digest(salt: str, facts: Facts) -> str:
    return hashlib.sha256(salt.encode() + chain.canonical(dict(facts))).hexdigest()


def _add(session: Session, kind: str, record_id: uuid.UUID, digest: str) -> None:
    ledger.hold_pen(session)
    number, previous = ledger.head_of(session, CHAIN)
    row = Evidence(number=number + 1, kind=kind, record_id=record_id, digest=digest, previous=previous)
    row.hash = _link(row)
    session.add(row)
    session.flush()
    ledger.move_head(session, CHAIN, row.number, row.hash)


def _link(row: Evidence) -> str:
    return chain.link(row.previous, [str(row.number), row.kind, row.record_id.hex, row.digest], [])


def verify(session: Session, progress: Progress = quiet) -> Fault | None:
    """The first bad link of the chain itself."""
    total, head_hash = ledger.head_of(session, CHAIN)
    number, previous = 0, chain.GENESIS
    links = select(Evidence).order_by(Evidence.number).execution_options(yield_per=BATCH)
    with session.scalars(links) as rows:
        for number, row in enumerate(rows, start=1):
            session.expunge(row)
            if row.number != number:
                return Fault("evidence", number, "deleted")
            if row.hash != _link(row):
                return Fault("evidence", number, "changed")
            if row.previous != previous:
                return Fault("evidence", max(number - 1, 1), "replaced")
            previous = row.hash
            if number % STEP == 0:
                progress("evidence", number, total)
    if number > total:
        return Fault("evidence", total + 1, "inserted")
    if number < total:
        return Fault("evidence", number + 1, "cut off")
    return Fault("evidence", number, "replaced") if previous != head_hash else None


def check(session: Session, kind: str, records: Iterable[Record], progress: Progress = quiet) -> Fault | None:
    """The first record of ``kind`` that is not as it was kept. ``records`` come in the order of their ids."""
    total = session.scalar(select(func.count()).select_from(Evidence).where(Evidence.kind == kind)) or 0
    with session.execute(_kept(kind)) as kept:
        return _compare(kind, iter(kept), iter(records), lambda done: progress(kind, done, total))


def _compare(
    kind: str, kept: Iterator[Any], there: Iterator[Record], progress: Callable[[int], None]
) -> Fault | None:
    record = next(there, None)
    for number, (record_id, digested, salt) in enumerate(kept, start=1):
        if record is not None and record[0] < record_id:
            return Fault(kind, record[0], "inserted")
        found = record is not None and record[0] == record_id
        if not found and digested != GONE:
            return Fault(kind, record_id, "deleted")
        if record is not None and found:
            if digested == GONE or salt is None or digest(salt, record[1]) != digested:
                return Fault(kind, record_id, "changed")
            record = next(there, None)
        if number % STEP == 0:
            progress(number)
    return Fault(kind, record[0], "inserted") if record is not None else None


def _kept(kind: str) -> Executable:
    """Id, digest and salt of what was kept, by id; the empty digest, of an erased one, wins."""
    return (
        select(Evidence.record_id, func.min(Evidence.digest), func.min(EvidenceSalt.salt))
        .outerjoin(
            EvidenceSalt,
            (EvidenceSalt.kind == Evidence.kind) & (EvidenceSalt.record_id == Evidence.record_id),
        )
        .where(Evidence.kind == kind)
        .group_by(Evidence.record_id)
        .order_by(Evidence.record_id)
        .execution_options(yield_per=BATCH)
    )
