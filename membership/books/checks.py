"""The night's look at the books: recorded, and an alarm at the first fault."""

import logging
import time
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now, now
from commons.db import database
from membership.books.verify import first_fault, one_moment
from membership.money import chain, ledger
from membership.money.models import SelfCheck

log = logging.getLogger(__name__)


def run_due() -> int:
    """The job: check everything once a day. A fault is logged, kept, and counted in ``/metrics``."""
    with database().reading() as session:
        last = latest(session)
        if last is not None and last.at > db_now(session) - timedelta(seconds=limits.SELF_CHECK_SECONDS):
            return 0
    run()
    return 1


def run() -> SelfCheck:
    """Check everything now, and record what was found."""
    with one_moment(database()) as session:
        found = look(session)
    if found.fault:
        log.error("the books are not as written: %s", found.fault)
    with database().transaction() as session:
        session.add(found)
    return found


def look(session: Session) -> SelfCheck:
    """What a check finds now, not yet recorded. A head is noted only if all is well."""
    began = time.monotonic()
    number, head = ledger.head(session)
    fault = first_fault(session)
    return SelfCheck(
        at=now(),
        seconds=round(time.monotonic() - began),
        number=number if fault is None else 0,
        hash=head if fault is None else chain.GENESIS,
        fault=str(fault) if fault is not None else "",
    )


def latest(session: Session) -> SelfCheck | None:
    """The last check, whatever it found."""
    return session.scalar(select(SelfCheck).order_by(SelfCheck.at.desc()).limit(1))


def alarm(session: Session) -> SelfCheck | None:
    """The last check, if it found a fault: what the treasurer sees until a later one finds none."""
    last = latest(session)
    return last if last is not None and last.fault else None


def count_faults() -> int:
    """1 while the alarm is on; for ``/metrics``."""
    with database().reading() as session:
        return int(alarm(session) is not None)
