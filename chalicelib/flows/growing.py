"""How do pools do, and what happens to them by the hour?

Joins what was counted of a pool's visits with its slots, decides the hour's one step, keeps it, and
carries it out through the carrier. Everything may be repeated: what was cut short is completed
first, and a second run of the hour decides nothing anew.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from chalicelib import runtime, times
from chalicelib.campaigns import State
from chalicelib.errors import Refused
from chalicelib.filling import PoolFacts, last_first
from chalicelib.flows.parties import every
from chalicelib.flows.pool_numbers import ask_to_leave, existing, finish_leaving
from chalicelib.flows.pool_purchases import Wish, chosen, complete
from chalicelib.growth import GrowthReason, GrowthStep, Move, decide
from chalicelib.ids import derived
from chalicelib.loads import LOOKED_BACK, HourTally, PoolLoad, load, use
from chalicelib.pools import Pool
from chalicelib.providers.carriers import Carrier, CarrierNamed
from chalicelib.store.filling import read_slots
from chalicelib.store.growth import has_step, keep_step, latest_steps
from chalicelib.store.purchases import Purchase, unfinished
from chalicelib.store.stores import Stores
from chalicelib.store.tallies import tallies_by_hour

_SHOWN = 168


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """How a pool does, what would be decided now, and what was, the latest first."""

    load: PoolLoad
    next: GrowthStep
    decided: tuple[GrowthStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """How many pools were looked at, how many of them changed, and how many failed."""

    pools: int = 0
    changed: int = 0
    failed: int = 0


def report(pool_id: str, *, stores: Stores, now: datetime) -> LoadReport:
    """How the pool does, with the steps of the past seven days; NotFound when there is none."""
    pool = existing(pool_id, stores)
    facts = read_slots(pool_id, stores.rows)
    hours = _hours(pool_id, stores, now)
    decided = latest_steps(pool_id, stores.rows, limit=_SHOWN)
    return LoadReport(
        load=load(pool, facts, hours, now),
        next=decide(pool, use(pool, facts, hours, decided, now), now),
        decided=decided,
    )


def grow_all(*, stores: Stores, carrier: CarrierNamed, now: datetime) -> Grown:
    """The hour's step of every pool; one that fails is logged, and tried again in the next hour."""
    grown = Grown()
    for pool in every(Pool, stores):
        grown = replace(grown, pools=grown.pools + 1)
        try:
            step = grow(pool.id, stores=stores, carrier=carrier, now=now)
        except Refused:
            # A carrier that is away, or a pool that keeps changing: the others have their turn.
            runtime.logger().exception("a pool could not grow", extra={"pool_id": pool.id})
            grown = replace(grown, failed=grown.failed + 1)
        else:
            moved = step is not None and step.move is not Move.STAY
            grown = replace(grown, changed=grown.changed + moved)
    runtime.logger().info("pools were looked at", extra={"pools": grown.pools})
    return grown


def grow(
    pool_id: str, *, stores: Stores, carrier: CarrierNamed, now: datetime
) -> GrowthStep | None:
    """Complete what was cut short, then decide and carry out the hour's step; None when it was
    decided before."""
    pool = existing(pool_id, stores)
    lender = carrier(pool.carrier)
    for begun in unfinished(pool_id, stores.rows):
        complete(begun, stores=stores, carrier=lender, now=now)
    finish_leaving(pool_id, stores=stores, carrier=carrier, now=now)
    if pool.state is State.ARCHIVED or has_step(pool_id, now, stores.rows):
        return None
    facts = read_slots(pool_id, stores.rows)
    hours = _hours(pool_id, stores, now)
    before = latest_steps(pool_id, stores.rows, limit=_SHOWN)
    step = decide(pool, use(pool, facts, hours, before, now), now)
    purchase = None
    if step.move is Move.GROW:
        step, purchase = _planned(step, pool, facts, stores=stores, carrier=lender)
    if not keep_step(pool_id, step, purchase, stores.rows):
        return None
    if purchase is not None:
        complete(purchase, stores=stores, carrier=lender, now=now)
    if step.move is Move.SHRINK:
        _shrink(step.count, pool, facts, stores=stores, carrier=carrier, now=now)
    return step


def _hours(pool_id: str, stores: Stores, now: datetime) -> tuple[HourTally, ...]:
    """What came in each of the past hours, up to this one."""
    found = tallies_by_hour(stores.rows, pool_id, now - LOOKED_BACK, now + timedelta(hours=1))
    return tuple(
        HourTally(
            at=at,
            arrivals=one.arrivals,
            overflows=one.overflows,
            collisions=one.collisions,
            calls=one.calls,
        )
        for at, one in sorted(found.items())
    )


def _planned(
    step: GrowthStep, pool: Pool, facts: PoolFacts, *, stores: Stores, carrier: Carrier
) -> tuple[GrowthStep, Purchase | None]:
    """The purchase that the step asks for, whose id follows from pool and hour; as many as the
    carrier has."""
    wish = Wish(count=step.count)
    e164s = chosen(pool, wish, facts, stores=stores, carrier=carrier, now=step.at)
    if not e164s:
        nothing = replace(step, move=Move.STAY, count=0, reason=GrowthReason.NONE_AVAILABLE)
        return nothing, None
    purchase = Purchase(
        id=derived("buy", pool.id, times.written(step.at)[:13]),
        pool_id=pool.id,
        wanted=step.count,
        e164s=e164s,
        begun_at=step.at,
    )
    return replace(step, count=len(e164s)), purchase


def _shrink(
    count: int,
    pool: Pool,
    facts: PoolFacts,
    *,
    stores: Stores,
    carrier: CarrierNamed,
    now: datetime,
) -> None:
    """The numbers of the last slots that nobody misses leave, and go back to the carrier."""
    second = int(now.timestamp())
    for one in islice(last_first(facts, second, pool.attribution_seconds), count):
        ask_to_leave(one, stores=stores, now=now, releases=True)
    finish_leaving(pool.id, stores=stores, carrier=carrier, now=now)
