"""Leases of workers that are known to be dead."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from federation.models import Delivery, Received


def release_all(session: Session) -> None:
    """Free every claimed row. Only for who knows that no worker is running on this database."""
    for table in (Delivery, Received):
        session.execute(
            update(table).where(table.lease_token.is_not(None)).values(lease_token=None, lease_until=None)
        )
