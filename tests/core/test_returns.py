"""What a placement cost on which days, and what it returned."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.returns import (
    Brought,
    Cost,
    Days,
    cost_of,
    currency_faults,
    days_faults,
    placement_return,
)
from tests.builders import NOW


def a_cost(start: str = "2026-11-01", end: str = "2026-12-01", **more: Any) -> Cost:
    values: dict[str, Any] = {
        "id": "cost_1", "placement_id": "plc_1", "days": Days(start=start, end=end),
        "amount_cents": 30_000, "currency": "USD", "created_at": NOW,
    }  # fmt: skip
    return Cost(**(values | more))


@pytest.mark.parametrize(
    ("start", "end", "cents"),
    [
        ("2026-11-01", "2026-12-01", 30_000),
        ("2026-11-01", "2026-11-02", 1_000),
        ("2026-10-01", "2026-11-11", 10_000),
        ("2026-11-30", "2027-01-01", 1_000),
        ("2026-12-01", "2026-12-31", 0),
        ("2026-10-01", "2026-11-01", 0),
        ("2026-01-01", "2027-01-01", 30_000),
    ],
)
def test_each_day_of_a_cost_bears_the_same(start: str, end: str, cents: int) -> None:
    assert cost_of(Days(start=start, end=end), a_cost()) == cents


def test_a_removed_cost_counts_no_more() -> None:
    assert cost_of(Days(start="2026-11-01", end="2026-12-01"), a_cost(removed=True)) == 0


DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(st.integers(1, 10**9), DAYS, st.integers(1, 366), st.lists(DAYS, max_size=6))
def test_periods_that_adjoin_bear_the_whole_whatever_the_rounding(
    cents: int, first: date, length: int, cuts: list[date]
) -> None:
    cost = a_cost(
        first.isoformat(), (first + timedelta(days=length)).isoformat(), amount_cents=cents
    )
    edges = ["2025-01-01", *sorted(cut.isoformat() for cut in cuts), "2029-12-31"]
    parts = [cost_of(Days(start=start, end=end), cost) for start, end in pairwise(edges)]
    assert sum(parts) == cents
    assert all(part >= 0 for part in parts)


def test_the_return_is_what_is_earned_less_what_is_spent() -> None:
    days = Days(start="2026-11-01", end="2026-11-11")
    brought = Brought(calls=7, approved=5, earnings_cents=12_500)
    found = placement_return("plc_1", days, brought, [a_cost(), a_cost(removed=True)], "USD")
    assert (found.calls, found.approved, found.earnings_cents) == (7, 5, 12_500)
    assert (found.cost_cents, found.return_cents, found.return_percent) == (10_000, 2_500, 25.0)
    lost = placement_return("plc_1", days, Brought(calls=0, approved=0, earnings_cents=0),
                            [a_cost()], "USD")  # fmt: skip
    assert (lost.return_cents, lost.return_percent) == (-10_000, -100.0)
    free = placement_return("plc_1", days, brought, [], "USD")
    assert (free.return_cents, free.return_percent) == (12_500, None)


@pytest.mark.parametrize(
    ("start", "end", "rules"),
    [("2026-11-01", "2026-11-02", []), ("2026-11-01", "2026-11-01", ["order"]),
     ("2026-11-02", "2026-11-01", ["order"]), ("2026-01-01", "2027-01-02", []),
     ("2026-01-01", "2027-01-03", ["range"])],
)  # fmt: skip
def test_days_end_after_they_begin_and_are_a_year_at_most(
    start: str, end: str, rules: list[str]
) -> None:
    assert [one.rule for one in days_faults(Days(start=start, end=end), "from", "to")] == rules


def test_a_cost_is_in_the_currency_of_the_earnings() -> None:
    assert currency_faults("USD", "USD") == []
    assert [one.rule for one in currency_faults("EUR", "USD")] == ["currency_mismatch"]
