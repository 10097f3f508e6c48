"""What a process leaves behind that dies right after it has reserved, and when it comes back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.calls import Call, CallStatus, Signal, SignalKind
from chalicelib.campaigns import Target
from chalicelib.flows.settlement import sweep
from chalicelib.offers import CapEffect
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.rows import CATALOG, Action
from tests import builders
from tests.builders import NOW
from tests.fakes import Crash
from tests.races.crowd import nothing_left
from tests.world import World

PRICE = 2_500
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class Dying(DynamoRows):
    """Rows whose process dies right after it has written."""

    def write(self, actions: Sequence[Action]) -> None:
        super().write(actions)
        raise Crash


def opened(*targets: Target, **market: Any) -> World:
    """A market on the database, without calls."""
    world = World(DynamoRows())
    world.opens(*targets, **market)
    return world


@pytest.fixture
def scarce() -> World:
    """One place of everything."""
    return opened(
        builders.a_target(concurrency_cap=1, daily_cap=1, daily_cap_cents=PRICE),
        campaign=builders.a_campaign(daily_budget_cents=PRICE),
        partnership=builders.a_partnership(daily_cap=1, cap_effect=CapEffect.BLOCK_CALLS),
        funds=PRICE,
    )


def dies(sid: str = "CA1") -> None:
    """A call comes in, and its process dies."""
    with pytest.raises(Crash):
        World(Dying()).arrives(sid)


def knows_nothing(_call: Call, _now: datetime) -> tuple[Signal, ...]:
    return ()


def everything_is_back(world: World) -> bool:
    """Slot, caps, budget, money and the partnership's place."""
    target = world.target()
    return (
        target["leases"] == {}
        and nothing_left(target["used"])
        and nothing_left(world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"])
        and nothing_left(world.row(CATALOG, "PARTNERSHIP#par_1")["used"])
        and world.funds() == (PRICE, 0)
    )


def taken(world: World, sid: str) -> bool:
    return world.arrives(sid).attempt is not None


def lease_end(world: World) -> datetime:
    attempt = world.call("CA1").attempt
    assert attempt is not None
    return attempt.hold.lease_until


def test_the_repeated_webhook_is_answered_with_what_was_reserved(scarce: World) -> None:
    dies()
    answer = scarce.arrives("CA1")
    assert answer.attempt is not None
    assert answer.attempt == scarce.call("CA1").attempt
    assert list(scarce.target()["leases"]) == [answer.call_id]
    assert not taken(scarce, "CA2")


def test_the_slot_is_free_when_its_lease_ends_without_a_sweep() -> None:
    world = opened(builders.a_target(concurrency_cap=1))
    dies()
    world.now = lease_end(world) - SECOND
    assert not taken(world, "CA2")
    world.now = lease_end(world)
    assert taken(world, "CA3")
    assert list(world.target()["leases"]) == [world.call("CA3").id]


def test_everything_is_back_once_the_carrier_says_that_the_call_is_over(scarce: World) -> None:
    dies()

    def it_is_over(_call: Call, _now: datetime) -> tuple[Signal, ...]:
        return (scarce.signal(SignalKind.RECORD, 0, "completed", 4),)

    scarce.now = NOW + MINUTE + SECOND
    assert not taken(scarce, "CA2")
    swept = sweep(stores=scarce.stores, now=scarce.now, ask_carrier=it_is_over)
    assert swept.settled == (scarce.call("CA1").id,)
    assert scarce.status("CA1") is CallStatus.DENIED
    assert everything_is_back(scarce)
    assert taken(scarce, "CA3")


def test_everything_is_back_when_the_lease_ends_and_nobody_knows_of_the_call(scarce: World) -> None:
    dies()
    while scarce.now < lease_end(scarce):
        sweep(stores=scarce.stores, now=scarce.now, ask_carrier=knows_nothing)
        assert not everything_is_back(scarce)
        scarce.later(minutes=1)
    sweep(stores=scarce.stores, now=scarce.now, ask_carrier=knows_nothing)
    assert everything_is_back(scarce)
    assert taken(scarce, "CA2")
