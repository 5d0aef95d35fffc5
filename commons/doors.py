"""Doors inside the house: HTTP over Unix sockets between our own processes on one machine.

Not a way out: nothing leaves the machine, so there is no address to check, and whoever may open a
door is decided by the permissions of its folder. The front door is only tried: whether it is free.
"""

import errno
import hashlib
import http.client
import os
import socket
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from commons.language import N_
from commons.refusal import Refused

PATH_MAX = 100  # of the 107 bytes that Linux takes
SECONDS = 30
ENDING_SECONDS = 5
_elsewhere: Path | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the process behind a door answered. Header names are as they were sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def use(folder: Path | None) -> None:
    """Have this process look for all doors in ``folder`` (None: in its data folder again): so a demo can play
    its past without the running processes, for whom it is today."""
    global _elsewhere
    _elsewhere = folder


def path(data: Path, name: str) -> Path:
    """Where the door ``name`` of the data folder is; the folder of a long name has its doors in /tmp."""
    folder = _elsewhere or data / "doors"
    if len(str(folder / name)) > PATH_MAX:
        digest = hashlib.sha256(str(data).encode()).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"rostra-doors-{digest}"
    return folder / name


def build(data: Path, name: str) -> Path:
    """The path for a process that will listen there, in a folder that strangers cannot enter.

    Refused where that folder is not in our hands: anybody may make one in /tmp.
    """
    door = path(data, name)
    door.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
    if door.parent.parent != data and door.parent.stat().st_uid != os.getuid():
        raise Refused(N_("The folder %(folder)s belongs to somebody else."), folder=door.parent)
    return door


def ask(
    door: Path,
    method: str,
    target: str,
    body: bytes = b"",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
) -> Said:
    """One request through a door. Refused (503) when nobody answers there."""
    connection = _Connection(door)
    try:
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        return Said(answer.status, tuple(answer.getheaders()), answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise Refused(
            N_("A part of this newsroom does not answer at the moment. Please try again."), status=503
        ) from error
    finally:
        connection.close()


def require_free(host: str, port: int) -> None:
    """Refuse where another program listens already, or none may; one that is just ending gets its time."""
    deadline = time.monotonic() + ENDING_SECONDS
    while True:
        try:
            socket.create_server((host, port), family=_family(host)).close()
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                number = error.errno or 0  # below 0: of the resolver
                raise Refused(
                    N_("Nothing can be served at %(host)s, port %(port)s: %(why)s."),
                    host=host,
                    port=port,
                    why=os.strerror(number) if number > 0 else "no such host",
                ) from error
        time.sleep(0.1)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class _Connection(http.client.HTTPConnection):
    def __init__(self, door: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._door = door

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self._door))
