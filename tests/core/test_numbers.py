"""The carrier's numbers beside the platform's: what is where, and what a repair leaves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import State
from chalicelib.numbers import (
    MOST_NAMED,
    Comparison,
    NumberSearch,
    OwnedNumber,
    Resting,
    SearchKind,
    compare,
    monthly_cost_micros,
    reconciliation,
    rests_until,
    search_faults,
)
from chalicelib.offers import Number
from tests.builders import NOW, a_number
from tests.carriers import ELSEWHERE, HERE

E164 = "+14155550100"
REST_DAYS = 60


def rented(e164: str = E164, **overrides: Any) -> OwnedNumber:
    values: dict[str, Any] = {"carrier_number_id": f"PN{e164}", "e164": e164, "webhooks": HERE}
    return OwnedNumber(**(values | overrides))


def ours(e164: str = E164, **overrides: Any) -> Number:
    return a_number(e164=e164, **overrides)


def compared(owned: list[OwnedNumber], numbers: list[Number]) -> Comparison:
    return compare(owned, numbers, webhooks=HERE, rest_days=REST_DAYS, now=NOW)


def released(days_ago: int) -> Number:
    return ours(state=State.ARCHIVED, released_at=NOW - timedelta(days=days_ago))


@pytest.mark.parametrize(
    ("owned", "numbers", "found"),
    [
        ([rented()], [ours()], Comparison(in_order=(E164,))),
        ([rented()], [ours(state=State.PAUSED)], Comparison(in_order=(E164,))),
        ([rented(webhooks=ELSEWHERE)], [ours()],
         Comparison(drifted=(rented(webhooks=ELSEWHERE),))),
        ([rented(webhooks=replace(HERE, status_url=""))], [ours()],
         Comparison(drifted=(rented(webhooks=replace(HERE, status_url="")),))),
        ([rented(elsewhere=True)], [ours()], Comparison(drifted=(rented(elsewhere=True),))),
        ([rented()], [], Comparison(strangers=(E164,))),
        ([rented(webhooks=ELSEWHERE)], [], Comparison(strangers=(E164,))),
        ([], [ours()], Comparison(orphans=(E164,))),
        ([], [ours(state=State.ARCHIVED)], Comparison()),
        ([rented()], [ours(state=State.ARCHIVED)], Comparison(unused=(E164,))),
        ([rented()], [released(1)], Comparison(strangers=(E164,))),
        ([], [released(59)],
         Comparison(resting=(Resting(e164=E164, until=NOW + timedelta(days=1)),))),
        ([], [released(60)], Comparison()),
        ([], [], Comparison()),
    ],
)  # fmt: skip
def test_a_number_is_where_it_belongs(
    owned: list[OwnedNumber], numbers: list[Number], found: Comparison
) -> None:
    assert compared(owned, numbers) == found


E164S = st.integers(0, 30).map(lambda n: f"+1415555{n:04d}")
OWNED = st.lists(
    st.builds(
        rented, E164S, webhooks=st.sampled_from([HERE, ELSEWHERE]), elsewhere=st.booleans()
    ),
    max_size=20, unique_by=lambda one: one.e164,
)  # fmt: skip
OURS = st.lists(
    st.builds(
        ours,
        E164S,
        state=st.sampled_from(State),
        released_at=st.none() | st.integers(0, 120).map(lambda days: NOW - timedelta(days=days)),
    ),
    max_size=20,
    unique_by=lambda one: one.e164,
)


def named(found: Comparison) -> list[str]:
    return [
        *found.in_order, *(one.e164 for one in found.drifted), *found.strangers, *found.orphans,
        *found.unused, *(one.e164 for one in found.resting),
    ]  # fmt: skip


@given(OWNED, OURS)
def test_no_number_is_named_twice_and_none_of_the_carriers_is_left_out(
    owned: list[OwnedNumber], numbers: list[Number]
) -> None:
    names = named(compared(owned, numbers))
    assert len(set(names)) == len(names)
    at_carrier = {one.e164 for one in owned}
    assert at_carrier <= set(names) <= at_carrier | {one.e164 for one in numbers}


@given(OWNED, OURS)
def test_after_the_repair_nothing_drifts_and_all_else_is_as_it_was(
    owned: list[OwnedNumber], numbers: list[Number]
) -> None:
    first = compared(owned, numbers)
    drifted = {one.e164 for one in first.drifted}
    mended = [
        replace(one, webhooks=HERE, elsewhere=False) if one.e164 in drifted else one
        for one in owned
    ]
    again = compared(mended, numbers)
    assert again.drifted == ()
    assert set(again.in_order) == set(first.in_order) | drifted
    assert replace(again, in_order=()) == replace(first, in_order=(), drifted=())


@given(OWNED, OURS, st.randoms())
def test_the_order_in_which_numbers_are_told_makes_no_difference(
    owned: list[OwnedNumber], numbers: list[Number], random: Any
) -> None:
    before = compared(owned, numbers)
    random.shuffle(owned)
    random.shuffle(numbers)
    assert compared(owned, numbers) == before


def test_a_report_counts_everything_and_names_the_first() -> None:
    many = [rented(f"+1415555{n:04d}") for n in range(MOST_NAMED + 7)]
    report = reconciliation(compared(many, []), repaired=(), unrepaired=(), at=NOW)
    assert report.counted["strangers"] == report.counted["at_carrier"] == MOST_NAMED + 7
    assert len(report.strangers) == MOST_NAMED
    assert report.strangers[0] == "+14155550000"
    assert report.monthly_cost_micros == (MOST_NAMED + 7) * 1_150_000


@pytest.mark.parametrize(
    ("e164", "cost"),
    [("+14155550100", 1_150_000), ("+18005550100", 2_150_000), ("+18885550100", 2_150_000),
     ("+442071838750", None), ("+19005550100", None)],
)  # fmt: skip
def test_a_number_costs_what_its_kind_costs(e164: str, cost: int | None) -> None:
    assert monthly_cost_micros(e164) == cost


def test_a_number_that_was_not_released_does_not_rest() -> None:
    assert rests_until(ours(), REST_DAYS) is None
    assert rests_until(released(0), 0) == NOW


def test_a_toll_free_number_belongs_to_no_place() -> None:
    wanted = NumberSearch(kind=SearchKind.TOLL_FREE, zip="94105", state="CA", area_code="800")
    assert [fault.field for fault in search_faults(wanted)] == ["state", "zip"]
    assert search_faults(replace(wanted, kind=SearchKind.LOCAL)) == ()
