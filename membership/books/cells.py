"""What may be told of sums in which single people stand. Pure.

A cell with fewer than ``k`` people in it is put together with others until enough are; where even
all of them are too few, nothing is told. So nobody's part can be had by subtraction either.
"""

import uuid
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

# Edges of bands in whole units of a currency.
OF_LINES = (0, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000)
OF_WAGES = (0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 5_000, 6_000, 8_000, 10_000)


@dataclass(frozen=True)
class Cell:
    """An amount of some accounts, and who stands in it. ``amount`` None: too few to tell."""

    accounts: tuple[str, ...]
    amount: int | None
    people: frozenset[uuid.UUID]


@dataclass(frozen=True)
class Band:
    """From ``low`` to below ``high`` whole units (None: and more), and how many are in it."""

    low: int
    high: int | None
    count: int = 0


def tellable(cells: Sequence[Cell], k: int) -> list[Cell]:
    """The cells with at least ``k`` people as they are, then the others as one, if that is enough."""
    alone = sorted((cell for cell in cells if len(cell.people) >= k), key=lambda cell: len(cell.people))
    small = [cell for cell in cells if len(cell.people) < k]
    if not small:
        return list(cells)
    while alone and len(_people(small)) < k:
        small.append(alone.pop(0))
    together = Cell(
        accounts=tuple(name for cell in small for name in cell.accounts),
        amount=sum(cell.amount or 0 for cell in small) if len(_people(small)) >= k else None,
        people=_people(small),
    )
    kept = {cell.accounts for cell in alone}
    return [*(cell for cell in cells if cell.accounts in kept), together]


def band(amount: int, unit: int, edges: Sequence[int] = OF_LINES) -> Band:
    """The band of ``amount`` minor units, whatever its sign; ``unit`` minor units make a whole one."""
    place = bisect_right(edges, abs(amount) // unit)
    return Band(edges[place - 1], edges[place] if place < len(edges) else None)


def spread(amounts: Sequence[int], unit: int, k: int, edges: Sequence[int] = OF_WAGES) -> list[Band]:
    """How many of ``amounts`` are in each band, with bands made wider until ``k`` are in each."""
    counts = [0] * len(edges)
    for amount in amounts:
        counts[bisect_right(edges, abs(amount) // unit) - 1] += 1
    found: list[Band] = []
    low, count = edges[0], 0
    for place, here in enumerate(counts):
        if not count:
            low = edges[place]
        count += here
        if count >= k:
            found.append(Band(low, edges[place + 1] if place + 1 < len(edges) else None, count))
            count = 0
    if count and found:
        last = found.pop()
        highest = band(max(amounts), unit, edges)
        found.append(Band(last.low, highest.high, last.count + count))
    return found


def _people(cells: Sequence[Cell]) -> frozenset[uuid.UUID]:
    return frozenset().union(*(cell.people for cell in cells))
