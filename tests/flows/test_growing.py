"""Pools grow and shrink by the hour: once, within their limits, whatever is cut short."""

from datetime import timedelta

import pytest

from chalicelib.campaigns import State
from chalicelib.flows import growing
from chalicelib.flows.catalog import create
from chalicelib.growth import GrowthReason, GrowthStep, Move
from chalicelib.pools import Growth
from chalicelib.providers.carriers import CarrierRefused
from tests.fakes import Crash
from tests.flows.pooling import GROWING, POOL, Yard, a_pool

COST = 1_150_000


def a_yard(**said: object) -> Yard:
    """Five numbers, 120 visits an hour of which each keeps one for 480 s: sixteen at once."""
    yard = Yard(growth=GROWING, **said)
    yard.joins(*yard.numbers(5, "415"))
    return yard


def moved(step: GrowthStep | None) -> tuple[Move, int, GrowthReason]:
    assert step is not None
    return step.move, step.count, step.reason


def test_a_busy_pool_grows_by_one_step_an_hour() -> None:
    yard = a_yard(area_codes=("212",))
    yard.arrive(120)
    yard.later(minutes=30)
    assert moved(yard.grows()) == (Move.GROW, 1, GrowthReason.ABOVE_PERCENT)
    assert yard.grows() is None
    assert (len(yard.carrier.bought), yard.lent_by_the_site) == (1, {"": 6})
    yard.later(minutes=30)
    assert moved(yard.grows()) == (Move.GROW, 2, GrowthReason.ABOVE_PERCENT)
    assert yard.lent_by_the_site == {"": 8}
    decided = yard.report().decided
    assert [(one.numbers, one.count) for one in decided] == [(6, 2), (5, 1)]


def test_a_pool_never_costs_more_than_its_limit() -> None:
    yard = Yard(growth=Growth(step_percent=100, monthly_limit_micros=7 * COST))
    yard.joins(*yard.numbers(5, "415"))
    yard.arrive(60)
    assert moved(yard.grows()) == (Move.GROW, 2, GrowthReason.ABOVE_PERCENT)
    yard.later(hours=1)
    yard.arrive(60)
    assert moved(yard.grows()) == (Move.STAY, 0, GrowthReason.SPENDING_LIMIT)
    assert yard.report().load.monthly_cost_micros == 7 * COST


def test_a_pool_without_growth_decides_nothing_and_says_so() -> None:
    yard = Yard()
    yard.arrive(60)
    assert moved(yard.grows()) == (Move.STAY, 0, GrowthReason.NO_GROWTH)
    assert yard.carrier.bought == []
    assert [one.reason for one in yard.report().decided] == [GrowthReason.NO_GROWTH]


def test_a_carrier_without_numbers_is_told_as_the_reason() -> None:
    yard = a_yard(area_codes=("907",))
    yard.arrive(60)
    assert moved(yard.grows()) == (Move.STAY, 0, GrowthReason.NONE_AVAILABLE)


@pytest.mark.parametrize("write", range(1, 6))
def test_a_step_that_is_cut_short_is_taken_once(write: int) -> None:
    yard = a_yard(area_codes=("212",))
    yard.arrive(60)
    yard.rows.crash_after_write(write)
    with pytest.raises(Crash):
        yard.grows()
    yard.grows()
    assert len(yard.carrier.bought) == 1
    assert yard.lent_by_the_site == {"": 6}


def test_two_runs_of_an_hour_take_one_step() -> None:
    yard = a_yard(area_codes=("212",))
    yard.arrive(60)
    yard.rows.before_write(yard.grows)
    assert yard.grows() is None
    assert len(yard.carrier.bought) == 1


def test_a_pool_that_needs_fewer_gives_back_slowly_those_that_nobody_misses() -> None:
    yard = Yard(growth=GROWING)
    yard.buys(4)
    before = len(yard.facts.filled)
    last = max(yard.facts.filled, key=lambda one: one.slot.number)
    yard.keeps(last, seconds=7200)
    assert moved(yard.grows()) == (Move.SHRINK, 1, GrowthReason.MORE_THAN_WANTED)
    assert len(yard.facts.filled) == before - 1
    assert yard.facts.of(last.number_id or "") is not None
    (released,) = yard.carrier.released
    number = yard.stores.catalog.number(released)
    assert number is not None
    assert (number.state, number.slot, number.released_at) == (State.ARCHIVED, None, yard.now)
    yard.later(hours=1)
    yard.grows()
    assert len(yard.carrier.released) == 2


@pytest.mark.parametrize("write", range(1, 7))
def test_giving_back_that_is_cut_short_is_completed_and_the_slot_filled_again(write: int) -> None:
    yard = Yard(growth=GROWING)
    yard.buys(3)
    yard.rows.crash_after_write(write)
    with pytest.raises(Crash):
        yard.grows()
    yard.changes(minimum_numbers=2)
    yard.later(hours=1)
    yard.grows()
    assert len(yard.carrier.released) == 1
    assert len(yard.facts.filled) == 2
    assert not [one for one in yard.slots if one.releasing]
    assert yard.lent_by_the_site == {"": 2}
    yard.buys(1)
    assert yard.lent_by_the_site == {"": 3}


def refused() -> None:
    raise CarrierRefused("the carrier refuses: the number is bound")


def test_a_number_that_the_carrier_does_not_take_back_is_offered_again_every_hour() -> None:
    yard = Yard(growth=GROWING)
    yard.buys(3)
    yard.carrier.happens_before("release", refused)
    assert moved(yard.grows()) == (Move.SHRINK, 1, GrowthReason.MORE_THAN_WANTED)
    assert (yard.carrier.released, len(yard.facts.filled)) == ([], 2)
    assert [one.slot.number for one in yard.slots if one.releasing] == [2]
    yard.later(hours=1)
    yard.grows()
    assert not [one for one in yard.slots if one.releasing]
    assert len(yard.carrier.released) == 2


def test_a_number_that_the_carrier_refuses_to_lend_does_not_stop_the_others() -> None:
    yard = Yard(growth=GROWING, minimum_numbers=3)
    yard.carrier.happens_before("buy", refused)
    assert moved(yard.grows()) == (Move.GROW, 3, GrowthReason.BELOW_MINIMUM)
    assert len(yard.facts.filled) == 2
    yard.later(hours=1)
    assert moved(yard.grows()) == (Move.GROW, 1, GrowthReason.BELOW_MINIMUM)


def test_what_was_bought_lately_is_not_given_back() -> None:
    yard = a_yard(area_codes=("212",))
    for one in yard.facts.filled:
        yard.lends(one)
    assert moved(yard.grows()) == (Move.GROW, 1, GrowthReason.ABOVE_PERCENT)
    yard.later(days=6)
    assert moved(yard.grows())[2] is GrowthReason.GROWN_LATELY
    yard.later(days=2)
    assert moved(yard.grows()) == (Move.SHRINK, 1, GrowthReason.MORE_THAN_WANTED)


def test_an_archived_pool_neither_grows_nor_keeps_what_leaves() -> None:
    yard = a_yard()
    one = yard.facts.filled[0]
    yard.lends(one)
    yard.leaves(one.number_id or "")
    yard.changes(state=State.ARCHIVED)
    yard.later(hours=1)
    assert yard.grows() is None
    assert len(yard.facts.filled) == 4


def test_a_pool_that_fails_does_not_keep_the_others_from_growing() -> None:
    yard = a_yard(area_codes=("212",))
    create(a_pool(id="pool_0", growth=GROWING, minimum_numbers=1), stores=yard.stores)
    yard.arrive(60)
    yard.carrier.happens_before("search", lambda: setattr(yard.carrier, "away", True))
    yard.carrier.happens_before("search", lambda: None)
    grown = growing.grow_all(stores=yard.stores, carrier=lambda _name: yard.carrier, now=yard.now)
    assert (grown.pools, grown.failed, grown.changed) == (2, 2, 0)
    yard.carrier.away = False
    again = growing.grow_all(stores=yard.stores, carrier=lambda _name: yard.carrier, now=yard.now)
    assert (again.failed, again.changed) == (0, 2)


def test_the_load_report_tells_measures_advice_and_the_next_step() -> None:
    yard = a_yard()
    for n, one in enumerate(yard.facts.filled[:2]):
        yard.lends(one, seconds=400 * n + 100)
        yard.sets(one.slot, before_since=0, before_seen_at=120)
    yard.arrive(30, overflowed=3, collided=1)
    yard.call(4)
    yard.later(minutes=5)
    found = yard.report()
    load = found.load
    assert (load.numbers, load.lent, load.lent_percent, load.leaving) == (5, 1, 20.0, 0)
    assert (load.arrivals, load.overflows, load.overflow_percent) == (30, 3, 10.0)
    assert (load.collisions, load.collision_percent) == (1, 3.7)
    assert load.monthly_cost_micros == 5 * COST
    assert load.busiest is not None
    assert (load.busiest.arrivals, load.sizing.arrivals_per_hour) == (30, 30)
    # Two former visits of 120 s, and one that is over and was seen once.
    assert (load.sizing.visits_measured, load.sizing.visit_seconds) == (3, 80)
    assert (load.hours[0].calls, load.sizing.calls_per_hour) == (4, 4)
    assert (load.sizing.keep_seconds, load.sizing.kept_on_average) == (1_800, 2.0)
    assert found.next.reason is GrowthReason.ABOVE_PERCENT
    assert (found.decided, yard.carrier.bought) == ((), [])


def test_numbers_that_calls_keep_make_a_pool_grow_as_visits_do() -> None:
    yard = a_yard()
    yard.call(4)
    yard.later(minutes=30)
    assert yard.report().next.load_percent == 80.0
    assert yard.report().next.reason is GrowthReason.ABOVE_PERCENT


def test_hours_that_are_looked_back_on_end_after_seven_days() -> None:
    yard = a_yard()
    yard.arrive(10)
    yard.now += timedelta(days=8)
    yard.arrive(2)
    assert [hour.arrivals for hour in yard.report().load.hours] == [2]
    assert yard.report().load.pool_id == POOL
