"""What checking the books can say: the first fault, and how far it has come."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

STEP = 10_000
"""Rows between two words of progress."""
BATCH = 1_000
"""Rows read at once; more would not stay in the processor's cache."""


@dataclass(frozen=True)
class Fault:
    """The first row that is not as it was written: of which table, which, and what was done to it."""

    table: str
    row: int | str | uuid.UUID
    what: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.what}"


Progress = Callable[[str, int, int], None]
"""Told what is read, how many rows were, and how many there are."""
Checker = Callable[[Session, Progress], Fault | None]


def quiet(_what: str, _done: int, _total: int) -> None:
    """No word of progress."""
