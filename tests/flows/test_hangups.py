"""Reports of ends are kept with their call, whenever they come, and the verdict is left alone."""

from dataclasses import replace

from chalicelib.calls import CallStatus, HungUpBy, LegStatus, Signal, SignalKind, call_id
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.rows import CALLS, Rows
from tests.fakes import FakeRows
from tests.world import World

DIAL, CALL = SignalKind.DIAL, SignalKind.CALL


def dialled(world: World, callers: LegStatus) -> Signal:
    ended = world.signal(DIAL, 1, "completed", 130, bridged=True)
    return replace(ended, callers_status=callers)


def settled(rows: Rows) -> World:
    world = World(rows)
    world.opens()
    world.talks(seconds=130)
    return world


def check_a_report_after_the_verdict(rows: Rows) -> None:
    world = settled(rows)
    before, verdict = world.call(), world.stores.calls.verdict(world.call().id)
    assert (before.status, before.hung_up_by) == (CallStatus.APPROVED, HungUpBy.UNKNOWN)
    world.reports("CA1", dialled(world, LegStatus.IN_PROGRESS))
    world.reports("CA1", dialled(world, LegStatus.IN_PROGRESS))
    world.settles()
    after = world.call()
    assert (after.hung_up_by, after.hung_up_why) == (HungUpBy.TARGET, "dial completed")
    assert (after.status, after.talk_seconds, after.charge_cents) == (before.status, 130, 2500)
    assert world.stores.calls.verdict(after.id) == verdict
    (listed,) = world.stores.calls.page(by="month", partition="2026-11", limit=5).items
    assert listed.hung_up_by is HungUpBy.TARGET


def test_a_report_after_the_verdict_tells_who_hung_up() -> None:
    check_a_report_after_the_verdict(FakeRows())


def test_a_report_after_the_verdict_tells_who_hung_up_on_dynamodb(aws: None) -> None:
    check_a_report_after_the_verdict(DynamoRows())


def test_a_report_that_comes_before_its_call_is_kept_by_itself() -> None:
    world = World(FakeRows())
    report = world.signal(CALL, 0, "completed", 5)
    assert world.stores.calls.keep_signal(call_id("twilio", "CA9"), report)
    assert not world.stores.calls.keep_signal(call_id("twilio", "CA9"), report)
    assert world.row(CALLS, f"CALL#{call_id('twilio', 'CA9')}") == {}
