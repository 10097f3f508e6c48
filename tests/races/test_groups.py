"""Fifty calls at once for groups whose members take one call each: no more, and none left over."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from chalicelib.calls import CallStatus, Signal, SignalKind
from chalicelib.campaigns import Target
from chalicelib.flows.inbound import Answer
from chalicelib.ringing import targets_of
from chalicelib.store.dynamo import DynamoRows
from tests import builders
from tests.races.crowd import arrivals, at_once, made_otherwise, taken
from tests.world import World

CALLS_AT_ONCE = 50
GROUPS, SIZE, PRICE = 3, 3, 2_500
FUNDS = 1_000_000
DAY = "day#2026-11-23"


def member(group: int, n: int) -> Target:
    return builders.a_target(
        id=f"tgt_{group}{n}", priority=group + 1, ring_group=f"group-{group}", concurrency_cap=1,
        daily_cap=4, destination=f"+12125551{group}{n}0", charge_cents=PRICE - 100 * n,
    )  # fmt: skip


MEMBERS = [member(group, n) for group in range(GROUPS) for n in range(SIZE)]
IDS = [one.id for one in MEMBERS]


def opened() -> World:
    world = World(DynamoRows())
    world.opens(*MEMBERS, funds=FUNDS)
    return world


def rung(answer: Answer) -> tuple[str, ...]:
    return targets_of(answer.attempt) if answer.attempt else ()


def leg(world: World, target: str, status: str, seconds: int | None = None) -> Signal:
    told = world.signal(SignalKind.LEG, 1, status, seconds)
    return replace(told, target_id=target, leg_id=f"leg-{target}")


def tells(
    sid: str, target: str, status: str, seconds: int | None = None
) -> Callable[[World], None]:
    """A report of one leg, and what follows from it off the stream."""

    def tell(world: World) -> None:
        world.reports(sid, leg(world, target, status, seconds))
        world.settles(sid)

    return tell


def twice(acts: list[Callable[[World], None]], seed: int) -> list[Callable[[World], None]]:
    """Each of the acts two times, in some order."""
    both = [*acts, *acts]
    Random(seed).shuffle(both)
    return both


def leases(world: World) -> dict[str, int]:
    return {one: len(world.target(one)["leases"]) for one in IDS}


def test_groups_give_every_place_once_and_take_back_what_the_taker_does_not_need() -> None:
    world = opened()
    answers = at_once(*arrivals(CALLS_AT_ONCE))
    had = taken(answers)
    assert sorted(one for answer in had for one in rung(answer)) == IDS
    assert leases(world) == dict.fromkeys(IDS, 1)
    held = sum(one.attempt.hold.amount_cents for one in had if one.attempt)
    assert world.funds() == (FUNDS - held, held)
    assert made_otherwise(world, answers[::5]) == []

    calls = {f"CA{n}": rung(one)[-1] for n, one in enumerate(answers) if one.attempt}
    at_once(*twice([tells(sid, target, "in-progress") for sid, target in calls.items()], 1))
    assert leases(world) == {one: int(one in calls.values()) for one in IDS}
    assert all(world.target(one)["used"][DAY] == leases(world)[one] for one in IDS)

    at_once(*twice([tells(sid, target, "completed", 130) for sid, target in calls.items()], 2))
    assert {world.status(sid) for sid in calls} == {CallStatus.APPROVED}
    assert leases(world) == dict.fromkeys(IDS, 0)
    charged = sum(PRICE - 100 * int(target[-1]) for target in calls.values())
    assert world.funds() == (FUNDS - charged, 0)
    assert all(world.target(one)["used"][DAY] == int(one in calls.values()) for one in IDS)


def test_who_answers_and_who_ends_in_one_moment_gives_back_once() -> None:
    world = opened()
    answers = at_once(*arrivals(CALLS_AT_ONCE))
    calls = {f"CA{n}": rung(one)[0] for n, one in enumerate(answers) if one.attempt}
    told = [tells(sid, target, "in-progress") for sid, target in calls.items()]
    told += [tells(sid, target, "completed", 130) for sid, target in calls.items()]
    at_once(*twice(told, 3))
    assert {world.status(sid) for sid in calls} == {CallStatus.APPROVED}
    assert leases(world) == dict.fromkeys(IDS, 0)
    charged = sum(PRICE - 100 * int(target[-1]) for target in calls.values())
    assert world.funds() == (FUNDS - charged, 0)
    assert all(world.target(one)["used"][DAY] == int(one in calls.values()) for one in IDS)
