"""Calls that arrived at once end at once: in any order, every report twice, every way to end."""

from collections.abc import Callable
from random import Random

from chalicelib.calls import Call, CallStatus, SignalKind
from chalicelib.flows.audit import audit
from chalicelib.flows.payments import record_payment
from chalicelib.offers import CapEffect
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.holds import partnership_key
from chalicelib.store.rows import CATALOG, Item
from tests import builders
from tests.races.crowd import arrivals, at_once
from tests.world import World

CALLS, PLACES, EARNING = 30, 24, 14
TOPPED_UP, PRICE, EARNED = 200_000, 2_500, 1_500
DAY, MONEY = "day#2026-11-23", "money:day#2026-11-23"
TARGETS = ("tgt_1", "tgt_2")


def opened() -> World:
    """Two targets with half of the places each, an advertiser who has paid, and a partnership that
    earns on fewer calls than there are places."""
    world = World(DynamoRows())
    world.opens(
        builders.a_target(id="tgt_1", priority=1, daily_cap=PLACES // 2, concurrency_cap=16),
        builders.a_target(id="tgt_2", priority=2, daily_cap=PLACES // 2),
        campaign=builders.a_campaign(daily_budget_cents=PLACES * PRICE),
        partnership=builders.a_partnership(daily_cap=EARNING, cap_effect=CapEffect.STOP_EARNING),
        funds=0,
    )
    record_payment(
        advertiser_id="adv_1", reference="topup-1", amount_cents=TOPPED_UP, currency="USD",
        received_at=None, stores=world.stores, now=world.now,
    )  # fmt: skip
    return world


def talks(sid: str, seconds: int) -> Callable[[World], object]:
    def end(world: World) -> None:
        world.reports(sid, world.signal(SignalKind.LEG, 1, "completed", seconds))
        world.settles(sid)

    return end


def fails(sid: str) -> Callable[[World], object]:
    """The target is busy; whoever takes the call next talks with the caller."""

    def end(world: World) -> None:
        answer = world.fails(sid)
        if answer is not None and answer.attempt is not None:
            world.reports(sid, world.signal(SignalKind.LEG, 2, "completed", 130))
        world.settles(sid)

    return end


def ends(calls: list[str], chance: Random) -> list[Callable[[World], object]]:
    """Every third call is charged, is too short, or fails over; each is told of twice."""
    ways = [talks(sid, 130) for sid in calls[::3]]
    ways += [talks(sid, 5) for sid in calls[1::3]]
    ways += [fails(sid) for sid in calls[2::3]]
    twice = [*ways, *ways]
    chance.shuffle(twice)
    return twice


def moved(world: World) -> list[Item]:
    """Every row that calls move together."""
    partnership = partnership_key("par_1")
    return [
        *(world.target(one) for one in TARGETS),
        world.row(CATALOG, "CAMPAIGN#cmp_1"),
        world.row(partnership.table, partnership.pk),
        world.row("books", "FUNDS#adv_1"),
    ]


def test_what_all_calls_leave_behind_is_what_the_approved_ones_cost() -> None:
    world = opened()
    answers = at_once(*arrivals(CALLS))
    sids = [f"CA{n}" for n, answer in enumerate(answers) if answer.attempt is not None]
    assert len(sids) == PLACES
    at_once(*ends(sids, Random(1)))
    calls = [world.call(sid) for sid in sids]
    approved = [call for call in calls if call.status is CallStatus.APPROVED]
    assert {call.status for call in calls} == {CallStatus.APPROVED, CallStatus.DENIED}
    assert len(approved) >= len(sids[::3])
    expect(world, approved)

    before = moved(world)
    for sid in sids:
        world.settles(sid)
    assert moved(world) == before


def expect(world: World, approved: list[Call]) -> None:
    """Nothing is held any more, and what was counted is what was approved."""
    for target in TARGETS:
        row = world.target(target)
        of_target = [
            one for one in approved if one.attempt and one.attempt.hold.target_id == target
        ]
        assert row["leases"] == {}
        assert (row["used"][DAY], row["used"][MONEY]) == (len(of_target), len(of_target) * PRICE)
    spent = len(approved) * PRICE
    assert world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"][DAY] == spent
    assert world.funds() == (TOPPED_UP - spent, 0)
    earned = [call for call in approved if call.earning_cents]
    used = world.row(CATALOG, "PARTNERSHIP#par_1")["used"]
    assert (used[DAY], used[MONEY]) == (len(earned), len(earned) * EARNED)
    report = audit(world.stores, world.now)
    assert report.clean, report.differences
    assert report.total_cents == 0
    assert report.counted["charges"] == len(approved)
