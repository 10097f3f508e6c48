"""Should a pool have more numbers now, or fewer?

Owns the decision of an hour, from what the pool's numbers do and cost. What it takes for the visits
belongs to `sizing`, buying and giving back to the flow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil

from chalicelib.campaigns import State
from chalicelib.pools import Growth, Pool

_ALL = 100
_MOST_A_STEP = 50
_LEAVE_PERCENT = 2


class Move(StrEnum):
    """What becomes of the number of numbers."""

    GROW = "grow"
    SHRINK = "shrink"
    STAY = "stay"


class GrowthReason(StrEnum):
    """Why a pool grows, shrinks or stays as it is."""

    ABOVE_PERCENT = "above_percent"
    BELOW_MINIMUM = "below_minimum"
    MORE_THAN_WANTED = "more_than_wanted"
    ENOUGH = "enough"
    NO_GROWTH = "no_growth"
    NOT_ACTIVE = "not_active"
    AT_MAXIMUM = "at_maximum"
    SPENDING_LIMIT = "spending_limit"
    ALL_IN_USE = "all_in_use"
    GROWN_LATELY = "grown_lately"
    NONE_AVAILABLE = "none_available"


MEANING: Mapping[GrowthReason, str] = {
    GrowthReason.ABOVE_PERCENT: "more of the numbers were lent than the pool's above_percent",
    GrowthReason.BELOW_MINIMUM: "the pool has fewer than its minimum_numbers",
    GrowthReason.MORE_THAN_WANTED: "fewer numbers are enough, with the reserve",
    GrowthReason.ENOUGH: "as many as the visits ask for",
    GrowthReason.NO_GROWTH: "the pool has no growth: it neither buys nor gives back",
    GrowthReason.NOT_ACTIVE: "the pool is paused or archived",
    GrowthReason.AT_MAXIMUM: "more would be bought, but the pool has its maximum_numbers",
    GrowthReason.SPENDING_LIMIT: "more would be bought, but they would cost more than the limit",
    GrowthReason.ALL_IN_USE: "fewer would be enough, but none has rested for long enough to leave",
    GrowthReason.GROWN_LATELY: "fewer would be enough, but numbers were bought in the past days",
    GrowthReason.NONE_AVAILABLE: "more would be bought, but the carrier has none to lend",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """How a pool does: its `numbers` without those that leave, how many are `lent` now and `idle`
    for long enough to leave. `load` would be lent or kept by calls on average in the hour just now,
    `peak` in the busiest of the past days, of enough numbers; `against_overflow` are those that the
    peak takes. `overflowed` says that the hour just now had none for some visit, `grown_lately`
    that numbers were bought in the past days. One more number costs `price_micros` a month, all
    have `monthly_cost_micros`.
    """

    numbers: int
    lent: int
    idle: int
    load: float
    peak: float
    against_overflow: int
    overflowed: bool
    grown_lately: bool = False
    monthly_cost_micros: int
    price_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthStep:
    """What was decided in an hour, and the facts it rests on; `wanted` numbers would be enough."""

    at: datetime
    move: Move
    count: int = 0
    reason: GrowthReason
    numbers: int
    lent: int
    load_percent: float
    wanted: int
    monthly_cost_micros: int


def load_percent(use: PoolUse) -> float:
    """How much of the numbers was wanted at once in the hour just now, in per cent; a visit that
    found none says that it was all, at least."""
    wanted = max(use.load, use.lent)
    if use.numbers == 0:
        return 100.0 if use.overflowed or wanted > 0 else 0.0
    percent = wanted * _ALL / use.numbers
    return round(max(percent, 100.0) if use.overflowed else percent, 1)


def wanted(pool: Pool, use: PoolUse) -> int:
    """How many numbers the past days ask for, with the reserve and within the pool's bounds: few
    visits find none, and the share that is lent does not ask for more at once."""
    growth = pool.growth or Growth()
    calm = ceil(use.peak * _ALL / growth.above_percent)
    enough = max(use.against_overflow, calm) + pool.reserve
    return min(max(enough, pool.minimum_numbers), pool.maximum_numbers)


def decide(pool: Pool, use: PoolUse, at: datetime) -> GrowthStep:
    """The one step of the hour, up by the pool's step or down slowly; never beyond its bounds or
    its spending limit."""
    move, count, reason = _decided(pool, use)
    return GrowthStep(
        at=at,
        move=move,
        count=count,
        reason=reason,
        numbers=use.numbers,
        lent=use.lent,
        load_percent=load_percent(use),
        wanted=wanted(pool, use),
        monthly_cost_micros=use.monthly_cost_micros,
    )


def _decided(pool: Pool, use: PoolUse) -> tuple[Move, int, GrowthReason]:
    if pool.state is not State.ACTIVE:
        return Move.STAY, 0, GrowthReason.NOT_ACTIVE
    if pool.growth is None:
        return Move.STAY, 0, GrowthReason.NO_GROWTH
    missing = pool.minimum_numbers - use.numbers
    if missing > 0:
        return _up(missing, GrowthReason.BELOW_MINIMUM, pool, use)
    if load_percent(use) > pool.growth.above_percent:
        step = max(ceil(use.numbers * pool.growth.step_percent / _ALL), 1)
        return _up(step, GrowthReason.ABOVE_PERCENT, pool, use)
    return _down(use.numbers - wanted(pool, use), use)


def _up(step: int, why: GrowthReason, pool: Pool, use: PoolUse) -> tuple[Move, int, GrowthReason]:
    room = pool.maximum_numbers - use.numbers
    if room <= 0:
        return Move.STAY, 0, GrowthReason.AT_MAXIMUM
    limit = pool.growth.monthly_limit_micros if pool.growth else 0
    affordable = (limit - use.monthly_cost_micros) // max(use.price_micros, 1)
    if affordable <= 0:
        return Move.STAY, 0, GrowthReason.SPENDING_LIMIT
    return Move.GROW, min(step, room, affordable, _MOST_A_STEP), why


def _down(spare: int, use: PoolUse) -> tuple[Move, int, GrowthReason]:
    """A fiftieth of the numbers in an hour at most, one at least."""
    if spare <= 0:
        return Move.STAY, 0, GrowthReason.ENOUGH
    if use.grown_lately:
        return Move.STAY, 0, GrowthReason.GROWN_LATELY
    step = min(spare, max(use.numbers * _LEAVE_PERCENT // _ALL, 1), use.idle)
    if step <= 0:
        return Move.STAY, 0, GrowthReason.ALL_IN_USE
    return Move.SHRINK, step, GrowthReason.MORE_THAN_WANTED
