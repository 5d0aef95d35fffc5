"""One migrated PostgreSQL database that serves test after test.

To copy a template costs more than most tests do. So what a test wrote is deleted again, and
the database goes to the next one under a new name, which those who still hold the old one
do not know. Where a test changed the schema, or a row that the migrations wrote, it is
dropped and copied anew.
"""

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.services.postgres import Server

LEAVE_MILLISECONDS = 10_000

EVICT = """
SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""
# Each row that describes the schema, with the transaction that last changed it.
SCHEMA = """
WITH ours AS (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace)
SELECT oid::text, relname, relkind::text FROM ours
UNION ALL SELECT attrelid::text, attname, a.xmin::text FROM pg_attribute a JOIN ours ON attrelid = ours.oid
UNION ALL SELECT oid::text, adnum::text, xmin::text FROM pg_attrdef
UNION ALL SELECT oid::text, conname, xmin::text FROM pg_constraint
UNION ALL SELECT oid::text, tgname, xmin::text FROM pg_trigger
UNION ALL SELECT oid::text, proname, xmin::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""


class Lender:
    """Lends copies of ``template``: one at a time, each empty but for what the migrations wrote."""

    def __init__(self, server: Server, template: str) -> None:
        self.server = server
        self.template = template
        self.url: str | None = None

    def lend(self) -> str:
        """A database that nobody else uses; its SQLAlchemy address."""
        if self.url is None:
            self.url = self.server.create(self.template)
            with self._connect() as connection:
                self.first_rows = _first_rows(connection)
                self.state = self._state(connection)
        else:
            self.url = self.server.rename(self.url)
        return self.url

    def take_back(self) -> None:
        """Make it as it was, or drop it."""
        with self._connect() as connection:
            connection.execute(EVICT, (LEAVE_MILLISECONDS,))
            as_it_was = self._state(connection) == self.state
            if as_it_was:
                self._empty(connection)
        if not as_it_was:
            self.close()

    def close(self) -> None:
        if self.url is not None:
            self.server.drop(self.url)
            self.url = None

    def _connect(self) -> "psycopg.Connection[Any]":
        assert self.url is not None
        return self.server.connect(make_url(self.url).database)

    def _state(self, connection: "psycopg.Connection[Any]") -> list[Any]:
        rows = [connection.execute(_all(table)).fetchall() for table in self.first_rows]
        return [connection.execute(SCHEMA).fetchall(), *rows]

    def _empty(self, connection: "psycopg.Connection[Any]") -> None:
        with connection.transaction():
            # Neither foreign keys nor the triggers that keep rows for ever are asked.
            connection.execute("SET LOCAL session_replication_role = replica")
            for (table,) in connection.execute(TABLES).fetchall():
                if table not in self.first_rows:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            connection.execute(SEQUENCES)


def _first_rows(connection: "psycopg.Connection[Any]") -> list[str]:
    """The tables in which the migrations left rows."""
    tables = [table for (table,) in connection.execute(TABLES).fetchall()]
    return [table for table in tables if connection.execute(_all(table)).fetchone()]


def _all(table: str) -> sql.Composed:
    return sql.SQL("SELECT * FROM {} ORDER BY 1").format(sql.Identifier(table))
