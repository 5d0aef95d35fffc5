"""Taking due rows, one after the other: a lease with a token, so that two workers never do one at once."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from commons import limits
from commons.clock import db_now
from commons.db import database
from membership.payments.models import Charge, ProviderEvent, Refund

TABLES = (Charge, Refund, ProviderEvent)
Row = TypeVar("Row", Charge, Refund, ProviderEvent)


def each_due(table: type[Row], do: Callable[[Row], bool], *due: ColumnElement[bool]) -> int:
    """``do`` every row for which ``due`` holds and whose time has come. Returns for how many it said True.

    A row whose worker died is free again when its lease has run out.
    """
    done = 0
    for _turn in range(limits.PAYMENTS_IN_A_TURN):
        row = _claim(table, *due)
        if row is None:
            break
        done += do(row)
    return done


def later(row: Charge | Refund | ProviderEvent) -> timedelta:
    """How long to wait before the next try: as for deliveries, and then once a day."""
    return timedelta(seconds=limits.RETRY_DELAYS[min(row.tries, len(limits.RETRY_DELAYS)) - 1])


def release_all(session: Session) -> None:
    """Free every claimed row. Only for who knows that no worker is running on this database."""
    for table in TABLES:
        session.execute(
            update(table).where(table.lease_token.is_not(None)).values(lease_token=None, lease_until=None)
        )


def _claim(table: type[Row], *due: ColumnElement[bool]) -> Row | None:
    """The row that has waited longest; ours for a while."""
    token = secrets.token_hex(8)
    keys = table.__mapper__.primary_key
    with database().transaction() as session:
        moment = db_now(session)
        free = or_(table.lease_until.is_(None), table.lease_until < moment)
        wanted = select(*keys).where(*due, table.due_at <= moment, free).order_by(table.due_at).limit(1)
        found = session.execute(wanted.with_for_update(skip_locked=True)).first()
        if found is None:
            return None
        session.execute(
            update(table)
            .where(*(column == value for column, value in zip(keys, found, strict=True)))
            .values(
                lease_token=token,
                lease_until=moment + timedelta(seconds=limits.PAYMENT_LEASE),
                tries=table.tries + 1,
            )
            .execution_options(synchronize_session=False)
        )
        return session.scalars(select(table).where(table.lease_token == token)).one()
