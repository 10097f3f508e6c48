"""When the Federal Reserve is open, and when files take effect."""

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.banking_days import (
    banking_day_after,
    effective_on,
    is_banking_day,
    settled_on,
)


@pytest.mark.parametrize("year", range(2015, 2061))
def test_the_rule_is_the_calendar_of_the_federal_reserve(year: int) -> None:
    closed = holidays.financial_holidays("FED", years=year)
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    for day in days:
        if day.year == year:
            assert is_banking_day(day) is (day.weekday() < 5 and day not in closed), day


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        ("2026-11-25", 1, "2026-11-27"),
        ("2026-11-25", 2, "2026-11-30"),
        ("2026-12-24", 1, "2026-12-28"),
        ("2026-12-31", 1, "2027-01-04"),
        ("2026-07-02", 1, "2026-07-03"),
        ("2027-07-02", 1, "2027-07-06"),
        ("2028-11-09", 1, "2028-11-10"),
        ("2021-12-31", 1, "2022-01-03"),
    ],
    ids=["Thanksgiving", "and the weekend after it", "Christmas", "New Year",
         "a Saturday holiday closes no Friday", "a Sunday holiday closes the Monday",
         "Veterans Day on a Saturday", "New Year on a Saturday"],
)  # fmt: skip
def test_banking_days_pass_over_weekends_and_holidays(day: str, count: int, then: str) -> None:
    assert banking_day_after(date.fromisoformat(day), count) == date.fromisoformat(then)


@pytest.mark.parametrize(
    ("moment", "same_day", "effective"),
    [
        ("2026-11-23T15:00", False, "2026-11-24"),
        ("2026-11-23T15:00", True, "2026-11-23"),
        ("2026-11-23T21:44", True, "2026-11-23"),
        ("2026-11-23T21:45", True, "2026-11-24"),
        ("2026-07-23T20:44", True, "2026-07-23"),
        ("2026-07-23T20:45", True, "2026-07-24"),
        ("2026-11-26T15:00", True, "2026-11-27"),
        ("2026-11-27T23:00", False, "2026-11-30"),
        ("2026-11-24T04:30", False, "2026-11-24"),
    ],
    ids=["next day", "same day", "before the last cut-off", "at the last cut-off",
         "before it in summer", "at it in summer", "on a holiday", "over a weekend",
         "late in the evening of New York it is still the day before"],
)  # fmt: skip
def test_a_file_takes_effect_on_a_banking_day(moment: str, same_day: bool, effective: str) -> None:
    released = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert effective_on(released, same_day=same_day) == date.fromisoformat(effective)


def test_a_credit_counts_as_settled_three_banking_days_after_it_takes_effect() -> None:
    assert settled_on(date(2026, 11, 24)) == date(2026, 11, 30)


@given(st.dates(date(2015, 1, 1), date(2060, 12, 31)), st.integers(1, 10))
def test_banking_days_ascend_and_lie_close_together(day: date, count: int) -> None:
    later = banking_day_after(day, count)
    assert is_banking_day(later)
    assert day < later <= day + timedelta(days=2 * count + 5)
    assert banking_day_after(later, 1) == banking_day_after(day, count + 1)


def test_no_day_is_the_zeroth_after_another() -> None:
    with pytest.raises(ValueError, match="counts from 1"):
        banking_day_after(date(2026, 11, 23), 0)
