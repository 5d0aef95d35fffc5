"""The application behind an address that a browser can ask, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from werkzeug.serving import make_server

from commons import config
from commons.config import Config


def at_a_free_port(settings: Config, host: str = "127.0.0.1") -> Config:
    """The settings of this process with an origin at a free port: a browser asks for the port it is told."""
    placeholder = make_server("127.0.0.1", 0, lambda _environ, _start: [])
    port = placeholder.server_port
    placeholder.server_close()
    moved = replace(settings, origin=f"http://{host}:{port}")
    config.use(moved)
    return moved


@contextmanager
def served(app: Any, origin: str) -> Iterator[str]:
    """``app`` at ``origin``, until the end of the block."""
    server = make_server("127.0.0.1", int(origin.rpartition(":")[2]), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield origin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
