"""Signer and ballot box for the demo's past, in threads of the process that plays it.

The real ones are processes for whom it is today. Here they share the clock that the scenes set, and write
the same files, which the real ones take over afterwards.
"""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from commons import doors
from commons.config import settings
from membership.elections import box, signer
from membership.elections.box.boxes import Boxes
from membership.elections.box.endpoints import create_inside
from membership.elections.endpoints import create_box
from membership.elections.signer.endpoints import create_signer
from membership.elections.signer.keys import Keys

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Silent(WSGIRequestHandler):
    """No line for a request, as in the real ones."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextmanager
def at_work() -> Iterator[Boxes]:
    """Both at doors of their own; the boxes, to cast into."""
    boxes = Boxes(settings().data / "box")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        doors.use(Path(folder))
        stack.callback(doors.use, None)
        stack.enter_context(behind_doors(settings().data, Keys(settings().data / "signer"), boxes))
        yield boxes


@contextmanager
def behind_doors(data: Path, keys: Keys, boxes: Boxes) -> Iterator[None]:
    """The applications of both answer at the doors of ``data`` within the block."""
    applications = {
        signer.DOOR: create_signer(keys),
        box.OUTER: create_box(boxes),
        box.INNER: create_inside(boxes),
    }
    with ExitStack() as stack:
        for name, application in applications.items():
            stack.enter_context(_serving(application, doors.build(data, name)))
        yield


def forget() -> None:
    """Throw away what an earlier demo left: without its database nobody can open it."""
    for name in ("box", "signer"):
        shutil.rmtree(settings().data / name, ignore_errors=True)


@contextmanager
def _serving(application: "WSGIApplication", door: Path) -> Iterator[None]:
    server = make_server(f"unix://{door}", 0, application, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        door.unlink(missing_ok=True)
