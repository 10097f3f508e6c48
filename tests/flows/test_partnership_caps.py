"""Caps of a partnership: its calls are refused, or are routed and earn nothing."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.calls import CallStatus
from chalicelib.findings import Denial
from chalicelib.offers import CapEffect
from chalicelib.reasons import Reason
from chalicelib.store.charges import earning_key
from chalicelib.store.rows import BOOKS, CATALOG
from chalicelib.terms import EarningTerms
from tests import builders
from tests.fakes import FakeRows
from tests.world import World

DAY, MONEY = "day#2026-11-23", "money:day#2026-11-23"
BLOCK, STOP = CapEffect.BLOCK_CALLS, CapEffect.STOP_EARNING
CAPS = [{"daily_cap": 2}, {"daily_cap_cents": 3_000}, {"daily_cap_cents": 4_499}]


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    return World(rows)


def opens(world: World, effect: CapEffect, **caps: Any) -> None:
    """Two targets; each approved call earns 15 dollars."""
    world.opens(
        builders.a_target(id="tgt_1", priority=1),
        builders.a_target(id="tgt_2", priority=2),
        partnership=builders.a_partnership(cap_effect=effect, **caps),
    )


def used(world: World) -> dict[str, int]:
    counts: dict[str, int] = world.row(CATALOG, "PARTNERSHIP#par_1")["used"]
    return counts


@pytest.mark.parametrize("cap", CAPS, ids=str)
def test_a_reached_cap_refuses_the_call_before_any_target_is_looked_at(
    world: World, cap: dict[str, int]
) -> None:
    opens(world, BLOCK, **cap)
    assert [world.talks(f"CA{n}").status for n in (1, 2)] == [CallStatus.APPROVED] * 2
    refused = world.arrives("CA3")
    expected = (
        Reason.PARTNERSHIP_CAPPED_DAY if "daily_cap" in cap else Reason.PARTNERSHIP_CAPPED_MONEY_DAY
    )
    assert refused.refusal is expected
    assert world.stores.calls.decisions(world.call("CA3").id)[0]["considered"] == []


@pytest.mark.parametrize("cap", CAPS, ids=str)
def test_a_reached_cap_may_stop_earnings_while_calls_go_on(
    world: World, cap: dict[str, int]
) -> None:
    opens(world, STOP, **cap)
    calls = [world.talks(f"CA{n}") for n in (1, 2, 3)]
    assert [call.charge_cents for call in calls] == [2_500] * 3
    assert [call.earning_cents for call in calls] == [1_500, 1_500, 0]
    assert (used(world)[DAY], used(world)[MONEY]) == (2, 3_000)
    verdict = world.stores.calls.verdict(calls[2].id)
    assert verdict is not None
    denials = [finding["denial"] for finding in verdict["verdict"]["earning"]]
    assert Denial.PARTNERSHIP_CAPPED in denials


@pytest.mark.parametrize("effect", CapEffect)
def test_a_denied_call_gives_its_place_and_its_money_back(world: World, effect: CapEffect) -> None:
    opens(world, effect, daily_cap=1)
    world.talks("CA1", seconds=1)
    assert set(used(world).values()) == {0}
    assert world.talks("CA2").earning_cents == 1_500


def test_a_charged_call_that_earns_nothing_gives_them_back_too(world: World) -> None:
    long_talks = EarningTerms(earning_cents=1_500, minimum_talk_seconds=600)
    opens(world, BLOCK, daily_cap=1, earning=long_talks)
    call = world.talks("CA1")
    assert (call.charge_cents, call.earning_cents) == (2_500, 0)
    assert set(used(world).values()) == {0}


@pytest.mark.parametrize("effect", CapEffect)
def test_a_failover_keeps_the_one_place_of_its_call(world: World, effect: CapEffect) -> None:
    opens(world, effect, daily_cap=1, daily_cap_cents=1_500)
    world.arrives()
    answer = world.fails()
    assert answer is not None
    assert answer.attempt is not None
    assert answer.attempt.earning.earning_cents == 1_500
    assert (used(world)[DAY], used(world)[MONEY]) == (1, 1_500)


def test_a_failover_over_midnight_counts_the_call_in_the_new_day(world: World) -> None:
    opens(world, BLOCK, daily_cap=1, zone="America/New_York")
    world.now = world.now.replace(hour=4, minute=59, second=59, day=24)
    world.arrives()
    world.later(seconds=2)
    assert world.fails() is not None
    counts = {key: n for key, n in used(world).items() if key.startswith("day")}
    assert counts == {"day#2026-11-23": 0, "day#2026-11-24": 1}


@pytest.mark.parametrize(("effect", "taken"), [(BLOCK, 1), (STOP, 2)])
def test_of_two_simultaneous_calls_one_takes_the_last_place(
    world: World, rows: FakeRows, effect: CapEffect, taken: int
) -> None:
    opens(world, effect, daily_cap=1)
    answers = []
    rows.before_write(lambda: answers.append(world.arrives("CA2")))
    answers.append(world.arrives("CA1"))
    attempts = [answer.attempt for answer in answers if answer.attempt]
    assert len(attempts) == taken
    assert Counter(one.earning.earning_cents for one in attempts)[1_500] == 1
    assert used(world)[DAY] == 1
    refusals = {answer.refusal for answer in answers if not answer.attempt}
    assert refusals == ({Reason.PARTNERSHIP_CAPPED_DAY} if effect is BLOCK else set())


def test_a_call_that_lost_the_last_earning_is_charged_and_books_no_earning(
    world: World, rows: FakeRows
) -> None:
    opens(world, STOP, daily_cap=1)
    rows.before_write(lambda: world.arrives("CA2") and None)
    assert world.talks("CA1").earning_cents == 0
    assert world.call("CA1").charge_cents == 2_500
    key = earning_key(world.call("CA1").id)
    assert world.row(BOOKS, key.pk, key.sk)["amount_cents"] == 0


def test_a_cap_that_is_set_later_finds_the_calls_of_the_day(world: World) -> None:
    opens(world, BLOCK)
    world.talks("CA1")
    world.rewrites(builders.a_partnership(daily_cap=1))
    assert world.arrives("CA2").refusal is Reason.PARTNERSHIP_CAPPED_DAY


def test_windows_long_over_are_forgotten(world: World) -> None:
    opens(world, BLOCK)
    world.talks("CA1")
    world.now = world.now.replace(year=2027)
    world.arrives("CA2")
    assert [key for key in used(world) if "2026" in key] == []
