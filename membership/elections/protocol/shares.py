"""The tally key on paper: three shares, any two of which give it back (Shamir, 1979).

A backup for officers, not a protection from them: each keeps the whole key until the count. A share
is 24 words: its number, a point of a line through the secret, and two bytes to notice a slip.
"""

import secrets
from hashlib import sha256
from itertools import combinations

from commons.refusal import Refused
from membership.elections.protocol.words import bytes_from, words

PRIME = 2**256 + 297  # the smallest above all secrets of 32 bytes
COUNT = 3
SECRET = 32
POINT = 33
CHECK = 2
WORDS = 24


def split(secret: bytes) -> list[str]:
    """Three shares of 32 bytes; one alone tells nothing."""
    if len(secret) != SECRET:
        raise ValueError("a tally key has 32 bytes")
    slope = secrets.randbelow(PRIME)
    return [_written(x, (int.from_bytes(secret) + slope * x) % PRIME) for x in range(1, COUNT + 1)]


def join(shares: list[str]) -> bytes:
    """The secret from two or three shares.

    Raises Refused for fewer, for one twice, for a slip in a word, and for shares of different keys if
    three are given. Whether two fit is seen by the public key (`sealing.tally_secret`).
    """
    points = dict(_read(share) for share in shares)
    if len(points) != len(shares) or len(points) < 2:
        raise Refused("Two different shares are needed.")
    found = {_meet(pair) for pair in combinations(points.items(), 2)}
    secret = found.pop()
    if found or secret >> 8 * SECRET:
        raise Refused("These shares do not belong together.")
    return secret.to_bytes(SECRET)


def _meet(pair: tuple[tuple[int, int], tuple[int, int]]) -> int:
    """Where the line through two points is at 0."""
    (a, at_a), (b, at_b) = pair
    return (at_a * b - at_b * a) * pow(b - a, -1, PRIME) % PRIME


def _written(x: int, y: int) -> str:
    data = bytes([x]) + y.to_bytes(POINT)
    return words(data + _check(data))


def _read(share: str) -> tuple[int, int]:
    data = bytes_from(share, WORDS)
    body, check = data[:-CHECK], data[-CHECK:]
    x, y = body[0], int.from_bytes(body[1:])
    if _check(body) != check or not 1 <= x <= COUNT or y >= PRIME:
        raise Refused("A word of this share is not as it was written down.")
    return x, y


def _check(data: bytes) -> bytes:
    return sha256(b"rostra-share-v1" + data).digest()[:CHECK]
