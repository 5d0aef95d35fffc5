"""A voter's credential: from 16 random bytes a fresh key, which the signer signs without seeing it.

Everything comes from the seed by HKDF-SHA256 with the manifest's hash as salt, so that a crashed
browser can go on from twelve words, and so that nothing is ever the same in two elections: an
equal blinding factor would link everybody who used it.
"""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from math import gcd

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from membership.elections.protocol import blind_rsa
from membership.elections.protocol.manifest import ROLE, Manifest
from membership.elections.protocol.words import SEED

LABEL = b"rostra-ballot-v1"
ORDER_LABEL = b"rostra-order-v1"
VOTER = "voter"  # in the place of the signer's role, for what is not for a signer


def fresh_seed() -> bytes:
    """Never chosen by people: who guesses the seed knows the vote."""
    return secrets.token_bytes(SEED)


def signed_message(manifest_hash: bytes, key: bytes, prefix: bytes) -> bytes:
    """What a token is a signature on: the prefix of RFC 9474, then purpose, role, election and key."""
    return prefix + LABEL + ROLE.encode() + manifest_hash + key


@dataclass(frozen=True, slots=True)
class Credential:
    """A voter's keys for one election. ``blinded`` is all that the registrar may see of it."""

    manifest: Manifest
    private: Ed25519PrivateKey = field(repr=False)
    prefix: bytes = field(repr=False)
    blinded: bytes
    inverse: int = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes, manifest: Manifest) -> "Credential":
        private = Ed25519PrivateKey.from_private_bytes(derive(seed, manifest.hash, "key", VOTER, 32))
        prefix = derive(seed, manifest.hash, "prefix", ROLE, blind_rsa.PREFIX)
        salt = derive(seed, manifest.hash, "salt", ROLE, blind_rsa.SALT)
        message = signed_message(manifest.hash, private.public_key().public_bytes_raw(), prefix)
        factor = blinding_factor(seed, manifest)
        blinded, inverse = blind_rsa.blind(manifest.signer, message, salt, factor)
        return cls(manifest, private, prefix, blinded, inverse)

    @property
    def key(self) -> bytes:
        """The public key that will stand on the ballot."""
        return self.private.public_key().public_bytes_raw()

    def token(self, blind_signature: bytes) -> bytes:
        """The signature on this key. Raises Refused if the signer's answer does not give one."""
        message = signed_message(self.manifest.hash, self.key, self.prefix)
        return blind_rsa.finalize(self.manifest.signer, message, blind_signature, self.inverse)


def blinding_factor(seed: bytes, manifest: Manifest) -> int:
    """r, uniform among the units below the modulus: the first fit of a row of numbers from the seed."""
    n, size = manifest.signer.n, manifest.signer.size
    attempt = 0
    while True:
        r = int.from_bytes(derive(seed, manifest.hash, f"blind {attempt}", ROLE, size))
        if 0 < r < n and gcd(r, n) == 1:
            return r
        attempt += 1


def derive(seed: bytes, manifest_hash: bytes, purpose: str, signer: str, size: int) -> bytes:
    """HKDF-SHA256 (RFC 5869) of the seed, ``size`` bytes for one purpose and one signer."""
    return HKDF(SHA256(), size, manifest_hash, f"rostra/{purpose}/{signer}".encode()).derive(seed)


def candidate_order(manifest: Manifest, key: bytes) -> list[int]:
    """The candidates' numbers in the order this voter is shown them.

    It comes from her own key, which no server knows when it sends the page, so that nobody can
    arrange who is first, and nothing in the order tells who she is. Each candidate is sorted by a
    hash of her own.
    """

    def place(number: int) -> bytes:
        return sha256(ORDER_LABEL + manifest.hash + key + bytes([number])).digest()

    return sorted(range(1, len(manifest.candidates) + 1), key=place)
