"""Many POSTs at once over connections kept alive, in one thread."""

import selectors
import time
from collections import Counter, deque
from collections.abc import Hashable

import pycurl
import requests

from commons import limits
from commons.config import settings
from commons.outbound.message import Answer
from commons.outbound.transfer import Transfer
from commons.outbound.unreachable import Unreachable

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

Outcome = tuple[Hashable, Answer | Unreachable]


class Courier:
    """Carries requests of ``prepare`` and brings back what became of each.

    At most ``limits.CONNECTIONS_PER_HOST`` are under way to a host; others to it wait here, and
    their deadline, ``limits.DELIVERY_SECONDS``, runs only from their start. A redirect is just an
    answer; bodies are cut at ``limits.DELIVERY_ANSWER``. A request whose kept connection turns
    out to be dead is sent again by libcurl, so a peer may rarely see it twice.
    Belongs to the thread that made it, and must not be carried through a fork.
    """

    def __init__(self) -> None:
        self._config = settings()
        self._idle: list[Transfer] = []
        self._flying: dict[pycurl.Curl, tuple[Hashable, str, Transfer]] = {}
        self._busy: Counter[str] = Counter()
        self._waiting: dict[str, deque[tuple[Hashable, requests.PreparedRequest]]] = {}
        self._in_flight = 0
        self._selector = selectors.DefaultSelector()
        self._alarm: float | None = None
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, limits.DELIVERY_CONNECTIONS)
        # Not CurlMulti.select(): select(2) knows no descriptor above 1023.
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_interest)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    @property
    def in_flight(self) -> int:
        """How many were sent and not yet collected."""
        return self._in_flight

    def send(self, key: Hashable, request: requests.PreparedRequest) -> None:
        """Start carrying ``request``; ``collect`` returns its fate under ``key``."""
        host = str(request.headers["Host"])
        self._waiting.setdefault(host, deque()).append((key, request))
        self._in_flight += 1
        self._fill(host)

    def collect(self, seconds: float) -> list[Outcome]:
        """What has finished; waits up to ``seconds`` for the first, not at all with nothing in flight."""
        deadline = time.monotonic() + seconds
        while self._in_flight:
            left = deadline - time.monotonic()
            self._turn(max(0.0, left))
            finished = self._finished()
            if finished or left <= 0:
                return finished
        return []

    def close(self) -> None:
        """Drop what is in flight and close every connection.

        Waits for name look-ups that hang, as long as the system's resolver does (about 10 seconds).
        """
        for _key, _host, transfer in self._flying.values():
            self._multi.remove_handle(transfer.curl)
            transfer.close()
        for transfer in self._idle:
            transfer.close()
        self._flying.clear()
        self._idle.clear()
        self._waiting.clear()
        self._busy.clear()
        self._in_flight = 0
        self._multi.close()
        self._selector.close()

    def _fill(self, host: str) -> None:
        """Start what waits for ``host``, as far as it may.

        A new TLS connection costs as much as ten POSTs over an open one, so a short queue gets one.
        """
        waiting = self._waiting[host]
        while waiting:
            wanted = limits.CONNECTIONS_PER_HOST if len(waiting) > limits.SHORT_QUEUE else 1
            if self._busy[host] >= wanted:
                return
            self._start(host, *waiting.popleft())
        if not self._busy[host]:
            del self._busy[host], self._waiting[host]

    def _start(self, host: str, key: Hashable, request: requests.PreparedRequest) -> None:
        transfer = self._idle.pop() if self._idle else self._new_transfer()
        transfer.load(request)
        self._flying[transfer.curl] = (key, host, transfer)
        self._busy[host] += 1
        self._multi.add_handle(transfer.curl)

    def _new_transfer(self) -> Transfer:
        transfer = Transfer(self._config, cut=True)
        transfer.bound(limits.DELIVERY_ANSWER, limits.DELIVERY_SECONDS)
        return transfer

    def _turn(self, seconds: float) -> None:
        """Wait for a socket or libcurl's own timer, and let libcurl act on it."""
        if self._alarm is not None:
            seconds = min(seconds, max(0.0, self._alarm - time.monotonic()))
        for ready, events in self._selector.select(seconds):
            readable = pycurl.CSELECT_IN if events & READ else 0
            writable = pycurl.CSELECT_OUT if events & WRITE else 0
            self._multi.socket_action(ready.fd, readable | writable)
        if self._alarm is not None and self._alarm <= time.monotonic():
            self._alarm = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def _on_interest(self, interest: int, descriptor: int, _multi: object, known: object) -> None:
        """libcurl says for what it waits at a socket."""
        if interest == pycurl.POLL_REMOVE:
            self._selector.unregister(descriptor)
            return
        events = (READ if interest & pycurl.POLL_IN else 0) | (WRITE if interest & pycurl.POLL_OUT else 0)
        if known:
            self._selector.modify(descriptor, events)
        else:
            self._selector.register(descriptor, events)
            self._multi.assign(descriptor, True)

    def _on_timer(self, milliseconds: int) -> None:
        self._alarm = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _finished(self) -> list[Outcome]:
        finished: list[Outcome] = []
        more = 1
        while more:
            more, good, bad = self._multi.info_read()
            finished.extend(self._land(curl) for curl in good)
            finished.extend(self._land(*failed) for failed in bad)
        return finished

    def _land(self, curl: pycurl.Curl, code: int = 0, detail: str = "") -> Outcome:
        key, host, transfer = self._flying.pop(curl)
        outcome = transfer.outcome(code, detail)
        self._multi.remove_handle(curl)
        self._idle.append(transfer)
        self._in_flight -= 1
        self._busy[host] -= 1
        self._fill(host)
        return key, outcome
