"""Months without drift, shares of a period that sum to it, days that begin when the zone says."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from membership.money import periods

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
AMOUNTS = st.integers(0, 10**9)


def test_the_last_of_january_is_followed_by_the_last_of_february_and_the_last_of_march() -> None:
    anchor = date(2027, 1, 31)
    walked = [periods.months_after(anchor, count) for count in range(41)]
    assert walked[:5] == [anchor, date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30), date(2027, 5, 31)]
    assert walked[13] == date(2028, 2, 29)
    assert walked[40] == date(2030, 5, 31)
    assert all(day.day == 31 for day in walked if day.month in (1, 3, 5, 7, 8, 10, 12))


@given(DAYS, st.integers(-500, 500))
def test_no_month_is_left_out_or_met_twice(anchor: date, count: int) -> None:
    day, following = periods.months_after(anchor, count), periods.months_after(anchor, count + 1)
    assert (following.year * 12 + following.month) - (day.year * 12 + day.month) == 1
    assert day.day == min(anchor.day, periods.last_day(periods.month_of(day)).day)


def test_months_are_named_and_counted() -> None:
    assert periods.month_of(date(2026, 11, 24)) == "2026-11"
    assert periods.later_month("2026-11", 2) == "2027-01"
    assert periods.later_month("2026-01", -1) == "2025-12"
    assert periods.last_day("2028-02") == date(2028, 2, 29)
    assert list(periods.months_through("2026-11", "2027-02")) == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert list(periods.months_through("2026-11", "2026-10")) == []
    with pytest.raises(ValueError, match="month"):
        periods.first_day("2026-13")


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 30), "Europe/Berlin", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), "Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC)),
        (date(2026, 10, 26), "Europe/Berlin", datetime(2026, 10, 25, 23, tzinfo=UTC)),
        (date(2026, 11, 24), "UTC", datetime(2026, 11, 24, tzinfo=UTC)),
    ],
)
def test_a_day_begins_when_the_zone_says(day: date, zone: str, begins: datetime) -> None:
    assert periods.starts(day, zone) == begins
    assert periods.local_day(begins, zone) == day
    assert periods.local_day(begins - timedelta(seconds=1), zone) == day - timedelta(days=1)


@given(AMOUNTS, AMOUNTS, DAYS, st.integers(1, 400), st.data())
def test_a_change_of_price_and_back_on_the_same_day_costs_nothing(
    old: int, new: int, begins: date, length: int, data: st.DataObject
) -> None:
    ends = begins + timedelta(days=length)
    since = begins + timedelta(days=data.draw(st.integers(0, length)))
    up = periods.change_price(old, new, begins, ends, since)
    assert up + periods.change_price(new, old, begins, ends, since) == 0
    assert periods.change_price(old, old, begins, ends, since) == 0
    assert 0 <= periods.part_of(old, begins, ends, since) <= old


def test_a_price_change_is_owed_for_the_days_that_are_left() -> None:
    begins, ends = date(2026, 11, 1), date(2026, 12, 1)
    assert periods.part_of(3000, begins, ends, date(2026, 11, 11)) == 2000
    assert periods.change_price(3000, 6000, begins, ends, date(2026, 11, 11)) == 2000
    assert periods.part_of(100, begins, ends, begins) == 100
    assert periods.part_of(100, begins, ends, ends) == 0
    with pytest.raises(ValueError, match="not within"):
        periods.part_of(100, begins, ends, date(2026, 12, 2))
