"""Bank statements: files of banks, read into entries. Pure: no table, no web."""

from membership.payments.statements import camt, table
from membership.payments.statements.entry import Entry, Statement

__all__ = ["Entry", "Statement", "read"]


def read(data: bytes) -> Statement:
    """The statement in a file: camt.053 (ISO 20022) or CSV. ``Refused`` says what is wrong, and where."""
    return camt.read(data) if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else table.read(data)
