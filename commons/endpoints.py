"""Answers of the ground floor for machines: uploaded pictures, and whether the server is well."""

import hmac
import ipaddress
from collections.abc import Callable, Mapping
from pathlib import PurePath

from flask import Blueprint, Response, abort, current_app, request

from commons import migrations, storage, web
from commons.config import settings
from commons.db import database
from commons.headers import YEAR
from commons.refusal import Refused

machine = Blueprint("commons", __name__)

TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif"}


@machine.get("/media/<key>")
def media(key: str) -> Response:
    """An uploaded picture, as the type that it was re-encoded to and nothing else.

    Its name is its hash, so it never changes. Other servers' pages may show it; opened by
    itself it can do nothing (``sandbox``).
    """
    with storage.open_(key) as file:
        data = file.read()
    response = web.public(Response(data, mimetype=TYPES[PurePath(key).suffix]), seconds=YEAR)
    response.set_etag(key)
    response.cache_control.immutable = True
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.make_conditional(request, accept_ranges=True, complete_length=len(data))
    return response


# Health

# What the roof hands down to be measured: a name, and how to count it.
Gauges = Mapping[str, Callable[[], int]]


@machine.get("/livez")
def livez() -> Response:
    """The process answers."""
    return Response("ok\n", content_type="text/plain")


@machine.get("/readyz")
def readyz() -> Response:
    """The database answers and has this program's schema; 503 if not."""
    try:
        migrations.require_current(database().engine)
    except Refused as refusal:
        raise Refused(refusal.reason, status=503, **refusal.values) from refusal
    return Response("ok\n", content_type="text/plain")


@machine.get("/metrics")
def metrics() -> Response:
    """Gauges in Prometheus' text format, for loopback or whoever has ``ROSTRA_METRICS_TOKEN``."""
    if not (_has_token() or _is_near()):
        abort(403)
    gauges: Gauges = current_app.extensions["rostra.gauges"]
    lines = [f"# TYPE {name} gauge\n{name} {count()}\n" for name, count in gauges.items()]
    return Response("".join(lines), content_type="text/plain; version=0.0.4")


def _has_token() -> bool:
    token = settings().metrics_token
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(sent.encode(), str(token).encode())


def _is_near() -> bool:
    """From this machine itself; what a proxy passed on is not."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
