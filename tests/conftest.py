"""Fixtures that start services and lay out settings and databases. Helpers live in ``services/``."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page

from commons import accounts
from commons.config import Config
from commons.config import use as use_settings
from commons.db import Database, connect
from commons.db import use as use_database
from commons.migrations import steps
from tests.services import browser as browsers
from tests.services import fedify, lent_database, postgres

ORIGIN = "http://127.0.0.1:8000"
MEMORY = Path("/dev/shm")
ROOM = 6 * 1024**3  # bytes


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also the long forms of fault, fuzz and load tests")
    parser.addoption("--seed", type=int, help="the seed that a fault test printed, to see the same again")


def pytest_configure() -> None:
    """Keep what the tests write in memory where there is room: SQLite waits for the disk at each commit."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir():
        about = os.statvfs(MEMORY)
        if about.f_bavail * about.f_frsize > ROOM and not about.f_flag & os.ST_NOEXEC:
            os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What the markers of pyproject.toml leave to ``--long``."""
    if config.getoption("--long"):
        return
    left_out = {item for item in items if item.get_closest_marker("long") or _is_one_database_enough(item)}
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=[*left_out])


def _is_one_database_enough(item: pytest.Item) -> bool:
    """Whether the test would ask PostgreSQL what SQLite has answered."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if parameters.get("database_url") != "postgresql" or item.get_closest_marker("both_databases"):
        return False
    return item.get_closest_marker("one_database") is not None


def pytest_collection_finish() -> None:
    """What was imported stays: the search for garbage need not go through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether ``--long`` was given: for a test that repeats itself more often then."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session", autouse=True)
def real_hasher() -> Iterator[PasswordHasher]:
    """What hashes passwords outside the tests. In them it costs nothing, but in processes of their own."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    real = accounts._hasher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", cheap)
        patch.setattr(accounts, "_nobody", cheap.hash("nobody"))
        yield real


# --- Databases: a template migrated once, a copy for each test ------------------------


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql: postgres.Server) -> Iterator[str]:
    url = postgresql.create()
    _migrate(url)
    yield url
    postgresql.drop(url)


@pytest.fixture(scope="session")
def postgresql_lender(
    postgresql: postgres.Server, postgresql_template: str
) -> Iterator[lent_database.Lender]:
    lender = lent_database.Lender(postgresql, postgresql_template)
    yield lender
    lender.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "rostra.sqlite"
    _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    engine = connect(url)
    try:
        steps.upgrade(engine)
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a table, of both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'rostra.sqlite'}"
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of the test's own, of both kinds; the next test's is at the same address."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = template.with_name("lent.sqlite")
        for old in path.parent.glob(f"{path.name}*"):
            old.unlink()  # who still has it open keeps the old one
        shutil.copy(template, path)
        yield f"sqlite:///{path}"
        return
    lender: lent_database.Lender = request.getfixturevalue("postgresql_lender")
    yield lender.lend()
    lender.take_back()


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    """This process's settings, in the test's own folder; peers may be on loopback.

    They name the test's database where it has one, so that processes it starts share it.
    """
    laid_out = Config(
        origin=ORIGIN,
        data=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'rostra.sqlite'}",
        redis_url=None,
        secret_key="s" * 43,
        key_secret="k" * 43,
        private_peers=True,
        rate_limits=False,
    )
    if "database_url" in request.fixturenames:
        laid_out = replace(laid_out, database_url=request.getfixturevalue("database_url"))
    use_settings(laid_out)
    yield laid_out
    use_settings(None)


@pytest.fixture
def db(settings: Config, database_url: str) -> Iterator[Database]:
    """The test's database, migrated and current, on SQLite and on PostgreSQL."""
    database = _connected(database_url)
    use_database(database)
    yield database
    use_database(None)


@cache
def _connected(url: str) -> Database:
    """One for all tests: it keeps the SQL it made of statements, which takes longer than to run them."""
    return Database(url)


# --- A peer and a reader ----------------------------------------------------------------


@pytest.fixture
def start_peer() -> Iterator[fedify.Start]:
    """Starts Fedify peers (arguments of ``fedify.running``) that end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(fedify.running(**options))


@pytest.fixture
def peer(start_peer: fedify.Start) -> fedify.Peer:
    """A Fedify server with one reader, that signs with draft-cavage-12 first."""
    return start_peer()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with browsers.running() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab of a real browser, without cookies."""
    with browser.new_context() as context:
        yield context.new_page()
