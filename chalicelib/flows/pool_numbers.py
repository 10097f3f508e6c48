"""What happens when numbers join a pool, and when they leave it?

Joins the tracking numbers of the catalog with the slots that lend them. A number joins in one
transaction: its slot, the pool's sizes, and the number that names its slot. It leaves in one as
well, once neither a lease nor a keeping runs on. Buying belongs to `pool_purchases`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import runtime
from chalicelib.campaigns import State
from chalicelib.errors import Busy, Conflict, Fault, Invalid, NotFound
from chalicelib.filling import PoolFacts, SlotFacts, area_of, next_slot
from chalicelib.flows import numbers as number_flow
from chalicelib.flows.site_pools import hand_out
from chalicelib.offers import Number
from chalicelib.pools import Pool, Site
from chalicelib.providers.carriers import CarrierNamed, CarrierRefused
from chalicelib.store.catalog import thing_changes, unchanged
from chalicelib.store.filling import filled, given_back, leaving, read_slots, staying, vacated
from chalicelib.store.rows import NotWritten
from chalicelib.store.stores import Stores

_TRIES = 16
_MOST_LOOKED_AT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What became of a number that was taken out: it has `left`, or leaves once `bound_until`
    (epoch seconds) is over."""

    number: Number
    left: bool
    bound_until: int | None = None


def existing(pool_id: str, stores: Stores) -> Pool:
    """The pool; NotFound when there is none."""
    pool = stores.catalog.find(Pool, pool_id)
    if pool is None:
        raise NotFound(f"there is no pool {pool_id}")
    return pool


def join(pool_id: str, number_ids: Sequence[str], *, stores: Stores) -> tuple[Number, ...]:
    """The numbers, lent by the pool from now on; one that lies in it already stays where it is, and
    does not leave if it was about to.

    Invalid names every number that cannot join, before any has; Conflict when the pool is full.
    """
    pool = existing(pool_id, stores)
    found = [stores.catalog.find(Number, id) for id in number_ids]
    shared = _shown_to_all(pool, stores)
    wrong = [
        Fault(field=f"number_ids.{at}", rule=fault.rule, reason=fault.reason)
        for at, number in enumerate(found)
        for fault in joining_faults(pool, number, number_ids[at], shared)
    ]
    if wrong:
        raise Invalid(tuple(wrong))
    numbers = {number.id: number for number in found if number is not None}.values()
    new = sum(number.slot is None for number in numbers)
    room_for(pool, new, read_slots(pool.id, stores.rows))
    joined = tuple(take_in(pool.id, number.e164, stores=stores) for number in numbers)
    hand_out(pool.id, stores)
    return joined


def joining_faults(
    pool: Pool, number: Number | None, id: str, shared: Collection[str | None]
) -> list[Fault]:
    """What keeps the number with this id out of the pool; `shared` are those that everybody is
    shown."""
    if number is None:
        return [Fault(field="", rule="unknown_reference", reason=f"there is no number {id}")]
    if number.placement_id != pool.placement_id:
        reason = f"{number.e164} is of {number.placement_id}, not of {pool.placement_id}"
        return [Fault(field="", rule="placement_mismatch", reason=reason)]
    if number.carrier != pool.carrier:
        reason = f"{number.e164} is lent by {number.carrier}, those of the pool by {pool.carrier}"
        return [Fault(field="", rule="carrier_mismatch", reason=reason)]
    if number.slot is not None:
        if number.slot.pool_id == pool.id:
            return []
        reason = f"{number.e164} is lent by {number.slot.pool_id}"
        return [Fault(field="", rule="in_pool", reason=reason)]
    if number.state is not State.ACTIVE:
        reason = f"{number.e164} is {number.state}"
        return [Fault(field="", rule="not_active", reason=reason)]
    if number.e164 in shared:
        reason = f"{number.e164} is shown to everybody, by a site or as a fallback"
        return [Fault(field="", rule="shown_to_all", reason=reason)]
    return []


def room_for(pool: Pool, count: int, facts: PoolFacts) -> None:
    """Conflict when the pool may not have `count` more numbers."""
    if pool.state is State.ARCHIVED:
        raise Conflict(f"{pool.id} is archived", code="pool_archived")
    has = len(facts.filled)
    if has + count > pool.maximum_numbers:
        reason = f"{pool.id} has {has} of at most {pool.maximum_numbers} numbers"
        raise Conflict(reason, code="pool_full")


def take_in(pool_id: str, e164: str, *, stores: Stores) -> Number:
    """The number in a slot of the pool, written; who looks after the sites is the caller.

    Invalid or Conflict when it cannot join any more.
    """
    for _ in range(_TRIES):
        pool = existing(pool_id, stores)
        number = stores.catalog.number(e164)
        wrong = joining_faults(pool, number, e164, (pool.fallback_e164,))
        if wrong or number is None:
            raise Invalid(tuple(replace(one, field="number_ids") for one in wrong))
        facts = read_slots(pool.id, stores.rows)
        if number.slot is not None:
            if _stays(facts.of(number.id), stores):
                return number
            continue
        room_for(pool, 1, facts)
        slot, made = next_slot(pool.id, area_of(pool, e164), facts)
        after = replace(number, slot=slot, version=number.version + 1)
        actions = filled(slot, e164, number.id, facts, made=made)
        if stores.catalog.write([*actions, *thing_changes(number, after), unchanged(pool)]):
            return after
    raise Busy(f"the numbers of {pool_id} keep changing; send it again")


def _shown_to_all(pool: Pool, stores: Stores) -> set[str | None]:
    """The numbers that sites of the pool's publisher show to everybody, and that its pools fall
    back to; a change of a moment ago may be missing."""
    ours = {"publisher_id": pool.publisher_id}
    sites = stores.catalog.page(Site, where=ours, limit=_MOST_LOOKED_AT).items
    pools = stores.catalog.page(Pool, where=ours, limit=_MOST_LOOKED_AT).items
    shown = {swap.e164 for site in sites for swap in site.swaps}
    return {*shown, *(one.fallback_e164 for one in pools), pool.fallback_e164}


def _stays(one: SlotFacts | None, stores: Stores) -> bool:
    """Whether the number stays in its slot, having it taken back if it was to leave."""
    if one is None or one.leaving_at is None:
        return one is not None
    return stores.catalog.write([staying(one)])


def leave(pool_id: str, number_id: str, *, stores: Stores, now: datetime) -> Left:
    """The number out of the pool, a number of its placement again; once is enough.

    While a visit has it, or a call keeps it, it is lent to nobody else and leaves later: by a
    repetition, or within the hour.
    """
    pool = existing(pool_id, stores)
    number = stores.catalog.find(Number, number_id)
    if number is None:
        raise NotFound(f"there is no number {number_id}")
    one = read_slots(pool.id, stores.rows).of(number_id)
    if one is None:
        if number.placement_id != pool.placement_id:
            raise NotFound(f"{pool_id} has no number {number_id}")
        return Left(number=number, left=True)
    if one.leaving_at is None:
        ask_to_leave(one, stores=stores, now=now, releases=False)
    after = let_go(pool_id, number_id, stores=stores, now=now)
    if after is None:
        return Left(number=number, left=False, bound_until=one.bound_until)
    hand_out(pool_id, stores)
    return Left(number=after, left=True)


def ask_to_leave(one: SlotFacts, *, stores: Stores, now: datetime, releases: bool) -> None:
    """Keep that the number leaves, so that no further visit gets it; one that is gone has left."""
    try:
        stores.rows.write([leaving(one, int(now.timestamp()), releases=releases)])
    except NotWritten:
        runtime.logger().info("a number left meanwhile", extra={"number_id": one.number_id})


def let_go(pool_id: str, number_id: str, *, stores: Stores, now: datetime) -> Number | None:
    """The number, out of its slot; None while a lease or a keeping runs on, and when it is not in
    the pool. One that goes back to the carrier is archived with it."""
    second = int(now.timestamp())
    for _ in range(_TRIES):
        facts = read_slots(pool_id, stores.rows)
        one = facts.of(number_id)
        if one is None or one.bound_until > second:
            return None
        number = stores.catalog.number(one.e164 or "")
        if number is None:
            return None
        state = State.ARCHIVED if one.releases else number.state
        after = replace(number, slot=None, state=state, version=number.version + 1)
        actions = [*vacated(one, facts, second), *thing_changes(number, after)]
        if stores.catalog.write(actions):
            return after
    raise Busy(f"the numbers of {pool_id} keep changing; send it again")


def finish_leaving(pool_id: str, *, stores: Stores, carrier: CarrierNamed, now: datetime) -> int:
    """Let go all whose time has come, and give back those that shall be: how many left.

    CarrierAway leaves the rest for the next time; a refusal leaves its own number.
    """
    gone = 0
    for one in read_slots(pool_id, stores.rows).filled:
        if one.leaving_at is not None and one.number_id is not None:
            gone += let_go(pool_id, one.number_id, stores=stores, now=now) is not None
    for one in read_slots(pool_id, stores.rows).slots:
        if one.releasing is not None:
            _give_back(one, one.releasing, stores=stores, carrier=carrier, now=now)
    hand_out(pool_id, stores)
    return gone


def _give_back(
    one: SlotFacts, number_id: str, *, stores: Stores, carrier: CarrierNamed, now: datetime
) -> None:
    try:
        number_flow.release(number_id, stores=stores, carrier=carrier, now=now)
    except CarrierRefused as refused:
        # It is tried again every hour, and named as unused; the pool has its step all the same.
        about = {"number_id": number_id, "fault": refused.detail}
        runtime.logger().warning("a number could not be given back", extra=about)
    else:
        stores.catalog.write([given_back(one)])
