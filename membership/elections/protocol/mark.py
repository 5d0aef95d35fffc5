"""Four words by which a voter knows her own blinded number again."""

from hashlib import sha256

from membership.elections.protocol.words import words

SIZE = 6  # bytes: four words


def mark(blinded: bytes) -> str:
    """Four words for a blinded value: what made it and the page that signs it show the same ones.

    Who was led to that page by somebody else's link sees words that she was never shown.
    """
    return words(sha256(blinded).digest()[:SIZE])
