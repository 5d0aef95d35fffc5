"""A fake of Stripe's hosted pages, ours and named so, in front of localstripe, which has none.

Checkout sessions live here; every other call is handed on to localstripe as it came. What localstripe
calls out (its signed events) is kept for a test to deliver.
"""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

import stripe

KEY = "sk_test_12345"
SECRET = "whsec_" + "c" * 32
SESSIONS = "/v1/checkout/sessions"
EVENTS = "/events"
# Of these Stripe has lists and localstripe has none.
EMPTY = ("/v1/disputes",)
# localstripe's lists take no time; they are short here, so all of each is told.
UNKNOWN = ("created[gte]",)
Object = dict[str, Any]


@dataclass
class Counter:
    """``url`` is what our settings call Stripe; ``behind`` is localstripe; ``told`` what it called out."""

    behind: str
    url: str = ""
    sessions: dict[str, Object] = field(default_factory=dict)
    told: list[tuple[bytes, str]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def listen(self) -> None:
        """Have localstripe call here whenever something happens."""
        self.ask("POST", "/_config/webhooks/counter", {"url": self.url + EVENTS, "secret": SECRET})

    def sign(self, session_id: str, number: str) -> str:
        """Somebody types a card in on the page: a saved, attached payment method; its id."""
        session = self.sessions[session_id]
        face = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2040", "card[cvc]": "123"}
        method = self.ask("POST", "/v1/payment_methods", {"type": "card", **face})["id"]
        self.ask("POST", f"/v1/payment_methods/{method}/attach", {"customer": session["customer"]})
        intent = self.ask("POST", "/v1/setup_intents", {"customer": session["customer"]})
        confirm = f"/v1/setup_intents/{intent['id']}/confirm"
        intent = self.ask("POST", confirm, {"payment_method": method})
        session.update(status="complete", setup_intent=intent, url=None)
        return str(method)

    def ask(self, method: str, path: str, values: dict[str, str]) -> Object:
        """Ask localstripe."""
        status, body = self.forward(method, path, urlencode(values).encode(), {})
        assert status < 300, body
        found: Object = json.loads(body or b"{}")
        return found

    def forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        sent = {"Authorization": f"Bearer {KEY}", **headers}
        request = Request(self.behind + path, data=body or None, method=method, headers=sent)
        try:
            with urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()

    def tell(self, kind: str, about: Object) -> tuple[bytes, str]:
        """An event as Stripe would call it out; localstripe has none of payments."""
        event = {
            "id": f"evt_counter_{next(self.numbers)}",
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": about},
        }
        body = json.dumps(event).encode()
        signed = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET, int(time.time()))
        return body, str(signed)

    def open(self, values: dict[str, str]) -> Object:
        """A page that is asked for."""
        number = next(self.numbers)
        session = {
            "id": f"cs_test_{number:06}",
            "object": "checkout.session",
            "created": int(time.time()),
            "mode": values["mode"],
            "status": "open",
            "payment_intent": None,
            "setup_intent": None,
            "customer": values.get("customer"),
            "metadata": {
                name[len("metadata[") : -1]: value
                for name, value in values.items()
                if name.startswith("metadata[")
            },
            "success_url": values["success_url"],
        }
        session["url"] = f"{self.url}/page/{session['id']}"
        self.sessions[str(session["id"])] = session
        return session


@contextmanager
def running(behind: str) -> Iterator[Counter]:
    """The counter on a free port of loopback."""
    counter = Counter(behind)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(counter))
    server.daemon_threads = True
    counter.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    counter.listen()
    yield counter
    server.shutdown()
    server.server_close()


def _handler(counter: Counter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_GET(self) -> None:
            self._answer("GET", b"")

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def do_DELETE(self) -> None:
            self._answer("DELETE", b"")

        def _answer(self, method: str, body: bytes) -> None:
            path = urlsplit(self.path).path
            if path == EVENTS:
                counter.told.append((body, self.headers["Stripe-Signature"]))
                self._send(200, {})
            elif path.startswith(SESSIONS):
                self._session(method, path.removeprefix(SESSIONS).strip("/"), body)
            elif method == "GET" and path in EMPTY:
                self._send(200, {"object": "list", "data": [], "has_more": False, "url": path})
            else:
                kept = {
                    name: value
                    for name, value in self.headers.items()
                    if name in ("Content-Type", "Idempotency-Key")
                }
                asked = [pair for pair in parse_qsl(urlsplit(self.path).query) if pair[0] not in UNKNOWN]
                status, found = counter.forward(method, f"{path}?{urlencode(asked)}", body, kept)
                self._send(status, json.loads(found or b"{}"))

        def _session(self, method: str, session_id: str, body: bytes) -> None:
            if method == "POST":
                self._send(200, counter.open(dict(parse_qsl(body.decode()))))
            elif session_id:
                self._send(200, counter.sessions[session_id])
            else:
                found = list(counter.sessions.values())
                self._send(200, {"object": "list", "data": found, "has_more": False, "url": SESSIONS})

        def _send(self, status: int, value: Object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    return Handler
