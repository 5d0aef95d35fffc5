"""Uploaded pictures: measured, decoded in a process of their own, kept as clean JPEG.

What is kept holds nothing of the file that came but its pixels: no place, no device,
no comment, no name.
"""

import hashlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commons import limits, storage
from commons.language import N_
from commons.refusal import Refused

_ROOT = Path(__file__).parent.parent
_REASONS = {
    "pixels": N_("The picture has too many pixels: 40 million at most."),
    "frames": N_("The picture has too many frames: 200 at most."),
    "memory": N_("The picture needs too much memory to be decoded. A smaller one will do."),
    "unreadable": N_("The picture could not be read. JPEG, PNG, WebP and GIF are taken."),
}
# Each decoder may use half a gigabyte.
_AT_ONCE = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Picture:
    """A kept picture: keys of ``commons.storage``, pixels of the larger file, its SHA-256 in hex."""

    key: str
    small_key: str
    width: int
    height: int
    media_type: str
    sha256: str
    blurhash: str


def accept(data: bytes) -> Picture:
    """Keep an uploaded JPEG, PNG, WebP or GIF as two progressive JPEGs, at most 1200 and 600 pixels wide.

    An animation keeps its first frame. ``Refused``: 413 for too many bytes or pixels,
    422 for whatever cannot be decoded in time and memory, 507 for a full disk.
    """
    if len(data) > limits.UPLOAD_BODY:
        raise Refused(
            N_("The picture is too large: %(size)s MB at most."), 413, size=limits.UPLOAD_BODY >> 20
        )
    answer, files = _decoded(data)
    if "refused" in answer:
        raise Refused(_REASONS[answer["refused"]], 422 if answer["refused"] == "unreadable" else 413)
    large, small = files
    return Picture(
        key=storage.put(large, ".jpg"),
        small_key=storage.put(small, ".jpg"),
        width=answer["width"],
        height=answer["height"],
        media_type="image/jpeg",
        sha256=hashlib.sha256(large).hexdigest(),
        blurhash=answer["blurhash"],
    )


def _decoded(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The decoder's answer and files. It inherits no setting and no secret."""
    command = [sys.executable, "-m", "commons.pixels"]
    try:
        with _AT_ONCE:
            child = subprocess.run(
                command,
                check=False,
                input=data,
                capture_output=True,
                cwd=_ROOT,
                env={},
                timeout=2 * limits.PICTURE_SECONDS,
            )
    except subprocess.TimeoutExpired:
        return {"refused": "unreadable"}, []
    if child.returncode:
        # Killed by a limit, or crashed in a C library.
        return {"refused": "unreadable"}, []
    line, _, rest = child.stdout.partition(b"\n")
    answer = json.loads(line)
    files = []
    for size in answer.get("sizes", []):
        files.append(rest[:size])
        rest = rest[size:]
    return answer, files
