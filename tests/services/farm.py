"""A farm of scripted peers: a fake, for answers that no real server gives on demand.

One loopback server plays any number of people. It serves their actors, keeps what is posted to
their inboxes, and answers with the statuses that a test scripted.
"""

import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from federation import keys, signatures
from federation.keys import generate
from tests.services.signing import Outgoing

JSON = "application/activity+json"


@cache
def private_key(number: int = 0, kind: keys.Kind = "rsa") -> keys.PrivateKey:
    """A key, made once for the test run; other numbers give other keys."""
    return generate(kind)


def made_before(kind: keys.Kind) -> keys.PrivateKey:
    """In place of ``keys.generate``: the same key for everybody of ours."""
    return private_key(99, kind)


@dataclass
class Farm:
    """What the farm serves and what it has got."""

    origin: str
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    statuses: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    received: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def person(self, name: str, *, shared: bool = False, key: int = 0) -> str:
        """A new actor; returns its address."""
        uri = f"{self.origin}/u/{name}"
        public = private_key(key).public_key()
        self.documents[f"/u/{name}"] = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": uri,
            "type": "Person",
            "preferredUsername": name,
            "name": name.title(),
            "inbox": f"{uri}/inbox",
            "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": keys.public_pem(public)},
        } | ({"endpoints": {"sharedInbox": f"{self.origin}/inbox"}} if shared else {})
        return uri

    def inbox(self, path: str) -> list[dict[str, Any]]:
        """What was posted to ``path`` and taken."""
        return [value for at, value, _headers in self.received if at == path]

    def activity(self, actor: str, kind: str, object: Any, **more: Any) -> dict[str, Any]:
        return {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"{self.origin}/activities/{uuid.uuid4()}",
            "type": kind,
            "actor": actor,
            "object": object,
        } | more

    def note(self, author: str, in_reply_to: str | None, content: str, **more: Any) -> dict[str, Any]:
        return (
            {
                "id": f"{self.origin}/notes/{uuid.uuid4()}",
                "type": "Note",
                "attributedTo": author,
                "to": ["https://www.w3.org/ns/activitystreams#Public"],
                "content": content,
                "published": "2026-11-24T06:00:00Z",
            }
            | ({"inReplyTo": in_reply_to} if in_reply_to else {})
            | more
        )


def signed(
    url: str,
    activity: dict[str, Any] | bytes,
    actor: str,
    *,
    key: int = 0,
    dialect: signatures.Dialect = "cavage",
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of an activity as ``actor`` would send it to ``url``."""
    body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
    request = Outgoing(url=url, body=body, headers={"Host": urlsplit(url).netloc, "Content-Type": JSON})
    signatures.sign(request, f"{actor}#main-key", private_key(key), dialect)
    return body, dict(request.headers)


@contextmanager
def running(host: str = "127.0.0.1") -> Iterator[Farm]:
    """A farm on a free port of ``host``."""
    farm = Farm("")
    server = ThreadingHTTPServer((host, 0), _handler(farm))
    farm.origin = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield farm
    server.shutdown()
    server.server_close()


def _handler(farm: Farm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            farm.fetched.append(self.path)
            if self.path in farm.gone:
                self._answer(410)
            elif self.path in farm.documents:
                self._answer(200, json.dumps(farm.documents[self.path]).encode())
            else:
                self._answer(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            script = farm.statuses[self.path]
            status = script.pop(0) if len(script) > 1 else (script[0] if script else 202)
            if status < 300:
                farm.received.append((self.path, json.loads(body), dict(self.headers)))
            self._answer(status)

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Type", JSON)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
