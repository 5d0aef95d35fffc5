"""Patience with a payment that does not come, and its end.

A payment that fails, or a transfer that stays away, is asked for again after each of
``limits.DUNNING_DAYS``; then it is over.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from membership.pledges import letters, periods, pledges
from membership.pledges.models import Instalment, Pledge


def patience(tries: int) -> timedelta:
    return timedelta(days=limits.DUNNING_DAYS[min(tries, len(limits.DUNNING_DAYS) - 1)])


def late(session: Session, pledge: Pledge, instalment: Instalment) -> None:
    instalment.first_failed_at = instalment.first_failed_at or db_now(session)
    if pledge.rhythm != periods.ONCE:
        pledges.shift(session, pledge, frozenset({"promised", "active"}), state="late")
    pledges.note(session, pledge, "not paid", pledges.CLOCK, period=instalment.period, tries=instalment.tries)


def give_up(session: Session, instalment: Instalment) -> None:
    pledge = instalment.pledge
    instalment.state = "failed"
    ended: dict[str, Any] = {"next_on": None, "ended_at": db_now(session)}
    if pledge.rhythm == periods.ONCE:
        over = pledges.shift(session, pledge, frozenset({"promised", "charging"}), state="failed", **ended)
    else:
        running = frozenset({"promised", "active", "late"})
        over = pledges.shift(session, pledge, running, state="lapsed", **ended)
    if over:
        pledges.note(session, pledge, "given up", pledges.CLOCK, period=instalment.period)
        letters.write(session, pledge, "pledge_lapsed", pay="")
