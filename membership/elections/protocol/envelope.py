"""The envelope: a ballot as it is cast, kept and published. It has one encoding and one length.

Fields in order: the manifest's hash (32 bytes), the voter's key (32), the token's prefix (32), the
token (384), the sealed ranking, and the key's Ed25519 signature over all of that (64).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from commons.refusal import Refused
from membership.elections.protocol import blind_rsa, ed25519
from membership.elections.protocol.credential import Credential, signed_message
from membership.elections.protocol.manifest import Manifest
from membership.elections.protocol.sealing import seal, sealed_size

LABEL = b"rostra-cast-v1"
HASH = 32
SIGNATURE = 64


@dataclass(frozen=True, slots=True)
class Envelope:
    manifest_hash: bytes
    key: bytes
    prefix: bytes
    token: bytes
    sealed: bytes
    signature: bytes

    @property
    def body(self) -> bytes:
        """All before the signature."""
        return self.manifest_hash + self.key + self.prefix + self.token + self.sealed

    def encoded(self) -> bytes:
        return self.body + self.signature


def size(manifest: Manifest) -> int:
    """Bytes of every envelope of this election."""
    before = HASH + ed25519.SIZE + blind_rsa.PREFIX + manifest.signer.size
    return before + sealed_size(manifest) + SIGNATURE


def make(credential: Credential, token: bytes, ranking: Sequence[int]) -> bytes:
    """The encoded envelope of a voter who holds a token. Raises Refused for an impossible ranking.

    Made anew it is another one, since sealing draws fresh randomness: keep it before sending it.
    """
    manifest = credential.manifest
    sealed = seal(ranking, manifest, credential.key)
    unsigned = Envelope(manifest.hash, credential.key, credential.prefix, token, sealed, b"")
    return unsigned.body + credential.private.sign(LABEL + unsigned.body)


def read(data: bytes, manifest: Manifest) -> Envelope:
    """The envelope in ``data``, after every check that needs no secret.

    Raises Refused, naming the first of its parts that is wrong.
    """
    if len(data) != size(manifest):
        raise Refused("This ballot has a wrong length.", status=400)
    envelope = split(data, manifest)
    message = signed_message(manifest.hash, envelope.key, envelope.prefix)
    if envelope.manifest_hash != manifest.hash:
        raise Refused("This ballot is for another election.", status=400)
    if not ed25519.sound(envelope.key):
        raise Refused("This ballot's key is not allowed.", status=400)
    if not ed25519.verify(envelope.key, envelope.signature, LABEL + envelope.body):
        raise Refused("This ballot's signature is wrong.", status=400)
    if not blind_rsa.verify(manifest.signer, message, envelope.token):
        raise Refused("This ballot has no valid credential.", status=400)
    return envelope


def split(data: bytes, manifest: Manifest) -> Envelope:
    parts, place = [], 0
    sizes = (HASH, ed25519.SIZE, blind_rsa.PREFIX, manifest.signer.size, sealed_size(manifest), SIGNATURE)
    for length in sizes:
        parts.append(data[place : place + length])
        place += length
    return Envelope(*parts)
