"""What time it is.

``now()`` stamps records; ``db_now(session)`` decides leases and deadlines, so that
several machines agree. Both move with ``shift``, which only tests set.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commons import limits
from commons.language import N_
from commons.refusal import Refused

shift = timedelta(0)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + shift


def db_now(session: Session) -> datetime:
    """The present moment by the database's clock, aware, in UTC."""
    if session.get_bind().dialect.name == "sqlite":
        # SQLite lives in this process: its clock is ours.
        return now()
    moment: datetime | None = session.scalar(select(func.clock_timestamp()))
    assert moment is not None
    return moment.astimezone(UTC) + shift


def require_agreement(session: Session, *others: datetime) -> None:
    """Refused (503) where this machine's clock, or one of ``others`` just read, is not the database's.

    Either is off by more than ``limits.CLOCK_DRIFT_SECONDS``.
    """
    moment = db_now(session)
    drift = max(abs((each - moment).total_seconds()) for each in (now(), *others))
    if drift > limits.CLOCK_DRIFT_SECONDS:
        raise Refused(
            N_("The clock of this machine and the database's differ by %(seconds)s seconds."),
            seconds=round(drift, 1),
            status=503,
        )


def iso(moment: datetime) -> str:
    """``2026-11-24T05:58:00Z``: the form ActivityStreams, feeds and HTML share."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
