"""Files that belong to an expense: never public, never shown in a page, only handed out."""

from commons import limits, storage
from commons.language import N_
from commons.refusal import Refused

# How a file of each kind begins.
_BEGINNINGS = {b"%PDF-": ".pdf", b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "xml": "application/xml",
}


def keep(data: bytes) -> str:
    """Keep a PDF, JPEG or PNG and return its key; what it is, its first bytes say, not its name."""
    if not data:
        raise Refused(N_("Choose a file."))
    if len(data) > limits.DOCUMENT_FILE:
        raise Refused(N_("The file is too large."), status=413)
    for beginning, suffix in _BEGINNINGS.items():
        if data.startswith(beginning):
            return storage.put(data, suffix, storage.DOCUMENTS)
    raise Refused(N_("The file must be a PDF, a JPEG or a PNG."))


def keep_xml(data: bytes) -> str:
    """Keep a file for the bank."""
    return storage.put(data, ".xml", storage.DOCUMENTS)


def read(key: str) -> bytes:
    """The bytes under ``key``; 404 where there are none."""
    with storage.open_(key, storage.DOCUMENTS) as file:
        return file.read()


def forget(key: str) -> None:
    """Remove the file under ``key``; whoever calls this knows that nothing else points to it."""
    storage.delete(key, storage.DOCUMENTS)


def media_type(key: str) -> str:
    return MEDIA_TYPES[key.rpartition(".")[2]]
