"""The schema, step by step. Steps are linear and are never edited once landed."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from commons.language import N_
from commons.refusal import Refused

FOLDER = Path(__file__).parent


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["engine"] = engine
    return config


def head() -> str:
    """The revision that this code expects."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    found = ScriptDirectory.from_config(config).get_current_head()
    assert found is not None
    return found


def current(engine: Engine) -> str | None:
    """The revision of the database, or None where it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up; refuses a database that is newer than this code."""
    _refuse_newer(engine)
    command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    command.downgrade(_config(engine), revision)


def require_current(engine: Engine) -> None:
    """Refuse unless schema and code are of the same revision."""
    found = current(engine)
    if found == head():
        return
    _refuse_newer(engine)
    raise Refused(N_("The database is older than this program. Run: rostra upgrade"))


def _refuse_newer(engine: Engine) -> None:
    found = current(engine)
    config = _config(engine)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise Refused(N_("The database is newer than this program."))
    if found is None and inspect(engine).has_table("account"):
        raise Refused(N_("The database holds tables but no revision; restore a backup."))
