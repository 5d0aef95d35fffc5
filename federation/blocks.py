"""Hosts with which we do not speak. A block covers the host's subdomains.

The list is read once a second at most, since every request asks for it.
"""

import threading
import time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from commons import powers
from commons.clock import now
from commons.config import host_of, settings
from commons.db import after_commit, database, dialect_of, insert, rows_changed
from commons.language import N_
from commons.powers import Power
from commons.refusal import Refused
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
    if _is_stale():
        with _lock:
            if _is_stale():
                _read()
    return _hosts


def _is_stale() -> bool:
    return time.monotonic() - _read_at > FRESH_SECONDS


def _read() -> None:
    global _hosts, _read_at
    with database().reading() as session:
        _hosts = frozenset(session.scalars(select(Block.host)))
    _read_at = time.monotonic()


def add(session: Session, host: str, reason: str) -> str:
    """Speak no more with ``host`` and what is below it: the operator's, with a public minute.

    Returns the host as it is kept. Refused with 400 for what is no host, or ours; 409 if it is blocked.
    """
    host = _host(host)
    if host == settings().host:
        raise Refused(N_("This is our own address."), status=400)
    row = {"host": host, "reason": reason, "created_at": now()}
    wanted = insert(dialect_of(session), Block).values(row).on_conflict_do_nothing()
    if session.scalar(wanted.returning(Block.host)) is None:
        raise Refused(N_("%(host)s is blocked already."), status=409, host=host)
    powers.by_operator(session, Power.MODERATE, f"https://{host}", reason, "block")
    after_commit(session, forget)
    return host


def remove(session: Session, host: str, reason: str) -> str:
    """Speak with ``host`` again; refused with 404 if it is not blocked."""
    host = _host(host)
    if not rows_changed(session.execute(delete(Block).where(Block.host == host))):
        raise Refused(N_("%(host)s is not blocked."), status=404, host=host)
    powers.by_operator(session, Power.MODERATE, f"https://{host}", reason, "unblock")
    after_commit(session, forget)
    return host


def listed(session: Session) -> list[Block]:
    """Every block, by host."""
    return list(session.scalars(select(Block).order_by(Block.host)))


def _host(text: str) -> str:
    """``peer.example`` or ``peer.example:8443``, as the addresses of its actors give it."""
    try:
        host = host_of(f"https://{text.strip()}")
    except ValueError:
        host = ""
    if not host or host != text.strip().lower():
        raise Refused(N_("This is not the name of a host: %(host)s"), status=400, host=text)
    return host


def forget() -> None:
    """Read the list anew at the next question: after a change in this process."""
    global _read_at
    _read_at = float("-inf")
