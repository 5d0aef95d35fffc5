"""The hourly comparison with a provider's own lists: an event that never came loses nothing."""

import logging
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from commons import limits
from commons.clock import now
from commons.db import database
from commons.refusal import Refused
from membership.payments import charges, disputes, events, refunds
from membership.payments.models import Charge, Dispute, Looked, Mandate, Refund
from membership.payments.providers import ready
from membership.payments.providers.provider import Provider, Unavailable

log = logging.getLogger(__name__)

OVERLAP = timedelta(hours=2)


def reconcile() -> int:
    """Job: take in everything that providers have and we may not. Always 0: it does not know what was new."""
    for provider in ready():
        _reconcile(provider)
    return 0


def _reconcile(provider: Provider) -> None:
    began = now()
    try:
        for kind, object_id in _to_look_at(provider):
            _take_in(provider.name, kind, object_id)
    except Unavailable as error:
        log.warning("the comparison with %s waits: %s", provider.name, error)
        return
    with database().transaction() as session:
        seen = session.get(Looked, provider.name) or Looked(provider=provider.name)
        seen.until = began
        session.add(seen)


def _to_look_at(provider: Provider) -> Iterator[tuple[str, str]]:
    """What was made there since we looked, and of ours what is not final."""
    with database().reading() as session:
        seen = session.get(Looked, provider.name)
        since = seen.until - OVERLAP if seen else now() - timedelta(days=limits.RECONCILED_DAYS)
    done: set[tuple[str, str]] = set()
    for found in (*provider.since(since), *_unsettled(provider.name)):
        if found not in done:
            done.add(found)
            yield found


def _unsettled(provider: str) -> Iterator[tuple[str, str]]:
    open_charges = Charge.provider == provider, Charge.state.in_((charges.OPEN, charges.PENDING))
    lists = (
        ("payment_intent", select(Charge.reference).where(*open_charges)),
        ("checkout.session", select(Charge.page_id).where(*open_charges)),
        (
            "checkout.session",
            select(Mandate.page_id).where(Mandate.provider == provider, Mandate.state == "waiting"),
        ),
        ("refund", select(Refund.reference).where(Refund.provider == provider, Refund.state == refunds.SENT)),
        (
            "dispute",
            select(Dispute.reference).where(Dispute.provider == provider, Dispute.state == disputes.OPEN),
        ),
    )
    with database().reading() as session:
        for kind, wanted in lists:
            for object_id in session.scalars(wanted).all():
                if object_id:
                    yield kind, object_id


def _take_in(provider: str, kind: str, object_id: str) -> None:
    """What contradicts our books is logged, and left to people."""
    found = events.look(provider, kind, object_id)
    try:
        with database().transaction() as session:
            events.take_in(session, provider, found)
    except Refused as refusal:
        log.error("%s %s of %s contradicts our books: %s", kind, object_id, provider, refusal)
