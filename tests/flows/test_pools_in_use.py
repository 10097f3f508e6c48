"""A pool from end to end: filled by its flows, lent to visits, measured, grown and emptied."""

from typing import Any

from chalicelib.growth import GrowthReason, Move
from tests.flows.pooling import GROWING, SITE, Yard
from tests.visitors import Visitors, number, visit_of


class Street:
    """A yard whose site is visited."""

    def __init__(self, numbers: int, **pool: Any) -> None:
        self.yard = Yard(area_codes=("212",), **pool)
        self.ids = self.yard.numbers(numbers)
        self.yard.joins(*self.ids)
        self.visitors = Visitors(rows=self.yard.rows)

    def later(self, **span: float) -> None:
        self.yard.later(**span)
        self.visitors.later(**span)


def test_numbers_that_joined_are_lent_and_measured() -> None:
    street = Street(3)
    shown = [street.visitors.asks(site_id=SITE) for _ in range(4)]
    numbers = [number(one) for one in shown]
    assert len(set(numbers[:3])) == 3
    assert numbers[3] is None
    load = street.yard.report().load
    assert (load.lent, load.lent_percent, load.arrivals, load.overflows) == (3, 100.0, 4, 1)
    assert {one.visit_id for one in street.yard.facts.filled} == {visit_of(x) for x in shown[:3]}
    street.later(seconds=299)
    street.visitors.asks(shown[0], site_id=SITE)
    street.later(seconds=301)
    load = street.yard.report().load
    assert (load.lent, load.sizing.visits_measured, load.sizing.visit_seconds) == (0, 3, 100)


def test_a_pool_that_overflowed_grows_and_the_next_visit_finds_a_number() -> None:
    street = Street(1, growth=GROWING)
    for _ in range(2):
        street.visitors.asks(site_id=SITE)
    step = street.yard.grows()
    assert step is not None
    assert (step.move, step.count, step.reason) == (Move.GROW, 1, GrowthReason.ABOVE_PERCENT)
    street.later(seconds=60)
    assert number(street.visitors.asks(site_id=SITE)) in street.yard.carrier.bought


def test_a_leaving_number_is_lent_to_nobody_else_and_its_slot_forgets_the_visit() -> None:
    street = Street(2)
    first = street.visitors.asks(site_id=SITE)
    slot = next(one for one in street.yard.facts.filled if one.visit_id == visit_of(first))
    assert not street.yard.leaves(slot.number_id or "").left
    others = [street.visitors.asks(site_id=SITE) for _ in range(2)]
    assert number(others[1]) is None
    assert number(street.visitors.asks(first, site_id=SITE)) == slot.e164
    street.later(seconds=301)
    assert number(street.visitors.asks(site_id=SITE)) != slot.e164
    assert street.yard.leaves(slot.number_id or "").left
    (joined,) = street.yard.joins(*street.yard.numbers(1, "917"))
    assert joined.slot == slot.slot
    street.later(seconds=301)
    shown = {number(street.visitors.asks(site_id=SITE)) for _ in range(2)}
    assert joined.e164 in shown
