"""One migrated PostgreSQL database that serves test after test.

To copy a template costs more than most tests do. So who is still connected is thrown out, and
what the test wrote is deleted again. Where it changed the schema, or a row that the migrations
wrote, the database is dropped and copied anew. Its name stays the same.

What a test touched is read from the server's statistics: to open every table only to find it
empty would cost most of what is saved. A connection reports what it did before it is gone, so
they are complete once everybody has left.
"""

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.services.postgres import Server, new_name

LEAVE_MILLISECONDS = 10_000

EVICT = """
SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
# How many rows were ever put into each table.
INSERTED = """
SELECT relname, n_tup_ins FROM pg_stat_user_tables WHERE schemaname = 'public' AND n_tup_ins > 0
"""
# How often what describes the schema was changed.
SCHEMA = """
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_sys_tables WHERE relname IN
('pg_attrdef', 'pg_attribute', 'pg_class', 'pg_constraint', 'pg_index', 'pg_proc', 'pg_trigger')
ORDER BY relname
"""
SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


class Lender:
    """Lends copies of ``template``: one at a time, each empty but for what the migrations wrote."""

    def __init__(self, server: Server, template: str) -> None:
        self.server = server
        self.template = template
        self.name = new_name()
        self.url = ""

    def lend(self) -> str:
        """A database that nobody else uses; its SQLAlchemy address."""
        if not self.url:
            self.url = self.server.create(self.template, self.name)
            self.inserted: dict[str, int] = {}
            with self._connect() as connection:
                assert connection.execute("SHOW track_counts").fetchone() == ("on",), "set track_counts = on"
                self.first_rows = _first_rows(connection)
                self.state = self._state(connection)
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
        if self.url:
            self.server.drop(self.url)
            self.url = ""

    def _connect(self) -> "psycopg.Connection[Any]":
        return self.server.connect(make_url(self.url).database)

    def _state(self, connection: "psycopg.Connection[Any]") -> list[Any]:
        rows = [connection.execute(_all(table)).fetchall() for table in self.first_rows]
        return [connection.execute(SCHEMA).fetchall(), *rows]

    def _empty(self, connection: "psycopg.Connection[Any]") -> None:
        inserted = dict(connection.execute(INSERTED).fetchall())
        touched = [table for table, rows in inserted.items() if rows != self.inserted.get(table)]
        self.inserted = inserted
        with connection.transaction():
            # Neither foreign keys nor the triggers that keep rows for ever are asked.
            connection.execute("SET LOCAL session_replication_role = replica")
            for table in touched:
                if table not in self.first_rows:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            connection.execute(SEQUENCES)


def _first_rows(connection: "psycopg.Connection[Any]") -> list[str]:
    """The tables in which the migrations left rows."""
    tables = [table for (table,) in connection.execute(TABLES).fetchall()]
    return [table for table in tables if connection.execute(_all(table)).fetchone()]


def _all(table: str) -> sql.Composed:
    return sql.SQL("SELECT * FROM {} ORDER BY 1").format(sql.Identifier(table))
