"""RSA blind signatures, RFC 9474, in the variant RSABSSA-SHA384-PSS-Randomized.

The signer sees a number that says nothing about the message; the voter turns the answer into an
ordinary RSASSA-PSS signature. ``message`` is always the prepared one: prefix, then what is said.
"""

import secrets
from dataclasses import dataclass, field
from hashlib import sha384
from math import gcd

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from commons.refusal import Refused

BITS = 3072
EXPONENT = 65537
PREFIX = 32  # bytes before the message, RFC 9474 section 4.1
SALT = 48
HASH = 48


class SigningFault(Exception):
    """The signature that was computed does not verify: hardware or memory is broken, or attacked."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Modulus and exponent of a key that signs blindly and does nothing else."""

    n: int
    e: int = EXPONENT

    @property
    def size(self) -> int:
        """Bytes of the modulus, and so of every number sent."""
        return (self.n.bit_length() + 7) // 8


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The signer's half, made anew for each election and destroyed when it is certified."""

    public: PublicKey
    d: int = field(repr=False)
    p: int = field(repr=False)
    q: int = field(repr=False)

    @classmethod
    def fresh(cls, bits: int = BITS) -> "SigningKey":
        return cls._of(rsa.generate_private_key(EXPONENT, bits))

    @classmethod
    def from_pem(cls, pem: bytes) -> "SigningKey":
        """Raises ValueError when ``pem`` is not an RSA private key."""
        key = load_pem_private_key(pem, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("not an RSA private key")
        return cls._of(key)

    @classmethod
    def _of(cls, key: rsa.RSAPrivateKey) -> "SigningKey":
        numbers = key.private_numbers()
        public = PublicKey(numbers.public_numbers.n, numbers.public_numbers.e)
        return cls(public, numbers.d, numbers.p, numbers.q)

    def pem(self) -> bytes:
        """The key as unencrypted PKCS #8, for a file that the signer alone may read."""
        p, q, d = self.p, self.q, self.d
        numbers = rsa.RSAPrivateNumbers(
            p,
            q,
            d,
            d % (p - 1),
            d % (q - 1),
            pow(q, -1, p),
            rsa.RSAPublicNumbers(self.public.e, self.public.n),
        )
        return numbers.private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, blinded: bytes) -> bytes:
        """BlindSign (section 4.3). Raises Refused (400) for what no client computes.

        The number is multiplied by a random one before the secret exponents touch it, so that
        its timing tells nothing; the result is checked, since one faulty answer of CRT gives p away.
        """
        n, e = self.public.n, self.public.e
        m = int.from_bytes(blinded)
        if len(blinded) != self.public.size or not 1 < m < n - 1:
            raise Refused("This is not a blinded credential for this election.", status=400)
        cover = _unit(n)
        s = self._power(m * pow(cover, e, n) % n) * pow(cover, -1, n) % n
        if pow(s, e, n) != m:
            raise SigningFault
        return s.to_bytes(self.public.size)

    def _power(self, x: int) -> int:
        """x ** d mod n by the Chinese remainder theorem."""
        a = pow(x, self.d % (self.p - 1), self.p)
        b = pow(x, self.d % (self.q - 1), self.q)
        return b + self.q * ((a - b) * pow(self.q, -1, self.p) % self.p)


def _unit(n: int) -> int:
    while True:
        number = 2 + secrets.randbelow(n - 3)
        if gcd(number, n) == 1:
            return number


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
