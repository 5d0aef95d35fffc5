"""Mandates: leave to charge a party without asking again."""

import logging
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import now
from commons.config import settings
from commons.db import database, new_id
from commons.language import N_
from commons.refusal import Refused
from membership.money.models import Party
from membership.payments.models import Mandate
from membership.payments.providers import PROVIDERS
from membership.payments.providers.provider import Signature, Unavailable

log = logging.getLogger(__name__)

WAITING, ACTIVE, ENDED = "waiting", "active", "ended"


def begin(session: Session, party: Party, provider: str) -> Mandate:
    """Ask ``party`` for a mandate; the one that waits for her signature, if there is one.

    She signs it on ``page(mandate)``.
    """
    if provider not in PROVIDERS or not PROVIDERS[provider].takes_mandates or not PROVIDERS[provider].ready():
        raise Refused(N_("This way of paying cannot be repeated by itself."))
    waiting = session.scalar(
        select(Mandate).where(
            Mandate.party_id == party.id, Mandate.provider == provider, Mandate.state == WAITING
        )
    )
    if waiting is not None:
        return waiting
    mandate_id = new_id()
    mandate = Mandate(
        id=mandate_id,
        token=secrets.token_urlsafe(16),
        party_id=party.id,
        provider=provider,
        key=f"mandate:{mandate_id}",
        state=WAITING,
    )
    session.add(mandate)
    session.flush()
    return mandate


def page(mandate: Mandate) -> str:
    """The address at which ``mandate`` is signed."""
    return f"{settings().origin}/pay/mandate/{mandate.token}"


def by_token(session: Session, token: str) -> Mandate:
    """The mandate whose page this is; 404."""
    found = session.scalar(select(Mandate).where(Mandate.token == token))
    if found is None:
        raise Refused(N_("There is no such payment."), status=404)
    return found


def active(session: Session, party: Party) -> Mandate | None:
    """The newest mandate of ``party`` that may be used."""
    hers = select(Mandate).where(Mandate.party_id == party.id, Mandate.state == ACTIVE)
    return session.scalars(hers.order_by(Mandate.id.desc()).limit(1)).first()


def signed(session: Session, provider: str, found: Signature) -> str:
    """Take in how a mandate stands at its provider; why that changed nothing, or an empty text."""
    mandate = session.scalar(
        select(Mandate)
        .where(Mandate.provider == provider, Mandate.key == found.mandate_key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if mandate is None:
        return "not ours"
    if mandate.state != WAITING or found.state != "active":
        return "nothing new"
    mandate.state, mandate.active_at = ACTIVE, now()
    mandate.customer, mandate.reference, mandate.kind = found.customer, found.reference, found.kind
    session.flush()
    return ""


def detach_due() -> int:
    """Job: have providers forget the cards and accounts of ended mandates. Returns for how many."""
    left = Mandate.state == ENDED, Mandate.reference.is_not(None), Mandate.detached_at.is_(None)
    with database().reading() as session:
        waiting = session.scalars(select(Mandate).where(*left).limit(limits.PAYMENTS_IN_A_TURN)).all()
    return sum(_detach(mandate) for mandate in waiting)


def _detach(mandate: Mandate) -> bool:
    """Two workers may both ask: a provider forgets once."""
    try:
        PROVIDERS[mandate.provider].end_mandate(mandate)
    except Unavailable as error:
        log.warning("mandate %s waits to be forgotten: %s", mandate.id, error)
        return False
    with database().transaction() as session:
        session.get_one(Mandate, mandate.id).detached_at = now()
        return True


def end(session: Session, mandate: Mandate, why: str) -> None:
    """Never charge it again. Told again, nothing happens."""
    if mandate.state != ENDED:
        mandate.state, mandate.ended_at, mandate.ended_why = ENDED, now(), why
        session.flush()
