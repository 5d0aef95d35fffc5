"""What may be told of sums in which single people stand."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from membership.books import cells
from membership.books.cells import Band, Cell

EVERYBODY = [uuid.UUID(int=number) for number in range(12)]
some_cells = st.lists(
    st.tuples(st.integers(1, 10**9), st.frozensets(st.sampled_from(EVERYBODY))), max_size=7
).map(lambda found: [Cell((f"a{place}",), *each) for place, each in enumerate(found)])


def cell(name: str, amount: int, count: int, first: int = 0) -> Cell:
    return Cell((name,), amount, frozenset(EVERYBODY[first : first + count]))


def test_a_small_cell_goes_together_with_the_smallest_that_is_large_enough() -> None:
    told = cells.tellable([cell("a", 10, 12), cell("b", 20, 5), cell("c", 30, 2)], 5)
    assert [(each.accounts, each.amount) for each in told] == [(("a",), 10), (("c", "b"), 50)]


def test_small_cells_that_are_enough_together_take_no_other() -> None:
    told = cells.tellable([cell("a", 10, 12), cell("b", 20, 3), cell("c", 30, 3, first=3)], 5)
    assert [(each.accounts, each.amount) for each in told] == [(("a",), 10), (("b", "c"), 50)]


def test_too_few_people_in_all_are_not_told() -> None:
    assert [each.amount for each in cells.tellable([cell("a", 10, 2), cell("b", 20, 2)], 5)] == [None]


def test_large_cells_stay_as_they_are() -> None:
    found = [cell("a", 10, 5), cell("b", 20, 12)]
    assert cells.tellable(found, 5) == found


@given(some_cells)
def test_nothing_is_told_of_fewer_than_five_and_nothing_is_lost(found: list[Cell]) -> None:
    told = cells.tellable(found, 5)
    assert all(each.amount is None or len(each.people) >= 5 for each in told)
    assert sorted(name for each in told for name in each.accounts) == sorted(
        each.accounts[0] for each in found
    )
    if all(each.amount is not None for each in told):
        assert sum(each.amount or 0 for each in told) == sum(each.amount or 0 for each in found)
    else:
        assert len(told) == 1


@pytest.mark.parametrize(
    ("amount", "band"),
    [(1, Band(0, 10)), (999, Band(0, 10)), (-1_000, Band(10, 50)), (99_999_999, Band(50_000, None))],
)
def test_an_amount_is_told_as_a_band(amount: int, band: Band) -> None:
    assert cells.band(amount, 100) == band


def test_bands_of_wages_are_wide_enough_for_five() -> None:
    wages = [200_000] * 4 + [260_000] * 2 + [410_000] * 3
    assert cells.spread(wages, 100, 5) == [Band(2_000, 5_000, 9)]
    assert cells.spread(wages * 2, 100, 5) == [Band(2_000, 2_500, 8), Band(2_500, 5_000, 10)]
    assert cells.spread(wages[:4], 100, 5) == []


@given(st.lists(st.integers(1, 2_000_000), max_size=40))
def test_every_wage_is_in_one_band_or_none_is_told(wages: list[int]) -> None:
    found = cells.spread(wages, 100, 5)
    assert all(band.count >= 5 for band in found)
    assert sum(band.count for band in found) == (len(wages) if len(wages) >= 5 else 0)
    for wage in wages if found else []:
        assert sum(band.low <= wage // 100 < (band.high or 10**9) for band in found) == 1
