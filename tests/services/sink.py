"""A receiver that only takes: one server that is every loopback host, and keeps what each inbox got.

It does not look at signatures (the Fedify peer does); it is there to be quick, and to be counted.
"""

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from commons.clock import now
from federation.models import Actor, Follow


@dataclass
class Sink:
    """What came in: ``copies[activity][inbox]`` holds the bodies, in order."""

    port: int = 0
    seconds: float = 0.0
    copies: dict[str, dict[str, list[bytes]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    lock: threading.Lock = field(default_factory=threading.Lock)

    def inboxes(self, count: int) -> list[str]:
        """So many inboxes, each on a host of its own (at most 250)."""
        return [f"http://127.0.0.{2 + number}:{self.port}/inbox" for number in range(count)]

    def take(self, inbox: str, body: bytes) -> None:
        activity = json.loads(body)["id"]
        with self.lock:
            self.copies[activity][inbox].append(body)

    def got(self, activity: str) -> set[str]:
        """The inboxes that got an activity at least once."""
        with self.lock:
            return set(self.copies[activity]) if activity in self.copies else set()

    def bodies(self, activity: str) -> set[bytes]:
        """The different bodies that came under one id; more than one is a fault."""
        with self.lock:
            return {body for bodies in self.copies[activity].values() for body in bodies}

    def arrived(self) -> int:
        """How many copies came in, with those that came twice."""
        with self.lock:
            return sum(len(bodies) for by_inbox in self.copies.values() for bodies in by_inbox.values())

    def effects(self, inbox: str) -> Counter[str]:
        """What a server does that keeps each activity once: how often each object was created, boosted …"""
        with self.lock:
            seen = [bodies[inbox][0] for bodies in self.copies.values() if inbox in bodies]
        kinds: Counter[str] = Counter()
        for body in seen:
            value = json.loads(body)
            object_ = value["object"]
            kinds[f"{value['type']} {object_ if isinstance(object_, str) else object_['id']}"] += 1
        return kinds


def follow(session: Session, followed: Actor, inboxes: list[str]) -> None:
    """Have the one person behind each inbox follow ``followed``."""
    for inbox in inboxes:
        person = _person(session, inbox)
        uri = f"{person.uri}/follows/{followed.handle}"
        session.add(Follow(follower_id=person.id, followed_id=followed.id, uri=uri, accepted_at=now()))


def _person(session: Session, inbox: str) -> Actor:
    uri = inbox.removesuffix("inbox") + "reader"
    known = session.scalar(select(Actor).where(Actor.uri == uri))
    if known is not None:
        return known
    host = urlsplit(inbox).netloc
    person = Actor(
        uri=uri, local=False, kind="Person", handle="reader", host=host, name="Reader", url=uri, inbox=inbox
    )
    session.add(person)
    session.flush()
    return person


@contextmanager
def running(seconds: float = 0.0) -> Iterator[Sink]:
    """A sink on a free port of every loopback address, that takes ``seconds`` for each answer."""
    sink = Sink(seconds=seconds)
    server = _Server(("0.0.0.0", 0), _handler(sink))
    sink.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield sink
    server.shutdown()
    server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Whoever is killed leaves connections half open: nothing to tell."""


def _handler(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.take(f"http://{self.headers['Host']}{self.path}", body)
            time.sleep(sink.seconds)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
