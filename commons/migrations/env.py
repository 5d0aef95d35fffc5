"""Run by Alembic for every command: one transaction for each migration."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import text

from commons.db import Base, UtcDateTime
from commons.migrations import append_only

engine = context.config.attributes["engine"]
LOCK_KEY = 0x6D696772


def render_item(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Write plain types into migrations, so that they do not change when our code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


with engine.execution_options(writes=True).connect() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
    else:
        # A step that lays a table out anew drops the old one, and rows that point to it must not mind.
        connection.connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=True,
        compare_type=True,
        render_item=render_item,
        process_revision_directives=append_only.ask_for,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite":
        lost = connection.connection.execute("PRAGMA foreign_key_check").fetchall()
        connection.connection.execute("PRAGMA foreign_keys=ON")
        assert not lost, lost
