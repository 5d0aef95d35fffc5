"""What we remember of other hosts: which signatures they read, and whether they answer.

Five failures in a row open the breaker for half an hour; then one delivery probes. A host that
failed on seven different days is probed once a week. Anything verified that comes from it,
and any delivery that it takes, closes the breaker at once.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits
from commons.db import dialect_of, insert
from federation.models import Peer
from federation.signatures import Dialect


def record_failure(session: Session, host: str, moment: datetime) -> None:
    """The host did not answer, or answered that it is broken."""
    peer = _locked(session, host)
    peer.fails += 1
    if peer.last_failing_day != moment.date():
        peer.last_failing_day = moment.date()
        peer.failing_days += 1
    if peer.failing_days >= limits.DEAD_AFTER_DAYS:
        peer.open_until = moment + timedelta(seconds=limits.DEAD_PROBE_SECONDS)
    elif peer.fails >= limits.BREAKER_FAILURES:
        peer.open_until = moment + timedelta(seconds=limits.BREAKER_SECONDS)


def record_success(session: Session, host: str, moment: datetime, dialect: Dialect) -> None:
    """The host took a delivery, signed in ``dialect``."""
    peer = _locked(session, host)
    peer.dialect, peer.last_ok = dialect, moment
    _close(peer)


def record_inbound(session: Session, hosts: Iterable[str]) -> None:
    """Something verified came from these hosts: they are alive."""
    failing = set(session.scalars(select(Peer.host).where(Peer.fails > 0))) & set(hosts)
    if failing:
        wanted = select(Peer).where(Peer.host.in_(failing)).order_by(Peer.host)
        for peer in session.scalars(wanted.with_for_update()):
            _close(peer)


def _locked(session: Session, host: str) -> Peer:
    """What we know of ``host``, ours until the end of the transaction: two workers meet the same hosts."""
    row = {"host": host, "dialect": "cavage", "fails": 0, "failing_days": 0}
    session.execute(insert(dialect_of(session), Peer).values(row).on_conflict_do_nothing())
    return session.get_one(Peer, host, with_for_update=True)


def _close(peer: Peer) -> None:
    peer.fails, peer.failing_days, peer.open_until, peer.last_failing_day = 0, 0, None, None
