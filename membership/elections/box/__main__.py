"""``python -m membership.elections.box [HOST:PORT]``: what ``rostra box`` runs.

It reads the settings, but no secret of the newsroom's. Its two applications listen at two sockets of one
process, so that a single lock guards each file; which of them answers is decided by the socket at which
somebody came in, and by nothing that is sent.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from commons import config, doors, http_server
from commons.config import settings
from membership.elections.box import INNER, OUTER
from membership.elections.box.boxes import Boxes
from membership.elections.box.endpoints import create_inside
from membership.elections.endpoints import create_box

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class TwoDoors:
    """The inner application for who came in at ``inner``, the outer one for everybody else."""

    def __init__(self, boxes: Boxes, inner: str) -> None:
        self._inner = inner
        self._inside: Application = create_inside(boxes)
        self._outside: Application = create_box(boxes)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        came_in_at = environ["gunicorn.socket"].getsockname()
        application = self._inside if came_in_at == self._inner else self._outside
        return application(environ, start_response)


def main(*listen: str) -> None:
    """Serve until SIGTERM, for the web process and at each ``host:port`` of ``listen``."""
    config.use(config.load(secretless=True))
    data = settings().data
    outer, inner = doors.build(data, OUTER), doors.build(data, INNER)
    http_server.run(
        lambda: TwoDoors(Boxes(data / "box"), str(inner)),
        name="box",
        bind=[f"unix:{outer}", f"unix:{inner}", *listen],
        # The doors' files are for this user and group.
        umask=0o007,
        # Gunicorn's warnings name the address that sent nonsense.
        loglevel="error",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
