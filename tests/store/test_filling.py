"""Slots on either kind of rows: filled, bound, emptied and filled again under their conditions."""

import pytest

from chalicelib.filling import PoolFacts, SlotFacts
from chalicelib.growth import GrowthReason, Move
from chalicelib.offers import Slot
from chalicelib.store.filling import (
    filled,
    given_back,
    leaving,
    read_sizes,
    read_slots,
    sizes_put,
    sizes_unchanged,
    vacated,
)
from chalicelib.store.growth import has_step, latest_steps
from chalicelib.store.rows import NotWritten, Rows
from tests.flows.pooling import GROWING, POOL, Yard

ANYWHERE, YORK = Slot(pool_id=POOL, area="", number=0), Slot(pool_id=POOL, area="NY", number=0)
NOW = 1_000_000


def a_pool_with(rows: Rows, *slots: Slot) -> PoolFacts:
    rows.write([sizes_put(POOL)])
    for n, slot in enumerate(slots):
        rows.write(filled(slot, f"+1212555{n:04d}", f"num_{n}", read_slots(POOL, rows), made=False))
    return read_slots(POOL, rows)


def test_areas_have_their_own_slots_and_sizes(rows: Rows) -> None:
    facts = a_pool_with(rows, ANYWHERE, YORK)
    assert (dict(facts.sizes), facts.version) == ({"": 1, "NY": 1}, 2)
    assert [(one.slot, one.number_id) for one in facts.slots] == [
        (ANYWHERE, "num_0"), (YORK, "num_1"),
    ]  # fmt: skip
    assert dict(read_sizes([POOL, "pool_none"], rows)["pool_none"].sizes) == {}
    rows.write([sizes_unchanged(POOL, 2)])
    with pytest.raises(NotWritten):
        rows.write([sizes_unchanged(POOL, 1)])


def test_of_two_who_fill_a_slot_one_reads_anew(rows: Rows) -> None:
    facts = a_pool_with(rows)
    rows.write(filled(ANYWHERE, "+12125550101", "num_1", facts, made=False))
    with pytest.raises(NotWritten):
        rows.write(filled(ANYWHERE, "+12125550102", "num_2", facts, made=False))
    assert [one.number_id for one in read_slots(POOL, rows).slots] == ["num_1"]


@pytest.mark.parametrize("bound", ["until", "kept_until"])
def test_a_bound_slot_is_not_emptied_and_a_free_one_is_empty_altogether(
    rows: Rows, bound: str
) -> None:
    yard = Yard.on(rows)
    (number,) = yard.joins(*yard.numbers(1))
    (one,) = yard.slots
    yard.sets(one.slot, **{"visit_id": "vst_1", "since": 1, "seen_at": 2, "until": 3, bound: NOW})
    rows.write([leaving(one, NOW - 10, releases=True)])
    (one,) = yard.slots
    assert (one.leaving_at, one.releases, one.bound_until) == (NOW - 10, True, NOW)
    with pytest.raises(NotWritten):
        rows.write(vacated(one, yard.facts, NOW - 1))
    rows.write(vacated(one, yard.facts, NOW))
    assert yard.slots == (SlotFacts(slot=one.slot, releasing=number.id),)
    with pytest.raises(NotWritten):
        rows.write(filled(one.slot, "+12125550109", "num_9", yard.facts, made=True))
    rows.write([given_back(yard.slots[0])])
    rows.write(filled(one.slot, "+12125550109", "num_9", yard.facts, made=True))
    assert [(slot.e164, slot.leaving_at) for slot in yard.slots] == [("+12125550109", None)]


def test_a_pool_is_filled_grown_and_emptied_by_the_flows(rows: Rows) -> None:
    yard = Yard.on(rows, growth=GROWING, area_codes=("212",))
    ids = yard.numbers(2)
    yard.joins(*ids)
    yard.arrive(60, overflowed=2, collided=1)
    step = yard.grows()
    assert step is not None
    assert (step.move, step.reason) == (Move.GROW, GrowthReason.ABOVE_PERCENT)
    assert has_step(POOL, yard.now, rows)
    assert latest_steps(POOL, rows, limit=5) == (step,)
    load = yard.report().load
    assert (load.arrivals, load.overflows, load.collisions, load.numbers) == (60, 2, 1, 3)
    yard.leaves(ids[0])
    assert yard.lent_by_the_site == {"": 3}
    assert yard.buys(1, key="k1").numbers == yard.buys(1, key="k1").numbers
    assert [one.slot.number for one in yard.facts.filled] == [0, 1, 2]
