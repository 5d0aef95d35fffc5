"""HTTP signatures as most of the fediverse speaks them: draft-cavage-http-signatures-12, strictly."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commons import limits
from commons.clock import now
from federation import keys
from federation.messages import (
    BadSignature,
    Message,
    Request,
    content_type_of,
    require_fresh,
    require_own_host,
)

ACCEPTED: dict[keys.Kind, tuple[str | None, ...]] = {
    "rsa": (None, "rsa-sha256", "hs2019"),
    "ed25519": (None, "ed25519", "hs2019"),
}
_TARGET = re.compile(r"https?://[^/?#]+(/[^?#]*)?(\?[^#]*)?")
HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"
_PARAMETER = re.compile(r'[ \t]*([A-Za-z]+)=(?:"([^"\\]*)"|([0-9]{1,15}))[ \t]*(?:,|\Z)')


@dataclass(frozen=True)
class Signature:
    """A parsed ``Signature`` header. ``created`` and ``expires`` are seconds since 1970 UTC."""

    key_id: str
    headers: tuple[str, ...]
    signature: bytes
    algorithm: str | None = None
    created: int | None = None
    expires: int | None = None


def sign(request: Request, key_id: str, key: keys.PrivateKey) -> None:
    """Put Date, Digest and Signature on ``request``, covering what every known peer accepts."""
    headers = request.headers
    headers["Date"] = _http_date(int(now().timestamp()))
    fields = {
        "(request-target)": f"{request.method.lower()} {target_of(request.url)}",
        "host": headers["Host"],
        "date": headers["Date"],
    }
    if request.body:
        headers["Digest"] = fields["digest"] = digest_of(request.body)
        fields.update(content_type_of(request))
    headers["Signature"] = header(key_id, key, fields)


def header(key_id: str, key: keys.PrivateKey, fields: Mapping[str, str]) -> str:
    """The ``Signature`` header over all ``fields``, in their order."""
    signature = base64.b64encode(keys.sign(key, signing_string(fields, fields))).decode("ascii")
    algorithm = "hs2019" if isinstance(key, Ed25519PrivateKey) else "rsa-sha256"
    return f'keyId="{key_id}",algorithm="{algorithm}",headers="{" ".join(fields)}",signature="{signature}"'


def target_of(url: str) -> str:
    """Path and query of an absolute ``url``, as they are sent."""
    match = _TARGET.match(url)
    if match is None:
        raise BadSignature("This address cannot be signed.", 400)
    return (match[1] or "/") + (match[2] or "")


def signing_string(names: Iterable[str], fields: Mapping[str, str]) -> bytes:
    """What is signed (section 2.3): a line per name. ``BadSignature`` if a field is not there."""
    try:
        lines = [f"{name}: {fields[name]}" for name in names]
        text = "\n".join(lines).encode("latin-1")
    except KeyError as missing:
        raise BadSignature("The signed field %(name)s is missing.", name=missing.args[0]) from missing
    except UnicodeEncodeError as error:
        raise BadSignature("A signed field is not made of bytes.", 400) from error
    if text.count(b"\n") != len(lines) - 1:
        raise BadSignature("A signed field has more than one line.", 400)
    return text


@lru_cache(maxsize=limits.DIGESTS_KEPT)
def digest_of(body: bytes) -> str:
    """``Digest`` header of ``body`` (RFC 3230 with SHA-256, as the fediverse still wants it).

    Kept, since one story goes to many inboxes.
    """
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


@lru_cache(maxsize=limits.SIGNATURES_KEPT)
def parse(value: str) -> Signature:
    """Read a ``Signature`` header; ``BadSignature`` (400) unless each parameter is there once.

    Kept for a moment, since it is read once for the key that it names and once to be verified.

    Unknown parameters are ignored, as the draft says, but have to be well-formed.
    """
    given = _parameters(value)
    key_id, names = given.get("keyId", ""), tuple(given.get("headers", "").lower().split(" "))
    if not key_id or "" in names or not given.get("signature"):
        raise BadSignature("The signature needs keyId, headers and signature.", 400)
    if len(key_id) > limits.URL_CHARS or len(set(names)) != len(names):
        raise _malformed()
    try:
        signature = base64.b64decode(given["signature"], validate=True)
    except ValueError as error:
        raise _malformed() from error
    times = _seconds(given.get("created")), _seconds(given.get("expires"))
    return Signature(key_id, names, signature, given.get("algorithm"), *times)


def verify(message: Message, signature: Signature, public_key: keys.PublicKey) -> None:
    """Refuse with ``BadSignature`` unless ``public_key`` signed this target, host, time and body."""
    _require_algorithm(signature, public_key)
    _require_coverage(message, signature.headers)
    require_own_host(message)
    _require_fresh(message, signature)
    if "digest" in signature.headers:
        _require_digest(message)
    # Some peers leave the query out of what they sign, as Mastodon once did.
    # Nothing here that takes a signature reads the query.
    targets = dict.fromkeys((message.target, message.target.partition("?")[0]))
    if not any(_signed(message, signature, target, public_key) for target in targets):
        raise BadSignature("The signature does not fit.")


@lru_cache(maxsize=2)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def _parameters(value: str) -> dict[str, str]:
    given: dict[str, str] = {}
    position = 0
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None or match[1] in given:
            raise _malformed()
        name, text, number = match.groups()
        if text is None and name not in ("created", "expires"):
            raise _malformed()
        given[name] = number if text is None else text
        position = match.end()
    if value.endswith(","):
        raise _malformed()
    return given


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,15}", text):
        raise _malformed()
    return int(text)


def _malformed() -> BadSignature:
    return BadSignature("The Signature header is malformed.", 400)


def _require_algorithm(signature: Signature, public_key: keys.PublicKey) -> None:
    """The key decides; the header may only agree."""
    if signature.algorithm not in ACCEPTED[keys.kind_of(public_key)]:
        raise BadSignature("The key is not for this algorithm.")
    # Section 2.3: these two are not for the older algorithms.
    timed = {"(created)", "(expires)"} & set(signature.headers)
    if timed and signature.algorithm != "hs2019":
        raise BadSignature("(created) and (expires) need the algorithm hs2019.")


def _require_coverage(message: Message, names: tuple[str, ...]) -> None:
    needed = {"(request-target)", "host"}
    if message.needs_digest:
        needed.add("digest")
    if not needed.issubset(names) or not {"date", "(created)"} & set(names):
        raise BadSignature("The signature has to cover target, host, time and digest.")


def _require_fresh(message: Message, signature: Signature) -> None:
    """Every time that is stated has to be near, or one could be signed and another be read."""
    if signature.created is not None:
        require_fresh(signature.created, signature.expires)
    if "date" in message.fields:
        require_fresh(_timestamp(message.only("date")), signature.expires)


def _timestamp(date: str) -> float:
    try:
        return datetime.strptime(date, HTTP_DATE).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise BadSignature("The Date header is not a date of HTTP.") from error


def _require_digest(message: Message) -> None:
    """Exactly one SHA-256, and the right one; other algorithms beside it prove nothing more."""
    parts = [part.strip().partition("=") for part in message.only("digest").split(",")]
    given = [value for algorithm, _, value in parts if algorithm.lower() == "sha-256"]
    if len(given) != 1:
        raise BadSignature("Exactly one SHA-256 digest is needed.")
    try:
        digest = base64.b64decode(given[0], validate=True)
    except binascii.Error as error:
        raise BadSignature("The digest is malformed.", 400) from error
    if not hmac.compare_digest(digest, hashlib.sha256(message.body).digest()):
        raise BadSignature("The digest does not fit the body.")


def _signed(message: Message, signature: Signature, target: str, public_key: keys.PublicKey) -> bool:
    fields = {name: ", ".join(values) for name, values in message.fields.items()}
    fields["(request-target)"] = f"{message.method.lower()} {target}"
    for name, seconds in (("(created)", signature.created), ("(expires)", signature.expires)):
        fields.pop(name, None)
        if seconds is not None:
            fields[name] = str(seconds)
    return keys.verifies(public_key, signature.signature, signing_string(signature.headers, fields))
