"""The signer's and the ballot box's applications behind their doors, in threads of this process.

So the tests' clock is theirs too. That they are processes of their own is tested in ``test_keepers.py``.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from commons import doors
from membership.elections import box, signer
from membership.elections.box.boxes import Boxes
from membership.elections.box.endpoints import create_inside
from membership.elections.endpoints import create_box
from membership.elections.signer.endpoints import create_signer
from membership.elections.signer.keys import Keys
from tests.membership.elections.protocol import world


@dataclass
class Keepers:
    """What the two keep."""

    keys: Keys
    boxes: Boxes


class Silent(WSGIRequestHandler):
    """No line for a request, as in the real ones."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextmanager
def running(data: Path) -> Iterator[Keepers]:
    """Both, with their files below ``data``. All elections share a signing key, which takes long to make."""
    found = Keepers(Keys(data / "signer", world.signer), Boxes(data / "box"))
    applications = {
        signer.DOOR: create_signer(found.keys),
        box.OUTER: create_box(found.boxes),
        box.INNER: create_inside(found.boxes),
    }
    with ExitStack() as stack:
        for name, application in applications.items():
            stack.enter_context(_behind(doors.build(data, name), application))
        yield found


@contextmanager
def serving(application: Callable[..., object], host: str = "127.0.0.1") -> Iterator[int]:
    """The port at which ``application`` answers within the block (of no use where host is a Unix socket)."""
    server = make_server(host, 0, application, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _behind(door: Path, application: Callable[..., object]) -> Iterator[None]:
    with serving(application, f"unix://{door}"):
        yield
    door.unlink(missing_ok=True)
