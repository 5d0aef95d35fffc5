"""The front door: whether a port is free, told before anything is started."""

import socket
import threading
from collections.abc import Iterator

import pytest

from commons import doors, supervisor, web_server
from commons.config import Config
from commons.refusal import Refused


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "ENDING_SECONDS", 0.0)


def test_a_port_on_which_another_program_listens_is_refused(taken: socket.socket, impatient: None) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(Refused, match=f"at 127.0.0.1, port {port}: Address already in use"):
        doors.require_free("127.0.0.1", port)


def test_an_address_that_is_not_of_this_machine_is_refused(impatient: None) -> None:
    with pytest.raises(Refused, match="Cannot assign requested address"):
        doors.require_free("192.0.2.1", 8000)
    with pytest.raises(Refused, match="no such host"):
        doors.require_free("nobody.invalid", 8000)


def test_a_program_that_is_ending_is_waited_for(taken: socket.socket) -> None:
    threading.Timer(0.3, taken.close).start()
    doors.require_free("127.0.0.1", taken.getsockname()[1])


def test_neither_web_nor_serve_starts_on_a_taken_port(
    taken: socket.socket, impatient: None, settings: Config
) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(Refused):
        web_server.run(lambda: None, "127.0.0.1", port, 1)
    with pytest.raises(Refused):
        supervisor.serve("127.0.0.1", port, {}, "worker")
