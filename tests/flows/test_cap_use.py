"""What uses up a place under a cap, and the rest that a target takes between two calls."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.calls import CallStatus
from chalicelib.reasons import Reason
from chalicelib.settings import CapUse
from tests import builders
from tests.builders import NOW
from tests.fakes import FakeRows
from tests.world import World

DAY = "day#2026-11-23"
USES = [
    (CapUse.ATTEMPT, "no answer", 1),
    (CapUse.ATTEMPT, "too short", 1),
    (CapUse.ATTEMPT, "approved", 1),
    (CapUse.CONNECT, "no answer", 0),
    (CapUse.CONNECT, "too short", 1),
    (CapUse.CONNECT, "approved", 1),
    (CapUse.APPROVAL, "no answer", 0),
    (CapUse.APPROVAL, "too short", 0),
    (CapUse.APPROVAL, "approved", 1),
]


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    return World(rows)


def ends(world: World, how: str) -> None:
    """A call that comes as far as the words say."""
    if how == "no answer":
        world.arrives()
        world.fails()
        world.settles()
    else:
        world.talks(seconds=1 if how == "too short" else 130)


@pytest.mark.parametrize(("use", "how", "counted"), USES)
def test_a_place_stays_used_up_when_the_call_came_as_far_as_the_choice_says(
    world: World, use: CapUse, how: str, counted: int
) -> None:
    world.opens(builders.a_target(daily_cap=1, cap_use=use))
    ends(world, how)
    assert world.target()["used"][DAY] == counted
    expected = Reason.CAPPED_DAY if counted else None
    assert world.arrives("CA2").refusal is expected


@pytest.mark.parametrize("use", CapUse)
def test_money_is_only_ever_kept_for_a_charge(world: World, use: CapUse) -> None:
    world.opens(builders.a_target(cap_use=use))
    ends(world, "too short")
    assert world.target()["used"][f"money:{DAY}"] == 0


@pytest.mark.parametrize("use", CapUse)
def test_a_cap_is_never_exceeded_while_calls_are_live_whatever_uses_it_up(
    world: World, use: CapUse
) -> None:
    world.opens(builders.a_target(daily_cap=2, cap_use=use))
    refusals = [world.arrives(f"CA{n}").refusal for n in range(3)]
    assert refusals == [None, None, Reason.CAPPED_DAY]


@pytest.mark.parametrize(("use", "kept"), [(CapUse.ATTEMPT, 1), (CapUse.CONNECT, 0)])
def test_a_target_that_did_not_answer_keeps_its_place_only_when_attempts_count(
    world: World, use: CapUse, kept: int
) -> None:
    world.opens(
        builders.a_target(id="tgt_1", priority=1, daily_cap=1),
        builders.a_target(id="tgt_2", priority=2),
        campaign=builders.a_campaign(cap_use=use),
    )
    world.arrives()
    world.fails()
    assert world.target("tgt_1")["used"][DAY] == kept
    world.talks("CA2")
    call = world.call("CA2")
    assert call.attempt is not None
    assert call.attempt.hold.target_id == ("tgt_2" if kept else "tgt_1")


def test_a_choice_that_changes_during_a_call_counts_for_the_next_one_only(world: World) -> None:
    world.opens(builders.a_target(daily_cap=2, cap_use=CapUse.ATTEMPT))
    world.arrives()
    world.rewrites(builders.a_target(daily_cap=2, cap_use=CapUse.APPROVAL))
    world.fails()
    world.settles()
    assert world.status() is CallStatus.DENIED
    assert world.target()["used"][DAY] == 1


def test_a_target_rests_between_two_calls_whether_they_are_answered_or_not(world: World) -> None:
    world.opens(builders.a_target(spacing_seconds=30))
    world.arrives("CA1")
    world.fails("CA1")
    world.later(seconds=29)
    assert world.arrives("CA2").refusal is Reason.TOO_SOON
    world.later(seconds=1)
    assert world.arrives("CA3").attempt is not None


def test_of_two_simultaneous_calls_one_takes_the_target_that_rests_between_calls(
    world: World, rows: FakeRows
) -> None:
    world.opens(builders.a_target(spacing_seconds=1))
    answers = []
    rows.before_write(lambda: answers.append(world.arrives("CA2")))
    answers.append(world.arrives("CA1"))
    assert Counter(answer.attempt is None for answer in answers) == {True: 1, False: 1}
    assert world.target()["taken_at"] == NOW.timestamp() * 1000


def test_a_spacing_that_is_said_later_finds_the_latest_call(world: World) -> None:
    world.opens()
    world.arrives("CA1")
    world.rewrites(builders.a_target(spacing_seconds=60))
    world.now += timedelta(seconds=59)
    assert world.arrives("CA2").refusal is Reason.TOO_SOON
