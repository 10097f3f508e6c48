"""How does a pool do: how many of its numbers are lent, and what came in the past days?

Owns the measures of a pool, made of its slots and of what was counted by the hour. What they ask
for belongs to `sizing`, what is done about it to `growth`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.filling import PoolFacts, SlotFacts, last_first, visit_lengths
from chalicelib.growth import GrowthStep, Move, PoolUse
from chalicelib.numbers import SearchKind, monthly_cost_micros
from chalicelib.pools import Pool
from chalicelib.sizing import (
    ASSUMED_VISIT_SECONDS,
    HOUR_SECONDS,
    OVERFLOW_SHARE,
    Sizing,
    Traffic,
    numbers_for,
    size,
    taken_on_average,
)

LOOKED_BACK = timedelta(days=7)
"""What is advised and decided rests on the busiest hour of so long."""
_A_LIKE_NUMBER = {SearchKind.LOCAL: "+12125550100", SearchKind.TOLL_FREE: "+18005550100"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HourTally:
    """What came in the hour that begins at `at`: visits that asked for a number, those who went
    without, those who were lent one whose last visit could still call, and calls that kept one."""

    at: datetime
    arrivals: int = 0
    overflows: int = 0
    collisions: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Busiest:
    """The hour with most arrivals, and which part of the numbers there are now would have been lent
    or kept on average."""

    at: datetime
    arrivals: int
    overflows: int
    load_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLoad:
    """The measures of a pool at one moment, and what came in the past days; collisions are told of
    the visits that were lent a number."""

    pool_id: str
    at: datetime
    numbers: int
    leaving: int
    lent: int
    lent_percent: float
    busiest: Busiest | None
    arrivals: int
    overflows: int
    overflow_percent: float
    collisions: int
    collision_percent: float
    monthly_cost_micros: int
    sizing: Sizing
    hours: tuple[HourTally, ...]


def load(pool: Pool, facts: PoolFacts, hours: Sequence[HourTally], now: datetime) -> PoolLoad:
    """How the pool does; `hours` are those looked back on."""
    second = int(now.timestamp())
    filled = facts.filled
    lent = sum(one.lent_at(second) for one in filled)
    arrivals = sum(hour.arrivals for hour in hours)
    overflows = sum(hour.overflows for hour in hours)
    collisions = sum(hour.collisions for hour in hours)
    traffic = _traffic(pool, facts, hours, second)
    return PoolLoad(
        pool_id=pool.id,
        at=now,
        numbers=len(filled),
        leaving=len(filled) - len(facts.staying),
        lent=lent,
        lent_percent=percent(lent, len(filled)),
        busiest=_busiest(hours, traffic, len(filled)),
        arrivals=arrivals,
        overflows=overflows,
        overflow_percent=percent(overflows, arrivals),
        collisions=collisions,
        collision_percent=percent(collisions, arrivals - overflows),
        monthly_cost_micros=_cost(filled, pool),
        sizing=size(
            traffic,
            reserve=pool.reserve,
            minimum=pool.minimum_numbers,
            maximum=pool.maximum_numbers,
        ),
        hours=tuple(hours),
    )


def use(
    pool: Pool,
    facts: PoolFacts,
    hours: Sequence[HourTally],
    steps: Sequence[GrowthStep],
    now: datetime,
) -> PoolUse:
    """What decides whether the pool grows: the hour just now is the one before this one and as much
    of this one as has passed; `steps` are those of before."""
    second = int(now.timestamp())
    traffic = _traffic(pool, facts, hours, second)
    lately = [hour for hour in hours if hour.at > now - timedelta(hours=2)]
    peak = taken_on_average(traffic)
    return PoolUse(
        numbers=len(facts.staying),
        lent=sum(one.lent_at(second) for one in facts.staying),
        idle=sum(1 for _ in last_first(facts, second, pool.attribution_seconds)),
        load=max((_at_once(hour, traffic, now) for hour in lately), default=0.0),
        peak=peak,
        against_overflow=numbers_for(peak, OVERFLOW_SHARE),
        overflowed=any(hour.overflows for hour in lately),
        grown_lately=any(step.move is Move.GROW and step.at > now - LOOKED_BACK for step in steps),
        monthly_cost_micros=_cost(facts.filled, pool),
        price_micros=_price(pool),
    )


def percent(part: int, whole: int) -> float:
    """The part of the whole in per cent, with one decimal; of nothing it is none."""
    return round(part * 100 / whole, 1) if whole else 0.0


def _at_once(hour: HourTally, traffic: Traffic, now: datetime) -> float:
    """How many numbers the hour's arrivals and calls take on average; of an hour that goes on, by
    the pace so far."""
    passed = (now - hour.at).total_seconds()
    taken = (
        (hour.arrivals, traffic.visit_seconds + traffic.hold_seconds),
        (hour.calls, traffic.keep_seconds),
    )
    return sum(
        count * span / (HOUR_SECONDS if passed >= HOUR_SECONDS else max(passed, span, 1))
        for count, span in taken
    )


def _traffic(pool: Pool, facts: PoolFacts, hours: Sequence[HourTally], second: int) -> Traffic:
    lengths = visit_lengths(facts.slots, second)
    mean = round(sum(lengths) / len(lengths)) if lengths else ASSUMED_VISIT_SECONDS
    return Traffic(
        arrivals_per_hour=max((hour.arrivals for hour in hours), default=0),
        visit_seconds=mean,
        visits_measured=len(lengths),
        hold_seconds=pool.hold_seconds,
        calls_per_hour=max((hour.calls for hour in hours), default=0),
        keep_seconds=pool.keep_seconds,
    )


def _busiest(hours: Sequence[HourTally], traffic: Traffic, numbers: int) -> Busiest | None:
    if not hours:
        return None
    hour = max(hours, key=lambda one: one.arrivals)
    at_once = taken_on_average(
        replace(traffic, arrivals_per_hour=hour.arrivals, calls_per_hour=hour.calls)
    )
    return Busiest(
        at=hour.at,
        arrivals=hour.arrivals,
        overflows=hour.overflows,
        load_percent=round(at_once * 100 / numbers, 1) if numbers else 0.0,
    )


def _cost(slots: Sequence[SlotFacts], pool: Pool) -> int:
    return sum(monthly_cost_micros(one.e164 or "", pool.carrier) or 0 for one in slots)


def _price(pool: Pool) -> int:
    """What one more number of the pool's kind costs a month, in the United States."""
    return monthly_cost_micros(_A_LIKE_NUMBER[pool.kind], pool.carrier) or 0
