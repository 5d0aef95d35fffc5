"""Requests to sign, and the same requests as they come in."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from federation import keys, signatures
from federation.messages import Message

HOST = "127.0.0.1:8000"
KEY_ID = "https://peer.example/users/anna#main-key"
BODY = b'{"type": "Follow", "actor": "https://peer.example/users/anna"}'


@dataclass
class Outgoing:
    method: str = "POST"
    url: str = f"http://{HOST}/inbox"
    body: bytes | None = BODY
    headers: dict[str, str] = field(
        default_factory=lambda: {"Host": HOST, "Content-Type": "application/activity+json"}
    )


@cache
def rsa_key() -> RSAPrivateKey:
    key = keys.generate("rsa")
    assert isinstance(key, RSAPrivateKey)
    return key


@cache
def ed25519_key() -> Ed25519PrivateKey:
    key = keys.generate("ed25519")
    assert isinstance(key, Ed25519PrivateKey)
    return key


def received(request: Outgoing) -> Message:
    target = request.url.removeprefix(f"http://{HOST}")
    return Message(request.method, target, tuple(request.headers.items()), request.body or b"")


def signed(dialect: signatures.Dialect, key: keys.PrivateKey | None = None, **changes: Any) -> Message:
    """What arrives when a peer signs a request (``Outgoing``, with ``changes``)."""
    request = Outgoing(**changes)
    signatures.sign(request, KEY_ID, key or rsa_key(), dialect)
    return received(request)


def with_header(message: Message, name: str, *values: str) -> Message:
    """``message`` with these header lines in place of those called ``name``."""
    others = tuple(line for line in message.headers if line[0].lower() != name.lower())
    return replace(message, headers=others + tuple((name, value) for value in values))


TAMPERING: dict[str, Callable[[Message], Message]] = {
    "another body": lambda message: replace(message, body=message.body + b" "),
    "no body": lambda message: replace(message, body=b""),
    "another path": lambda message: replace(message, target="/users/other/inbox"),
    "a longer path": lambda message: replace(message, target="/inbox/"),
    "another method": lambda message: replace(message, method="PUT"),
    "sent as GET": lambda message: replace(message, method="GET"),
    "another host": lambda message: with_header(message, "Host", "other.example"),
    "no host": lambda message: with_header(message, "Host"),
    "no type": lambda message: with_header(message, "Content-Type"),
    "another type": lambda message: with_header(message, "Content-Type", "text/plain"),
    "a signature of another": lambda message: with_header(
        message, "Signature", *signed_by_another(message).fields["signature"]
    ),
}


def signed_by_another(message: Message) -> Message:
    dialect: signatures.Dialect = "rfc9421" if "signature-input" in message.fields else "cavage"
    return signed(dialect, keys.generate("rsa"))
