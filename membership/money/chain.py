"""The hash chain of the books. Pure.

Everything hashed is RFC 8785's canonical JSON of text in lists and objects: for those Python's own
encoder with sorted keys writes it (RFC 8785 3.2.2.2), many times faster than a library that also
covers numbers.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

GENESIS = "0" * 64

Line = tuple[str, str, str, str, str, str, str]
"""Account, currency, amount, party, campaign, story, memo hash: all text, ids as 32 hex digits."""

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: object) -> bytes:
    """RFC 8785 of text, lists and objects; ``UnicodeEncodeError`` for a lone surrogate."""
    return _encode(value).encode()


def link(previous: str, head: Sequence[str], lines: Sequence[Line]) -> str:
    """SHA-256 over the canonical JSON of the hash before, a posting's ``head`` and its lines.

    ``head`` is id, kind, cause kind, cause id, booking date, moment, id reversed, memo hash.
    """
    return hashlib.sha256(canonical([previous, head, lines])).hexdigest()


def link_of(previous: str, head: str, lines: Sequence[str]) -> str:
    """``link``, given the canonical JSON of head and lines; ``previous`` is hexadecimal."""
    return hashlib.sha256(f'["{previous}",{head},[{",".join(lines)}]]'.encode()).hexdigest()


def moment_text(moment: datetime) -> str:
    """``2026-11-24 05:58:00.000000``, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def commitment(salt: str, text: str) -> str:
    """What stands in the chain for words: to be recognised by, not to be read."""
    return hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()


def new_salt() -> str:
    return secrets.token_hex(16)
