"""Where a caller goes who has talked with a target before."""

import pytest

from chalicelib.calls import SignalKind
from chalicelib.reasons import Reason
from chalicelib.settings import RepeatCallers
from tests import builders
from tests.fakes import FakeRows
from tests.world import World

OTHER = "+14155550177"


@pytest.fixture
def world() -> World:
    return World(FakeRows())


def opens(world: World, policy: RepeatCallers) -> None:
    world.opens(
        builders.a_target(id="tgt_1", priority=1, concurrency_cap=1),
        builders.a_target(id="tgt_2", priority=2),
        campaign=builders.a_campaign(repeat_callers=policy, repeat_days=7),
    )


def reached(world: World, sid: str) -> str | None:
    call = world.call(sid)
    return call.attempt.hold.target_id if call.attempt else None


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (RepeatCallers.ANY_TARGET, "tgt_1"),
        (RepeatCallers.SAME_TARGET_FIRST, "tgt_2"),
        (RepeatCallers.NEVER_SAME_TARGET, "tgt_1"),
        (RepeatCallers.REJECT, None),
    ],
)
def test_the_second_call_goes_where_the_policy_says(
    world: World, policy: RepeatCallers, expected: str | None
) -> None:
    opens(world, policy)
    world.arrives("CA0", caller=OTHER)
    world.talks("CA1", seconds=1)
    assert reached(world, "CA1") == "tgt_2"
    world.fails("CA0")
    world.settles("CA0")
    world.talks("CA2", seconds=1)
    assert reached(world, "CA2") == expected


def test_a_caller_who_reached_nobody_is_no_repeated_one(world: World) -> None:
    opens(world, RepeatCallers.REJECT)
    world.arrives("CA1")
    world.fails("CA1")
    world.fails("CA1", attempt=2)
    world.settles("CA1")
    assert world.arrives("CA2").refusal is None


@pytest.mark.parametrize("seconds", [1, 130], ids=["denied", "approved"])
def test_a_talk_counts_whether_or_not_it_was_charged_until_the_window_ends(
    world: World, seconds: int
) -> None:
    opens(world, RepeatCallers.REJECT)
    world.talks("CA1", seconds=seconds)
    world.later(days=7, milliseconds=-1)
    assert world.arrives("CA2").refusal is Reason.REPEAT_CALLER
    world.later(milliseconds=1)
    assert world.arrives("CA3").refusal is None


def test_anonymous_callers_are_never_known_again(world: World) -> None:
    opens(world, RepeatCallers.REJECT)
    world.talks("CA1", caller=None)
    assert world.arrives("CA2", caller=None).refusal is None


def test_a_failover_remembers_whom_the_caller_talked_with(world: World) -> None:
    world.opens(
        *(builders.a_target(id=f"tgt_{n}", priority=n) for n in (1, 2, 3)),
        campaign=builders.a_campaign(repeat_callers=RepeatCallers.NEVER_SAME_TARGET),
    )
    world.arrives("CA1")
    world.fails("CA1")
    world.reports("CA1", world.signal(SignalKind.LEG, 2, "completed", 9))
    world.settles("CA1")
    assert reached(world, "CA1") == "tgt_2"
    world.arrives("CA2")
    world.fails("CA2")
    assert reached(world, "CA2") == "tgt_3"


def test_a_talk_is_forgotten_a_year_and_a_day_after_the_last(world: World) -> None:
    opens(world, RepeatCallers.ANY_TARGET)
    call = world.talks("CA1", seconds=5)
    row = world.row("calls", f"TALKED#{call.caller_hash}")
    at = int(call.arrived_at.timestamp())
    assert row["tgt_1"] == at
    assert row["expires_at"] == at + 366 * 86_400
