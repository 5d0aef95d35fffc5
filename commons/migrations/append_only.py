"""Tables whose rows are never changed or deleted, refused by the database itself.

A table says so in its ``info`` (``{"append_only": True}``). Autogenerate then writes
``op.append_only(table)`` into the step that makes it; a step that rebuilds the table (batch
mode on SQLite) says it again, because triggers do not survive that.
"""

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import CreateTableOp, MigrationScript
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


@Operations.register_operation("append_only")
class AppendOnlyOp(MigrateOperation):
    """``op.append_only("posting")``."""

    def __init__(self, table: str) -> None:
        self.table = table

    @classmethod
    def append_only(cls, operations: Operations, table: str) -> None:
        operations.invoke(cls(table))

    def reverse(self) -> MigrateOperation:
        """Dropping the table drops its triggers."""
        return self


@Operations.implementation_for(AppendOnlyOp)
def _run(operations: Operations, operation: AppendOnlyOp) -> None:
    protect(operations.get_bind(), operation.table)


@renderers.dispatch_for(AppendOnlyOp)
def _render(_context: AutogenContext, operation: AppendOnlyOp) -> str:
    return f"op.append_only({operation.table!r})"


def ask_for(_context: object, _revision: object, scripts: list[MigrationScript]) -> None:
    """For ``process_revision_directives``: protect every new table that says it is append-only."""
    for script in scripts:
        assert script.upgrade_ops is not None
        made = [step for step in script.upgrade_ops.ops if isinstance(step, CreateTableOp)]
        script.upgrade_ops.ops.extend(
            AppendOnlyOp(step.table_name) for step in made if (step.info or {}).get("append_only")
        )
