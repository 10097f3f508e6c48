"""Fifty calls at once for fewer places: never one more, and never one fewer."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.flows.inbound import Answer
from chalicelib.gate import GateReason, GateSettings, Velocity
from chalicelib.offers import CapEffect
from chalicelib.reasons import Reason
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.gate import settings_write, tally_key
from chalicelib.store.holds import partnership_key
from chalicelib.store.rows import CALLS
from chalicelib.times import Hours
from tests import builders
from tests.builders import NOW
from tests.races.crowd import arrivals, at_once, made_otherwise, taken
from tests.world import World

CALLS_AT_ONCE = 50
FEWER = 20
PRICE = 2_500
DAY = "day#2026-11-23"
NEW_YORK = Hours(zone="America/New_York")


def opened(*targets: Any, **market: Any) -> World:
    """A market on the database, without calls."""
    world = World(DynamoRows())
    world.opens(*targets, **market)
    return world


def of_this_hour(places: int) -> tuple[tuple[int | None, ...], ...]:
    """A matrix with so many places on Monday from 15 to 16 o'clock, and none at all else."""
    return tuple(
        tuple(places if (day, hour) == (0, 15) else 0 for hour in range(24)) for day in range(7)
    )


def thirty_dollars(**budgets: Any) -> Any:
    return builders.a_campaign(terms=builders.charge_terms(charge_cents=3_000), **budgets)


TARGETS: dict[str, tuple[list[dict[str, Any]], int, int]] = {
    "slots": ([{"concurrency_cap": 10}], 10, CALLS_AT_ONCE),
    "a day": ([{"daily_cap": 10}], 10, CALLS_AT_ONCE),
    "other windows": ([{"hourly_cap": 5}, {"monthly_cap": 5}, {"total_cap": 5}], 5, FEWER),
    "matrices": (
        [{"concurrency_matrix": of_this_hour(5)}, {"hourly_cap_matrix": of_this_hour(5)}],
        5,
        FEWER,
    ),
    "money": ([{"daily_cap_cents": 11 * PRICE - 1}], 10, FEWER),
    "spacing": ([{"spacing_seconds": 30}], 1, FEWER),
}


@pytest.mark.parametrize(("limits", "places", "calls"), TARGETS.values(), ids=TARGETS)
def test_every_targets_places_are_all_taken_and_no_more(
    limits: list[dict[str, Any]], places: int, calls: int
) -> None:
    world = opened(*(builders.a_target(id=f"tgt_{n}", **one) for n, one in enumerate(limits)))
    answers = at_once(*arrivals(calls))
    for n in range(len(limits)):
        target = world.target(f"tgt_{n}")
        assert len(target["leases"]) == target["used"][DAY] == places
    held = PRICE * places * len(limits)
    assert world.funds() == (100_000 - held, held)
    refused = [answer.refusal for answer in answers if answer.attempt is None]
    assert refused == [Reason.NO_TARGET] * (calls - places * len(limits))


def test_a_hundred_dollars_of_a_days_budget_pay_three_calls_at_thirty() -> None:
    world = opened(campaign=thirty_dollars(daily_budget_cents=10_000))
    assert len(taken(at_once(*arrivals(CALLS_AT_ONCE)))) == 3
    assert world.row("catalog", "CAMPAIGN#cmp_1")["spent"][DAY] == 9_000


def test_a_hundred_dollars_of_an_advertiser_pay_three_calls_at_thirty() -> None:
    world = opened(campaign=thirty_dollars(), funds=10_000)
    assert len(taken(at_once(*arrivals(CALLS_AT_ONCE)))) == 3
    assert world.funds() == (1_000, 9_000)


def test_who_loses_the_one_target_gets_the_other_while_it_has_places() -> None:
    world = opened(
        builders.a_target(id="tgt_1", priority=1, concurrency_cap=10),
        builders.a_target(id="tgt_2", priority=2, daily_cap=10),
    )
    answers = at_once(*arrivals(CALLS_AT_ONCE))
    assert Counter(one.attempt.hold.target_id for one in taken(answers) if one.attempt) == {
        "tgt_1": 10,
        "tgt_2": 10,
    }
    assert [len(world.target(one)["leases"]) for one in ("tgt_1", "tgt_2")] == [10, 10]
    assert made_otherwise(world, answers[::5]) == []


def test_a_partnerships_places_are_all_taken_and_no_more() -> None:
    world = opened(
        partnership=builders.a_partnership(daily_cap=10, cap_effect=CapEffect.BLOCK_CALLS)
    )
    answers = at_once(*arrivals(CALLS_AT_ONCE))
    assert len(taken(answers)) == 10
    refused = {answer.refusal for answer in answers if answer.attempt is None}
    assert refused == {Reason.PARTNERSHIP_CAPPED_DAY}
    assert used_of_partnership(world) == 10


def test_a_partnership_whose_earnings_stop_earns_on_as_many_calls_and_brings_all() -> None:
    world = opened(
        partnership=builders.a_partnership(daily_cap=10, cap_effect=CapEffect.STOP_EARNING),
        funds=1_000_000,
    )
    answers = taken(at_once(*arrivals(CALLS_AT_ONCE)))
    earned = Counter(one.attempt.earning.earning_cents for one in answers if one.attempt)
    assert earned == {1_500: 10, 0: 40}
    assert used_of_partnership(world) == 10


def used_of_partnership(world: World) -> int:
    key = partnership_key("par_1")
    return int(world.row(key.table, key.pk)["used"][DAY])


def test_around_midnight_each_day_gives_its_one_place() -> None:
    world = opened(builders.a_target(daily_cap=1, hours=NEW_YORK))
    midnight = datetime(2026, 11, 24, 5, tzinfo=UTC)

    def at(moment: datetime, call: Callable[[World], Answer]) -> Callable[[World], Answer]:
        def arrive(each: World) -> Answer:
            each.now = moment
            return call(each)

        return arrive

    tick = timedelta(milliseconds=10)
    moments = [midnight + (n - CALLS_AT_ONCE // 2) * tick for n in range(CALLS_AT_ONCE)]
    calls = [at(*pair) for pair in zip(moments, arrivals(CALLS_AT_ONCE), strict=True)]
    answers = at_once(*calls)
    assert len(taken(answers[: CALLS_AT_ONCE // 2])) == 1
    assert len(taken(answers[CALLS_AT_ONCE // 2 :])) == 1
    used = world.target()["used"]
    assert (used[DAY], used["day#2026-11-24"]) == (1, 1)


def test_a_caller_gets_in_as_often_as_the_gate_allows_and_every_call_is_counted() -> None:
    world = opened()
    before, limit = GateSettings(offer_id="off_1"), Velocity(calls=10, minutes=60)
    after = GateSettings(offer_id="off_1", version=1, caller_velocity=limit)
    world.rows.write([settings_write(before, after)])
    answers = at_once(*arrivals(CALLS_AT_ONCE, caller=builders.CALLER))
    assert len(taken(answers)) == 10
    refused = Counter(answer.refusal for answer in answers if answer.attempt is None)
    assert refused == {GateReason.CALLER_TOO_OFTEN: 40}
    tally = tally_key("off_1", f"hash-of-{builders.CALLER}")
    assert world.row(CALLS, tally.pk)[limit.window(NOW)] == CALLS_AT_ONCE


def test_webhooks_delivered_twice_at_once_reserve_once_and_are_answered_alike() -> None:
    world = opened(builders.a_target(concurrency_cap=10, daily_cap=10))
    once = arrivals(CALLS_AT_ONCE // 2)
    answers = at_once(*once, *once)
    assert answers[: len(once)] == answers[len(once) :]
    assert len(taken(answers)) == 20
    assert len(world.target()["leases"]) == world.target()["used"][DAY] == 10


def test_slots_that_have_run_out_are_all_free_for_as_many_calls() -> None:
    world = opened(builders.a_target(concurrency_cap=10))
    for number in range(10):
        world.arrives(f"LOST{number}")
    world.later(hours=2)
    answers = at_once(*arrivals(CALLS_AT_ONCE), now=world.now)
    assert len(taken(answers)) == 10
    assert len(world.target()["leases"]) == 10
    assert made_otherwise(world, answers[::5]) == []
