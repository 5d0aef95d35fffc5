"""Closing a month: its figures and the chain's head are signed, and nothing is booked in it any more.

Whoever kept a seal can tell later whether the books up to it are still the same. The signature is
by the Ed25519 key that the instance actor publishes (FEP-521a).
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import now
from commons.config import settings
from commons.db import database
from commons.language import N_
from commons.refusal import Refused
from federation import actors, keys
from federation.models import Key
from membership.money import chain, ledger
from membership.money.models import MonthTotal, Posting, Seal
from membership.money.periods import later_month, local_day, month_of


def seal_month(session: Session, month: str) -> Seal:
    """Close ``month`` (``2026-10``); refuses one that is not over, or is not the next."""
    ledger.hold_pen(session)
    if month >= month_of(local_day(now(), settings().timezone)):
        raise Refused(N_("The month %(month)s is not over."), month=month)
    if month != next_month(session):
        raise Refused(N_("Months are closed in their order."), status=409)
    number, last_hash = ledger.head(session)
    key_uri = actors.instance(session).uri + actors.ED25519_KEY
    seal = Seal(
        month=month,
        posting_id=number,
        hash=last_hash,
        balances_hash=balances_hash(session, month),
        at=now(),
        key_uri=key_uri,
        signature="",
    )
    key = session.get_one(Key, key_uri)
    assert key.private is not None
    seal.signature = keys.sign(keys.unwrap(key.private, key_uri), text_of(seal)).hex()
    session.add(seal)
    session.flush()
    return seal


def next_month(session: Session) -> str | None:
    """The first month that is not closed; None as long as there is nothing to close."""
    last = session.scalar(select(func.max(Seal.month)))
    if last is not None:
        return later_month(last)
    first = session.scalar(select(func.min(Posting.on)))
    return month_of(first) if first is not None else None


def seal_due() -> int:
    """The job: close every month that ended long enough ago for its last payments to be booked."""
    open_since = local_day(now(), settings().timezone) - timedelta(days=limits.BOOKS_OPEN_DAYS)
    done = 0
    with database().transaction() as session:
        ledger.hold_pen(session)
        month = next_month(session)
        while month is not None and month < month_of(open_since):
            seal_month(session, month)
            done += 1
            month = later_month(month)
    return done


def text_of(seal: Seal) -> bytes:
    """What is signed: canonical JSON of month, number and hash of the head, balances, and moment."""
    return chain.canonical(
        [seal.month, str(seal.posting_id), seal.hash, seal.balances_hash, chain.moment_text(seal.at)]
    )


def is_signed(session: Session, seal: Seal) -> bool:
    """Whether the signature is by the key that our instance actor publishes."""
    key = session.get(Key, seal.key_uri)
    if key is None or seal.key_uri != actors.instance(session).uri + actors.ED25519_KEY:
        return False
    try:
        signature = bytes.fromhex(seal.signature)
    except ValueError:
        return False
    return keys.verifies(keys.load_public(key.public), signature, text_of(seal))


def balances_hash(session: Session, month: str) -> str:
    """SHA-256 over every account's debits and credits up to the end of ``month``."""
    turned = select(MonthTotal.account, MonthTotal.debit, MonthTotal.credit)
    return hash_of(session.execute(turned.where(MonthTotal.month <= month)))


def hash_of(turned: Iterable[tuple[str, int, int]]) -> str:
    """SHA-256 over the sums of what was debited and credited, by account."""
    sums: dict[str, list[int]] = {}
    for account, debit, credit in turned:
        kept = sums.setdefault(account, [0, 0])
        kept[0] += debit
        kept[1] += credit
    rows = [[account, str(debit), str(credit)] for account, (debit, credit) in sorted(sums.items())]
    return hashlib.sha256(chain.canonical(rows)).hexdigest()
