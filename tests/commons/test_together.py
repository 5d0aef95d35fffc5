"""Small writes that share one: each is told only when it is written, and by whom it failed."""

import threading
import time
from collections.abc import Sequence

import pytest

from commons.together import Together


def at_once(together: Together[int], items: Sequence[int]) -> list[BaseException]:
    """Add all items from threads of their own; what each raised."""
    errors: list[BaseException] = []

    def add(item: int) -> None:
        try:
            together.add(item)
        except RuntimeError as error:
            errors.append(error)

    threads = [threading.Thread(target=add, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    return errors


def test_one_alone_is_written_at_once() -> None:
    batches: list[list[int]] = []
    Together[int](lambda batch: batches.append(list(batch)), 64).add(7)
    assert batches == [[7]]


def test_what_comes_while_one_is_written_goes_together_and_nothing_twice() -> None:
    batches: list[list[int]] = []
    writing, go_on = threading.Event(), threading.Event()

    def write(batch: Sequence[int]) -> None:
        batches.append(list(batch))
        writing.set()
        assert go_on.wait(10)

    together = Together[int](write, 64)
    first = threading.Thread(target=together.add, args=(0,))
    first.start()
    assert writing.wait(10)
    others = [threading.Thread(target=together.add, args=(number,)) for number in range(1, 11)]
    for other in others:
        other.start()
    deadline = time.monotonic() + 10
    while len(together._waiting) < len(others) and time.monotonic() < deadline:
        time.sleep(0.001)
    go_on.set()
    for thread in (first, *others):
        thread.join(10)
    assert batches[0] == [0]
    assert sorted(batches[1]) == list(range(1, 11))
    assert len(batches) == 2


def test_a_batch_has_at_most_so_many() -> None:
    sizes: list[int] = []
    together = Together[int](lambda batch: sizes.append(len(batch)), 3)
    assert at_once(together, range(40)) == []
    assert max(sizes) <= 3
    assert sum(sizes) == 40


def test_nobody_is_told_before_it_is_written() -> None:
    written: set[int] = set()
    together = Together[int](written.update, 64)
    for number in range(20):
        together.add(number)
        assert number in written


def test_a_write_that_fails_is_heard_of_by_all_in_it_and_the_next_works() -> None:
    broken = True

    def write(batch: Sequence[int]) -> None:
        if broken:
            raise RuntimeError("the disk is full")

    together = Together[int](write, 64)
    assert len(at_once(together, range(5))) == 5
    broken = False
    together.add(6)


def test_the_error_is_the_one_of_the_write() -> None:
    def write(batch: Sequence[int]) -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        Together[int](write, 64).add(1)


def test_the_turn_goes_on_where_every_other_write_fails() -> None:
    written: list[int] = []
    calls = 0

    def write(batch: Sequence[int]) -> None:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise RuntimeError("the disk is full")
        written.extend(batch)

    errors = at_once(Together[int](write, 3), range(40))
    assert errors
    assert len(errors) + len(written) == 40
    assert len(set(written)) == len(written)
