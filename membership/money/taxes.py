"""Sales tax on a line of a receipt. Pure: whole minor units, rates in basis points (1900 is 19 %).

Tax is rounded once for each line and rate, half a unit up; net and tax then sum to what was paid.
Which rate applies, and whether any does, is the newsroom's own question to its tax adviser.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from membership.money.currencies import Money

# The usual and the reduced rates; a newsroom may use others.
RATES: Mapping[str, tuple[int, ...]] = {"DE": (1900, 700), "AT": (2000, 1000), "CH": (810, 260)}
OFFERED = tuple(sorted({0, *(rate for rates in RATES.values() for rate in rates)}, reverse=True))
LARGEST_RATE = 10_000


@dataclass(frozen=True)
class Taxed:
    """What was paid, split into net and tax at ``rate``."""

    net: Money
    tax: Money
    rate: int

    @property
    def gross(self) -> Money:
        return self.net + self.tax


def included(gross: Money, rate: int) -> Taxed:
    """The tax that is within a price. A refund is the mirror image of what was paid."""
    tax = _share(gross.amount, rate, LARGEST_RATE + _checked(rate))
    return Taxed(Money(gross.amount - tax, gross.currency), Money(tax, gross.currency), rate)


def added(net: Money, rate: int) -> Taxed:
    """The tax that comes on top of a price."""
    return Taxed(net, Money(_share(net.amount, _checked(rate), LARGEST_RATE), net.currency), rate)


def by_rate(lines: Iterable[Taxed]) -> dict[int, Taxed]:
    """Net and tax for each rate: sums of lines that are already rounded."""
    sums: dict[int, Taxed] = {}
    for line in lines:
        kept = sums.get(line.rate)
        sums[line.rate] = Taxed(kept.net + line.net, kept.tax + line.tax, line.rate) if kept else line
    return sums


def _share(amount: int, part: int, whole: int) -> int:
    size = (2 * abs(amount) * part + whole) // (2 * whole)
    return size if amount >= 0 else -size


def _checked(rate: int) -> int:
    if type(rate) is not int or not 0 <= rate <= LARGEST_RATE:
        raise ValueError(f"{rate!r} is not a rate in basis points")
    return rate
