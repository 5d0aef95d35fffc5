"""Many small writes as one transaction, without anybody being told before it is on disk.

A commit costs a flush of the disk, however little it carries. Requests that come at the same
moment share one: whoever has the turn writes what all the others have brought meanwhile.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class _Ticket(Generic[T]):
    """What one caller brought. ``wake`` is held until it is written, or its bringer has the turn."""

    __slots__ = ("done", "error", "item", "wake")

    def __init__(self, item: T) -> None:
        self.item = item
        self.done = False
        self.error: BaseException | None = None
        self.wake = threading.Lock()
        self.wake.acquire()


class Together(Generic[T]):
    """``write`` gets a batch and returns once it is durable; if it raises, all in the batch hear of it."""

    def __init__(self, write: Callable[[Sequence[T]], None], most: int) -> None:
        self._write = write
        self._most = most
        self._waiting: list[_Ticket[T]] = []
        self._lock = threading.Lock()
        self._turn_taken = False

    def add(self, item: T) -> None:
        """Returns when ``item`` is written, alone or with others."""
        ticket = _Ticket(item)
        with self._lock:
            self._waiting.append(ticket)
            has_turn, self._turn_taken = not self._turn_taken, True
        if not has_turn:
            ticket.wake.acquire()
        if not ticket.done:
            self._write_batch()
        if ticket.error is not None:
            raise ticket.error

    def _write_batch(self) -> None:
        """Write the oldest, the caller's among them, and give the turn to who waits the longest then."""
        with self._lock:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            self._write([ticket.item for ticket in batch])
        except BaseException as error:
            for ticket in batch:
                ticket.error = error
        with self._lock:
            self._turn_taken = bool(self._waiting)
            if self._turn_taken:
                self._waiting[0].wake.release()
        for ticket in batch:
            ticket.done = True
            ticket.wake.release()
