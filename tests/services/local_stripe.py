"""localstripe, another project's imitation of Stripe: a process of its own on loopback, never imported by us.

It is licensed under the GPL and a development tool only. It binds every interface by itself and
keeps its state in a file, so it is started by the few lines below instead.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from commons.processes import die_with_parent
from tests.services.instance import free_port, until

START = """
import sys
from aiohttp import web
from localstripe import server
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Its address; it ends with the block."""
    port = free_port()
    with (folder / "localstripe.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(port)],
            env={**os.environ, "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
    try:
        until(lambda: _answers(port), otherwise=(folder / "localstripe.log").read_text)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
