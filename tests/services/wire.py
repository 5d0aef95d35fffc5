"""A wire between browsers and a server, on which every byte that is sent can be read afterwards."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

HOST = re.compile(rb"^Host: *([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
CHUNK = 65_536


@dataclass
class Wire:
    """``port`` leads to ``to``, both on 127.0.0.1. ``sent`` is what came in, a connection each."""

    port: int
    to: int
    sent: list[bytearray] = field(default_factory=list)

    def hosts(self) -> list[set[bytes]]:
        """For each connection the hosts that were asked over it."""
        return [set(HOST.findall(bytes(said))) for said in self.sent]

    def to_host(self, host: str) -> bytes:
        """All that was sent to one host."""
        return b"".join(bytes(said) for said in self.sent if host.encode() in HOST.findall(bytes(said)))


@contextmanager
def tapped(listener: socket.socket, to: int) -> Iterator[Wire]:
    """While the block runs, whatever comes in at ``listener`` is noted and led on to port ``to``."""
    wire = Wire(listener.getsockname()[1], to)
    threading.Thread(target=_accept, args=(listener, wire), daemon=True).start()
    try:
        yield wire
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, wire: Wire) -> None:
    while True:
        try:
            near, _address = listener.accept()
        except OSError:
            return
        threading.Thread(target=_relay, args=(near, wire), daemon=True).start()


def _relay(near: socket.socket, wire: Wire) -> None:
    said = bytearray()
    wire.sent.append(said)
    with closing(near), suppress(ConnectionRefusedError), closing(_far_end(wire)) as far:
        back = threading.Thread(target=_copy, args=(far, near, bytearray()), daemon=True)
        back.start()
        _copy(near, far, said)
        back.join()


def _far_end(wire: Wire) -> socket.socket:
    return socket.create_connection(("127.0.0.1", wire.to))


def _copy(source: socket.socket, target: socket.socket, noted: bytearray) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            noted.extend(data)
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
