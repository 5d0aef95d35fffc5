"""Ballots that somebody made up, each with the reason for which it is refused wherever it comes."""

from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from membership.elections.protocol import blind_rsa, envelope
from membership.elections.protocol.credential import Credential, signed_message
from membership.elections.protocol.envelope import Envelope
from membership.elections.protocol.signing_key import SigningKey
from tests.membership.elections.protocol.keys import ODD_KEYS
from tests.membership.elections.protocol.world import numbered, signer

ORDER = 2**252 + 27742317777372353535851937790883648493

# From a good ballot and its voter's credential to a bad one.
Forge = Callable[[Envelope, Credential], Envelope]


def flipped(data: bytes, place: int = 0) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def signed(unsigned: Envelope, key: Ed25519PrivateKey) -> Envelope:
    return replace(unsigned, signature=key.sign(envelope.LABEL + unsigned.body))


def by_herself(**changes: Callable[[Envelope, Credential], bytes]) -> Forge:
    """Some parts changed, and signed by the voter's own key."""

    def forge(good: Envelope, mine: Credential) -> Envelope:
        return signed(
            replace(good, **{name: make(good, mine) for name, make in changes.items()}), mine.private
        )

    return forge


def token_on(key: SigningKey, message: Callable[[Envelope, Credential], bytes]) -> Forge:
    """A true signature of ``key``, on something else than this voter's message."""

    def token(good: Envelope, mine: Credential) -> bytes:
        wanted = message(good, mine)
        blinded, inverse = blind_rsa.blind(key.public, wanted, b"s" * 48, 3**1500)
        return blind_rsa.finalize(key.public, wanted, key.sign(blinded), inverse)

    return by_herself(token=token)


def own(good: Envelope, mine: Credential, **changes: bytes) -> bytes:
    """The message that this voter's token signs, with some of its parts changed."""
    parts = {"manifest_hash": good.manifest_hash, "key": mine.key, "prefix": mine.prefix} | changes
    return signed_message(**parts)


def stolen(good: Envelope, _mine: Credential) -> Envelope:
    thief = Ed25519PrivateKey.from_private_bytes(numbered("thief", 1))
    return signed(replace(good, key=thief.public_key().public_bytes_raw()), thief)


def scalar_too_large(good: Envelope, _mine: Credential) -> Envelope:
    scalar = int.from_bytes(good.signature[32:], "little") + ORDER
    return replace(good, signature=good.signature[:32] + scalar.to_bytes(32, "little"))


NO_CREDENTIAL, WRONG_SIGNATURE = "no valid credential", "signature is wrong"
FORGERIES: dict[str, tuple[Forge, str]] = {
    "another election": (by_herself(manifest_hash=lambda e, c: numbered("H", 1)), "another election"),
    "random token": (by_herself(token=lambda e, c: numbered("t", 1) * 12), NO_CREDENTIAL),
    "flipped token": (by_herself(token=lambda e, c: flipped(e.token, 200)), NO_CREDENTIAL),
    "flipped prefix": (by_herself(prefix=lambda e, c: flipped(e.prefix)), NO_CREDENTIAL),
    "unfinalised token": (by_herself(token=lambda e, c: signer().sign(c.blinded)), NO_CREDENTIAL),
    "no token": (by_herself(token=lambda e, c: bytes(384)), NO_CREDENTIAL),
    "token above n": (by_herself(token=lambda e, c: b"\xff" * 384), NO_CREDENTIAL),
    "token of another role": (
        token_on(signer(), lambda e, c: own(e, c).replace(b"registrar", b"committee")),
        NO_CREDENTIAL,
    ),
    "token of another signer": (token_on(signer(1), own), NO_CREDENTIAL),
    "token of another election": (
        token_on(signer(), lambda e, c: own(e, c, manifest_hash=numbered("H", 2))),
        NO_CREDENTIAL,
    ),
    "token of another prefix": (
        token_on(signer(), lambda e, c: own(e, c, prefix=numbered("prefix", 2))),
        NO_CREDENTIAL,
    ),
    "token of another voter": (stolen, NO_CREDENTIAL),
    "signed by another key": (
        lambda e, c: signed(e, Ed25519PrivateKey.from_private_bytes(numbered("other", 1))),
        WRONG_SIGNATURE,
    ),
    "scalar too large": (scalar_too_large, WRONG_SIGNATURE),
    "flipped signature": (lambda e, c: replace(e, signature=flipped(e.signature, 40)), WRONG_SIGNATURE),
    "no signature": (lambda e, c: replace(e, signature=bytes(64)), WRONG_SIGNATURE),
    "key of small order": (lambda e, c: replace(e, key=ODD_KEYS[2]), "key is not allowed"),
    "odd encoding of a key": (lambda e, c: replace(e, key=ODD_KEYS[-4]), "key is not allowed"),
    "seal of another ballot": (
        lambda e, c: replace(e, sealed=numbered("seal", 1) + e.sealed[32:]),
        WRONG_SIGNATURE,
    ),
}
