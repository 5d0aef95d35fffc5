"""The signer's half of a key that signs blindly (RFC 9474 section 4.3).

With gmpy2 its secret powers take a time that does not depend on the key; without it they are Python's
`pow`, about six times slower and not so. Either way the number is covered by a random one first.
"""

import secrets
from dataclasses import dataclass, field
from math import gcd

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from commons.refusal import Refused
from membership.elections.protocol.blind_rsa import BITS, EXPONENT, PublicKey

try:
    from gmpy2 import powmod_sec as secret_power
except ImportError:  # a platform without its wheel
    secret_power = pow


class SigningFault(Exception):
    """The signature that was computed does not verify: hardware or memory is broken, or attacked."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Made anew for each election, and destroyed when no more credentials are drawn."""

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
        # Testing the primes of a key that we made costs a fifth of a second.
        key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, blinded: bytes) -> bytes:
        """BlindSign (section 4.3). Raises Refused (400) for what no client computes.

        The number is multiplied by a random one before the secret exponents touch it, so that
        its timing tells nothing; the result is checked, since one faulty answer of CRT gives p away.
        """
        n, e = self.public.n, self.public.e
        m = blinded_number(self.public, blinded)
        cover = _unit(n)
        s = self._power(m * pow(cover, e, n) % n) * pow(cover, -1, n) % n
        if pow(s, e, n) != m:
            raise SigningFault
        return s.to_bytes(self.public.size)

    def _power(self, x: int) -> int:
        """x ** d mod n by the Chinese remainder theorem."""
        a = int(secret_power(x % self.p, self.d % (self.p - 1), self.p))
        b = int(secret_power(x % self.q, self.d % (self.q - 1), self.q))
        return b + self.q * ((a - b) * pow(self.q, -1, self.p) % self.p)


def blinded_number(key: PublicKey, blinded: bytes) -> int:
    """What is to be signed. Raises Refused (400) for what no client computes: 0, 1, n - 1 and more."""
    m = int.from_bytes(blinded)
    if len(blinded) != key.size or not 1 < m < key.n - 1:
        raise Refused("This is not a blinded credential for this election.", status=400)
    return m


def _unit(n: int) -> int:
    while True:
        number = 2 + secrets.randbelow(n - 3)
        if gcd(number, n) == 1:
            return number
