"""A rehearsal with a dummy before anything is at stake: can officers open what is sealed to their key?

The secret stays where it is. The server seals random bytes; whoever joins the shares on a machine without
network reads them and tells them as words.
"""

import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from commons.refusal import Refused
from membership.elections.protocol.sealing import EXTRA, SUITE
from membership.elections.protocol.words import words

INFO = b"rostra-rehearsal-v1"
DUMMY = 12  # bytes: eight words


def challenge(public: bytes) -> tuple[bytes, bytes]:
    """A dummy sealed to ``public`` (32 bytes), and the SHA-256 of the words in it.

    Raises Refused for bytes that are no X25519 key to which anything can be sealed.
    """
    dummy = secrets.token_bytes(DUMMY)
    try:
        sealed = SUITE.encrypt(dummy, X25519PublicKey.from_public_bytes(public), INFO)
    except ValueError:
        raise Refused("This is no key to which ballots can be sealed.") from None
    return sealed, answer_hash(words(dummy))


def answered(sealed: bytes, secret: bytes) -> str:
    """The words in the dummy. Raises Refused if it was not sealed to this key."""
    try:
        if len(sealed) != DUMMY + EXTRA:
            raise ValueError
        return words(SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(secret), INFO))
    except (InvalidTag, ValueError):
        raise Refused("The dummy does not open with this key.") from None


def answer_hash(answer: str) -> bytes:
    """SHA-256 of the words, however they are spaced or capitalised."""
    return sha256(" ".join(answer.casefold().split()).encode()).digest()
