"""The four test vectors of RFC 9474, appendix A."""

import json
from pathlib import Path

VECTORS: list[dict[str, str]] = json.loads(
    (Path(__file__).parents[3] / "data" / "rfc9474-vectors.json").read_text()
)


def number(text: str) -> int:
    return int(text, 16)


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
