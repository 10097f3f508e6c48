"""How many numbers visits ask for: Little's law, the hold, and Erlang's formula B."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.sizing import (
    OVERFLOW_SHARE,
    Traffic,
    lent_on_average,
    numbers_for,
    overflow_share,
    size,
    taken_on_average,
)


def traffic(
    arrivals: int, visit: int, hold: int, measured: int = 40, *, calls: int = 0, keep: int = 0
) -> Traffic:
    return Traffic(
        arrivals_per_hour=arrivals, visit_seconds=visit, visits_measured=measured,
        hold_seconds=hold, calls_per_hour=calls, keep_seconds=keep,
    )  # fmt: skip


def test_two_hundred_visits_an_hour_of_three_minutes_keep_ten_numbers_without_a_hold() -> None:
    sized = size(traffic(200, 180, 0), reserve=0, minimum=0, maximum=1_000)
    assert (sized.lent_on_average, sized.by_littles_law) == (10.0, 10)


def test_a_hold_of_five_minutes_makes_it_twenty_seven() -> None:
    sized = size(traffic(200, 180, 300), reserve=2, minimum=0, maximum=1_000)
    assert (sized.lent_on_average, sized.by_littles_law) == (26.67, 27)
    assert (sized.against_overflow, sized.advised) == (38, 40)
    assert sized.working == (
        "visits last 180 s on average, of 40 measured, and a number is held 300 s longer",
        "200 visits in the busiest hour × 480 s ÷ 3600 s = 26.67 numbers lent on average",
        "no call has kept a number yet; what calls keep comes on top",
        "38 numbers leave at most 1% of those visits without one",
        "38 and a reserve of 2 are 40",
    )


def test_numbers_that_calls_keep_come_on_top() -> None:
    sized = size(traffic(200, 180, 300, calls=12, keep=1_800), reserve=2, minimum=0, maximum=1_000)
    assert (sized.lent_on_average, sized.kept_on_average) == (26.67, 6.0)
    assert (sized.by_littles_law, sized.against_overflow, sized.advised) == (33, 45, 47)
    assert sized.working[2] == (
        "12 calls in the hour with most × 1800 s ÷ 3600 s = 6.00 numbers kept on top"
    )


# Rows of the table of Erlang B: numbers, the share without one, and the load it belongs to.
@pytest.mark.parametrize(
    ("numbers", "share", "load"),
    [(1, 0.01, 0.0101), (5, 0.01, 1.361), (10, 0.01, 4.461), (20, 0.01, 12.031),
     (10, 0.05, 6.216), (50, 0.01, 37.901), (100, 0.01, 84.064)],
)  # fmt: skip
def test_the_formula_gives_the_published_table(numbers: int, share: float, load: float) -> None:
    assert overflow_share(numbers, load) == pytest.approx(share, rel=2e-3)
    assert numbers_for(load * 0.999, share) == numbers


@pytest.mark.parametrize(
    ("bounds", "advised", "last"),
    [((50, 100), 50, "minimum_numbers 50 holds: 50"),
     ((0, 15), 15, "maximum_numbers 15 holds: 15"),
     ((0, 100), 20, "18 and a reserve of 2 are 20")],
)  # fmt: skip
def test_the_advice_keeps_the_pools_bounds(
    bounds: tuple[int, int], advised: int, last: str
) -> None:
    sized = size(traffic(200, 180, 0), reserve=2, minimum=bounds[0], maximum=bounds[1])
    assert (sized.advised, sized.working[-1]) == (advised, last)


def test_a_pool_without_visits_needs_its_reserve_and_says_what_it_assumes() -> None:
    sized = size(Traffic(arrivals_per_hour=0, hold_seconds=300), reserve=1, minimum=0, maximum=9)
    assert (sized.against_overflow, sized.advised) == (0, 1)
    assert sized.working[0].startswith("no visit is measured yet; 180 s are assumed")


@given(st.integers(0, 3_000), st.integers(1, 900), st.integers(0, 900), st.integers(0, 900))
def test_a_longer_hold_never_asks_for_fewer(
    arrivals: int, visit: int, hold: int, more: int
) -> None:
    short = numbers_for(lent_on_average(traffic(arrivals, visit, hold)), OVERFLOW_SHARE)
    long = numbers_for(lent_on_average(traffic(arrivals, visit, hold + more)), OVERFLOW_SHARE)
    assert short <= long


@given(st.integers(0, 3_000), st.integers(0, 500), st.integers(0, 86_400), st.integers(0, 3_600))
def test_a_longer_keeping_never_asks_for_fewer(
    arrivals: int, calls: int, keep: int, more: int
) -> None:
    kept = [traffic(arrivals, 180, 300, calls=calls, keep=s) for s in (0, keep, keep + more)]
    none, short, long = (taken_on_average(one) for one in kept)
    assert none == lent_on_average(kept[0]) <= short <= long


@given(st.floats(0.001, 2_000))
def test_the_numbers_are_enough_one_fewer_are_not_and_the_mean_always_fits(load: float) -> None:
    numbers = numbers_for(load, OVERFLOW_SHARE)
    assert overflow_share(numbers, load) <= OVERFLOW_SHARE < overflow_share(numbers - 1, load)
    # Those who find a number keep at most all of them, so what is carried is below it.
    assert load * (1 - OVERFLOW_SHARE) <= numbers
    assert math.isfinite(numbers)
