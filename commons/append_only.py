"""Tables whose rows are never changed or deleted, refused by the database itself.

A table says so in its ``info`` (``{"append_only": True}``).
"""

from sqlalchemy import Connection, Table, text

_REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRESQL = (
    """CREATE OR REPLACE TRIGGER {0}_append_only BEFORE UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE OR REPLACE TRIGGER {0}_append_only_whole BEFORE TRUNCATE ON {0}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)
_SQLITE = tuple(
    f"""CREATE TRIGGER IF NOT EXISTS {{0}}_append_only_{event.lower()} BEFORE {event} ON {{0}}
    BEGIN SELECT RAISE(ABORT, '{{0}} is append-only'); END"""
    for event in ("UPDATE", "DELETE")
)


def protect(connection: Connection, table: str) -> None:
    """Have the database refuse to change or delete rows of ``table``."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(_REFUSE))
    for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
        connection.execute(text(statement.format(table)))


def empty(connection: Connection, table: Table) -> None:
    """Delete every row of ``table``, protected or not: to throw a demo away."""
    if not table.info.get("append_only"):
        connection.execute(table.delete())
        return
    _lift(connection, table.name)
    connection.execute(table.delete())
    protect(connection, table.name)


def _lift(connection: Connection, table: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"DROP TRIGGER {table}_append_only ON {table}"))
        connection.execute(text(f"DROP TRIGGER {table}_append_only_whole ON {table}"))
        return
    for event in ("update", "delete"):
        connection.execute(text(f"DROP TRIGGER {table}_append_only_{event}"))
