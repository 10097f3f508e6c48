"""Slots of calls whose end was lost: who gets them, and when such a call is looked at."""

from datetime import timedelta

import pytest

from chalicelib.calls import Call, CallStatus, Signal
from chalicelib.flows.inbound import Answer
from chalicelib.flows.settlement import sweep
from chalicelib.offers import CapEffect
from chalicelib.reasons import Reason
from chalicelib.store.rows import CATALOG, Change, Key, Path
from tests import builders
from tests.fakes import FakeRows
from tests.world import World

TARGET = Key(CATALOG, "CAMPAIGN#cmp_1", "TARGET#tgt_1")


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    return World(rows)


def loses(world: World, calls: int) -> None:
    """Leases of so many calls that ended unheard, and have run out."""
    past = int(world.now.timestamp()) - 1
    lost: dict[Path, int] = {("leases", f"lost_{n:03d}"): past for n in range(calls)}
    world.rows.write([Change(key=TARGET, set=lost)])


def race(world: World, rows: FakeRows) -> list[Answer]:
    """Two calls that find the same slots run out, one of which writes first."""
    answers: list[Answer] = []
    rows.before_write(lambda: answers.append(world.arrives("CA1")))
    answers.append(world.arrives("CA2"))
    return answers


def in_turn(world: World, rows: FakeRows, calls: int) -> list[Answer]:
    """Calls that all read the same, of which the later ones write first."""
    answers: list[Answer] = []

    def arrives(number: int) -> None:
        if number < calls:
            rows.before_write(lambda: arrives(number + 1))
        answers.append(world.arrives(f"CA{number}"))

    arrives(1)
    return answers


def holders(world: World) -> set[str]:
    return {call for call in world.target()["leases"] if not call.startswith("lost_")}


def test_two_slots_that_have_run_out_go_to_two_simultaneous_calls(
    world: World, rows: FakeRows
) -> None:
    world.opens(builders.a_target(concurrency_cap=2))
    loses(world, 2)
    answers = race(world, rows)
    assert set(world.target()["leases"]) == {answer.call_id for answer in answers}


def test_the_one_slot_that_has_run_out_goes_to_one_of_two_simultaneous_calls(
    world: World, rows: FakeRows
) -> None:
    world.opens(builders.a_target(concurrency_cap=1))
    loses(world, 1)
    first, second = race(world, rows)
    assert first.attempt is not None
    assert second.refusal is Reason.NO_TARGET
    (decision,) = world.stores.calls.decisions(second.call_id)
    assert [seen["reason"] for seen in decision["considered"]] == [Reason.LOST_RACE]
    assert set(world.target()["leases"]) == {first.call_id}


def test_more_slots_than_one_write_can_free_go_to_everybody_who_comes(
    world: World, rows: FakeRows
) -> None:
    world.opens(builders.a_target(concurrency_cap=90))
    loses(world, 90)
    answers = in_turn(world, rows, 5)
    assert holders(world) == {answer.call_id for answer in answers}
    assert len(holders(world)) == 5


def test_a_slot_that_its_own_call_gave_back_meanwhile_is_free_as_well(
    world: World, rows: FakeRows
) -> None:
    world.opens(builders.a_target(concurrency_cap=1))
    loses(world, 1)
    rows.before_write(lambda: rows.write([Change(key=TARGET, remove=[("leases", "lost_000")])]))
    answer = world.arrives()
    assert set(world.target()["leases"]) == {answer.call_id}


@pytest.mark.parametrize("effect", CapEffect)
def test_who_loses_slot_and_earning_at_once_gets_what_the_partnership_still_allows(
    world: World, rows: FakeRows, effect: CapEffect
) -> None:
    world.opens(
        builders.a_target(concurrency_cap=2),
        partnership=builders.a_partnership(daily_cap=1, cap_effect=effect),
    )
    loses(world, 2)
    first, second = race(world, rows)
    assert first.attempt is not None
    assert first.attempt.earning.earning_cents == 1_500
    if effect is CapEffect.BLOCK_CALLS:
        assert second.refusal is Reason.PARTNERSHIP_CAPPED_DAY
        return
    assert second.attempt is not None
    assert second.attempt.earning.earning_cents == 0


def test_a_failover_takes_a_slot_that_has_run_out_beside_others(
    world: World, rows: FakeRows
) -> None:
    world.opens(
        builders.a_target(id="tgt_1", priority=2, concurrency_cap=2),
        builders.a_target(id="tgt_2", priority=1, concurrency_cap=1),
    )
    loses(world, 2)
    world.arrives("CA1")
    rows.before_write(lambda: world.arrives("CA2"))
    moved = world.fails("CA1")
    assert moved is not None
    assert moved.attempt is not None
    assert holders(world) == {world.call("CA1").id, world.call("CA2").id}
    assert world.target("tgt_2")["leases"] == {}


def nobody_knows(_call: Call, _now: object) -> tuple[Signal, ...]:
    return ()


def test_a_call_of_which_nobody_hears_is_looked_at_when_its_lease_ends(world: World) -> None:
    world.opens()
    world.arrives()
    attempt = world.call().attempt
    assert attempt is not None
    looks = 0
    while world.status() is CallStatus.LIVE:
        world.later(minutes=1)
        looks += len(sweep(stores=world.stores, now=world.now, ask_carrier=nobody_knows).live)
    assert world.now - attempt.hold.lease_until <= timedelta(minutes=1)
    assert looks <= 12
