"""The schema, step by step. Steps are linear and are never edited once landed.

What is asked here is answered without Alembic, which weighs more than all that asks:
the steps are read as text here, and taken in ``steps``.
"""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from commons.language import N_
from commons.refusal import Refused

FOLDER = Path(__file__).parent
_REVISION = re.compile(r"^revision = ['\"](\w+)['\"]$", re.MULTILINE)
_BELOW = re.compile(r"^down_revision = ['\"](\w+)['\"]$", re.MULTILINE)


@cache
def _steps() -> dict[str, str | None]:
    """Every revision that this code knows, and the one below it."""
    found: dict[str, str | None] = {}
    for path in (FOLDER / "versions").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        revision, below = _REVISION.search(source), _BELOW.search(source)
        assert revision is not None, path
        found[revision[1]] = below[1] if below else None
    return found


def head() -> str:
    """The revision that this code expects."""
    (newest,) = _steps().keys() - set(_steps().values())
    return newest


def current(engine: Engine) -> str | None:
    """The revision of the database, or None where it is empty."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def bring_up(engine: Engine) -> None:
    """Bring the schema up, in a process of its own; refuses a database that is newer than this code."""
    if current(engine) == head():
        return
    refuse_unknown(engine)
    address = engine.url.render_as_string(hide_password=False)
    steps = [sys.executable, "-m", "commons.migrations.steps"]
    done = subprocess.run(steps, input=address, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(
            N_("The schema could not be brought up: %(why)s"),
            why=(done.stderr.strip().splitlines() or ["no reason was given"])[-1],
        )


def require_current(engine: Engine) -> None:
    """Refuse unless schema and code are of the same revision."""
    if current(engine) == head():
        return
    refuse_unknown(engine)
    raise Refused(N_("The database is older than this program. Run: rostra upgrade"))


def refuse_unknown(engine: Engine) -> None:
    """Refuse a schema that no step of this code leads to."""
    found = current(engine)
    if found is not None and found not in _steps():
        raise Refused(N_("The database is newer than this program."))
    if found is None and inspect(engine).has_table("account"):
        raise Refused(N_("The database holds tables but no revision; restore a backup."))
