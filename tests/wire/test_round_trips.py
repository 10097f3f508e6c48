"""How long a caller or a page waits on the database: requests as they go over the wire."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib import runtime
from chalicelib.calls import LegStatus, SignalKind
from chalicelib.flows.following import next_attempt
from chalicelib.leasing import probes
from chalicelib.lines import Lookup, LookupState
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.store.dynamo import DynamoRows
from tests import builders
from tests.pools import POOL, a_pool, change_slot, lay_pool, number_in, slot_row
from tests.visitors import Visitors, number
from tests.world import World


class Wire:
    """Counts requests, and lets those go on together that must be under way at the same time.

    Each wave names the operations expected side by side. A request waits until its whole wave has
    been sent, so a wave that is sent one after the other never gets through.
    """

    def __init__(self, *waves: tuple[str, ...]) -> None:
        self._waves = [list(wave) for wave in waves]
        self._gates = [threading.Barrier(len(wave), timeout=10) for wave in waves]
        self._lock = threading.Lock()
        self.unexpected: list[str] = []

    def sent(self, model: Any, **_: Any) -> None:
        """Called by botocore before a request leaves."""
        with self._lock:
            position = next((n for n, wave in enumerate(self._waves) if wave), None)
            if position is None or model.name not in self._waves[position]:
                self.unexpected.append(model.name)
                return
            self._waves[position].remove(model.name)
        self._gates[position].wait()

    @property
    def left(self) -> list[str]:
        """What was expected and never sent."""
        return [name for wave in self._waves for name in wave]


@contextmanager
def watched(*waves: tuple[str, ...]) -> Iterator[Wire]:
    """The wire for as long as the block lasts."""
    wire, events = Wire(*waves), runtime.client("dynamodb").meta.events
    events.register("before-call.dynamodb", wire.sent)
    try:
        yield wire
    finally:
        events.unregister("before-call.dynamodb", wire.sent)


READ = ("BatchGetItem", "Query")
NUMBER, RESERVE, KEEP = ("BatchGetItem",), ("TransactWriteItems",), ("PutItem",)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("targets", [1, 200])
def test_a_cold_decision_waits_three_times_and_a_warm_one_twice(targets: int) -> None:
    world = World(DynamoRows())
    world.opens(*(builders.a_target(id=f"tgt_{n:03d}") for n in range(targets)))
    with watched(NUMBER, READ, RESERVE) as cold:
        world.arrives("CA1")
    with watched(READ, RESERVE) as warm:
        world.arrives("CA2")
    for wire in (cold, warm):
        assert (wire.unexpected, wire.left) == ([], [])


@pytest.mark.usefixtures("aws")
def test_a_look_up_of_the_line_takes_no_trip_of_its_own() -> None:
    world = World(DynamoRows())
    world.opens(offer=builders.an_offer(lookup=Lookup(caller_name=True)))
    with watched(NUMBER, READ, RESERVE) as asked:
        world.arrives("CA1")
    with watched(READ, RESERVE) as kept:
        world.arrives("CA2")
    for wire in (asked, kept):
        assert (wire.unexpected, wire.left) == ([], [])
    found = [world.call(sid).lookup for sid in ("CA1", "CA2")]
    assert [one.state if one else None for one in found] == [LookupState.ASKED, LookupState.KEPT]


@pytest.mark.usefixtures("aws")
def test_a_visit_is_found_and_its_number_kept_without_a_trip_of_its_own() -> None:
    world, slot = World(DynamoRows()), Slot(pool_id=POOL, area=ANYWHERE, number=0)
    world.opens()
    lay_pool(world.rows)
    now = int(world.now.timestamp())
    change_slot(
        world.rows, slot, visit_id="vis_1", since=now - 60, seen_at=now - 10, until=now + 290
    )
    with watched(NUMBER, READ, RESERVE) as cold:
        world.arrives("CA1", e164=number_in(slot))
    with watched(READ, RESERVE) as warm:
        world.arrives("CA2", e164=number_in(slot))
    for wire in (cold, warm):
        assert (wire.unexpected, wire.left) == ([], [])
    found = [world.call(sid).attribution for sid in ("CA1", "CA2")]
    assert [one.visit_id if one else None for one in found] == ["vis_1"] * 2
    assert slot_row(world.rows)["kept_until"] == now + 1_800


@pytest.mark.usefixtures("aws")
def test_a_failover_waits_twice_and_a_report_once() -> None:
    world = World(DynamoRows())
    world.opens(
        builders.a_target(id="tgt_1", priority=1), builders.a_target(id="tgt_2", priority=2)
    )
    world.arrives()
    with watched(READ, RESERVE) as failover:
        world.fails()
    with watched(KEEP) as report:
        world.reports("CA1", builders.a_signal(attempt=2, status=LegStatus.IN_PROGRESS))
    with watched(RESERVE) as end:
        world.reports("CA1", builders.a_signal(attempt=2))
    for wire in (failover, report, end):
        assert (wire.unexpected, wire.left) == ([], [])


@pytest.mark.usefixtures("aws")
def test_a_group_of_ten_waits_no_longer_than_one() -> None:
    world = World(DynamoRows())
    world.opens(
        *(
            builders.a_target(
                id=f"tgt_{n:02d}", destination=f"+1212555{n:04d}", ring_group="ten",
                concurrency_cap=1,
            )
            for n in range(10)
        ),
        builders.a_target(id="tgt_10", priority=2),
    )  # fmt: skip
    with watched(NUMBER, READ, RESERVE) as arrival:
        answer = world.arrives()
    assert answer.attempt and answer.attempt.together
    assert len(answer.attempt.together.members) == 10
    failed = builders.a_signal(kind=SignalKind.DIAL, status=LegStatus.NO_ANSWER, seconds=None)
    with watched((*READ, "Query"), RESERVE) as failover:
        next_attempt(
            answer.call_id, failed, e164=builders.TRACKING_NUMBER, caller=builders.CALLER,
            stores=world.stores, clock=world.clock, together=True,
        )  # fmt: skip
    with watched(KEEP) as picked_up:
        world.reports(
            "CA1", builders.a_signal(status=LegStatus.IN_PROGRESS, target_id="tgt_03", attempt=2)
        )
    for wire in (arrival, failover, picked_up):
        assert (wire.unexpected, wire.left) == ([], [])


SITE, SLOTS, LEND, BEAT = ("BatchGetItem",), ("Query",), ("TransactWriteItems",), ("UpdateItem",)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("numbers", [10, 110])
def test_a_new_visit_waits_three_times_or_twice_and_a_heartbeat_once(numbers: int) -> None:
    visitors = Visitors(DynamoRows())
    lending = lay_pool(visitors.rows, sizes={"": numbers})
    visitors.opens(lending)
    # Slots that are counted around the end of the pool are two queries, side by side.
    slots = [SLOTS * len(probes(lending, visitors.id_of(n), None)) for n in (1, 2)]
    with watched(SITE, slots[0], LEND) as cold:
        first = visitors.asks()
    with watched(slots[1], LEND) as warm:
        second = visitors.asks()
    visitors.another_process()
    with watched(BEAT) as beat:
        again = visitors.asks(first)
    for wire in (cold, warm, beat):
        assert (wire.unexpected, wire.left) == ([], [])
    assert number(again) == number(first) != number(second)


@pytest.mark.usefixtures("aws")
def test_several_pools_are_looked_at_side_by_side_and_go_on_together() -> None:
    visitors = Visitors(DynamoRows())
    pools = [a_pool(id=f"pool_{n}") for n in range(3)]
    visitors.opens(*(lay_pool(visitors.rows, one, position=n) for n, one in enumerate(pools)))
    with watched(SITE, SLOTS * 3, LEND) as new:
        first = visitors.asks()
    with watched(LEND) as beat:
        visitors.asks(first)
    for wire in (new, beat):
        assert (wire.unexpected, wire.left) == ([], [])
