"""Where a visit looks for a number, which one it takes, and until when."""

import heapq
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.leasing import (
    FURTHER,
    PROBED,
    WHOLE,
    Lendable,
    Stretch,
    further,
    loan,
    probes,
    ranked,
    remembered_until,
)  # fmt: skip
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.pools import Lending
from tests.pools import POOL, a_pool

NOW = 1_800_000_000
VISITS = st.integers(0, 10**6).map(lambda n: f"visit_{n:026d}")


def a_slot(number: int = 0, area: str = ANYWHERE, **overrides: Any) -> Lendable:
    values: dict[str, Any] = {
        "slot": Slot(pool_id=POOL, area=area, number=number), "e164": f"+1212200{number:04d}",
    }  # fmt: skip
    return Lendable(**(values | overrides))


def a_lending(sizes: dict[str, int], **pool: Any) -> Lending:
    return Lending(pool=a_pool(**pool), sizes=sizes)


def in_order(sizes: dict[str, int]) -> list[tuple[str, int]]:
    return [(area, number) for area in sorted(sizes) for number in range(sizes[area])]


def covered(stretches: tuple[Stretch, ...], sizes: dict[str, int]) -> list[tuple[str, int]]:
    places = in_order(sizes)
    found: list[tuple[str, int]] = []
    for one in stretches:
        first = places.index((one.first.area, one.first.number))
        last = places.index((one.last.area, one.last.number))
        found += places[first : last + 1]
    return found


@given(sizes=st.dictionaries(st.sampled_from(["", "CA", "NY", "TX"]), st.integers(0, 400)),
       visit=VISITS)  # fmt: skip
def test_a_pool_is_looked_at_whole_or_in_parts_that_never_overlap(
    sizes: dict[str, int], visit: str
) -> None:
    lending, total = a_lending(sizes), sum(sizes.values())
    first = covered(probes(lending, visit, None), sizes)
    then = covered(further(lending, visit), sizes)
    assert len(set(first) | set(then)) == len(first) + len(then)
    if total <= WHOLE:
        assert (len(first), then) == (total, [])
    else:
        assert len(first) == PROBED and len(then) == min(total - PROBED, FURTHER)


@given(visit=VISITS)
def test_a_large_pool_near_the_visitor_is_looked_at_at_home_first(visit: str) -> None:
    sizes = {"CA": 300, "NY": 5, "TX": 200}
    lending = a_lending(sizes, near_visitor=True)
    assert covered(probes(lending, visit, "NY"), sizes)[:5] == [("NY", n) for n in range(5)]
    at_home = covered(probes(lending, visit, "CA"), sizes)[:PROBED]
    assert {area for area, _ in at_home} == {"CA"}
    assert probes(lending, visit, "WY") == probes(lending, visit, None)
    assert probes(a_lending(sizes), visit, "NY") == probes(a_lending(sizes), visit, None)


def test_looking_costs_the_same_at_a_hundred_and_one_numbers_and_at_ten_thousand() -> None:
    for size in (WHOLE + 1, 10_000):
        sizes = {ANYWHERE: size}
        assert len(covered(probes(a_lending(sizes), "visit_1", None), sizes)) == PROBED


FREE: dict[str, tuple[dict[str, Any], bool]] = {
    "never lent": ({}, True),
    "vacant": ({"e164": None}, False),
    "lent": ({"visit_id": "visit_x", "until": NOW + 1}, False),
    "ended at this second": ({"visit_id": "visit_x", "until": NOW}, True),
    "kept by a call": ({"visit_id": "visit_x", "until": NOW, "kept_until": NOW + 1}, False),
    "kept until this second": ({"visit_id": "visit_x", "kept_until": NOW}, True),
    "leaving": ({"leaving": True}, False),
    "its own": ({"visit_id": "visit_1", "until": NOW + 1}, True),
    "its own, kept": ({"visit_id": "visit_1", "until": NOW, "kept_until": NOW + 1}, True),
    "its own, leaving": ({"visit_id": "visit_1", "until": NOW + 1, "leaving": True}, True),
    "its own, ended, leaving": ({"visit_id": "visit_1", "until": NOW, "leaving": True}, False),
}  # fmt: skip


@pytest.mark.parametrize(("slot", "free"), FREE.values(), ids=FREE)
def test_whether_a_slot_is_free_for_a_visit(slot: dict[str, Any], free: bool) -> None:
    assert a_slot(**slot).free_for("visit_1", NOW) is free


def best(*slots: Lendable, home: str | None = None, near: bool = False) -> int:
    pool = a_pool(near_visitor=near, attribution_seconds=1000)
    return ranked(slots, "visit_1", pool=pool, home=home, now=NOW)[0].slot.number


def rested(number: int, seconds: int, **more: Any) -> Lendable:
    return a_slot(number, visit_id="visit_x", until=NOW - seconds, **more)


def test_the_best_number_is_its_own_then_near_then_unclaimed_then_the_longest_rested() -> None:
    own = rested(1, 10)
    own = replace(own, visit_id="visit_1")
    assert best(own, a_slot(2)) == 1
    assert best(rested(1, 900, area="NY"), a_slot(2, "CA"), home="NY", near=True) == 1
    assert best(rested(1, 900, area="NY"), a_slot(2, "CA"), home="NY") == 2
    assert best(rested(1, 999), rested(2, 1000)) == 2
    assert best(rested(1, 100), rested(2, 800)) == 2
    assert best(rested(1, 2000), a_slot(2)) == 2


def test_a_crowd_spreads_over_numbers_that_rested_about_as_long() -> None:
    slots = [rested(number, 600 + number) for number in range(50)]
    firsts = {
        ranked(slots, f"visit_{n:026d}", pool=a_pool(), home=None, now=NOW)[0].slot.number
        for n in range(64)
    }
    assert len(firsts) > 25


def test_the_terms_of_a_loan() -> None:
    pool = a_pool(hold_seconds=60, max_lease_seconds=600, attribution_seconds=1000)
    new = loan(rested(0, 999), "visit_1", pool=pool, now=NOW)
    assert (new.since, new.until, new.ends) == (NOW, NOW + 60, NOW + 600)
    assert (new.fresh, new.collides) == (True, True)
    assert not loan(rested(0, 1000), "visit_1", pool=pool, now=NOW).collides
    runs = a_slot(visit_id="visit_1", since=NOW - 580, until=NOW + 10)
    on = loan(runs, "visit_1", pool=pool, now=NOW)
    assert (on.since, on.until, on.fresh, on.collides) == (NOW - 580, NOW + 20, False, False)
    ended = loan(replace(runs, since=NOW - 600), "visit_1", pool=pool, now=NOW)
    assert (ended.since, ended.until, ended.fresh) == (NOW, NOW + 60, False)


def test_a_call_that_kept_the_number_moves_the_window_of_its_last_visit_on_for_nobody() -> None:
    pool = a_pool(attribution_seconds=1000, keep_seconds=1800)
    kept = rested(1, 1000, kept_until=NOW)
    assert not loan(kept, "visit_1", pool=pool, now=NOW).collides
    assert loan(rested(1, 999, kept_until=NOW), "visit_1", pool=pool, now=NOW).collides
    assert best(kept, rested(2, 999)) == 1


def test_a_visit_is_remembered_for_the_longest_lease_its_window_and_a_keeping() -> None:
    short = a_pool(max_lease_seconds=600, attribution_seconds=1000, keep_seconds=300)
    long = a_pool(max_lease_seconds=600, attribution_seconds=100, keep_seconds=1800)
    assert remembered_until([short], NOW) == NOW + 1900
    assert remembered_until([short, long], NOW) == NOW + 2500


def test_at_a_load_of_eighty_in_a_hundred_the_first_look_finds_a_number() -> None:
    """A pool of 1,000 at 800 live leases all the time: each visit that comes ends the oldest."""
    lending, pool = a_lending({ANYWHERE: 1_000}), a_pool()
    slots = [a_slot(number) for number in range(1_000)]
    ends: list[tuple[int, int]] = []
    failed = 0
    for n in range(4_000):
        now, visit = NOW + n, f"visit_{n:026d}"
        seen = [
            slots[number]
            for one in probes(lending, visit, None)
            for number in range(one.first.number, one.last.number + 1)
        ]
        found = ranked(seen, visit, pool=pool, home=None, now=now)
        failed += not found
        if not found:
            continue
        number = found[0].slot.number
        # How long each stays varies, so that neighbours do not end together.
        until = now + 400 + (n * 7_919) % 801
        slots[number] = replace(slots[number], visit_id=visit, until=until)
        heapq.heappush(ends, (until, number))
    live = sum(one.until > NOW + 4_000 for one in slots)
    assert 780 <= live <= 820
    assert failed / 4_000 < 0.001
