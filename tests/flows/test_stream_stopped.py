"""The calls stream stands still for an hour, or holds a record that cannot be done: the sweep
catches up, the stream comes after it, and nothing happens twice."""

import itertools
from typing import Any

import pytest

from chalicelib.calls import CallStatus, SignalKind
from chalicelib.channels import streams
from chalicelib.flows.settlement import Progress, settle, sweep
from chalicelib.flows.taking_up import take_up
from chalicelib.ledger import balances
from chalicelib.parked import Place
from chalicelib.store.entries import account_legs
from chalicelib.store.rows import CATALOG, Change, Key
from tests.fakes import FakeRows
from tests.parking import Desk, a_record, a_stretch
from tests.world import World

LEG = SignalKind.LEG
CALLS = 12
PUBLISHER = Key(CATALOG, "PUBLISHER#pub_1")


@pytest.fixture
def world() -> World:
    """Twelve calls, one a minute, of which every third is too short; nobody looked at any."""
    made = World(FakeRows())
    made.opens()
    for n in range(CALLS):
        made.arrives(f"CA{n}", caller=f"+14155550{100 + n}")
        made.reports(f"CA{n}", made.signal(LEG, 1, "completed", 30 if n % 3 == 2 else 90))
        made.later(minutes=1)
    return made


def records_of(world: World) -> list[dict[str, Any]]:
    """What the stream holds of the calls, each signal told of twice."""
    ids = [world.call(f"CA{n}").id for n in range(CALLS)]
    return [a_record(n, call_id) for n, call_id in enumerate(itertools.chain(ids, ids))]


def swept(world: World) -> tuple[int, int]:
    done = sweep(stores=world.stores, now=world.now, ask_carrier=lambda *_: ())
    return len(done.settled), len(done.failed)


def stream_comes(world: World, later: list[str] | None = None) -> list[dict[str, str]]:
    """The stream is read from where it stopped; what failed of it."""

    def settle_now(call_id: str) -> Progress:
        return settle(call_id, stores=world.stores, now=world.now)

    waits: list[str] = [] if later is None else later
    answer = streams.handle(records_of(world), settle_now, waits.append, lambda *_: None)
    return answer["batchItemFailures"]


def state(world: World) -> tuple[dict[str, int], tuple[int, int], dict[str, int]]:
    """The books, the advertiser's money and the campaign's verdicts."""
    accounts = ("prepaid:adv_1", "revenue:calls", "cost:publishers", "pub:pub_1:approved")
    legs = itertools.chain.from_iterable(account_legs(world.rows, name) for name in accounts)
    statuses = [world.status(f"CA{n}") for n in range(CALLS)]
    return (
        balances(legs),
        world.funds(),
        {one: statuses.count(one) for one in (CallStatus.APPROVED, CallStatus.DENIED)},
    )


BOOKED = (
    {
        "prepaid:adv_1": 8 * 2500,
        "revenue:calls": -8 * 2500,
        "cost:publishers": 8 * 1500,
        "pub:pub_1:approved": -8 * 1500,
    },
    (100_000 - 8 * 2500, 0),
    {CallStatus.APPROVED: 8, CallStatus.DENIED: 4},
)


def test_the_sweep_catches_up_with_a_stream_that_stood_still_for_an_hour(world: World) -> None:
    world.later(hours=1)
    assert swept(world) == (CALLS, 0)
    assert state(world) == BOOKED


def test_a_stream_that_comes_back_after_the_sweep_does_nothing_twice(world: World) -> None:
    world.later(hours=1)
    swept(world)
    later: list[str] = []
    for _ in range(2):
        assert stream_comes(world, later) == []
    assert later == []
    assert state(world) == BOOKED


def test_a_sweep_that_got_through_half_leaves_the_rest_to_the_stream(world: World) -> None:
    world.later(hours=1)
    some = sweep(stores=world.stores, now=world.now, ask_carrier=lambda *_: (), limit=5)
    assert len(some.settled) == 5
    stream_comes(world)
    assert swept(world) == (0, 0)
    assert state(world) == BOOKED


def test_a_poisonous_record_is_reported_alone_and_its_call_is_done_after_the_mending(
    world: World,
) -> None:
    poisoned = world.call("CA0").id
    item = world.row(CATALOG, PUBLISHER.pk)

    def settle_now(call_id: str) -> Progress:
        broken = call_id == poisoned
        world.rows.write([Change(key=PUBLISHER, set={("doc",): "{" if broken else item["doc"]})])
        return settle(call_id, stores=world.stores, now=world.now)

    records = records_of(world)[:CALLS]
    answer = streams.handle(records, settle_now, lambda _: None, lambda *_: None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert world.status("CA0") is CallStatus.LIVE
    assert [world.status(f"CA{n}") for n in range(1, CALLS)].count(CallStatus.LIVE) == 0

    desk = Desk()
    desk.lot.stream = records
    # The batch was parked whole, though all but its first record are done.
    desk.lot.parks(Place.VALIDATE_FAILED, a_stretch(0, CALLS - 1))
    take_up(desk.yard, limit=10, tell=lambda _: None)
    assert len(desk.settled) == CALLS
    for call_id in desk.settled:
        settle(call_id, stores=world.stores, now=world.now)
    assert state(world) == BOOKED


def test_the_sweep_finds_a_parked_call_whose_record_the_stream_no_longer_has(world: World) -> None:
    desk = Desk()
    desk.lot.parks(Place.VALIDATE_FAILED, a_stretch(0, CALLS - 1))
    world.later(days=2)
    (stream, *_) = take_up(desk.yard, limit=10, tell=lambda _: None)
    assert (stream.expired, desk.settled) == (1, [])
    assert swept(world) == (CALLS, 0)
    assert state(world) == BOOKED
