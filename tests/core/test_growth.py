"""When a pool buys, when it gives back, and why not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import State
from chalicelib.growth import MEANING, GrowthReason, Move, PoolUse, decide, wanted
from chalicelib.pools import Growth, Pool
from tests.builders import NOW
from tests.flows.pooling import GROWING, a_pool

COST = 1_150_000


def growing(**overrides: Any) -> Pool:
    return a_pool(**{"growth": GROWING, "maximum_numbers": 100, "reserve": 1} | overrides)


def used(numbers: int, load: float, **overrides: Any) -> PoolUse:
    values: dict[str, Any] = {
        "numbers": numbers, "lent": 0, "idle": numbers, "load": load, "peak": load,
        "against_overflow": int(load * 1.5), "overflowed": False,
        "monthly_cost_micros": numbers * COST, "price_micros": COST,
    }  # fmt: skip
    return PoolUse(**(values | overrides))


def decided(pool: Pool, use: PoolUse) -> tuple[Move, int, GrowthReason]:
    step = decide(pool, use, NOW)
    return step.move, step.count, step.reason


@pytest.mark.parametrize(
    ("pool", "use", "step"),
    [
        # Above the percentage it buys its step, at least one; at the percentage it does not.
        (growing(), used(20, 16.0), (Move.GROW, 4, GrowthReason.ABOVE_PERCENT)),
        (growing(), used(2, 1.6), (Move.GROW, 1, GrowthReason.ABOVE_PERCENT)),
        (growing(), used(20, 15.0, against_overflow=19), (Move.STAY, 0, GrowthReason.ENOUGH)),
        # A number that is lent now counts as much as the mean; overflow says that it was all.
        (growing(), used(20, 1.0, lent=16), (Move.GROW, 4, GrowthReason.ABOVE_PERCENT)),
        (growing(), used(20, 1.0, overflowed=True), (Move.GROW, 4, GrowthReason.ABOVE_PERCENT)),
        (growing(), used(0, 0.0, overflowed=True), (Move.GROW, 1, GrowthReason.ABOVE_PERCENT)),
        # The bounds of the pool, and of what it may cost.
        (growing(minimum_numbers=5), used(2, 0.0), (Move.GROW, 3, GrowthReason.BELOW_MINIMUM)),
        (growing(maximum_numbers=21), used(20, 16.0), (Move.GROW, 1, GrowthReason.ABOVE_PERCENT)),
        (growing(maximum_numbers=20), used(20, 16.0), (Move.STAY, 0, GrowthReason.AT_MAXIMUM)),
        (growing(), used(42, 40.0), (Move.GROW, 1, GrowthReason.ABOVE_PERCENT)),
        (growing(), used(43, 40.0), (Move.STAY, 0, GrowthReason.SPENDING_LIMIT)),
        # Fewer are enough: slowly, and only what nobody misses.
        (growing(), used(20, 4.0), (Move.SHRINK, 1, GrowthReason.MORE_THAN_WANTED)),
        (growing(), used(20, 4.0, idle=0), (Move.STAY, 0, GrowthReason.ALL_IN_USE)),
        (growing(), used(20, 4.0, grown_lately=True),
         (Move.STAY, 0, GrowthReason.GROWN_LATELY)),
        (growing(maximum_numbers=999, growth=Growth(monthly_limit_micros=10**10)),
         used(500, 4.0), (Move.SHRINK, 10, GrowthReason.MORE_THAN_WANTED)),
        # Nothing is decided for whoever did not ask, and for whoever is not in business.
        (growing(growth=None), used(20, 20.0), (Move.STAY, 0, GrowthReason.NO_GROWTH)),
        (growing(state=State.PAUSED), used(20, 20.0), (Move.STAY, 0, GrowthReason.NOT_ACTIVE)),
    ],
)  # fmt: skip
def test_the_step_of_an_hour(pool: Pool, use: PoolUse, step: tuple[Move, int, str]) -> None:
    assert decided(pool, use) == step


def test_a_step_keeps_the_facts_it_rests_on() -> None:
    step = decide(growing(), used(20, 16.0, lent=3), NOW)
    facts = (step.at, step.numbers, step.lent, step.load_percent, step.monthly_cost_micros)
    assert facts == (NOW, 20, 3, 80.0, 20 * COST)
    assert step.wanted == wanted(growing(), used(20, 16.0, lent=3))


def test_every_reason_is_explained() -> None:
    assert set(MEANING) == set(GrowthReason)


POOLS = st.builds(
    growing,
    minimum_numbers=st.integers(0, 50),
    maximum_numbers=st.integers(50, 2_000),
    reserve=st.integers(0, 20),
    growth=st.builds(
        Growth,
        above_percent=st.integers(1, 100),
        step_percent=st.integers(1, 100),
        monthly_limit_micros=st.integers(0, 10**10),
    ),
)
USES = st.builds(
    used,
    numbers=st.integers(0, 2_000),
    load=st.floats(0, 1_500),
    lent=st.integers(0, 50),
    overflowed=st.booleans(),
)


@given(POOLS, USES)
def test_a_step_never_leaves_the_bounds_or_the_limit(pool: Pool, use: PoolUse) -> None:
    step = decide(pool, use, NOW)
    assert pool.growth is not None
    if step.move is Move.GROW:
        assert use.numbers < use.numbers + step.count <= pool.maximum_numbers
        cost = use.monthly_cost_micros + step.count * use.price_micros
        assert cost <= pool.growth.monthly_limit_micros
    if step.move is Move.SHRINK:
        assert 0 < step.count <= use.idle
        assert use.numbers - step.count >= max(wanted(pool, use), pool.minimum_numbers)
    assert (step.count == 0) is (step.move is Move.STAY)


@given(POOLS, USES)
def test_what_the_visits_ask_for_is_never_given_back(pool: Pool, use: PoolUse) -> None:
    use = replace(use, overflowed=False, lent=0)
    if decide(pool, use, NOW).reason is GrowthReason.ABOVE_PERCENT:
        assert wanted(pool, use) > use.numbers


@given(POOLS, USES)
def test_giving_back_never_makes_it_buy(pool: Pool, use: PoolUse) -> None:
    use = replace(use, overflowed=False, lent=0)
    down = decide(pool, use, NOW)
    if down.move is Move.SHRINK:
        after = replace(use, numbers=use.numbers - down.count)
        assert decide(pool, after, NOW).move is not Move.GROW
