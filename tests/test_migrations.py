"""The schema goes up and down, with data, on both databases, and is what the models say."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from click.testing import CliRunner, Result
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Engine,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    inspect,
    text,
)

from commons import migrations
from commons.clock import now
from commons.db import Base, Database, UtcDateTime, new_id
from commons.db import use as use_database
from commons.migrations import steps
from commons.refusal import Refused
from wsgi import ROOF, cli  # the roof knows every table

# Where a CHECK asks for more than one of some words.
CHOSEN: dict[tuple[str, str], Any] = {
    ("charge", "received"): 2,
    ("expense", "checked_by_id"): None,
    ("expense", "tax"): 0,
    ("expense", "approved_by_id"): None,
    ("motion", "statute_name"): None,
    ("motion", "surplus_id"): None,
    ("recovery", "first_by_id"): None,
    ("recovery", "second_by_id"): None,
    ("refund", "approved_by_id"): None,
    ("refund", "line_id"): None,
    ("surplus", "approved_by_id"): None,
    ("voucher", "approved_by_id"): None,
    ("voucher", "tax"): 0,
}
ONE_OF = re.compile(r"(\w+) IN \('(\w*)'")
VALUES: dict[type, Callable[[], Any]] = {
    UtcDateTime: now,
    Date: lambda: now().date(),
    Uuid: new_id,
    String: lambda: "some text",
    Integer: lambda: 1,
    Boolean: lambda: True,
    LargeBinary: lambda: b"bytes",
    JSON: lambda: {"a": [1]},
}


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    """An empty database, which is also this process's."""
    database = Database(empty_database_url)
    use_database(database)
    yield database.engine
    use_database(None)


def revisions() -> list[str]:
    """Every revision, the newest first, as Alembic finds them."""
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    config.set_main_option("path_separator", "os")
    return [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]


def fill(engine: Engine) -> None:
    """A row in every table of the models."""
    rows: dict[str, dict[str, Any]] = {}
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            rows[table.name] = {column.name: _value(table, column, rows) for column in table.columns}
            connection.execute(table.insert().values(rows[table.name]))


def _value(table: Table, column: "Column[Any]", rows: dict[str, dict[str, Any]]) -> Any:
    if (table.name, column.name) in CHOSEN:
        return CHOSEN[table.name, column.name]
    for key in column.foreign_keys:
        target = key.column
        return rows[target.table.name][target.name] if target.table is not table else None
    words = _words(table)
    if column.name in words:
        return words[column.name]
    return next(VALUES[kind] for kind in type(column.type).__mro__ if kind in VALUES)()


def _words(table: Table) -> dict[str, str]:
    """By column, the first of the words that a CHECK lets pass."""
    checks = [str(it.sqltext) for it in table.constraints if isinstance(it, CheckConstraint)]
    return dict(found.groups() for check in checks for found in ONE_OF.finditer(check))  # type: ignore[misc]


def counts(engine: Engine) -> dict[str, int]:
    """How many rows each table has."""
    tables = sorted(set(inspect(engine).get_table_names()) - {"alembic_version"})
    with engine.connect() as connection:
        return {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in tables
        }


def schema(engine: Engine) -> dict[str, Any]:
    """Everything that the database knows of its tables, in an order that can be compared."""
    look = inspect(engine)
    return {
        name: {
            "columns": [
                (it["name"], str(it["type"]), it["nullable"], it["default"]) for it in look.get_columns(name)
            ],
            "primary key": look.get_pk_constraint(name),
            "foreign keys": _sorted(look.get_foreign_keys(name)),
            "unique": _sorted(look.get_unique_constraints(name)),
            "checks": _sorted(look.get_check_constraints(name)),
            "indexes": _sorted(look.get_indexes(name)),
        }
        for name in sorted(look.get_table_names())
    }


def _sorted(found: list[Any]) -> list[str]:
    return sorted(json.dumps(it, sort_keys=True, default=str) for it in found)


def test_the_newest_schema_is_what_the_models_say(engine: Engine) -> None:
    steps.upgrade(engine)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert set(counts(engine)) == set(Base.metadata.tables)


def test_every_step_goes_down_and_up_and_down_again_with_a_row_in_every_table(engine: Engine) -> None:
    steps.upgrade(engine)
    newest = schema(engine)
    fill(engine)
    assert set(counts(engine).values()) == {1}

    for revision in revisions():
        above = schema(engine)
        steps.downgrade(engine, "-1")
        below, kept = schema(engine), counts(engine)
        steps.upgrade(engine, revision)
        assert schema(engine) == above
        assert counts(engine).items() >= kept.items()
        steps.downgrade(engine, "-1")
        assert (schema(engine), counts(engine)) == (below, kept)

    assert counts(engine) == {}
    steps.upgrade(engine)
    assert schema(engine) == newest


def test_steps_are_in_one_line(engine: Engine) -> None:
    steps.upgrade(engine)

    assert migrations.current(engine) == migrations.head() == revisions()[0]


def rostra(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, obj=ROOF)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands read their settings anew; their folder is the test's."""
    monkeypatch.setenv("ROSTRA_DATA", str(tmp_path))


@pytest.mark.usefixtures("settings")
def test_upgrade_check_says_what_there_is_to_do_and_does_nothing(engine: Engine) -> None:
    before = rostra("upgrade", "--check")
    assert (before.exit_code, before.output) == (1, f"empty -> {migrations.head()}\n")
    assert counts(engine) == {}

    assert rostra("upgrade").output == f"empty -> {migrations.head()}\n"

    after = rostra("upgrade", "--check")
    assert (after.exit_code, after.output) == (0, "up to date\n")
    assert rostra("upgrade").output == "up to date\n"


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["web", "worker"])
def test_an_older_schema_is_refused_by_whoever_would_serve_it(engine: Engine, command: str) -> None:
    result = rostra(command)

    assert isinstance(result.exception, Refused)
    assert str(result.exception) == "The database is older than this program. Run: rostra upgrade"


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["web", "worker", "upgrade", "serve"])
def test_a_newer_schema_is_refused_by_everybody(engine: Engine, command: str) -> None:
    steps.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    tables = schema(engine)

    result = rostra(command)

    assert isinstance(result.exception, Refused)
    assert str(result.exception) == "The database is newer than this program."
    assert schema(engine) == tables


@pytest.mark.usefixtures("settings")
def test_tables_without_a_revision_are_refused(engine: Engine) -> None:
    steps.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))

    result = rostra("upgrade")

    assert isinstance(result.exception, Refused)
    assert "restore a backup" in str(result.exception)


def test_two_upgrades_at_once_do_it_once(empty_database_url: str, tmp_path: Path) -> None:
    environment = {"ROSTRA_DATA": str(tmp_path), "DATABASE_URL": empty_database_url}
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "wsgi", "upgrade"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        _said, wrong = process.communicate(timeout=60)
        assert (process.returncode, wrong) == (0, "")

    database = Database(empty_database_url)
    assert counts(database.engine)["actor"] == 2  # the newsroom and the instance, once
    database.dispose()


def test_a_schema_that_cannot_be_brought_up_is_refused_with_the_reason(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Database(empty_database_url).engine
    monkeypatch.setattr(migrations.sys, "executable", "/bin/false")

    with pytest.raises(Refused, match="could not be brought up"):
        migrations.bring_up(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("roof", "too_large"),
    [("wsgi", {"alembic"}), ("worker", {"alembic", "click", "flask", "icalendar", "wtforms"})],
)
def test_the_processes_that_serve_load_only_what_they_need(roof: str, too_large: set[str]) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {roof}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert roof in loaded
    assert not too_large.intersection(loaded)
