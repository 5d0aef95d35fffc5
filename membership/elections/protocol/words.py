"""Bytes as words that can be read out and written down: ``bado kiru …``, 12 bits each.

A consonant stands for four bits, a vowel for two, so no list of words is needed.
"""

import re
from hashlib import sha256

from commons.refusal import Refused

CONSONANTS = "bdfghjklmnprstvz"
VOWELS = "aiou"
WORD = re.compile(f"(?:[{CONSONANTS}][{VOWELS}]){{2}}")
SEED = 16
SEED_WORDS = 12
CHECK = 2  # bytes of SHA-256 after the seed, so that a slip of the pen is noticed


def words(data: bytes) -> str:
    """``data``, filled up with zero bits, as words of four letters."""
    number = int.from_bytes(data) << (-len(data) * 8 % 12)
    count = -(-len(data) * 8 // 12)
    return " ".join(_word(number >> 12 * place & 0xFFF) for place in reversed(range(count)))


def _word(bits: int) -> str:
    return CONSONANTS[bits >> 8] + VOWELS[bits >> 6 & 3] + CONSONANTS[bits >> 2 & 15] + VOWELS[bits & 3]


def bytes_from(text: str, count: int) -> bytes:
    """What ``count`` words stand for, a whole number of bytes. Raises Refused for anything else."""
    found = text.lower().split()
    if len(found) != count or not all(WORD.fullmatch(word) for word in found):
        raise Refused("Here %(count)s words of four letters are expected.", count=count)
    number = 0
    for word in found:
        for pair in (word[:2], word[2:]):
            number = number << 6 | CONSONANTS.index(pair[0]) << 2 | VOWELS.index(pair[1])
    return number.to_bytes(count * 12 // 8)


def seed_words(seed: bytes) -> str:
    """A seed of 16 bytes as 12 words."""
    return words(seed + _check(seed))


def seed_from(text: str) -> bytes:
    """The seed that was written down. Raises Refused when a word is wrong, missing or moved."""
    data = bytes_from(text, SEED_WORDS)
    if _check(data[:SEED]) != data[SEED:]:
        raise Refused("One of the twelve words is not as it was written down.")
    return data[:SEED]


def _check(seed: bytes) -> bytes:
    return sha256(b"rostra-seed-v1" + seed).digest()[:CHECK]
