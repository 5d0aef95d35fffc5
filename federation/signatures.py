"""Who sent this? One door to both dialects of HTTP signatures.

A request with ``Signature-Input`` is RFC 9421 and nothing else: if that fails, the older
dialect is not tried, so that nobody can choose the weaker check.
"""

from typing import Literal

from federation import cavage, rfc9421
from federation.keys import PrivateKey, PublicKey
from federation.messages import BadSignature, Message, Request

__all__ = ["BadSignature", "Dialect", "Message", "Request", "key_id_of", "sign", "verify"]

Dialect = Literal["cavage", "rfc9421"]
PROOFS = ("date", "digest", "content-digest", "signature", "signature-input")


def key_id_of(message: Message) -> str:
    """The id of the key that is said to have signed; nothing is proved yet.

    ``BadSignature``: 401 if there is no signature or more than one, 400 if it is malformed.
    """
    if "signature-input" in message.fields:
        return rfc9421.key_id_of(message)
    return cavage.parse(message.only("signature")).key_id


def verify(message: Message, public_key: PublicKey) -> None:
    """Refuse with ``BadSignature`` or ``BadKey`` unless ``public_key`` signed ``message`` just now."""
    if "signature-input" in message.fields:
        rfc9421.verify(message, public_key)
    else:
        cavage.verify(message, cavage.parse(message.only("signature")), public_key)


def sign(request: Request, key_id: str, private_key: PrivateKey, dialect: Dialect) -> None:
    """Sign ``request`` in place, in place of any earlier signature."""
    for name in [name for name in request.headers if name.lower() in PROOFS]:
        del request.headers[name]
    if dialect == "cavage":
        cavage.sign(request, key_id, private_key)
    else:
        rfc9421.sign(request, key_id, private_key)
