"""What the registrar asks of the signer, through its door."""

import json
import uuid

from commons import doors
from commons.config import settings
from commons.doors import Said
from commons.refusal import Refused
from membership.elections.protocol.blind_rsa import PublicKey
from membership.elections.signer import DOOR


def make_key(election_id: uuid.UUID) -> PublicKey:
    """The public half of the election's signing key, made at the first call.

    Refused (410) once it was destroyed, and like all here (503) while the signer does not answer.
    """
    return PublicKey(int.from_bytes(_ask("PUT", election_id)))


def public_key(election_id: uuid.UUID) -> PublicKey:
    """The public half of a key that was made. Refused (404, 410) without one."""
    return PublicKey(int.from_bytes(_ask("GET", election_id)))


def greet() -> None:
    """Refused (503) while the signer does not answer."""
    doors.ask(doors.path(settings().data, DOOR), "GET", "/")


def sign(election_id: uuid.UUID, blinded: bytes) -> bytes:
    """The signer's answer to a blinded value; the same for the same value.

    Refused (400) for what is no blinded value, (404, 410) without a key.
    """
    return _ask("POST", election_id, blinded)


def destroy(election_id: uuid.UUID) -> None:
    """No more credentials in this election, ever. Again: the same."""
    _ask("DELETE", election_id)


def _ask(method: str, election_id: uuid.UUID, body: bytes = b"") -> bytes:
    return answered(doors.ask(doors.path(settings().data, DOOR), method, f"/keys/{election_id}", body))


def answered(said: Said) -> bytes:
    """The body of a good answer. Raises Refused as the process behind the door did."""
    if said.status == 200:
        return said.body
    raise Refused(json.loads(said.body)["error"], status=said.status)
