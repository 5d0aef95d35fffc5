"""Gunicorn with threads, told all it needs here instead of in a file. It writes no access log."""

from collections.abc import Callable, Sequence
from typing import Any

from gunicorn.app.base import BaseApplication

from commons.processes import die_with_parent

THREADS = 16


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn for the application that ``make`` gives."""

    def __init__(self, make: Callable[[], Any], options: dict[str, Any]) -> None:
        self.make = make
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self.make()


def run(
    make: Callable[[], Any],
    *,
    name: str,
    bind: Sequence[str],
    workers: int = 1,
    after_fork: Callable[[], None] = lambda: None,
    **options: Any,
) -> None:
    """Serve until SIGTERM at every address of ``bind`` (``host:port`` or ``unix:path``).

    ``make`` gives the WSGI application; ``after_fork`` runs in each worker process before that.
    ``options`` are further settings of gunicorn.
    """

    def begin(server: Any, _worker: Any) -> None:
        die_with_parent(server.pid)
        after_fork()

    usual = {
        "bind": list(bind),
        "workers": workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "keepalive": 5,
        "timeout": 60,
        "graceful_timeout": 5,
        "loglevel": "warning",
        "proc_name": f"rostra-{name}",
        "post_fork": begin,
        # Peers are told apart by the address that connects; see ROSTRA_PROXIES.
        "forwarded_allow_ips": "",
        # A second way to command the process, in a folder that all newsrooms of a user share.
        "control_socket_disable": True,
    }
    Server(make, usual | options).run()
