"""Signed POSTs from delivery rows, many at once; every outcome goes back into its row.

A row is claimed by a lease with a token and finished only by who holds the token. A worker
that dies leaves leases that run out; the peer may then get an activity twice, under the same id.
"""

import logging
import secrets
import threading
import uuid
from collections import Counter, deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import aliased

from commons import jobs, limits, outbound
from commons.clock import db_now, now
from commons.db import database
from federation import actors, keys, peers, retries, vocabulary
from federation.models import Activity, Delivery, Peer
from federation.signatures import Dialect

log = logging.getLogger(__name__)

CLAIM = 200
SIGNERS = 2
PER_HOST = 8
RECORD_EVERY = 100
COLLECT_SECONDS = 0.2
ROUND_SECONDS = 30
HEADERS = {"Content-Type": vocabulary.ACTIVITY_JSON, "Accept": vocabulary.ACCEPT}


@dataclass(frozen=True)
class Claimed:
    """A delivery row in our hands until ``until``."""

    id: uuid.UUID
    activity_id: uuid.UUID
    inbox: str
    host: str
    tries: int
    actor_id: uuid.UUID
    dialect: Dialect
    probing: bool
    token: str
    until: datetime
    # What the other dialect was answered, where this is the second knock
    refused: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a claimed row. ``status`` is None where nobody answered."""

    claimed: Claimed
    status: int | None
    error: str | None = None
    retry_after: float | None = None
    # Whether it never left us, so that it says nothing about the host
    ours: bool = False


class Unsigned(Exception):
    """An actor of ours cannot sign: her key is damaged, or was wrapped under another secret."""


_local = threading.local()
_pool = ThreadPoolExecutor(SIGNERS, thread_name_prefix="sign")


def deliver_due() -> int:
    """Job: deliver what is due until nothing is, or half a minute has passed. Returns how many rows.

    A job that stops early rings for the next, so that other work gets its turn.
    """
    round_ = Round()
    try:
        return round_.run()
    finally:
        round_.release()


class Round:
    """One worker's turn at the due rows: a backlog of claimed ones, and those under way."""

    def __init__(self) -> None:
        self.courier = _courier()
        self.backlog: deque[Claimed] = deque()
        self.documents: dict[uuid.UUID, bytes] = {}
        self.under_way: dict[uuid.UUID, Claimed] = {}
        self.by_host: Counter[str] = Counter()
        self.outcomes: list[Outcome] = []
        self.ends_at = now() + timedelta(seconds=ROUND_SECONDS)

    def run(self) -> int:
        done, more = 0, True
        while True:
            if more and len(self.backlog) < limits.DELIVERY_IN_FLIGHT:
                more = self.claim()
            self.send()
            for key, answer in self.courier.collect(COLLECT_SECONDS):
                self.land(cast(uuid.UUID, key), answer)
            idle = not self.backlog and not self.under_way
            if not idle and len(self.outcomes) < RECORD_EVERY:
                continue
            recorded = self.record()
            done += recorded
            if now() > self.ends_at:
                self.release()
                more = False
                if idle:
                    jobs.ring(deliver_due)
                    return done
            elif idle and not recorded:
                return done
            elif idle:
                more = True  # what waited behind the rows just sent may go now

    def claim(self) -> bool:
        """Take more due rows; whether there may be still more."""
        claimed = claim_due(CLAIM)
        self.backlog.extend(claimed)
        missing = {row.activity_id for row in claimed} - self.documents.keys()
        if missing:
            with database().reading() as session:
                rows = session.execute(select(Activity.id, Activity.document).where(Activity.id.in_(missing)))
                self.documents.update({row[0]: row[1] for row in rows})
        return len(claimed) == CLAIM

    def send(self) -> None:
        """Sign and hand over as much of the backlog as fits, a few for each host."""
        batch: list[Claimed] = []
        latest = now() + timedelta(seconds=limits.DELIVERY_SECONDS)
        for _ in range(len(self.backlog)):
            if len(self.under_way) + len(batch) >= limits.DELIVERY_IN_FLIGHT:
                break
            row = self.backlog.popleft()
            if row.until < latest:
                # Its lease would run out under way; it is claimed again when it has. What was
                # knocked once has had its try, or a slow host would be asked for ever.
                if row.refused is not None:
                    self.outcomes.append(Outcome(row, row.refused))
                continue
            if self.by_host[row.host] >= PER_HOST:
                self.backlog.append(row)
                continue
            self.by_host[row.host] += 1
            batch.append(row)
        for row, request in self.signed(batch):
            if isinstance(request, outbound.Unreachable | Unsigned):
                self.by_host[row.host] -= 1
                self.outcomes.append(Outcome(row, None, str(request), ours=isinstance(request, Unsigned)))
                continue
            self.under_way[row.id] = row
            self.courier.send(row.id, request)

    def signed(self, batch: list[Claimed]) -> Iterable[tuple[Claimed, Any]]:
        """Each row with its signed request; signing leaves Python, so threads share the cores."""
        share = -(-len(batch) // SIGNERS) or 1
        parts = [batch[start : start + share] for start in range(0, len(batch), share)]
        for part in _pool.map(lambda rows: [(row, self.request(row)) for row in rows], parts):
            yield from part

    def request(self, row: Claimed) -> Any:
        try:
            request = outbound.prepare("POST", row.inbox, HEADERS, self.documents[row.activity_id])
            actors.signer(row.actor_id)(request, row.dialect)
        except outbound.Unreachable as error:
            return error
        except keys.BadKey as error:
            log.error("delivery to %s: the actor %s cannot sign: %s", row.inbox, row.actor_id, error)
            return Unsigned(str(error))
        return request

    def land(self, key: uuid.UUID, answer: outbound.Answer | outbound.Unreachable) -> None:
        """Note an outcome; a host that may only read the other dialect gets one more knock at once."""
        row = self.under_way.pop(key)
        self.by_host[row.host] -= 1
        if isinstance(answer, outbound.Unreachable):
            self.outcomes.append(Outcome(row, None, str(answer)))
            return
        if answer.status in retries.OTHER_DIALECT and row.refused is None:
            other: Dialect = "rfc9421" if row.dialect == "cavage" else "cavage"
            self.backlog.appendleft(replace(row, dialect=other, refused=answer.status))
            return
        after = retry_after(answer.headers.get("retry-after"))
        self.outcomes.append(Outcome(row, answer.status, retry_after=after))

    def record(self) -> int:
        outcomes, self.outcomes = self.outcomes, []
        if outcomes:
            record(outcomes)
        return len(outcomes)

    def release(self) -> None:
        """Give back what was claimed and not begun."""
        rows, self.backlog = list(self.backlog), deque()
        if rows:
            with database().transaction() as session:
                session.execute(
                    update(Delivery)
                    .where(Delivery.id.in_([row.id for row in rows]))
                    .where(Delivery.lease_token.in_({row.token for row in rows}))
                    .values(lease_until=None, lease_token=None)
                )


def _courier() -> outbound.Courier:
    """This thread's courier, kept between jobs for its open connections."""
    if not hasattr(_local, "courier"):
        _local.courier = outbound.Courier()
    return cast(outbound.Courier, _local.courier)


def claim_due(count: int) -> list[Claimed]:
    """Lease up to ``count`` due rows: none behind an earlier one for the same object and inbox,
    none of a host whose breaker is open, and a single one of a host that is being probed."""
    token = secrets.token_hex(8)
    with database().transaction() as session:
        moment = db_now(session)
        until = moment + timedelta(seconds=limits.DELIVERY_LEASE)
        earlier = aliased(Delivery)
        waiting = (
            select(Delivery.id)
            .outerjoin(Peer, Peer.host == Delivery.host)
            .where(Delivery.state == "due", Delivery.next_try <= moment)
            .where(or_(Delivery.lease_until.is_(None), Delivery.lease_until < moment))
            .where(or_(Peer.open_until.is_(None), Peer.open_until <= moment))
            .where(
                ~select(earlier.id)
                .where(
                    earlier.object_uri == Delivery.object_uri,
                    earlier.inbox == Delivery.inbox,
                    earlier.activity_id < Delivery.activity_id,
                    earlier.state == "due",
                )
                .exists()
            )
            .order_by(Delivery.next_try, Delivery.id)
            .limit(count)
            .with_for_update(of=Delivery, skip_locked=True)
        )
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(waiting.scalar_subquery()))
            .values(lease_token=token, lease_until=until)
            .execution_options(synchronize_session=False)
        )
        rows = session.execute(
            select(
                Delivery.id,
                Delivery.activity_id,
                Delivery.inbox,
                Delivery.host,
                Delivery.tries,
                Activity.actor_id,
                Peer.dialect,
                Peer.fails,
            )
            .join(Activity)
            .outerjoin(Peer, Peer.host == Delivery.host)
            .where(Delivery.lease_token == token)
            .order_by(Delivery.next_try, Delivery.id)
        ).all()
        claimed = [
            Claimed(*row[:6], cast(Dialect, row[6] or "cavage"), (row[7] or 0) > 0, token, until)
            for row in rows
        ]
        return _one_probe_for_each_host(session, claimed, moment)


def _one_probe_for_each_host(session: Any, claimed: list[Claimed], moment: datetime) -> list[Claimed]:
    """Of a host that failed lately keep one row; the others wait for what becomes of it."""
    probed: set[str] = set()
    kept: list[Claimed] = []
    postponed: list[uuid.UUID] = []
    for row in claimed:
        if row.probing and row.host in probed:
            postponed.append(row.id)
            continue
        probed.add(row.host)
        kept.append(row)
    if postponed:
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(postponed))
            .values(
                lease_token=None, lease_until=None, next_try=moment + timedelta(seconds=limits.PROBE_SECONDS)
            )
        )
    return kept


_finish = (
    update(Delivery)
    .where(Delivery.id == bindparam("row_id"), Delivery.lease_token == bindparam("token"))
    .values(
        state=bindparam("state"),
        tries=bindparam("tries"),
        next_try=bindparam("next_try"),
        last_status=bindparam("last_status"),
        last_error=bindparam("last_error"),
        recheck=bindparam("recheck"),
        lease_token=None,
        lease_until=None,
    )
)


def record(outcomes: list[Outcome]) -> None:
    """Write what became of claimed rows, and what it says about their hosts."""
    with database().transaction() as session:
        moment = db_now(session)
        rows = []
        # In one order for all workers, or two that know the same hosts could wait for each other.
        for outcome in sorted(outcomes, key=lambda outcome: outcome.claimed.host):
            tries = outcome.claimed.tries + 1
            verdict = retries.judge(outcome.status, tries, outcome.retry_after)
            rows.append(
                {
                    "row_id": outcome.claimed.id,
                    "token": outcome.claimed.token,
                    "state": verdict.state,
                    "tries": tries,
                    "next_try": moment + timedelta(seconds=verdict.delay),
                    "last_status": outcome.status,
                    "last_error": outcome.error,
                    "recheck": outcome.status == 410,
                }
            )
            claimed = outcome.claimed
            if verdict.host_failed and not outcome.ours:
                peers.record_failure(session, claimed.host, moment)
            elif verdict.state == "sent" and (claimed.probing or claimed.refused is not None):
                peers.record_success(session, claimed.host, moment, claimed.dialect)
        connection = session.connection()
        session.flush()
        connection.execute(_finish, rows)


def retry_after(value: str | None) -> float | None:
    """Seconds that a ``Retry-After`` asks for (RFC 9110 10.2.3), or None where it makes no sense."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - now()).total_seconds()) if moment.tzinfo else None


def count_due() -> int:
    """How many deliveries are due now: what ``/metrics`` shows as the queue."""
    with database().reading() as session:
        return (
            session.scalar(select(func.count()).where(Delivery.state == "due", Delivery.next_try <= now()))
            or 0
        )
