"""What time it is.

``now()`` stamps records; ``db_now(session)`` decides leases and deadlines, so that
several machines agree. Both move with ``shift``, which only tests set.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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


def iso(moment: datetime) -> str:
    """``2026-11-24T05:58:00Z``: the form ActivityStreams, feeds and HTML share."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
