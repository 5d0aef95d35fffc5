"""Hosts with which we do not speak. A block covers the host's subdomains.

The list is read once a second at most, since every request asks for it.
"""

import threading
import time

from sqlalchemy import select

from commons.config import host_of
from commons.db import database
from federation.models import Block

FRESH_SECONDS = 1.0

_lock = threading.Lock()
_hosts: frozenset[str] = frozenset()
_read_at = float("-inf")


def is_blocked(uri: str) -> bool:
    """Whether the host of ``uri``, with its port, or one above it, is blocked."""
    try:
        host = host_of(uri)
    except ValueError:
        return False  # no address, so nobody's
    blocked = _blocked()
    name, colon, port = host.partition(":")
    labels = name.rstrip(".").split(".")
    return host in blocked or any(
        ".".join(labels[start:]) + colon + port in blocked for start in range(len(labels))
    )


def _blocked() -> frozenset[str]:
    global _hosts, _read_at
    with _lock:
        if time.monotonic() - _read_at > FRESH_SECONDS:
            with database().reading() as session:
                _hosts = frozenset(session.scalars(select(Block.host)))
            _read_at = time.monotonic()
        return _hosts


def forget() -> None:
    """Read the list anew at the next question: after a change in this process."""
    global _read_at
    _read_at = float("-inf")
