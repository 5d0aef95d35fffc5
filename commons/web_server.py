"""The production web process."""

from collections.abc import Callable
from typing import Any

from commons import doors, http_server
from commons.db import use


def run(application: Callable[[], Any], host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM; ``application`` is called in each worker. Refused where the port is taken."""
    doors.require_free(host, port)
    http_server.run(
        application,
        name="web",
        bind=[f"[{host}]:{port}" if ":" in host else f"{host}:{port}"],
        workers=workers,
        after_fork=lambda: use(None),
    )
