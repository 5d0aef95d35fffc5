"""The production web process: gunicorn with threads."""

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from commons.db import use
from commons.processes import die_with_parent

THREADS = 16


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn, told all it needs here instead of in a file."""

    def __init__(self, application: Callable[[], Any], options: dict[str, Any]) -> None:
        self.make = application
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self.make()


def run(application: Callable[[], Any], host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM. ``application`` is called in each worker process."""
    Server(
        application,
        {
            "bind": f"{host}:{port}",
            "workers": workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "keepalive": 5,
            "timeout": 60,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "proc_name": "rostra-web",
            "post_fork": _after_fork,
            # Peers are told apart by the address that connects; see ROSTRA_PROXIES.
            "forwarded_allow_ips": "",
        },
    ).run()


def _after_fork(server: Any, _worker: Any) -> None:
    die_with_parent(server.pid)
    use(None)
