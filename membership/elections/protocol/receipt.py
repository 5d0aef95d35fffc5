"""The receipt: the ballot box's signature on one envelope, for that voter alone.

It proves that the box took the ballot, and with the board whether it kept it. It does not prove what
the ballot says; seed and code together do.
"""

from base64 import b32encode
from collections.abc import Collection
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commons.refusal import Refused
from membership.elections.protocol import ed25519
from membership.elections.protocol.board import leaf
from membership.elections.protocol.manifest import Manifest

LABEL = b"rostra-receipt-v1"
CODE_BYTES = 13  # the 100 bits of the code and four that are cut off
CODE_CHARS = 20


def sign(box: Ed25519PrivateKey, manifest: Manifest, envelope: bytes) -> bytes:
    """64 bytes; the same for the same envelope, since Ed25519 draws nothing."""
    return box.sign(LABEL + manifest.hash + leaf(envelope))


def holds(manifest: Manifest, envelope: bytes, receipt: bytes) -> bool:
    """Whether ``receipt`` is the box's for ``envelope``."""
    return ed25519.verify(manifest.box_key, receipt, LABEL + manifest.hash + leaf(envelope))


def code(envelope: bytes) -> str:
    """The tracking code: 100 bits of SHA-256 as ``ABCD-EFGH-…``, to be looked up in the whole list."""
    text = b32encode(sha256(envelope).digest()[:CODE_BYTES]).decode()[:CODE_CHARS]
    return "-".join(text[place : place + 4] for place in range(0, CODE_CHARS, 4))


def complaint(manifest: Manifest, envelope: bytes, receipt: bytes, board: Collection[bytes]) -> bool:
    """Whether envelope and receipt prove that the box left a ballot off the ``board`` (its leaves).

    Raises Refused when the receipt is not the box's, so that nothing is proved.
    """
    if not holds(manifest, envelope, receipt):
        raise Refused("This receipt is not the ballot box's for this ballot.", status=400)
    return leaf(envelope) not in board
