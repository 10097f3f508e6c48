"""What leads a caller on after a short talk, against whatever else ends the call meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.calls import CallStatus, LegStatus, SignalKind, call_id
from chalicelib.flows.following import next_attempt
from chalicelib.flows.inbound import Answer
from chalicelib.flows.settlement import Progress, settle_finally
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.rows import CALLS, Action, Rows
from tests import builders
from tests.builders import CALLER, TRACKING_NUMBER
from tests.fakes import FakeRows
from tests.world import World

LEG, DIAL, CALL = SignalKind.LEG, SignalKind.DIAL, SignalKind.CALL


class Interrupted:
    """Rows with which something else happens just before the next write."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.meanwhile: Callable[[], Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def write(self, actions: Sequence[Action]) -> None:
        before, self.meanwhile = self.meanwhile, None
        if before is not None:
            before()
        self._rows.write(actions)


def opened(rows: Any) -> World:
    world = World(rows)
    world.opens(*(builders.a_target(id=f"tgt_{n}", priority=n, recover_seconds=10) for n in (1, 2)))
    world.arrives()
    return world


def hangs_up(world: World, seconds: int = 5) -> Answer | None:
    ended = world.signal(DIAL, 1, "completed", seconds, bridged=True)
    return next_attempt(
        call_id("twilio", "CA1"),
        replace(ended, callers_status=LegStatus.IN_PROGRESS),
        e164=TRACKING_NUMBER, caller=CALLER, stores=world.stores, clock=world.clock,
    )  # fmt: skip


def leaves(world: World) -> None:
    world.reports(
        "CA1",
        world.signal(LEG, 1, "completed", 5),
        world.signal(CALL, 0, "completed", 9),
    )
    assert world.settles() is Progress.SETTLED


@pytest.fixture(params=["fake", "dynamodb"])
def rows(request: pytest.FixtureRequest) -> Interrupted:
    if request.param == "fake":
        return Interrupted(FakeRows())
    request.getfixturevalue("aws")
    return Interrupted(DynamoRows())


def test_the_legs_report_alone_does_not_settle_a_talk_that_may_be_led_on_from(
    rows: Interrupted,
) -> None:
    world = opened(rows)
    world.reports("CA1", world.signal(LEG, 1, "completed", 5))
    assert world.settles() is Progress.LIVE
    answer = hangs_up(world)
    assert answer and answer.attempt and answer.attempt.hold.target_id == "tgt_2"
    assert world.row(CALLS, "TALKED#hash-of-" + CALLER).keys() >= {"tgt_1"}
    assert world.target("tgt_1")["leases"] == {}


def test_a_caller_who_leaves_in_the_same_moment_is_led_nowhere(rows: Interrupted) -> None:
    world = opened(rows)
    rows.meanwhile = lambda: leaves(world)
    answer = hangs_up(world)
    assert answer is None or answer.attempt is None
    call = world.call()
    assert (call.status, call.talk_seconds) == (CallStatus.DENIED, 5)
    for target in ("tgt_1", "tgt_2"):
        assert world.target(target)["leases"] == {}
    assert world.funds() == (100_000, 0)


def test_two_deliveries_of_one_end_lead_the_caller_on_once(rows: Interrupted) -> None:
    world = opened(rows)
    answers = []
    rows.meanwhile = lambda: answers.append(hangs_up(world))
    answers.append(hangs_up(world))
    assert answers[0] == answers[1]
    assert world.call().recoveries == 1
    assert world.funds() == (97_500, 2500)


def test_an_answer_that_is_lost_after_it_was_kept_ends_with_the_sweep(rows: Interrupted) -> None:
    world = opened(rows)
    hangs_up(world)
    world.later(hours=2)
    settled = settle_finally(
        world.call().id, stores=world.stores, now=world.now, ask_carrier=lambda *_: ()
    )
    assert settled is Progress.SETTLED
    assert (world.call().status, world.call().talk_seconds) == (CallStatus.DENIED, 0)
    assert world.funds() == (100_000, 0)


def test_a_talk_of_which_only_the_leg_is_heard_counts_when_its_lease_has_ended(
    rows: Interrupted,
) -> None:
    world = opened(rows)
    world.reports("CA1", world.signal(LEG, 1, "completed", 5))
    world.later(hours=2)
    settle_finally(world.call().id, stores=world.stores, now=world.now, ask_carrier=lambda *_: ())
    assert (world.call().status, world.call().reasons) == (CallStatus.DENIED, ("too_short",))
