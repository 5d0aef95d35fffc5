"""A whole Rostra newsroom in processes of its own, as somebody installs it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from commons.db import Database
from commons.processes import die_with_parent

PASSWORD = "correct horse battery"
READY_SECONDS = 60
END_SECONDS = 15
HTML = "text/html"
ACTIVITY_JSON = "application/activity+json"

STORY = """---
title: {title}
summary: {summary}
authors:
  - {{handle: {by}, role: words}}
---
{body}
"""


@dataclass
class Instance:
    """A newsroom in ``folder``, at ``origin``; it is there from ``start`` until it is killed or stopped.

    ``separate`` runs ``rostra web`` and ``rostra worker`` side by side, as larger houses do,
    instead of ``rostra serve``; the queue server is then somebody else's.
    """

    folder: Path
    port: int
    name: str
    variables: dict[str, str] = field(default_factory=dict)
    separate: bool = False
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def actor(self, handle: str = "newsroom") -> str:
        return f"{self.origin}/@{handle}"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("ROSTRA_") and name not in ("DATABASE_URL", "REDIS_URL")
        }
        own = {
            "ROSTRA_DATA": str(self.folder),
            "ROSTRA_NAME": self.name,
            "ROSTRA_PRIVATE_PEERS": "1",
        } | ({"ROSTRA_ORIGIN": self.origin} if self.separate else {})
        return inherited | own | self.variables

    # Its life

    def start(self) -> None:
        """Start it, and wait until it answers."""
        if self.separate:
            self.rostra("upgrade")
            self.spawn("web", "--port", str(self.port))
            self.spawn("worker")
        else:
            self.spawn("serve", "--port", str(self.port))
        self.wait()

    def spawn(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """One ``rostra`` process that stays; its output goes to the log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "wsgi", *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=partial(die_with_parent, os.getpid()),
            )
        self.processes.append(process)
        return process

    def wait(self) -> None:
        """Return when a page can be read."""

        def answers() -> bool:
            ended = [process for process in self.processes if process.poll() is not None]
            assert not ended, f"{ended[0].args} ended: {self.log()}"
            try:
                return self.get("/")[0] == 200
            except OSError:
                return False

        until(answers, READY_SECONDS, self.log)

    def kill(self) -> None:
        """SIGKILL for every process of it at once, and wait until all are gone."""
        whole = [each for process in self.processes for each in tree(process.pid)]
        kill_all(whole)
        for process in self.processes:
            process.wait(END_SECONDS)
        self.processes.clear()

    def stop(self) -> list[int]:
        """SIGTERM, and the exit codes."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(END_SECONDS) for process in self.processes]
        self.processes.clear()
        return codes

    def child(self, role: str) -> psutil.Process:
        """The ``web``, ``worker`` or ``queue`` process; waits for one that is about to be started."""
        found: list[psutil.Process] = []

        def runs() -> bool:
            whole = [each for process in self.processes for each in tree(process.pid)]
            found.extend(each for each in whole if role in _roles(each))
            return bool(found)

        until(runs, END_SECONDS, lambda: f"no {role} is running")
        return found[0]

    # What can be asked of it

    def rostra(self, *arguments: str | Path, stdin: str = "") -> str:
        """What a command prints; it must end with 0."""
        ended = self.run(*arguments, stdin=stdin)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def run(self, *arguments: str | Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "wsgi", *map(str, arguments)],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
        )

    def hire(self, handle: str, *powers: str) -> None:
        """An account with a public name; its address is HANDLE@example.org."""
        granted = [part for power in powers or ("publish",) for part in ("--power", power)]
        email = f"{handle}@example.org"
        name = handle.title()
        self.rostra(
            "account", "create", handle, "--email", email, "--name", name, *granted, stdin=f"{PASSWORD}\n"
        )

    def story_file(self, title: str, *, by: str, body: str = "It left at **midnight**.") -> Path:
        path = self.folder / "story.md"
        path.write_text(STORY.format(title=title, summary=f"{title}, in short.", by=by, body=body))
        return path

    def publish(self, title: str, *, by: str, body: str = "It left at **midnight**.") -> str:
        """Publish by command; the story's ActivityPub id."""
        return self.rostra("story", "publish", self.story_file(title, by=by, body=body), "--by", by)

    def get(self, address: str, accept: str = HTML) -> tuple[int, str]:
        """Status and text of a path of ours; redirects are followed."""
        url = self.origin + address.removeprefix(self.origin)
        request = urllib.request.Request(url, headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def page(self, address: str) -> str:
        """The HTML at a path of ours."""
        status, text = self.get(address)
        assert status == 200, f"{address}: {status}"
        return text

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A connection to its database from here."""
        url = self.variables.get("DATABASE_URL", f"sqlite:///{self.folder / 'rostra.sqlite'}")
        opened = Database(url)
        yield opened
        opened.dispose()

    @property
    def log_file(self) -> Path:
        return self.folder / "processes.log"

    def log(self) -> str:
        """What its processes wrote, the last of it."""
        return self.log_file.read_text(errors="replace")[-8000:] if self.log_file.exists() else ""


@contextmanager
def running(
    folder: Path, *, name: str = "Rostra", separate: bool = False, **variables: str
) -> Iterator[Instance]:
    """An instance that was started, and is killed at the end of the block."""
    instance = Instance(folder, free_port(), name, variables, separate)
    try:
        instance.start()
        yield instance
    finally:
        instance.kill()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def until(
    holds: Callable[[], object],
    seconds: float = 30,
    otherwise: Callable[[], str] = lambda: "it did not come to be",
) -> None:
    """Wait until ``holds`` is true; fail with what ``otherwise`` says after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it; nothing if it is gone."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill_all(processes: list[psutil.Process]) -> None:
    """SIGKILL, and wait until they are gone."""
    for each in processes:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    until(lambda: not any(map(is_alive, processes)), END_SECONDS)


def is_alive(process: psutil.Process) -> bool:
    """Whether it still does something: one that nobody has buried yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _roles(process: psutil.Process) -> list[str]:
    try:
        command = process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []
    return ["queue"] if command and "-server" in command[0] else command[2:4]
