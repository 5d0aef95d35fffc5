"""Where files are kept: each under a name made from its content, pictures and documents apart.

The names are what the rest of the house knows. A newsroom on several machines
shares the folders between them, or moves the pictures to an object store whose public address
is ``ROSTRA_MEDIA_ORIGIN``; either way only this file changes. Documents (receipts, files for the
bank) have no address: only a view that knows who asks hands one out.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO

from commons.config import settings
from commons.language import N_
from commons.refusal import Refused

MEDIA, DOCUMENTS = "media", "documents"
KEYS = {
    MEDIA: re.compile(r"[0-9a-f]{64}\.(?:jpg|png|webp|gif)"),
    DOCUMENTS: re.compile(r"[0-9a-f]{64}\.(?:jpg|png|pdf|xml)"),
}


def put(data: bytes, suffix: str, folder: str = MEDIA) -> str:
    """Keep ``data`` for good and return its key; the same bytes always get the same key.

    ``suffix`` is the file's ending with its dot, such as ``.jpg``. When this returns,
    the file survives a power cut. A full disk is ``Refused`` with status 507 and leaves nothing behind.
    """
    key = hashlib.sha256(data).hexdigest() + suffix
    path = _path(key, folder)
    if path.exists():
        return key
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data, 0o644 if folder == MEDIA else 0o600)
    except OSError as error:
        raise Refused(N_("The file could not be kept: the disk is full or not writable."), 507) from error
    return key


def open_(key: str, folder: str = MEDIA) -> BinaryIO:
    """The file under ``key``, open for reading; ``Refused`` with status 404 where there is none."""
    try:
        return _path(key, folder).open("rb")
    except FileNotFoundError:
        raise Refused(N_("There is no such file."), 404) from None


def url(key: str) -> str:
    """The public address of the file under ``key``."""
    _path(key)
    return address() + key


def address() -> str:
    """What the address of every kept file starts with, ending in a slash."""
    own = settings().media_origin
    return (own.rstrip("/") + "/") if own else settings().origin + "/media/"


def delete(key: str, folder: str = MEDIA) -> None:
    """Remove the file under ``key``; nothing happens where there is none."""
    _path(key, folder).unlink(missing_ok=True)


def _path(key: str, folder: str = MEDIA) -> Path:
    """Two levels, so that no folder grows to a hundred thousand names."""
    if not KEYS[folder].fullmatch(key):
        raise Refused(N_("There is no such file."), 404)
    return settings().data / folder / key[:2] / key


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all: a reader never sees half a file, and neither does a restart."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, mode)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync(path.parent)
    _sync(path.parent.parent)


def _sync(folder: Path) -> None:
    """Make the names in ``folder`` durable, as its files' bytes already are."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
