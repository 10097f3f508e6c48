"""Decisions whose races were won or lost, and that died and came again, made once more."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.calls import Attestation
from chalicelib.campaigns import State
from chalicelib.flows.inbound import Answer
from chalicelib.gate import GateSettings, Velocity
from chalicelib.offers import CapEffect
from chalicelib.settings import RepeatCallers
from chalicelib.store.gate import settings_write
from chalicelib.store.rows import CALLS
from tests import builders
from tests.fakes import Crash, FakeRows
from tests.flows.replaying import TWO, again, change, is_itself, outcomes
from tests.world import World


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    return World(rows)


def test_a_lost_race_is_lost_again(world: World, rows: FakeRows) -> None:
    world.opens(builders.a_target(id="tgt_1", priority=1, daily_cap=1), TWO[1])
    rows.before_write(lambda: world.arrives("CA2"))
    world.arrives("CA1")
    made = again(world)
    assert is_itself(made)
    assert outcomes(made.replayed) == [("tgt_1", "lost_race"), ("tgt_2", "chosen")]
    changed = again(world, tgt_2=change(state=State.PAUSED))
    assert outcomes(changed.replayed) == [("tgt_1", "lost_race"), ("tgt_2", "target_paused")]
    assert changed.replayed["refusal"] == "no_target"


def test_a_decision_that_ran_out_of_time_does_so_again(world: World) -> None:
    world.opens(*TWO)
    moments: Iterator[timedelta] = iter([timedelta(0), timedelta(seconds=3)])
    world.clock = lambda: world.now + next(moments)  # type: ignore[method-assign]
    world.arrives()
    made = again(world)
    assert is_itself(made)
    assert outcomes(made.replayed) == [("tgt_1", "outranked"), ("tgt_2", "outranked")]


def test_refusals_of_the_gate_are_replayed_won_or_lost(world: World, rows: FakeRows) -> None:
    world.opens()
    asked = GateSettings(
        offer_id="off_1", version=1, minimum_attestation=Attestation.C,
        caller_velocity=Velocity(calls=1, minutes=10),
    )  # fmt: skip
    rows.write([settings_write(GateSettings(offer_id="off_1"), asked)])
    world.arrives("CA1", attestation=Attestation.NONE)
    rows.before_write(
        lambda: world.arrives("CA3", caller="+12125550111", attestation=Attestation.A)
    )
    world.arrives("CA2", caller="+12125550111", attestation=Attestation.A)
    world.arrives("CA4", caller="+12125550111", attestation=Attestation.A)
    made = [again(world, sid) for sid in ("CA1", "CA2", "CA3", "CA4")]
    assert [one.replayed["refusal"] for one in made] == [
        "attestation_too_low", "caller_too_often", None, "caller_too_often",
    ]  # fmt: skip
    assert all(map(is_itself, made))
    lost = again(world, "CA2", tgt_1=change(weight=7))
    assert lost.replayed["refusal"] == "caller_too_often"


@pytest.mark.parametrize("after", [False, True])
def test_a_reservation_that_died_leaves_one_decision_with_its_facts(
    world: World, rows: FakeRows, after: bool
) -> None:
    world.opens()
    (rows.crash_after_write if after else rows.crash_before_write)()
    with pytest.raises(Crash):
        world.arrives()
    world.later(seconds=1)
    world.arrives()
    assert is_itself(again(world))
    kept = [row for row in rows.rows_of(CALLS) if row["pk"].startswith("FACTS#")]
    assert len(kept) == 1


def test_two_deliveries_at_once_keep_the_facts_of_the_one_that_decided(
    world: World, rows: FakeRows
) -> None:
    world.opens(builders.a_target(id="tgt_1", priority=1, concurrency_cap=1), TWO[1])
    first: list[Answer] = []
    rows.before_write(lambda: first.append(world.arrives("CA1")))
    assert world.arrives("CA1") == first[0]
    assert is_itself(again(world))


@pytest.mark.parametrize(
    ("effect", "refusal", "stopped"),
    [
        (CapEffect.BLOCK_CALLS, "partnership_capped_day", None),
        (CapEffect.STOP_EARNING, None, "partnership_capped_day"),
    ],
)
def test_a_partnerships_last_place_that_was_lost_is_lost_again(
    world: World, rows: FakeRows, effect: CapEffect, refusal: Any, stopped: Any
) -> None:
    world.opens(*TWO, partnership=builders.a_partnership(daily_cap=1, cap_effect=effect))
    rows.before_write(lambda: world.arrives("CA2"))
    world.arrives("CA1")
    for made in (again(world), again(world, tgt_1=change(weight=7))):
        answer = made.replayed["answer"] or {}
        assert (made.replayed["refusal"], answer.get("earning_stopped")) == (refusal, stopped)
    assert is_itself(again(world))
    assert is_itself(again(world, "CA2"))


def test_a_partnership_that_was_full_already_can_be_widened(world: World) -> None:
    world.opens(partnership=builders.a_partnership(daily_cap=1))
    world.arrives("CA1")
    world.arrives("CA2")
    assert again(world, "CA2").replayed["refusal"] == "partnership_capped_day"
    made = again(world, "CA2", par_1=change(daily_cap=2))
    assert outcomes(made.replayed) == [("tgt_1", "chosen")]


def test_a_repeated_caller_is_known_as_then(world: World) -> None:
    reject = {"repeat_callers": RepeatCallers.REJECT}
    world.opens(campaign=builders.a_campaign(**reject))
    world.talks("CA1")
    world.later(minutes=5)
    world.arrives("CA2")
    assert outcomes(again(world, "CA2").replayed) == [("tgt_1", "repeat_caller")]
    assert is_itself(again(world, "CA2"))
    made = again(world, "CA2", cmp_1=change(repeat_callers=RepeatCallers.ANY_TARGET))
    assert outcomes(made.replayed) == [("tgt_1", "chosen")]
