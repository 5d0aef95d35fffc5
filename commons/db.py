"""The database: engine, session, and what every table has in common.

One request or one job is one transaction. ``transaction()`` writes: on SQLite it takes
the write lock at once (``BEGIN IMMEDIATE``), so that it never fails half-way as a
reader turned writer. ``reading()`` only looks.
"""

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import uuid_utils.compat as uuid_utils
from sqlalchemy import (
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    LargeBinary,
    MetaData,
    Result,
    Table,
    Text,
    Uuid,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import JSON, TypeDecorator

from commons.config import settings

Upsert = postgresql.Insert | sqlite.Insert
WAL_TRIES, WAL_SECONDS = 200, 0.05

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        uuid.UUID: Uuid(),
        datetime: UtcDateTime(),
        str: Text(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 5.7): keys that sort by time and are never reused."""
    return uuid_utils.uuid7()


def connect(url: str) -> Engine:
    """An engine for ``url``, with the durability that acknowledged work asks for."""
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_wal(cursor: Any) -> None:
    """Switch the file to a write-ahead log, once for all its life.

    SQLite does not wait for another process that is just doing the same; so we do.
    """
    for _try in range(WAL_TRIES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            time.sleep(WAL_SECONDS)
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    if options.get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif not options.get("one_look"):
        # By the driver itself, since it takes no lock and cannot fail: it begins every page.
        connection.connection.driver_connection.execute("BEGIN")


def rows_changed(result: Result[Any]) -> int:
    """How many rows an UPDATE or DELETE touched."""
    return cast(CursorResult[Any], result).rowcount


def dialect_of(session: Session) -> str:
    """``sqlite`` or ``postgresql``."""
    return session.get_bind().dialect.name


def insert(dialect: str, table: Table | type[Base]) -> Upsert:
    """An INSERT into ``table`` that can say what is to happen ``ON CONFLICT``."""
    statement: Upsert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    return statement


class Database:
    """One engine and the two ways to use it."""

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        self._writer = self.engine.execution_options(writes=True)
        self._looker = self.engine.execution_options(one_look=True)

    def session(self, *, writes: bool) -> Session:
        return Session(self._writer if writes else self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end, or leaves nothing; bells ring after the commit."""
        with self.session(writes=True) as session:
            with session.begin():
                yield session
            ring_after_commit(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with self.session(writes=False) as session:
            yield session

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A connection for one SELECT, which on SQLite needs no transaction around it."""
        with self._looker.connect() as connection:
            yield connection

    def dispose(self) -> None:
        self.engine.dispose()


def one_at_a_time(session: Session, key: int) -> None:
    """Until its transaction ends, ``session`` alone holds ``key``. SQLite has one writer anyway."""
    if dialect_of(session) == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(key)))


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Have ``call`` made once the transaction of ``session`` has committed."""
    session.info.setdefault("after_commit", []).append(call)


def ring_after_commit(session: Session) -> None:
    """Make the calls that ``after_commit`` kept; each once."""
    for call in session.info.pop("after_commit", []):
        call()


_database: Database | None = None


def use(database: Database | None) -> None:
    """Make ``database`` this process's database (None: connect again to the configured one)."""
    global _database
    if _database is not None and _database is not database:
        _database.dispose()
    _database = database


def database() -> Database:
    """This process's database, connected at the first call."""
    if _database is None:
        settings().data.mkdir(parents=True, exist_ok=True)
        use(Database(settings().database_url))
    assert _database is not None
    return _database
