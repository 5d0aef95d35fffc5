"""The ballot box's inner door, for the registrar on the same machine: keys, manifests, lists.

Voters never come here, and nothing that is asked here names one.
"""

import json
import uuid
from datetime import datetime

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from commons.clock import now
from commons.refusal import Refused
from membership.elections import ballots
from membership.elections.ballots import AlreadyCast
from membership.elections.box.boxes import Boxes
from membership.elections.protocol.board import Entry


def create_inside(boxes: Boxes) -> Flask:
    """The application over ``boxes``. Who may open its door is decided by the door's folder."""
    app = Flask(__name__, static_folder=None)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)

    @app.get("/clock")
    def clock() -> Response:
        """The moment by which this box opens and closes."""
        return _json(now().isoformat())

    @app.put("/keys/<uuid:election_id>")
    def make_key(election_id: uuid.UUID) -> Response:
        return _bytes(boxes.make_key(election_id))

    @app.put("/boxes/<uuid:election_id>/<slug>")
    def open_box(election_id: uuid.UUID, slug: str) -> Response:
        """The manifest's canonical bytes in the body."""
        boxes.open(election_id, slug, request.get_data(cache=False))
        return _bytes(b"")

    @app.get("/boxes/<uuid:election_id>/manifest")
    def manifest(election_id: uuid.UUID) -> Response:
        """The hash of the manifest for which it is open; its receipt key is that manifest's."""
        return _bytes(boxes.of(election_id).manifest.hash)

    @app.post("/boxes/<uuid:election_id>/publish")
    def publish(election_id: uuid.UUID) -> Response:
        return _entries(ballots.publish(boxes.of(election_id), _withdrawn()))

    @app.post("/boxes/<uuid:election_id>/close")
    def close(election_id: uuid.UUID) -> Response:
        return _entries(ballots.close(boxes.of(election_id), _issued(), _withdrawn()))

    @app.post("/boxes/<uuid:election_id>/finish")
    def finish(election_id: uuid.UUID) -> Response:
        return _entries(ballots.finish(boxes.of(election_id), _issued(), _withdrawn()))

    @app.get("/boxes/<uuid:election_id>/board")
    def board(election_id: uuid.UUID) -> Response:
        return _entries(*ballots.board(boxes.of(election_id)))

    @app.get("/boxes/<uuid:election_id>/standing")
    def standing(election_id: uuid.UUID) -> Response:
        found = boxes.of(election_id)
        return _json(
            {"assisted": ballots.assisted(found), "complaints_end": _time(ballots.complaints_end(found))}
        )

    @app.get("/boxes/<uuid:election_id>/envelopes")
    def envelopes(election_id: uuid.UUID) -> Response:
        """One after the other; all have the same length."""
        return _bytes(b"".join(ballots.opened_list(boxes.of(election_id))))

    @app.post("/boxes/<uuid:election_id>/assisted")
    def assisted_cast(election_id: uuid.UUID) -> Response:
        """An envelope that the server made for a voter without JavaScript; the receipt."""
        return _bytes(ballots.cast(boxes.of(election_id), request.get_data(cache=False), assisted=True))

    return app


def _issued() -> list[bytes]:
    return [bytes.fromhex(each) for each in request.get_json()["issued"]]


def _withdrawn() -> list[int]:
    return [int(each) for each in request.get_json()["withdrawn"]]


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _entries(*found: Entry) -> Response:
    return _json([each.as_json() | {"election": each.election.hex()} for each in found])


def _bytes(data: bytes) -> Response:
    return Response(data, content_type="application/octet-stream")


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")


def _refused(refused: Refused) -> Response:
    told = {"error": str(refused)}
    if isinstance(refused, AlreadyCast):
        told |= {"receipt": refused.receipt.hex(), "code": refused.code}
    return _json(told, refused.status)


def _http_error(error: HTTPException) -> Response:
    return _json({"error": error.name}, error.code or 500)
