"""The ballot box on the network: an application of its own, for its own process and host name.

It knows no sessions and no members, sets no cookie and writes no log. A request that carries a cookie
or a sign-in is refused, so that no client ever learns to send one.
"""

import re
from collections.abc import Mapping

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException

from commons import strict_json
from commons.config import settings
from commons.headers import YEAR
from commons.refusal import Refused
from membership.elections import ballots
from membership.elections.ballot_box import BallotBox
from membership.elections.ballot_page.views import add_pages
from membership.elections.ballots import AlreadyCast
from membership.elections.protocol import envelope, receipt

HEX = re.compile(r"(?:[0-9a-f]{2})+")
JSON_AROUND = 400  # bytes of a complaint besides the envelope's digits
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_box(boxes: Mapping[str, BallotBox]) -> Flask:
    """The application for elections by slug."""
    app = Flask(__name__, static_folder=None)
    app.before_request(_refuse_names)
    app.after_request(_protect)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Refused, _refused)

    def box(slug: str) -> BallotBox:
        if slug not in boxes:
            abort(404)
        return boxes[slug]

    @app.get("/ballot-box/<slug>/manifest.json")
    def manifest(slug: str) -> Response:
        """The bytes whose hash is H, the same for everybody."""
        return _json(box(slug).manifest.canonical())

    @app.get("/ballot-box/<slug>/board.json")
    def board(slug: str) -> Response:
        """All entries so far; whole, since asking for one's own leaf would tell whose it is."""
        shown = [entry.as_json() | {"root": entry.root.hex()} for entry in ballots.board(box(slug))]
        return _json(strict_json.dumps(shown))

    @app.post("/ballot-box/<slug>/ballots")
    def cast(slug: str) -> Response:
        """``{"envelope": hex}`` is kept; ``{"receipt", "code"}``, or 409 with the first receipt."""
        found = box(slug)
        (sent,) = _fields(found, "envelope")
        slip = ballots.cast(found, sent)
        return _json(strict_json.dumps({"receipt": slip.hex(), "code": receipt.code(sent)}))

    @app.post("/ballot-box/<slug>/complaints")
    def complain(slug: str) -> Response:
        """``{"envelope", "receipt"}`` in hex: a ballot that is missing from the provisional list."""
        found = box(slug)
        sent, slip = _fields(found, "envelope", "receipt")
        return _json(strict_json.dumps({"code": ballots.complain(found, sent, slip)}))

    add_pages(app, boxes)
    return app


def _fields(box: BallotBox, *names: str) -> list[bytes]:
    """The body's fields as bytes; exactly ``names``, in an object of bounded size."""
    request.max_content_length = 2 * envelope.size(box.manifest) + JSON_AROUND
    body = strict_json.loads_object(request.get_data(cache=False))
    if set(body) != set(names):
        abort(400)
    return [_bytes(body[name]) for name in names]


def _bytes(value: object) -> bytes:
    if not isinstance(value, str) or not HEX.fullmatch(value):
        abort(400)
    return bytes.fromhex(value)


def _refuse_names() -> None:
    if request.headers.get("Cookie") or request.headers.get("Authorization"):
        abort(400)


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings().ballot_origin.startswith("https:"):
        response.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    return response


def _json(data: bytes, status: int = 200) -> Response:
    return Response(data, status, content_type="application/json")


def _http_error(error: HTTPException) -> Response:
    return _json(strict_json.dumps({"error": error.name}), error.code or 500)


def _refused(refused: Refused) -> Response:
    told: dict[str, object] = {"error": str(refused)}
    if isinstance(refused, AlreadyCast):
        told |= {"receipt": refused.receipt.hex(), "code": refused.code}
    return _json(strict_json.dumps(told), refused.status)
