"""Sealing a ranking for the tally key, and opening it.

HPKE (RFC 9180, base mode) with X25519, HKDF-SHA256 and AES-128-GCM. Election and voter's key are in
``info``: a sealed ranking that is copied onto another ballot does not open. All rankings of an
election have the same length: a count, then one byte for each possible rank.
"""

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from commons.refusal import Refused
from membership.elections.protocol.manifest import Manifest
from membership.elections.tally.words import N_

LABEL = b"rostra-seal-v1"
EXTRA = 32 + 16  # encapsulated key and tag
TOO_MANY = N_("It ranks more candidates than allowed.")
UNKNOWN = N_("It ranks a candidate who does not exist.")
TWICE = N_("It ranks a candidate twice.")
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)


def sealed_size(manifest: Manifest) -> int:
    return 1 + manifest.ranks + EXTRA


def seal(ranking: Sequence[int], manifest: Manifest, key: bytes) -> bytes:
    """``ranking`` (candidates' numbers, best first; none is a blank ballot) for the tally key alone.

    Raises Refused for a ranking that would not be counted.
    """
    if fault := fault_of(ranking, manifest):
        raise Refused(fault)
    paper = bytes([len(ranking), *ranking]).ljust(1 + manifest.ranks, b"\0")
    return SUITE.encrypt(paper, X25519PublicKey.from_public_bytes(manifest.tally_key), _info(manifest, key))


def opened(sealed: bytes, manifest: Manifest, key: bytes, tally: X25519PrivateKey) -> tuple[int, ...]:
    """The ranking that was sealed. Raises Refused with what makes the ballot invalid."""
    try:
        paper = SUITE.decrypt(sealed, tally, _info(manifest, key))
    except (InvalidTag, ValueError):
        raise Refused("It does not open with the tally key.") from None
    count, places = paper[0], paper[1:]
    if len(places) != manifest.ranks or any(places[count:]):
        raise Refused("It holds something other than a ranking.")
    ranking = tuple(places[:count])
    if count > manifest.ranks:
        raise Refused(TOO_MANY)
    if fault := fault_of(ranking, manifest):
        raise Refused(fault)
    return ranking


def fault_of(ranking: Sequence[int], manifest: Manifest) -> str:
    """What is wrong with ``ranking``; empty if it can be counted."""
    if len(ranking) > manifest.ranks:
        return TOO_MANY
    if not set(ranking) <= set(range(1, len(manifest.candidates) + 1)):
        return UNKNOWN
    return TWICE if len(set(ranking)) < len(ranking) else ""


def _info(manifest: Manifest, key: bytes) -> bytes:
    return LABEL + manifest.hash + key


def tally_secret(secret: bytes, manifest: Manifest) -> X25519PrivateKey:
    """The tally key from its 32 published bytes. Raises Refused unless it is that of the manifest.

    Several byte strings mean the same X25519 key (RFC 7748 section 5); only the clamped one is taken.
    """
    return X25519PrivateKey.from_private_bytes(checked_secret(secret, manifest.tally_key))


def checked_secret(secret: bytes, public: bytes) -> bytes:
    """``secret`` if it is canonical and that of ``public``; else Refused."""
    if len(secret) != 32 or secret[0] & 7 or secret[31] >> 6 != 1:
        raise Refused("The tally key is not in its canonical form.")
    if X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw() != public:
        raise Refused("The tally key does not belong to its public key.")
    return secret


def fresh_tally_key() -> tuple[bytes, bytes]:
    """A tally key: its secret in canonical form, and the public half for the manifest."""
    secret = bytearray(X25519PrivateKey.generate().private_bytes_raw())
    secret[0] &= 248
    secret[31] = secret[31] & 127 | 64
    public = X25519PrivateKey.from_private_bytes(bytes(secret)).public_key()
    return bytes(secret), public.public_bytes_raw()
