"""The doctor asks for our WebFinger at our public address, as others do."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from werkzeug.serving import make_server

import wsgi
from commons import outbound
from commons.config import Config, use
from commons.db import Database
from commons.refusal import Refused
from federation import actors, webfinger


@pytest.fixture
def served(settings: Config, db: Database) -> Iterator[Config]:
    """A founded newsroom that answers at its origin."""
    server = make_server("127.0.0.1", 0, wsgi.create_app, threaded=True)
    here = replace(settings, origin=f"http://127.0.0.1:{server.server_port}")
    use(here)
    with db.transaction() as session:
        actors.found_newsroom(session)
    server.app = wsgi.create_app()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_newsroom_is_found(served: Config) -> None:
    assert webfinger.look_at_ourselves() == f"acct:newsroom@{served.host} is found"


def test_a_loopback_origin_is_not_looked_at(served: Config) -> None:
    assert webfinger.look_from_outside().startswith("not looked at")


def test_another_answer_is_wrong(served: Config) -> None:
    use(replace(served, handle="somebody"))
    with pytest.raises(Refused, match="answers 404"):
        webfinger.look_at_ourselves()


def test_silence_is_wrong(settings: Config) -> None:
    use(replace(settings, origin="http://127.0.0.1:1"))
    with pytest.raises(Refused, match="cannot be reached"):
        webfinger.look_at_ourselves()


def test_nobody_else_fetches_from_our_own_host(served: Config) -> None:
    with pytest.raises(outbound.Unreachable, match="our own host"):
        outbound.fetch(f"{served.origin}/actor", accept="*/*")
