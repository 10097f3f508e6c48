"""Groups against other calls, crashes, and reports that come in the same moment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.calls import CallStatus, LegStatus, Signal, SignalKind, call_id
from chalicelib.campaigns import Target
from chalicelib.flows.dry_run import Supposed, dry_run
from chalicelib.flows.following import next_attempt
from chalicelib.flows.inbound import Answer
from chalicelib.flows.settlement import Progress, sweep
from chalicelib.gate import Caller
from chalicelib.offers import CapEffect
from chalicelib.reasons import Reason
from chalicelib.ringing import targets_of
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.holds import funds_change, partnership_key
from chalicelib.store.rows import CATALOG, Change, NotWritten, Path, Rows
from chalicelib.store.settlements import freeing_actions
from chalicelib.store.target_holds import target_key
from tests import builders
from tests.builders import CALLER, NOW, TRACKING_NUMBER
from tests.fakes import Crash, FakeRows
from tests.flows.replaying import again, change, is_itself, outcomes
from tests.flows.test_recovery import Interrupted
from tests.world import World

IDS = ("tgt_1", "tgt_2", "tgt_3")
CHARGES = dict(zip(IDS, (2_500, 3_000, 2_000), strict=True))
DAY = "day#2026-11-23"
FUNDS = 100_000
HOUR = timedelta(hours=1)


def member(n: int, **more: Any) -> Target:
    target = f"tgt_{n}"
    values: dict[str, Any] = {
        "id": target, "priority": n, "ring_group": "front", "concurrency_cap": 1,
        "destination": f"+1212555{n:04d}", "charge_cents": CHARGES.get(target),
    }  # fmt: skip
    return builders.a_target(**values | more)


def opened(rows: Rows, *more: Target, **market: Any) -> World:
    world = World(rows)
    world.opens(*(member(n) for n in (1, 2, 3)), *more, funds=FUNDS, **market)
    return world


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    return opened(rows)


def ringing(answer: Answer | None) -> tuple[str, ...]:
    return targets_of(answer.attempt) if answer and answer.attempt else ()


def leg(world: World, target: str, status: str, seconds: int | None = None) -> Signal:
    told = world.signal(SignalKind.LEG, 1, status, seconds)
    return replace(told, target_id=target, leg_id=f"leg-{target}")


def picks_up(world: World, target: str, sid: str = "CA1") -> Progress:
    world.reports(sid, leg(world, target, "in-progress"))
    return world.settles(sid)


def leases(world: World, sid: str = "CA1") -> list[str]:
    call = call_id("twilio", sid)
    return [one for one in (*IDS, "tgt_4") if call in world.target(one).get("leases", {})]


def lease(target: str, call: str, until: datetime) -> Change:
    """A slot of the target goes to another call."""
    at: dict[Path, int] = {("leases", call): int(until.timestamp())}
    return Change(key=target_key("cmp_1", target), set=at)


def used(world: World) -> dict[str, int]:
    found = {one: world.target(one).get("used", {}).get(DAY, 0) for one in (*IDS, "tgt_4")}
    return {one: count for one, count in found.items() if count}


def test_one_transaction_takes_a_place_of_each_and_money_once(world: World) -> None:
    assert ringing(world.arrives()) == IDS
    assert leases(world) == list(IDS)
    assert used(world) == dict.fromkeys(IDS, 1)
    money = {one: world.target(one)["used"][f"money:{DAY}"] for one in IDS}
    assert money == CHARGES
    assert world.funds() == (FUNDS - 3_000, 3_000)
    assert world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"][DAY] == 3_000
    assert world.row(CATALOG, "PARTNERSHIP#par_1")["used"][DAY] == 1


def test_a_repeated_webhook_rings_the_same_group(world: World) -> None:
    assert world.arrives() == world.arrives()
    assert used(world) == dict.fromkeys(IDS, 1)


@pytest.mark.parametrize(
    ("lost", "left"),
    [
        ("tgt_1", ("tgt_2", "tgt_3")),
        ("tgt_2", ("tgt_1", "tgt_3")),
        ("tgt_3", ("tgt_1", "tgt_2")),
    ],
)
def test_who_goes_to_another_call_in_the_same_moment_does_not_ring(
    world: World, rows: FakeRows, lost: str, left: tuple[str, ...]
) -> None:
    rows.before_write(lambda: rows.write([lease(lost, "call_other", NOW + HOUR)]))
    assert ringing(world.arrives()) == left
    assert used(world) == dict.fromkeys(left, 1)
    made = again(world)
    assert is_itself(made)
    reasons = dict(outcomes(made.original))
    assert (reasons[lost], reasons[left[0]]) == ("lost_race", "chosen")
    assert reasons[left[1]] == "ringing_together"


def test_a_group_of_which_only_the_first_is_left_rings_alone(world: World, rows: FakeRows) -> None:
    def others_go() -> None:
        rows.write([lease(one, "call_other", NOW + HOUR) for one in IDS[1:]])

    rows.before_write(others_go)
    answer = world.arrives()
    assert ringing(answer) == ("tgt_1",)
    assert answer.attempt and answer.attempt.together is None
    assert world.funds() == (FUNDS - 2_500, 2_500)
    assert is_itself(again(world))


def test_money_that_goes_to_another_leaves_out_the_dearest(rows: FakeRows) -> None:
    world = World(rows)
    world.opens(*(member(n) for n in (1, 2, 3)), builders.a_target(id="tgt_4", priority=9),
                funds=5_400)  # fmt: skip
    rows.before_write(lambda: rows.write([funds_change("adv_1", taken=2_500)]))
    assert ringing(world.arrives()) == ("tgt_1", "tgt_3")
    assert world.funds() == (400, 5_000)
    assert is_itself(again(world))


def test_a_slot_that_ran_out_and_was_freed_by_another_is_taken_all_the_same(
    world: World, rows: FakeRows
) -> None:
    rows.write([lease(one, "lost", NOW - HOUR) for one in IDS])
    freed = Change(key=target_key("cmp_1", "tgt_2"), remove=[("leases", "lost")])
    rows.before_write(lambda: rows.write([freed]))
    assert ringing(world.arrives()) == IDS
    assert leases(world) == list(IDS)
    assert all("lost" not in world.target(one)["leases"] for one in IDS)


def test_the_partnerships_last_earning_that_another_took_stops_the_earning_of_a_group(
    rows: FakeRows,
) -> None:
    partnership = builders.a_partnership(daily_cap=1, cap_effect=CapEffect.STOP_EARNING)
    world = opened(rows, builders.a_target(id="tgt_4", priority=9), partnership=partnership)
    earned = Change(key=partnership_key("par_1"), add={("used", DAY): 1})
    rows.before_write(lambda: rows.write([earned]))
    answer = world.arrives()
    assert ringing(answer) == IDS
    assert answer.attempt and answer.attempt.earning_stopped is Reason.PARTNERSHIP_CAPPED_DAY


def test_a_dry_run_shows_the_group_and_reserves_nothing(world: World) -> None:
    supposed = Supposed(
        call_id="call_dry", e164=TRACKING_NUMBER, caller=Caller(number=CALLER), at=NOW,
        tags={}, declared=(),
    )  # fmt: skip
    decision = dry_run(supposed, stores=world.stores, now=NOW)
    assert [seen.reason for seen in decision.considered] == [
        Reason.CHOSEN, Reason.RINGING_TOGETHER, Reason.RINGING_TOGETHER,
    ]  # fmt: skip
    assert used(world) == {}


def test_a_replay_with_other_groups_rings_them(world: World) -> None:
    world.arrives()
    made = again(world, tgt_2=change(ring_group="back"), tgt_3=change(ring_group=None))
    assert outcomes(made.replayed) == [
        ("tgt_1", "chosen"), ("tgt_2", "outranked"), ("tgt_3", "outranked"),
    ]  # fmt: skip
    assert {one.target_id for one in made.differences} == {"tgt_2", "tgt_3"}


def test_others_are_freed_exactly_once_however_often_it_is_told(world: World) -> None:
    world.arrives()
    before = world.target("tgt_1")
    assert [picks_up(world, "tgt_2") for _ in range(3)] == [Progress.LIVE] * 3
    assert leases(world) == ["tgt_2"]
    assert used(world) == {"tgt_2": 1}
    assert not [name for name in world.target("tgt_1") if name.startswith("dialled")]
    assert world.target("tgt_1")["taken_at"] == before["taken_at"]
    call = world.call()
    assert call.attempt and call.attempt.hold.target_id == "tgt_2"
    assert call.status is CallStatus.LIVE
    assert ringing(world.arrives("CA2")) == ("tgt_1", "tgt_3")


def test_a_crash_before_the_others_are_freed_is_made_good_by_whoever_comes_next(
    world: World, rows: FakeRows
) -> None:
    world.arrives()
    world.reports("CA1", leg(world, "tgt_2", "in-progress"))
    for crash, left in ((rows.crash_before_write, list(IDS)), (rows.crash_after_write, ["tgt_2"])):
        crash()
        with pytest.raises(Crash):
            world.settles()
        assert leases(world) == left
    world.later(minutes=2)
    sweep(stores=world.stores, now=world.now, ask_carrier=lambda _call, _now: ())
    assert leases(world) == ["tgt_2"]


def test_the_sweep_frees_them_where_the_stream_did_not(world: World) -> None:
    world.arrives()
    world.reports("CA1", leg(world, "tgt_2", "in-progress"))
    world.later(minutes=2)
    swept = sweep(stores=world.stores, now=world.now, ask_carrier=lambda _call, _now: ())
    assert swept.live == (world.call().id,)
    assert leases(world) == ["tgt_2"]


def test_a_process_that_dies_right_after_reserving_leaves_nothing_when_the_lease_ends(
    world: World, rows: FakeRows
) -> None:
    rows.crash_after_write()
    with pytest.raises(Crash):
        world.arrives()
    assert leases(world) == list(IDS)
    attempt = world.call().attempt
    assert attempt is not None
    world.now = attempt.hold.lease_until
    sweep(stores=world.stores, now=world.now, ask_carrier=lambda _call, _now: ())
    assert (leases(world), used(world), world.funds()) == ([], {}, (FUNDS, 0))
    assert world.status() is CallStatus.DENIED


@pytest.mark.parametrize("crash", ["crash_before_write", "crash_after_write"])
@pytest.mark.parametrize("freed", [True, False])
def test_a_settlement_that_dies_is_finished_once(
    world: World, rows: FakeRows, crash: str, freed: bool
) -> None:
    world.arrives()
    if freed:
        picks_up(world, "tgt_3")
    world.reports("CA1", leg(world, "tgt_3", "completed", 130))
    getattr(rows, crash)()
    with pytest.raises(Crash):
        world.settles()
    for _ in range(2):
        assert world.settles() is Progress.SETTLED
    assert (world.call().charge_cents, world.funds()) == (2_000, (FUNDS - 2_000, 0))
    assert (leases(world), used(world)) == ([], {"tgt_3": 1})


def test_a_taker_who_proves_to_be_another_is_charged_and_nothing_is_counted_twice(
    world: World,
) -> None:
    world.arrives()
    picks_up(world, "tgt_1")
    assert used(world) == {"tgt_1": 1}
    named = replace(world.signal(SignalKind.DIAL, 1, "completed", 130, True), leg_id="leg-tgt_2")
    world.reports("CA1", leg(world, "tgt_2", "completed", 130), named)
    assert world.settles() is Progress.SETTLED
    call = world.call()
    assert call.attempt and call.attempt.hold.target_id == "tgt_2"
    assert (call.charge_cents, world.funds()) == (3_000, (FUNDS - 3_000, 0))
    assert (leases(world), used(world)) == ([], {"tgt_2": 1})
    money = {one: world.target(one)["used"][f"money:{DAY}"] for one in IDS}
    assert money == {"tgt_1": 0, "tgt_2": 3_000, "tgt_3": 0}


@pytest.fixture(params=["fake", "dynamodb"])
def interrupted(request: pytest.FixtureRequest) -> Iterator[tuple[World, Interrupted]]:
    if request.param == "dynamodb":
        request.getfixturevalue("aws")
    rows = Interrupted(FakeRows() if request.param == "fake" else DynamoRows())
    last = builders.a_target(id="tgt_4", priority=9)
    world: World = opened(rows, last)
    world.arrives()
    yield world, rows


def dial_fails(world: World) -> Answer | None:
    ended = replace(
        world.signal(SignalKind.DIAL, 1, "completed", 4, bridged=False),
        callers_status=LegStatus.IN_PROGRESS, leg_id="leg-tgt_2",
    )  # fmt: skip
    return next_attempt(
        call_id("twilio", "CA1"), ended, e164=TRACKING_NUMBER, caller=CALLER,
        stores=world.stores, clock=world.clock, together=True,
    )  # fmt: skip


def test_a_failover_overtaken_by_the_freeing_of_the_others_goes_on_from_there(
    interrupted: tuple[World, Interrupted],
) -> None:
    world, rows = interrupted
    rows.meanwhile = lambda: picks_up(world, "tgt_2")
    answer = dial_fails(world)
    assert ringing(answer) == ("tgt_4",)
    assert answer == dial_fails(world)
    assert leases(world) == ["tgt_4"]
    assert used(world) == {"tgt_4": 1}
    assert world.call().tried == IDS
    assert world.funds() == (FUNDS - 2_500, 2_500)
    made = again(world, attempt=2)
    assert is_itself(made)


def test_a_settlement_overtaken_by_the_freeing_of_the_others_gives_back_once(
    interrupted: tuple[World, Interrupted],
) -> None:
    world, rows = interrupted
    freeing = freeing_actions(world.call(), "tgt_2")
    reports = (leg(world, "tgt_2", "in-progress"), leg(world, "tgt_2", "completed", 130))
    world.reports("CA1", *reports)
    rows.meanwhile = lambda: rows.write(freeing)
    assert world.settles() is Progress.SETTLED
    assert (leases(world), used(world)) == ([], {"tgt_2": 1})
    assert world.funds() == (FUNDS - 3_000, 0)
    with pytest.raises(NotWritten):
        rows.write(freeing)


class Counting(FakeRows):
    """Rows that tell how many actions each write had."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def write(self, actions: Any) -> None:
        self.sizes.append(len(actions))
        super().write(actions)


def test_ten_that_fail_over_to_ten_others_stay_far_below_what_one_write_takes() -> None:
    rows = Counting()
    world = World(rows)
    world.opens(
        *(member(n, id=f"tgt_{n:02d}") for n in range(1, 11)),
        *(member(n, id=f"tgt_{n:02d}", ring_group="back") for n in range(11, 21)),
    )
    first = world.arrives()
    second = world.fails()
    assert (len(ringing(first)), len(ringing(second))) == (10, 10)
    assert max(rows.sizes[-2:]) <= 40
