"""The lines of an election file, within the caps: UTF-8, with or without a byte order mark."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TextIO

from commons.limits import ELECTION_FILE, ELECTION_LINE
from commons.refusal import Refused


@contextmanager
def opened(path: Path) -> Iterator[Iterator[str]]:
    """The lines of the file at ``path``, read as they are asked for.

    Raises Refused while reading when the file is too big or not UTF-8, OSError when it cannot be read.
    """
    with path.open(encoding="utf-8-sig") as file:
        yield _lines(file)


def _lines(file: TextIO) -> Iterator[str]:
    size = 0
    try:
        while line := file.readline(ELECTION_LINE + 1):
            size += len(line)
            if len(line) > ELECTION_LINE:
                raise Refused("The file has a line of more than %(most)s characters.", most=ELECTION_LINE)
            if size > ELECTION_FILE:
                raise Refused("The file has more than %(most)s characters.", most=ELECTION_FILE)
            yield line
    except UnicodeDecodeError:
        raise Refused("The file is not UTF-8 text.") from None


def first_said(lines: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The first line that is neither empty nor a comment, and all lines still to be read."""
    skipped = []
    for line in lines:
        skipped.append(line)
        text = line.strip()
        if text and not text.startswith("#"):
            return text, chain(skipped, lines)
    return "", iter(skipped)


def read_each(lines: Iterable[str], read: Callable[[str], None]) -> None:
    """Gives each line to ``read``. A Refused says in which line the fault is."""
    number = 0
    try:
        for line in lines:
            number += 1
            read(line)
    except Refused as fault:
        raise Refused("Line %(line)s: %(fault)s", line=number, fault=fault) from None
