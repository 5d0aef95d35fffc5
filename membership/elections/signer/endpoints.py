"""The signer's one door, for the registrar on the same machine."""

import json
import uuid

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from commons.refusal import Refused
from membership.elections.protocol.blind_rsa import BITS, PublicKey
from membership.elections.signer.keys import Keys


def create_signer(keys: Keys) -> Flask:
    """The application over ``keys``. Who may open its door is decided by the door's folder."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BITS // 8
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)

    @app.put("/keys/<uuid:election_id>")
    def make(election_id: uuid.UUID) -> Response:
        """The public key: its modulus as bytes."""
        return _public(keys.make(election_id))

    @app.get("/keys/<uuid:election_id>")
    def public(election_id: uuid.UUID) -> Response:
        """The same, of a key that was made."""
        return _public(keys.public(election_id))

    @app.post("/keys/<uuid:election_id>")
    def sign(election_id: uuid.UUID) -> Response:
        """The blinded value in the body, signed."""
        return _bytes(keys.sign(election_id, request.get_data(cache=False)))

    @app.delete("/keys/<uuid:election_id>")
    def destroy(election_id: uuid.UUID) -> Response:
        keys.destroy(election_id)
        return _bytes(b"")

    return app


def _public(key: PublicKey) -> Response:
    return _bytes(key.n.to_bytes(key.size))


def _bytes(data: bytes) -> Response:
    return Response(data, content_type="application/octet-stream")


def _told(sentence: str, status: int) -> Response:
    return Response(json.dumps({"error": sentence}), status, content_type="application/json")


def _refused(refused: Refused) -> Response:
    return _told(str(refused), refused.status)


def _http_error(error: HTTPException) -> Response:
    return _told(error.name, error.code or 500)
