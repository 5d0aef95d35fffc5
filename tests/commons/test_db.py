"""The ways into the database: what a transaction holds, what a look does not."""

from datetime import datetime

import pytest
from sqlalchemy import Connection, func, literal, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from commons import minutes
from commons.db import Database, UtcDateTime
from commons.minutes import Minute

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def write(session: Session) -> None:
    minutes.write(session, public={"verb": "publish"}, private={})


def count(asked: Session | Connection) -> int | None:
    return asked.scalar(select(func.count()).select_from(Minute))


def test_what_raises_leaves_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError), db.transaction() as session:
        write(session)
        raise RuntimeError("halfway")
    with db.reading() as session:
        assert count(session) == 0


@ON_SQLITE
def test_one_reading_sees_one_state_and_a_look_always_the_latest(db: Database) -> None:
    with db.reading() as reader, db.looking() as connection:
        assert count(reader) == 0
        assert count(connection) == 0
        with db.transaction() as session:
            write(session)
        assert count(reader) == 0
        assert count(connection) == 1


def test_a_look_leaves_no_transaction_open_and_stops_no_writer(db: Database) -> None:
    with db.looking() as connection:
        assert count(connection) == 0
        with db.transaction() as session:
            write(session)
    with db.transaction() as session:
        write(session)
        assert count(session) == 2


@ON_SQLITE
def test_a_commit_waits_for_the_disk_and_foreign_keys_are_minded(db: Database) -> None:
    with db.looking() as connection:
        answers = [
            connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert answers == ["wal", 2, 1]


def test_a_moment_without_a_zone_has_no_place_here(db: Database) -> None:
    with db.reading() as session, pytest.raises(StatementError, match="naive"):
        session.scalar(select(literal(datetime(2026, 1, 1), UtcDateTime())))
