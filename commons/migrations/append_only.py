"""``op.append_only(table)``: how a step has the database protect a table's rows.

Autogenerate writes it into the step that makes a table whose ``info`` asks for it; a step that
rebuilds the table (batch mode on SQLite) says it again, because triggers do not survive that.
"""

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import CreateTableOp, MigrationScript

from commons.append_only import protect


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
