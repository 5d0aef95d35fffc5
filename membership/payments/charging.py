"""The job that charges mandates. The key was stored with the charge, before any call."""

import logging

from sqlalchemy.orm import Session

from commons.clock import db_now
from commons.db import database
from membership.payments import charges, effects
from membership.payments.claims import each_due, later
from membership.payments.models import Charge
from membership.payments.providers import PROVIDERS
from membership.payments.providers.provider import Declined, Payment, Unavailable

log = logging.getLogger(__name__)


def charge_due() -> int:
    """Job: charge every mandate whose charge is due. Returns how many charges were settled or refused."""
    return each_due(Charge, _charge, Charge.state == charges.OPEN)


def _charge(charge: Charge) -> bool:
    with database().reading() as session:
        charge = session.get_one(Charge, charge.id)
        mandate = charge.mandate
        usable = mandate is not None and mandate.state == "active"
        try:
            if not usable:
                raise Declined("mandate_ended")
            found = PROVIDERS[charge.provider].charge(charge)
        except Declined as refusal:
            return _record(charge, refusal.reason)
        except Unavailable as error:
            log.warning("charge %s waits: %s", charge.id, error)
            return _postpone(charge)
    return _record(charge, found)


def _record(charge: Charge, found: Payment | str) -> bool:
    """Write what the provider said. The lease may be over: saying it twice changes nothing."""
    with database().transaction() as session:
        ours = _release(session, charge)
        if isinstance(found, str):
            charges.failed(session, ours, found)
        else:
            effects.apply(session, charge.provider, found)
        return True


def _postpone(charge: Charge) -> bool:
    with database().transaction() as session:
        ours = _release(session, charge)
        ours.due_at = db_now(session) + later(ours)
        return False


def _release(session: Session, charge: Charge) -> Charge:
    ours = charges.lock(session, charge)
    ours.lease_token = ours.lease_until = None
    return ours
