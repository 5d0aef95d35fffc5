"""RSA blind signatures, RFC 9474, in the variant RSABSSA-SHA384-PSS-Randomized.

The signer sees a number that says nothing about the message; the voter turns the answer into an
ordinary RSASSA-PSS signature. ``message`` is always the prepared one: prefix, then what is said. The signer's
own part is in ``signing_key.py``.
"""

from dataclasses import dataclass
from hashlib import sha384
from math import gcd

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384

from commons.refusal import Refused

BITS = 3072
EXPONENT = 65537
PREFIX = 32  # bytes before the message, RFC 9474 section 4.1
SALT = 48
HASH = 48


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Modulus and exponent of a key that signs blindly and does nothing else."""

    n: int
    e: int = EXPONENT

    @property
    def size(self) -> int:
        """Bytes of the modulus, and so of every number sent."""
        return (self.n.bit_length() + 7) // 8


def blind(key: PublicKey, message: bytes, salt: bytes, r: int) -> tuple[bytes, int]:
    """Blind (section 4.2): what the signer gets, and the inverse of ``r`` that `finalize` needs.

    ``r`` is uniform in [1, n) and used once; anyone who knows it can link message and signature.
    Raises ValueError for an r or a message that has no inverse (the chance is nil for a real key).
    """
    m = int.from_bytes(encode(message, salt, key.n.bit_length() - 1))
    if gcd(m, key.n) != 1:
        raise ValueError("the message shares a factor with the key")
    inverse = pow(r, -1, key.n)
    return (m * pow(r, key.e, key.n) % key.n).to_bytes(key.size), inverse


def finalize(
    key: PublicKey, message: bytes, blind_signature: bytes, inverse: int, salt_length: int = SALT
) -> bytes:
    """Finalize (section 4.4): the signature on ``message``. Raises Refused if the signer cheated."""
    s = int.from_bytes(blind_signature) * inverse % key.n
    signature = s.to_bytes(key.size)
    if len(blind_signature) != key.size or not verify(key, message, signature, salt_length):
        raise Refused("The signer's answer is not a signature of this election.")
    return signature


def verify(key: PublicKey, message: bytes, signature: bytes, salt_length: int = SALT) -> bool:
    """Whether ``signature`` is an RSASSA-PSS signature on ``message`` (RFC 8017 section 8.1.2)."""
    scheme = padding.PSS(padding.MGF1(SHA384()), salt_length)
    public = rsa.RSAPublicNumbers(key.e, key.n).public_key()
    try:
        public.verify(signature, message, scheme, SHA384())
    except InvalidSignature:
        return False
    return True


def encode(message: bytes, salt: bytes, bits: int) -> bytes:
    """EMSA-PSS-ENCODE with SHA-384 (RFC 8017 section 9.1.1), as a number of at most ``bits`` bits."""
    size = (bits + 7) // 8
    digest = sha384(bytes(8) + sha384(message).digest() + salt).digest()
    block = bytes(size - len(salt) - HASH - 2) + b"\x01" + salt
    masked = int.from_bytes(block) ^ int.from_bytes(_mask(digest, len(block)))
    masked &= (1 << (bits - 8 * (HASH + 1))) - 1
    return masked.to_bytes(len(block)) + digest + b"\xbc"


def _mask(seed: bytes, size: int) -> bytes:
    """MGF1 (RFC 8017 appendix B.2.1)."""
    blocks = (sha384(seed + counter.to_bytes(4)).digest() for counter in range(-(-size // HASH)))
    return b"".join(blocks)[:size]
