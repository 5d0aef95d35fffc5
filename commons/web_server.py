"""The production web process."""

from collections.abc import Callable
from typing import Any

from commons import http_server
from commons.db import use


def run(application: Callable[[], Any], host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM. ``application`` is called in each worker process."""
    http_server.run(
        application,
        name="web",
        bind=[f"{host}:{port}"],
        workers=workers,
        after_fork=lambda: use(None),
    )
