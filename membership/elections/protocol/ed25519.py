"""Which Ed25519 public keys we take: only those whose encoding is canonical and whose order is large.

RFC 8032 leaves it to the verifier. A key of small order verifies signatures on anything, and one
point in two encodings would be two voters.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
SIZE = 32
# y of the eight points whose order divides 8 (their x differ in sign only)
_Y8 = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
SMALL_ORDER_Y = frozenset({0, 1, P - 1, _Y8, P - _Y8})


def sound(key: bytes) -> bool:
    """Whether ``key`` may be a voter's: 32 bytes, y below p, no point of small order."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    return len(key) == SIZE and y < P and y not in SMALL_ORDER_Y


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is by ``key``; a scalar S that is not below the order is refused too."""
    if not sound(key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
