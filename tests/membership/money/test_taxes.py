"""Tax is rounded once for each line; the parts sum to what was paid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from membership.money import taxes
from membership.money.currencies import Money
from tests.membership.money.conftest import eur


@pytest.mark.parametrize(
    ("gross", "rate", "net", "tax"),
    [
        (eur(11_900), 1900, 10_000, 1_900),
        (eur(1_070), 700, 1_000, 70),
        (eur(500), 700, 467, 33),
        (eur(499), 1900, 419, 80),
        (eur(500), 0, 500, 0),
        (eur(1), 1900, 1, 0),
        (eur(-499), 1900, -419, -80),
        (Money(10_810, "CHF"), 810, 10_000, 810),
        (Money(1_026, "CHF"), 260, 1_000, 26),
    ],
)
def test_tax_within_a_price(gross: Money, rate: int, net: int, tax: int) -> None:
    taxed = taxes.included(gross, rate)
    assert (taxed.net.amount, taxed.tax.amount, taxed.gross) == (net, tax, gross)


def test_tax_on_top_of_a_price() -> None:
    assert taxes.added(eur(1_000), 1900).gross == eur(1_190)
    assert taxes.added(eur(3), 1900).tax == eur(1)


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from([0, 260, 700, 810, 1900]))))
def test_lines_sum_to_the_total_at_every_rate(paid: list[tuple[int, int]]) -> None:
    lines = [taxes.included(eur(amount), rate) for amount, rate in paid]
    sums = taxes.by_rate(lines)
    assert sum(one.gross.amount for one in sums.values()) == sum(amount for amount, _ in paid)
    for rate, one in sums.items():
        assert one.tax.amount == sum(line.tax.amount for line in lines if line.rate == rate)


@pytest.mark.parametrize("rate", [-1, 10_001, 19.0, True, "19"])
def test_what_is_no_rate_is_refused(rate: int) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        taxes.included(eur(100), rate)
