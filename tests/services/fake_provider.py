"""A fake of Stripe, ours and named so: the few endpoints that we use, on loopback, with what tests need.

It keeps idempotency keys as Stripe does, has disputes and pages to pay on, and hands out its events
for a test to deliver as often and in whatever order it likes. It can lose answers and be away.
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
from urllib.parse import parse_qsl, urlsplit

import stripe

KEY = "sk_test_rostra"
SECRET = "whsec_" + "s" * 32
FEE = 35
DISPUTE_FEE = 1500

Object = dict[str, Any]


class Answer(Exception):
    """An error as Stripe answers it."""

    def __init__(self, status: int, **error: object) -> None:
        super().__init__(str(error))
        self.status = status
        self.error = error


@dataclass
class FakeProvider:
    """What the fake knows. ``declines`` are payment methods that are refused, with the code."""

    url: str = ""
    objects: dict[str, Object] = field(default_factory=dict)
    events: list[Object] = field(default_factory=list)
    keys: dict[str, tuple[str, Object]] = field(default_factory=dict)
    declines: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    lost_answers: int = 0
    away: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # What a test does at the provider

    def pay(self, session_id: str, *, kind: str = "card", settle: bool = True) -> Object:
        """Somebody pays on the page; a direct debit stays ``processing`` unless ``settle``."""
        with self.lock:
            session = self.objects[session_id]
            intent = self._intent(session["amount"], session["currency"], session["intent_metadata"])
            session.update(status="complete", payment_intent=intent["id"], url=None)
            self._event("checkout.session.completed", session)
            if settle:
                self.settle(intent["id"], kind)
            else:
                intent.update(status="processing")
                self._event("payment_intent.processing", intent)
            return intent

    def settle(self, intent_id: str, kind: str = "card") -> None:
        """The money is there."""
        with self.lock:
            intent = self.objects[intent_id]
            charge = self._new(
                "charge", "ch", payment_intent=intent_id, amount=intent["amount"], currency=intent["currency"]
            )
            charge["payment_method_details"] = {"type": kind}
            booked = {
                "id": self._id("txn"),
                "object": "balance_transaction",
                "fee": FEE,
            }
            charge["balance_transaction"] = booked
            intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge)
            self._event("charge.succeeded", charge)
            self._event("payment_intent.succeeded", intent)

    def bounce(self, intent_id: str, code: str = "insufficient_funds") -> None:
        """A direct debit comes back before it was there."""
        with self.lock:
            intent = self.objects[intent_id]
            intent.update(status="requires_payment_method", last_payment_error={"code": code})
            self._event("payment_intent.payment_failed", intent)

    def sign(self, session_id: str, kind: str = "card") -> str:
        """Somebody signs a mandate on the page; the id of her payment method."""
        with self.lock:
            session = self.objects[session_id]
            method = self._new("payment_method", "pm", type=kind, customer=session["customer"])
            intent = self._new(
                "setup_intent",
                "seti",
                status="succeeded",
                payment_method=method["id"],
                payment_method_types=[kind],
            )
            session.update(status="complete", setup_intent=intent, url=None)
            self._event("checkout.session.completed", session)
            return str(method["id"])

    def expire(self, session_id: str) -> None:
        with self.lock:
            self.objects[session_id].update(status="expired", url=None)
            self._event("checkout.session.expired", self.objects[session_id])

    def dispute(self, intent_id: str, amount: int | None = None) -> str:
        """A payer's bank takes money back."""
        with self.lock:
            intent = self.objects[intent_id]
            taken = amount or intent["amount"]
            moved = {"id": self._id("txn"), "object": "balance_transaction", "type": "adjustment"}
            found = self._new(
                "dispute",
                "dp",
                payment_intent=intent_id,
                amount=taken,
                currency=intent["currency"],
                status="needs_response",
                balance_transactions=[moved | {"amount": -taken, "fee": DISPUTE_FEE}],
            )
            self._event("charge.dispute.created", found)
            return str(found["id"])

    def close(self, dispute_id: str, status: str) -> None:
        """A dispute is ``won`` or ``lost``."""
        with self.lock:
            self.objects[dispute_id]["status"] = status
            self._event("charge.dispute.closed", self.objects[dispute_id])

    def give_back(self, intent_id: str, amount: int) -> Object:
        """Somebody refunds by hand, at the provider."""
        with self.lock:
            return self._refund({"payment_intent": intent_id, "amount": str(amount)})

    def balance(self) -> int:
        """What it holds for us, in minor units."""
        total = 0
        for each in self.objects.values():
            if each["object"] == "charge":
                total += each["amount"] - FEE
            elif each["object"] == "refund" and each["status"] == "succeeded":
                total -= each["amount"]
            elif each["object"] == "dispute":
                total -= DISPUTE_FEE + (0 if each["status"] == "won" else each["amount"])
        return total

    def of(self, kind: str) -> list[Object]:
        """All objects of a kind, oldest first."""
        return [each for each in self.objects.values() if each["object"] == kind]

    # What it sends

    def bodies(self) -> list[bytes]:
        """Every event so far, as it would be sent."""
        with self.lock:
            return [json.dumps(event).encode() for event in self.events]

    def _event(self, kind: str, about: Object) -> None:
        self.events.append(
            {
                "id": self._id("evt"),
                "object": "event",
                "type": kind,
                "created": int(time.time()),
                "livemode": False,
                "data": {"object": json.loads(json.dumps(about))},
            }
        )

    # What it answers

    def answer(self, method: str, path: str, values: dict[str, str], key: str) -> Object:
        with self.lock:
            self.calls.append((method, path))
            if method == "POST" and key:
                return self._once(key, path, values)
            return self._do(method, path, values)

    def _once(self, key: str, path: str, values: dict[str, str]) -> Object:
        asked = json.dumps([path, values], sort_keys=True)
        if key in self.keys:
            if self.keys[key][0] != asked:
                raise Answer(400, type="idempotency_error", message="same key, other request")
            return self.keys[key][1]
        try:
            made = self._do("POST", path, values)
        except Answer as error:
            made = {"_status": error.status, "error": error.error}
        self.keys[key] = asked, made
        return made

    def _do(self, method: str, path: str, values: dict[str, str]) -> Object:
        _root, _v1, kind, *rest = path.split("/")
        if kind == "checkout":
            kind, rest = "checkout.session", rest[1:]
        else:
            kind = kind.removesuffix("s")
        if method == "POST" and not rest:
            return self._create(kind, values)
        if method == "POST" and rest[1:] == ["detach"]:
            return self._one(rest[0]) | {"customer": None}
        if rest:
            return self._one(rest[0])
        since = int(values.get("created[gte]", 0))
        wanted = {name: values[name] for name in ("customer", "payment_intent") if name in values}
        found = [
            each
            for each in reversed(self.of(kind))
            if each["created"] >= since and all(each.get(name) == value for name, value in wanted.items())
        ]
        return {"object": "list", "data": found, "has_more": False, "url": path}

    def _create(self, kind: str, values: dict[str, str]) -> Object:
        if kind == "customer":
            return self._new("customer", "cus", email=values.get("email", ""))
        if kind == "checkout.session":
            return self._session(values)
        if kind == "payment_intent":
            return self._charge(values)
        if kind == "refund":
            return self._refund(values)
        raise Answer(404, type="invalid_request_error", code="resource_missing")

    def _session(self, values: dict[str, str]) -> Object:
        session = self._new(
            "checkout.session",
            "cs_test",
            mode=values["mode"],
            status="open",
            payment_intent=None,
            setup_intent=None,
            customer=values.get("customer"),
            amount=int(values.get("line_items[0][price_data][unit_amount]", 0)),
            currency=values.get("line_items[0][price_data][currency]", "eur"),
            metadata=_marks(values, "metadata"),
            intent_metadata=_marks(values, "payment_intent_data[metadata]"),
            success_url=values["success_url"],
        )
        session["url"] = f"{self.url}/page/{session['id']}"
        return session

    def _charge(self, values: dict[str, str]) -> Object:
        method = values["payment_method"]
        intent = self._intent(int(values["amount"]), values["currency"], _marks(values, "metadata"))
        intent["customer"] = values.get("customer")
        if method in self.declines:
            code = self.declines[method]
            intent.update(status="requires_payment_method", last_payment_error={"code": code})
            self._event("payment_intent.payment_failed", intent)
            raise Answer(402, type="card_error", code="card_declined", decline_code=code, message="declined")
        kind = self.objects[method]["type"]
        if kind == "sepa_debit":
            intent.update(status="processing")
        else:
            self.settle(intent["id"], kind)
        return intent

    def _intent(self, amount: int, currency: str, metadata: Object) -> Object:
        return self._new(
            "payment_intent",
            "pi",
            amount=amount,
            amount_received=0,
            currency=currency,
            metadata=metadata,
            status="requires_confirmation",
            latest_charge=None,
            customer=None,
            last_payment_error=None,
        )

    def _refund(self, values: dict[str, str]) -> Object:
        intent = self._one(values["payment_intent"])
        amount = int(values["amount"])
        done = sum(each["amount"] for each in self.of("refund") if each["payment_intent"] == intent["id"])
        if done + amount > intent["amount_received"]:
            raise Answer(
                400, type="invalid_request_error", code="charge_already_refunded", message="too much"
            )
        refund = self._new(
            "refund",
            "re",
            payment_intent=intent["id"],
            amount=amount,
            currency=intent["currency"],
            status="succeeded",
            metadata=_marks(values, "metadata"),
        )
        self._event("charge.refunded", intent["latest_charge"])
        self._event("refund.created", refund)
        return refund

    def _one(self, object_id: str) -> Object:
        if object_id not in self.objects:
            raise Answer(404, type="invalid_request_error", code="resource_missing", message="unknown")
        return self.objects[object_id]

    def _new(self, kind: str, prefix: str, **values: Any) -> Object:
        made = {
            "id": self._id(prefix),
            "object": kind,
            "created": int(time.time()),
            "livemode": False,
            **values,
        }
        made.setdefault("metadata", {})
        self.objects[made["id"]] = made
        return made

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self.numbers):06}"


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    """The header that goes with an event."""
    stamp = int(time.time() if at is None else at)
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, stamp))


def _marks(values: dict[str, str], prefix: str) -> Object:
    start = f"{prefix}["
    return {name[len(start) : -1]: value for name, value in values.items() if name.startswith(start)}


@contextmanager
def running() -> Iterator[FakeProvider]:
    """The fake on a free port of loopback."""
    fake = FakeProvider()
    server = _Server(("127.0.0.1", 0), _handler(fake))
    fake.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Whoever is killed leaves connections half open: nothing to tell."""


def _handler(fake: FakeProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/page/"):
                self._page(parts.path.rpartition("/")[2])
            else:
                self._api("GET", parts.path, dict(parse_qsl(parts.query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            parts = urlsplit(self.path)
            if parts.path.startswith("/page/"):
                session = parts.path.rpartition("/")[2]
                fake.pay(session)
                self._send(303, b"", Location=fake.objects[session]["success_url"])
            else:
                self._api("POST", parts.path, dict(parse_qsl(body, keep_blank_values=True)))

        def _page(self, session_id: str) -> None:
            amount = fake.objects[session_id]["amount"]
            page = f"<!doctype html><title>Fake</title><form method=post><button>Pay {amount}</button></form>"
            self._send(200, page.encode(), **{"Content-Type": "text/html"})

        def _api(self, method: str, path: str, values: dict[str, str]) -> None:
            if fake.away:
                self._send(503, b"{}")
                return
            status = 200
            try:
                answer = fake.answer(method, path, values, self.headers.get("Idempotency-Key", ""))
                status = answer.get("_status", 200)
            except Answer as error:
                status, answer = error.status, {"error": error.error}
            if method == "POST" and fake.lost_answers:
                fake.lost_answers -= 1
                self.close_connection = True
                self.connection.close()
                return
            self._send(status, json.dumps(answer).encode(), **{"Content-Type": "application/json"})

        def _send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
