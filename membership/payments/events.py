"""What providers tell us: verified and stored once, then looked at by a job.

An event only says where to look. The object is fetched again, so that the order in which
events come, how often they come and what they claim make no difference.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import jobs
from commons.clock import db_now, now
from commons.db import database, dialect_of, insert
from commons.language import N_
from commons.refusal import Refused
from membership.payments import effects
from membership.payments.claims import each_due, later
from membership.payments.models import ProviderEvent
from membership.payments.providers import PROVIDERS
from membership.payments.providers.provider import Found, Objection, Return, Unavailable

log = logging.getLogger(__name__)

DUE, DONE, IGNORED, PARKED = "due", "done", "ignored", "parked"


def accept(session: Session, provider: str, raw: bytes, headers: Mapping[str, str]) -> None:
    """Store what ``provider`` sent, once; refuses with 400 what is not genuine, and stores nothing then."""
    known = PROVIDERS.get(provider)
    if known is None:
        raise Refused(N_("There is no such provider."), status=404)
    event = known.parse_webhook(raw, headers)
    values = {
        "provider": provider,
        "id": event.id,
        "kind": event.kind,
        "object_kind": event.object_kind,
        "object_id": event.object_id,
        "made_at": event.made_at,
        "state": PARKED if event.foreign else DUE,
        "reason": event.foreign,
        "received_at": now(),
        "due_at": db_now(session),
        "tries": 0,
    }
    session.execute(insert(dialect_of(session), ProviderEvent).values(**values).on_conflict_do_nothing())
    if event.foreign:
        log.error("event %s of %s is not meant for us: %s", event.id, provider, event.foreign)
    jobs.ring_after(session, process_due)


def process_due() -> int:
    """Job: look at the objects of due events. Returns how many events were settled."""
    return each_due(ProviderEvent, _process, ProviderEvent.state == DUE)


def _process(event: ProviderEvent) -> bool:
    try:
        found = look(event.provider, event.object_kind, event.object_id)
    except Unavailable as error:
        log.warning("event %s waits: %s", event.id, error)
        return _finish(event, DUE, str(error))
    if not found:
        return _finish(event, IGNORED, "nothing that concerns us")
    try:
        with database().transaction() as session:
            reason = take_in(session, event.provider, found)
            return _mark(session, event, IGNORED if reason else DONE, reason)
    except Refused as refusal:
        log.error("event %s of %s needs somebody: %s", event.id, event.provider, refusal)
        return _finish(event, PARKED, str(refusal))


def look(provider: str, object_kind: str, object_id: str) -> list[Found]:
    """The object as it stands now; with a refund or a dispute its payment, which comes first."""
    found = PROVIDERS[provider].fetch(object_kind, object_id)
    if found is None:
        return []
    if isinstance(found, Return | Objection):
        payment = PROVIDERS[provider].fetch("payment_intent", found.payment_id)
        return [payment, found] if payment is not None else [found]
    return [found]


def take_in(session: Session, provider: str, found: list[Found]) -> str:
    """Apply them in this order; why the last had no effect, or an empty text."""
    reason = ""
    for each in found:
        reason = effects.apply(session, provider, each)
    return reason


def parked(session: Session) -> list[ProviderEvent]:
    """The events that somebody must look at, newest first."""
    wanted = select(ProviderEvent).where(ProviderEvent.state == PARKED)
    return list(session.scalars(wanted.order_by(ProviderEvent.received_at.desc())))


def count_due() -> int:
    """How many events wait to be looked at."""
    with database().reading() as session:
        return session.scalar(select(func.count()).where(ProviderEvent.state == DUE)) or 0


def count_parked() -> int:
    """How many events wait for somebody."""
    with database().reading() as session:
        return session.scalar(select(func.count()).where(ProviderEvent.state == PARKED)) or 0


def _finish(event: ProviderEvent, state: str, reason: str) -> bool:
    with database().transaction() as session:
        return _mark(session, event, state, reason)


def _mark(session: Session, event: ProviderEvent, state: str, reason: str) -> bool:
    ours = session.get_one(ProviderEvent, (event.provider, event.id))
    ours.state, ours.reason = state, reason
    ours.lease_token = ours.lease_until = None
    if state == DUE:
        ours.due_at = db_now(session) + min(later(ours), timedelta(hours=1))
    return state != DUE
