"""HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530): two libraries, held strictly.

``requests-http-signature`` signs; ``http-message-signatures`` verifies. What they leave to
the caller is decided here: which signature counts, what it has to cover, when, and by which key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import http_sf
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519, RSA_V1_5_SHA256
from requests_http_signature import HTTPSignatureAuth

from commons.clock import now
from commons.config import settings
from federation import keys
from federation.cavage import digest_of
from federation.messages import (
    BadSignature,
    Message,
    Request,
    content_type_of,
    require_fresh,
    require_own_host,
)

ALGORITHMS: dict[keys.Kind, type[HTTPSignatureAlgorithm]] = {"rsa": RSA_V1_5_SHA256, "ed25519": ED25519}
LABEL = "sig1"


@dataclass
class _Outgoing:
    """What the signing library fills in, apart from the request, whose kind it need not know."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class _Lines:
    """Header lines as the verifying library reads them."""

    lines: tuple[tuple[str, str], ...]

    def items(self) -> tuple[tuple[str, str], ...]:
        return self.lines


@dataclass(frozen=True)
class _Incoming:
    method: str
    url: str
    headers: _Lines


@dataclass(frozen=True)
class _Chosen:
    """The one signature that counts, and the header lines with no other signature among them."""

    key_id: str
    components: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]


class _Auth(HTTPSignatureAuth):
    """Signs by our clock, and exactly what we list."""

    def get_created(self, request: Any) -> datetime:
        moment = now()
        self.add_date(request, int(moment.timestamp()))
        return moment

    def get_covered_component_ids(self, request: Any) -> Sequence[str]:
        return self.covered_component_ids


class _Verifier(HTTPMessageVerifier):
    """Judges time by our clock and our limits."""

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        created = sig_input.params.get("created")
        if created is None:
            raise BadSignature("The signature has to say when it was created.")
        require_fresh(created, sig_input.params.get("expires"))


def sign(request: Request, key_id: str, key: keys.PrivateKey) -> None:
    """Put Date, Digest, Content-Digest, Signature-Input and Signature on ``request``."""
    outgoing = _Outgoing(request.method, request.url, dict(request.headers), request.body or b"")
    covered = ["@method", "@target-uri", "content-digest", *content_type_of(request)]
    auth = _Auth(
        signature_algorithm=ALGORITHMS[keys.kind_of(key.public_key())],
        key_id=key_id,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: key}),
        covered_component_ids=covered,
        label=LABEL,
    )
    auth(cast(Any, outgoing))
    for name in ("Date", "Content-Digest", "Signature-Input", "Signature"):
        request.headers[name] = outgoing.headers[name]
    if request.body:
        # Some peers that verify RFC 9421 still look for it.
        request.headers["Digest"] = digest_of(request.body)


def key_id_of(message: Message) -> str:
    """``keyid`` of the signature that ``verify`` will look at; ``BadSignature`` if there is none."""
    return _choose(message).key_id


def verify(message: Message, public_key: keys.PublicKey) -> None:
    """Refuse with ``BadSignature`` unless ``public_key`` signed this target, time and body."""
    chosen = _choose(message)
    require_own_host(message)
    verifier = _Verifier(
        signature_algorithm=ALGORITHMS[keys.kind_of(public_key)],
        key_resolver=MappingKeyResolver(public_keys={chosen.key_id: public_key}, private_keys={}),
    )
    incoming = _Incoming(message.method, settings().origin + message.target, _Lines(chosen.headers))
    try:
        verifier.verify(
            incoming,
            max_age=None,
            require_components=_required(message, chosen.components),
            body=message.body,
        )
    except HTTPMessageSignaturesException as error:
        raise BadSignature("The signature does not fit: %(why)s.", why=str(error) or "wrong key") from error


def _choose(message: Message) -> _Chosen:
    """The only signature, or the only one of several whose ``alg`` is one of ours."""
    inputs = _dictionary(message, "signature-input")
    signatures = _dictionary(message, "signature")
    if inputs.keys() != signatures.keys():
        raise BadSignature("Signature and Signature-Input have different labels.")
    label = _only_label(inputs)
    components, parameters = inputs[label]
    key_id = parameters.get("keyid")
    if not isinstance(components, list) or not isinstance(key_id, str) or not key_id:
        raise BadSignature("Signature-Input needs a list of components and a keyid.", 400)
    plain = tuple(name for name, qualifiers in components if not qualifiers)
    if len(inputs) == 1:
        return _Chosen(key_id, plain, message.headers)
    others = (line for line in message.headers if line[0].lower() not in ("signature-input", "signature"))
    ours = (
        ("Signature-Input", http_sf.ser({label: inputs[label]})),
        ("Signature", http_sf.ser({label: signatures[label]})),
    )
    return _Chosen(key_id, plain, (*others, *ours))


def _only_label(inputs: dict[str, Any]) -> str:
    labels = list(inputs)
    if len(labels) > 1:
        ours = {algorithm.algorithm_id for algorithm in ALGORITHMS.values()}
        labels = [label for label in labels if inputs[label][1].get("alg") in ours]
    if len(labels) != 1:
        raise BadSignature("Exactly one signature is needed.")
    return labels[0]


def _dictionary(message: Message, name: str) -> dict[str, Any]:
    def refuse(key: str, context: str) -> None:
        raise BadSignature("%(name)s is malformed.", 400, name=name)

    value = ", ".join(message.fields.get(name, []))
    try:
        return cast(
            dict[str, Any],
            http_sf.parse(value.encode("ascii"), tltype="dictionary", on_duplicate_key=refuse),
        )
    except ValueError as error:
        raise BadSignature("%(name)s is malformed.", 400, name=name) from error


def _required(message: Message, covered: tuple[str, ...]) -> tuple[str, ...]:
    """What has to be covered beside Content-Digest, which the library asks for where there is a body."""
    if "@target-uri" in covered:
        return ("@method", "@target-uri")
    query = ("@query",) if "?" in message.target else ()
    return ("@method", "@authority", "@path", *query)
