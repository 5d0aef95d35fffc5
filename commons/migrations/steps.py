"""The steps are taken by Alembic, which the processes that serve do without.

``python -m commons.migrations.steps`` reads a database's address and brings its schema up.
"""

import sys

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from commons.db import connect
from commons.migrations import FOLDER, refuse_unknown


def configuration(engine: Engine) -> Config:
    """What Alembic asks of us, for the database behind ``engine``."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up; refuses a database that is newer than this code."""
    refuse_unknown(engine)
    command.upgrade(configuration(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    command.downgrade(configuration(engine), revision)


if __name__ == "__main__":
    upgrade(connect(sys.stdin.read()))
