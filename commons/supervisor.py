"""``rostra serve``: queue server, keepers, web and worker as children of one process.

A child that ends is started again; all end with their parent, even when it is killed.
One folder has one supervisor: a lock on a file in it says so, and ends with the process.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO

from commons import doors, valkey
from commons.config import child_environment, settings
from commons.jobs import wait_for_server
from commons.language import N_
from commons.processes import die_with_parent
from commons.refusal import Refused

Start = Callable[[], subprocess.Popen[bytes]]
LOOK_SECONDS = 0.2
GRACE_SECONDS = 10
RESTART_SECONDS = 0.5


@dataclass
class Child:
    """A process that is to be there, and how to start it."""

    name: str
    start: Start
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def keep_alive(self) -> None:
        """Start it, or start it again, but not in a hot circle."""
        if self.process is not None and self.process.poll() is None:
            return
        if time.monotonic() - self.started_at < RESTART_SECONDS:
            return
        self.started_at = time.monotonic()
        self.process = self.start()


@dataclass
class Supervisor:
    """The children in the order in which they start; the first is the last to be ended."""

    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Keep every child alive until SIGTERM or SIGINT, then end each. ``ready``: once they run."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._stop)
        try:
            self._look()
            ready()
            while not self.stopping:
                self._look()
                time.sleep(LOOK_SECONDS)
        finally:
            self._end()

    def _look(self) -> None:
        for child in self.children:
            child.keep_alive()

    def _stop(self, _signum: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _end(self) -> None:
        """All at once but the first, on which the others may depend."""
        for group in (self.children[1:], self.children[:1]):
            running = [child.process for child in group if child.process and child.process.poll() is None]
            for process in running:
                process.terminate()
            deadline = time.monotonic() + GRACE_SECONDS
            for process in running:
                try:
                    process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def rostra(*arguments: str, **environment: str) -> Start:
    """How to start a command of ours as a child."""
    return module("wsgi", *arguments, **environment)


def module(name: str, *arguments: str, **environment: str) -> Start:
    """How to start a module of ours as a child."""
    command = [sys.executable, "-m", name, *arguments]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            # glibc would keep a heap for each thread; two are enough for all, and spare memory.
            env=child_environment(**{"MALLOC_ARENA_MAX": "2"} | environment),
            stdin=subprocess.DEVNULL,
            # Ctrl-C is for the parent, which ends its children in their order.
            process_group=0,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )

    return start


def lock(folder: Path) -> IO[str]:
    """Take the folder, or refuse if another supervisor has it. Keep what is returned open."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "serve.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Refused(N_("Another rostra serve is running on this data folder.")) from error
    return file


def serve(host: str, port: int, keepers: Mapping[str, str], worker: str) -> Supervisor:
    """The children of a whole newsroom on one machine; the queue server is up on return.

    ``keepers`` are processes beside web and worker that keep what these must not reach: name and module;
    ``worker`` is the worker's module. ``Refused``: the port is taken.
    """
    doors.require_free(host, port)
    origin = {"ROSTRA_ORIGIN": settings().origin, "ROSTRA_DATA": str(settings().data)}
    children = []
    if settings().redis_url is None:
        queue = Child("queue", lambda: valkey.start(settings().data))
        queue.keep_alive()
        wait_for_server()
        children.append(queue)
    children += [Child(name, module(keeper, **origin)) for name, keeper in keepers.items()]
    children.append(Child("web", rostra("web", "--host", host, "--port", str(port), **origin)))
    children.append(Child("worker", module(worker, **origin)))
    return Supervisor(children)
