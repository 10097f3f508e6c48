"""Numbers join a pool, are bought for it, and leave it: in races, and when a step is cut short."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chalicelib.campaigns import State
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.flows import numbers as number_flow
from chalicelib.flows.catalog import archive, change, create
from chalicelib.offers import Number, Slot
from chalicelib.pools import Site, Swap
from chalicelib.providers.carriers import CarrierAway
from chalicelib.store.requests import KeyReused
from chalicelib.store.rows import VISITS
from tests import builders
from tests.carriers import lost
from tests.fakes import Crash
from tests.flows.pooling import FIND, POOL, SITE, Yard, a_pool, a_site


def test_a_number_joins_the_first_vacant_slot_and_names_it() -> None:
    yard = Yard()
    first, second = yard.joins(*yard.numbers(2))
    assert [first.slot, second.slot] == [Slot(pool_id=POOL, area="", number=n) for n in (0, 1)]
    assert [(one.e164, one.number_id) for one in yard.slots] == [
        (first.e164, first.id), (second.e164, second.id),
    ]  # fmt: skip
    assert yard.lent_by_the_site == {"": 2}
    assert yard.number(first.id).slot == first.slot


def test_joining_again_changes_nothing() -> None:
    yard = Yard()
    ids = yard.numbers(2)
    joined = yard.joins(*ids)
    rows = yard.rows.rows_of(VISITS)
    assert yard.joins(*ids) == joined
    assert yard.rows.rows_of(VISITS) == rows


def test_a_pool_near_the_visitor_has_its_numbers_by_state() -> None:
    yard = Yard(near_visitor=True)
    yard.joins(*yard.numbers(2, "415"), *yard.numbers(1, "212"), *yard.numbers(1, "800"))
    assert yard.lent_by_the_site == {"CA": 2, "NY": 1, "": 1}


def test_every_number_that_cannot_join_is_named_before_any_has() -> None:
    yard = Yard()
    create(builders.a_placement(id="plc_2"), stores=yard.stores)
    elsewhere = builders.a_number(
        id="num_e", e164="+14155550900", placement_id="plc_2", roster=(), partnership_id=""
    )
    create(elsewhere, stores=yard.stores)
    good, archived, pooled = yard.numbers(3)
    archive(Number, archived, stores=yard.stores)
    create(a_pool(id="pool_2"), stores=yard.stores)
    yard.joins(pooled, pool_id="pool_2")
    with pytest.raises(Invalid) as refused:
        yard.joins(good, archived, pooled, "num_e", "num_none")
    assert [(fault.field, fault.rule) for fault in refused.value.faults] == [
        ("number_ids.1", "not_active"), ("number_ids.2", "in_pool"),
        ("number_ids.3", "placement_mismatch"), ("number_ids.4", "unknown_reference"),
    ]  # fmt: skip
    assert yard.slots == ()


def test_numbers_that_everybody_is_shown_are_not_lent() -> None:
    yard = Yard()
    fallback, theirs, static = yard.numbers(3)
    yard.changes(fallback_e164=yard.number(fallback).e164)
    other = a_pool(id="pool_2", fallback_e164=yard.number(theirs).e164)
    create(other, stores=yard.stores)
    swaps = (Swap(find=FIND, e164=yard.number(static).e164),)
    create(a_site(id="site_2", swaps=swaps), stores=yard.stores)
    with pytest.raises(Invalid) as refused:
        yard.joins(fallback, theirs, static)
    assert [(fault.field, fault.rule) for fault in refused.value.faults] == [
        (f"number_ids.{at}", "shown_to_all") for at in range(3)
    ]
    assert yard.slots == ()


def test_a_pool_has_no_more_than_its_maximum() -> None:
    yard = Yard(maximum_numbers=2)
    ids = yard.numbers(3)
    with pytest.raises(Conflict) as refused:
        yard.joins(*ids)
    assert (refused.value.code, yard.slots) == ("pool_full", ())
    yard.joins(*ids[:2])
    with pytest.raises(Conflict):
        yard.buys(1)
    assert yard.carrier.bought == []


def test_an_archived_pool_takes_no_number() -> None:
    yard = Yard()
    ids = yard.numbers(1)
    yard.changes(state=State.ARCHIVED)
    with pytest.raises(Conflict) as refused:
        yard.joins(*ids)
    assert refused.value.code == "pool_archived"


def test_two_numbers_that_join_at_once_take_two_slots() -> None:
    yard = Yard()
    one, other = yard.numbers(2)
    yard.rows.before_write(lambda: yard.joins(other))
    yard.joins(one)
    assert {slot.number_id for slot in yard.facts.filled} == {one, other}
    assert yard.lent_by_the_site == {"": 2}


@pytest.mark.parametrize("write", [1, 2])
def test_a_joining_that_is_cut_short_is_completed_by_its_repetition(write: int) -> None:
    yard = Yard()
    ids = yard.numbers(1)
    yard.rows.crash_after_write(write)
    with pytest.raises(Crash):
        yard.joins(*ids)
    yard.joins(*ids)
    assert yard.lent_by_the_site == {"": 1}
    assert [slot.number_id for slot in yard.slots] == ids


def test_a_number_leaves_and_the_vacant_slot_is_filled_first() -> None:
    yard = Yard()
    ids = yard.numbers(4)
    yard.joins(*ids[:3])
    left = yard.leaves(ids[1])
    assert (left.left, left.number.slot, left.number.state) == (True, None, State.ACTIVE)
    assert yard.lent_by_the_site == {"": 3}
    (joined,) = yard.joins(ids[3])
    assert joined.slot == Slot(pool_id=POOL, area="", number=1)
    assert yard.leaves(ids[1]).left


def test_slots_at_the_end_that_are_vacant_count_no_more() -> None:
    yard = Yard()
    ids = yard.numbers(4)
    yard.joins(*ids)
    yard.leaves(ids[2])
    assert yard.lent_by_the_site == {"": 4}
    yard.leaves(ids[3])
    assert yard.lent_by_the_site == {"": 2}
    yard.joins(ids[3])
    assert yard.lent_by_the_site == {"": 3}


def test_a_leaving_number_waits_for_its_lease_and_its_keeping() -> None:
    yard = Yard()
    ids = yard.numbers(1)
    yard.joins(*ids)
    yard.lends(yard.slots[0], seconds=300)
    waiting = yard.leaves(ids[0])
    second = int(yard.now.timestamp())
    assert (waiting.left, waiting.bound_until) == (False, second + 300)
    assert yard.slots[0].leaving_at == second
    yard.keeps(yard.slots[0], seconds=600)
    yard.later(seconds=599)
    assert not yard.leaves(ids[0]).left
    yard.later(seconds=1)
    assert yard.leaves(ids[0]).left
    (slot,) = yard.slots
    assert (slot.e164, slot.visit_id, slot.until, slot.leaving_at) == (None, None, 0, None)
    lent = [row for row in yard.rows.rows_of(VISITS) if row["sk"].startswith("LENT#")]
    assert [row["visits"] for row in lent] == [{}]


def test_a_number_that_is_lent_right_before_it_leaves_stays() -> None:
    yard = Yard()
    ids = yard.numbers(1)
    yard.joins(*ids)
    slot = yard.slots[0]
    yard.rows.before_write(lambda: yard.lends(slot), 2)
    assert not yard.leaves(ids[0]).left
    assert yard.number(ids[0]).slot is not None


def test_a_number_that_joins_again_does_not_leave_after_all() -> None:
    yard = Yard()
    ids = yard.numbers(1)
    yard.joins(*ids)
    yard.lends(yard.slots[0])
    yard.leaves(ids[0])
    yard.joins(*ids, *ids)
    assert yard.slots[0].leaving_at is None
    yard.later(hours=1)
    yard.grows()
    assert yard.number(ids[0]).slot is not None


def test_what_waits_to_leave_leaves_within_the_hour() -> None:
    yard = Yard()
    ids = yard.numbers(1)
    yard.joins(*ids)
    yard.lends(yard.slots[0])
    yard.leaves(ids[0])
    yard.later(hours=1)
    yard.grows()
    assert yard.number(ids[0]).slot is None
    assert yard.lent_by_the_site == {}


def test_a_pooled_number_is_neither_released_nor_archived_nor_moved() -> None:
    yard = Yard()
    ids = yard.numbers(1)
    create(builders.a_placement(id="plc_2"), stores=yard.stores)
    yard.joins(*ids)
    with pytest.raises(Conflict) as refused:
        number_flow.release(
            ids[0], stores=yard.stores, carrier=lambda _: yard.carrier, now=yard.now
        )
    assert refused.value.code == "number_in_pool"
    moves: list[dict[str, Any]] = [
        {"state": State.ARCHIVED}, {"state": State.PAUSED}, {"placement_id": "plc_2"},
    ]  # fmt: skip
    for said in moves:
        with pytest.raises(Invalid) as invalid:
            change(Number, ids[0], partial(replace, **said), stores=yard.stores)
        assert [(f.field, f.rule) for f in invalid.value.faults] == [(next(iter(said)), "in_pool")]
    tagged = change(Number, ids[0], lambda one: replace(one, tags={"a": "b"}), stores=yard.stores)
    assert tagged.slot is not None


def test_a_number_that_is_not_the_pools_is_not_found() -> None:
    yard = Yard()
    with pytest.raises(NotFound):
        yard.leaves("num_none")
    with pytest.raises(NotFound):
        yard.joins("num_none", pool_id="pool_none")


def test_numbers_are_bought_spread_over_the_area_codes_and_lent() -> None:
    yard = Yard(area_codes=("415", "212"))
    bought = yard.buys(5)
    assert (len(bought.numbers), bought.missing) == (5, 0)
    codes = sorted(e164[2:5] for e164 in yard.carrier.bought)
    assert codes == ["212", "212", "415", "415", "415"]
    assert all(number.placement_id == "plc_1" for number in bought.numbers)
    assert yard.lent_by_the_site == {"": 5}


def test_numbers_are_bought_near_a_zip_or_toll_free() -> None:
    yard = Yard()
    assert {one.e164[2:5] for one in yard.buys(2, zip="10001").numbers} == {"212"}
    free = Yard(kind="toll_free")
    assert {one.e164[2:5] for one in free.buys(2).numbers} == {"800"}


def test_what_the_carrier_does_not_have_is_missing() -> None:
    yard = Yard(area_codes=("415",))
    bought = yard.buys(12)
    assert (len(bought.numbers), bought.missing) == (10, 2)
    assert yard.buys(1).missing == 1


def test_a_keyed_purchase_buys_once_and_stands_for_one_content() -> None:
    yard = Yard()
    first = yard.buys(2, key="k1")
    yard.later(minutes=1)
    assert yard.buys(2, key="k1") == first
    assert len(yard.carrier.bought) == 2
    with pytest.raises(KeyReused):
        yard.buys(3, key="k1")
    left = yard.leaves(first.numbers[0].id).number
    number_flow.release(left.id, stores=yard.stores, carrier=lambda _: yard.carrier, now=yard.now)
    assert [one.id for one in yard.buys(2, key="k1").numbers] == [first.numbers[1].id]
    assert len(yard.carrier.bought) == 2


@pytest.mark.parametrize("write", range(1, 8))
def test_a_purchase_that_is_cut_short_goes_on_with_the_same_numbers(write: int) -> None:
    yard = Yard()
    yard.rows.crash_after_write(write)
    with pytest.raises(Crash):
        yard.buys(2, key="k1")
    yard.later(minutes=1)
    yard.buys(2, key="k1")
    assert len(yard.carrier.bought) == 2
    assert {one.e164 for one in yard.facts.filled} == set(yard.carrier.bought)
    assert yard.lent_by_the_site == {"": 2}


def test_a_purchase_whose_answer_is_lost_is_completed_within_the_hour() -> None:
    yard = Yard()
    yard.carrier.happens_after("buy", lost)
    yard.carrier.happens_before("find", lambda: None)
    yard.carrier.happens_before("find", lost)
    with pytest.raises(CarrierAway):
        yard.buys(2)
    yard.later(hours=1)
    yard.grows()
    assert {one.e164 for one in yard.facts.filled} == set(yard.carrier.bought)
    assert len(yard.carrier.bought) == 2


def test_a_purchase_that_was_cut_short_buys_nothing_for_a_pool_that_has_closed_or_is_full() -> None:
    for said in ({"state": State.ARCHIVED}, {"maximum_numbers": 1, "reserve": 0}):
        yard = Yard()
        yard.rows.crash_after_write()
        with pytest.raises(Crash):
            yard.buys(2)
        yard.joins(*yard.numbers(1, "917"))
        yard.changes(**said)
        yard.later(hours=1)
        yard.grows()
        assert yard.carrier.bought == []


def test_a_number_that_somebody_else_was_quicker_to_buy_is_missing() -> None:
    yard = Yard()
    yard.carrier.happens_before("buy", yard.carrier.stock.clear)
    bought = yard.buys(2)
    assert (bought.numbers, bought.missing) == ((), 2)


def test_a_site_made_later_knows_the_pools_size() -> None:
    yard = Yard()
    yard.joins(*yard.numbers(3))
    made = create(a_site(id="site_2"), stores=yard.stores).thing
    assert dict(made.lendings[0].sizes) == {"": 3}


def test_a_site_that_is_made_while_a_number_joins_knows_it() -> None:
    yard = Yard()
    ids = yard.numbers(1)
    yard.rows.before_write(lambda: yard.joins(*ids))
    made = create(a_site(id="site_2"), stores=yard.stores).thing
    assert dict(made.lendings[0].sizes) == {"": 1}


def test_a_change_of_a_pool_reaches_its_sites_and_no_site_that_shows_it_no_more() -> None:
    yard = Yard()
    create(a_site(id="site_2"), stores=yard.stores)
    change(Site, "site_2", lambda site: replace(site, swaps=()), stores=yard.stores)
    yard.changes(hold_seconds=60, state=State.PAUSED)
    for id, pools in ((SITE, [(60, State.PAUSED)]), ("site_2", [])):
        site = yard.stores.catalog.find(Site, id)
        assert site is not None
        known = [(one.pool.hold_seconds, one.pool.state) for one in site.lendings]
        assert known == pools


def test_a_change_that_died_before_it_reached_the_site_is_completed_by_any_later_one() -> None:
    yard = Yard()
    yard.rows.crash_after_write()
    with pytest.raises(Crash):
        yard.changes(hold_seconds=60)
    yard.joins(*yard.numbers(1))
    site = yard.stores.catalog.find(Site, SITE)
    assert site is not None
    assert site.lendings[0].pool.hold_seconds == 60
    assert site.swaps == (Swap(find=FIND, pool_id=POOL),)


class Numbers(RuleBasedStateMachine):
    """Whatever comes and goes, slots, sizes, numbers and sites say the same."""

    def __init__(self) -> None:
        super().__init__()
        self.yard = Yard(near_visitor=True, maximum_numbers=5)
        self.ids = [*self.yard.numbers(4, "415"), *self.yard.numbers(3, "212")]

    @rule(at=st.integers(0, 6))
    def join(self, at: int) -> None:
        full = len(self.yard.facts.filled) == 5
        inside = self.yard.number(self.ids[at]).slot is not None
        if full and not inside:
            with pytest.raises(Conflict):
                self.yard.joins(self.ids[at])
        else:
            self.yard.joins(self.ids[at])

    @rule(at=st.integers(0, 6))
    def leave(self, at: int) -> None:
        self.yard.leaves(self.ids[at])

    @rule(at=st.integers(0, 6))
    def lend(self, at: int) -> None:
        one = self.yard.facts.of(self.ids[at])
        if one is not None and one.leaving_at is None:
            self.yard.lends(one, seconds=600)

    @rule(minutes=st.integers(1, 20))
    def pass_time(self, minutes: int) -> None:
        self.yard.later(minutes=minutes)

    @invariant()
    def all_say_the_same(self) -> None:
        facts = self.yard.facts
        assert {one.number_id: one.slot for one in facts.filled} == {
            id: slot for id in self.ids if (slot := self.yard.number(id).slot) is not None
        }
        for area in ("CA", "NY"):
            inside = [one.slot.number for one in facts.filled if one.slot.area == area]
            assert facts.sizes.get(area, 0) == max(inside, default=-1) + 1
        known = {area: size for area, size in facts.sizes.items() if size}
        assert self.yard.lent_by_the_site == known


TestNumbers = Numbers.TestCase
TestNumbers.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
