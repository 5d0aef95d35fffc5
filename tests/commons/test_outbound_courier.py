"""Many POSTs at once, among peers of every kind."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import requests

from commons import limits
from commons.config import Config, use
from commons.outbound import Answer, Courier, Unreachable, prepare
from tests.commons.peers import Connection, Peer, answering, http, listening, saying

ACCEPTED = http(202)


@pytest.fixture
def courier(settings: Config) -> Iterator[Courier]:
    carrier = Courier()
    yield carrier
    carrier.close()


def post(peer: Peer, path: str = "/inbox", body: bytes = b"{}") -> requests.PreparedRequest:
    return prepare("POST", peer.url(path), {"Content-Type": "application/activity+json"}, body)


def everything(courier: Courier) -> dict[Hashable, Answer | Unreachable]:
    found: dict[Hashable, Answer | Unreachable] = {}
    for _ in range(1000):
        if not courier.in_flight:
            break
        for key, outcome in courier.collect(5):
            assert key not in found
            found[key] = outcome
    assert courier.in_flight == 0
    return found


def kind(outcome: Answer | Unreachable) -> str | int:
    return outcome.kind if isinstance(outcome, Unreachable) else outcome.status


def test_each_post_arrives_once_and_its_answer_comes_back_under_its_key(courier: Courier) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(listening(ACCEPTED, host=f"127.0.0.{n}")) for n in range(2, 12)]
        for number in range(200):
            courier.send(number, post(peers[number % 10], f"/inbox/{number}", b'{"n":%d}' % number))
        found = everything(courier)
    assert {key: kind(outcome) for key, outcome in found.items()} == dict.fromkeys(range(200), 202)
    bodies = sorted(asked.partition(b"\r\n\r\n")[2] for peer in peers for asked in peer.requests)
    assert bodies == sorted(b'{"n":%d}' % number for number in range(200))
    assert isinstance(found[7], Answer)
    assert found[7].url == peers[7].url("/inbox/7")


def test_connections_are_kept_between_batches(courier: Courier) -> None:
    with listening(ACCEPTED) as peer:
        for number in range(5):
            courier.send(number, post(peer))
            everything(courier)
    assert (peer.connections, len(peer.requests)) == (1, 5)


def test_a_host_never_sees_more_connections_than_allowed(courier: Courier) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def play(connection: Connection) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        while connection.request():
            time.sleep(0.002)
            connection.say(ACCEPTED)
        with lock:
            busy -= 1

    with listening(play) as peer:
        for number in range(60):
            courier.send(number, post(peer))
        assert courier.in_flight == 60
        assert {kind(outcome) for outcome in everything(courier).values()} == {202}
    assert most == limits.CONNECTIONS_PER_HOST


def test_time_spent_waiting_for_a_turn_does_not_count(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DELIVERY_SECONDS", 0.6)

    def answer(_asked: bytes) -> bytes:
        time.sleep(0.25)
        return ACCEPTED

    with listening(answering(answer)) as peer:
        for number in range(4):
            courier.send(number, post(peer))
        assert [kind(outcome) for outcome in everything(courier).values()] == [202] * 4


def test_a_hanging_host_does_not_hold_up_the_others(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DELIVERY_SECONDS", 2)
    with listening(saying(silent)) as hanging, listening(ACCEPTED) as good:
        courier.send("hanging", post(hanging))
        for number in range(20):
            courier.send(number, post(good))
        first = [key for _ in range(20) if courier.in_flight > 1 for key, _ in courier.collect(1)]
        assert sorted(str(key) for key in first) == sorted(map(str, range(20)))
        assert kind(everything(courier)["hanging"]) == "timeout"


def silent() -> Iterator[bytes]:
    time.sleep(30)
    yield b""


def dripping() -> Iterator[bytes]:
    yield b"HTTP/1.1 202 Accepted\r\nX: "
    while True:
        time.sleep(0.02)
        yield b"x"


def test_the_deadline_is_wall_clock(courier: Courier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DELIVERY_SECONDS", 0.4)
    with listening(saying(dripping)) as peer:
        began = time.monotonic()
        courier.send(1, post(peer))
        assert kind(everything(courier)[1]) == "timeout"
        assert time.monotonic() - began < 5


def test_collect_waits_no_longer_than_asked_and_not_at_all_for_nothing(courier: Courier) -> None:
    began = time.monotonic()
    assert courier.collect(60) == []
    with listening(saying(silent)) as peer:
        courier.send(1, post(peer))
        assert courier.collect(0) == []
        assert courier.collect(0.2) == []
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_just_an_answer(courier: Courier, status: int) -> None:
    with listening(ACCEPTED, host="127.0.0.3") as other:
        with listening(http(status, location=other.url())) as peer:
            courier.send(1, post(peer))
            assert kind(everything(courier)[1]) == status
        assert other.connections == 0


@pytest.mark.parametrize("status", [200, 202, 400, 401, 410, 429, 503])
def test_every_status_is_an_answer_with_its_headers(courier: Courier, status: int) -> None:
    with listening(http(status, b"why", Retry_After="120")) as peer:
        courier.send(1, post(peer))
        answer = everything(courier)[1]
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["retry-after"], answer.body) == (status, "120", b"why")


def long_winded() -> Iterator[bytes]:
    yield b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"1000\r\n" + b"x" * 4096 + b"\r\n"


def test_a_long_answer_is_cut_and_still_an_answer(courier: Courier) -> None:
    with listening(saying(long_winded)) as peer:
        courier.send(1, post(peer))
        answer = everything(courier)[1]
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (202, b"x" * limits.DELIVERY_ANSWER)


def headers_without_end() -> Iterator[bytes]:
    yield b"HTTP/1.1 202 Accepted\r\n"
    while True:
        yield b"X: " + b"x" * 1000 + b"\r\n"


def broken_off() -> Iterator[bytes]:
    yield b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nx"


def another_protocol() -> Iterator[bytes]:
    yield b"SSH-2.0-OpenSSH_9.9\r\n"


def nothing() -> Iterator[bytes]:
    yield b""


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (headers_without_end, "headers"),
        (broken_off, "network"),
        (another_protocol, "network"),
        (nothing, "network"),
    ],
)
def test_misbehaviour_has_a_kind_and_spoils_nothing_after_it(
    courier: Courier, parts: Callable[[], Iterator[bytes]], expected: str
) -> None:
    with listening(saying(parts)) as bad, listening(ACCEPTED) as good:
        for number in range(10):
            courier.send(f"bad {number}", post(bad))
            courier.send(f"good {number}", post(good))
        found = everything(courier)
    assert {(str(key).split()[0], kind(outcome)) for key, outcome in found.items()} == {
        ("bad", expected),
        ("good", 202),
    }


def test_inward_addresses_are_refused_at_the_socket(settings: Config) -> None:
    use(replace(settings, origin="https://ours.example", private_peers=False))
    carrier = Courier()
    with listening(ACCEPTED) as canary:
        for host in ("127.0.0.1", "localhost", "2130706433", "127.1"):
            request = prepare("POST", "https://news.example/inbox", {}, b"{}")
            request.url = f"https://{host}:{canary.port}/inbox"
            carrier.send(host, request)
        found = everything(carrier)
        assert {kind(outcome) for outcome in found.values()} == {"address"}
        assert canary.connections == 0
    carrier.close()


def test_without_private_peers_http_is_not_spoken(settings: Config) -> None:
    use(replace(settings, private_peers=False))
    carrier = Courier()
    with listening(ACCEPTED) as canary:
        request = prepare("POST", "https://news.example/inbox", {}, b"{}")
        request.url = canary.url()
        carrier.send(1, request)
        assert kind(everything(carrier)[1]) == "network"
        assert canary.connections == 0
    carrier.close()


def test_nobody_listening_and_no_such_name_are_told_apart(courier: Courier) -> None:
    with listening(ACCEPTED) as gone:
        pass
    courier.send("gone", post(gone))
    courier.send("nameless", prepare("POST", "http://does-not-exist.invalid/inbox", {}, b"{}"))
    assert {key: kind(outcome) for key, outcome in everything(courier).items()} == {
        "gone": "connect",
        "nameless": "dns",
    }


def test_a_kept_connection_that_died_is_replaced(courier: Courier) -> None:
    def one_each(connection: Connection) -> None:
        connection.request()
        connection.say(ACCEPTED)

    with listening(one_each) as peer:
        for number in range(3):
            courier.send(number, post(peer))
            assert kind(everything(courier)[number]) == 202
    assert len(peer.requests) == 3


def test_a_closed_courier_leaves_no_connection_behind(settings: Config) -> None:
    ended = threading.Event()

    def play(connection: Connection) -> None:
        while connection.request():
            connection.say(ACCEPTED)
        ended.set()

    carrier = Courier()
    with listening(play) as peer:
        carrier.send(1, post(peer))
        everything(carrier)
        carrier.send(2, post(peer))
        carrier.close()
        assert ended.wait(5)
    assert carrier.in_flight == 0
