"""Caps and budgets while calls race for them, end, and are given back."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.calls import CallStatus
from chalicelib.reasons import Reason
from chalicelib.store import codec
from chalicelib.store.calls import call_key
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.holds import campaign_key
from chalicelib.store.rows import CATALOG, Change
from chalicelib.store.target_holds import target_key
from chalicelib.times import Hours
from tests import builders
from tests.builders import NOW
from tests.fakes import FakeRows
from tests.world import World

PRICE = 2_500
DAY, MONTH = "day#2026-11-23", "month#2026-11"


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    return World(rows)


def taken(answer: object) -> bool:
    return getattr(answer, "attempt", None) is not None


def race(world: World, rows: FakeRows) -> Counter[bool]:
    """Two calls that read the same state, one of which writes first: who is taken."""
    answers = []
    rows.before_write(lambda: answers.append(world.arrives("CA2")))
    answers.append(world.arrives("CA1"))
    return Counter(taken(answer) for answer in answers)


TARGET_CAPS = [
    {"monthly_cap": 1},
    {"total_cap": 1},
    {"hourly_cap_cents": PRICE},
    {"daily_cap_cents": 2 * PRICE - 1},
    {"monthly_cap_cents": PRICE},
    {"total_cap_cents": PRICE},
]


@pytest.mark.parametrize("cap", TARGET_CAPS, ids=lambda cap: next(iter(cap)))
def test_the_last_place_under_a_cap_goes_to_one_of_two_simultaneous_calls(
    world: World, rows: FakeRows, cap: dict[str, int]
) -> None:
    world.opens(builders.a_target(**cap))
    assert race(world, rows) == {True: 1, False: 1}
    assert world.target()["used"][MONTH] == 1
    assert world.target()["used"][f"money:{MONTH}"] == PRICE


def test_the_last_of_a_months_budget_goes_to_one_of_two_simultaneous_calls(
    world: World, rows: FakeRows
) -> None:
    world.opens(campaign=builders.a_campaign(monthly_budget_cents=2 * PRICE - 1))
    assert race(world, rows) == {True: 1, False: 1}
    assert world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"][MONTH] == PRICE


@pytest.mark.parametrize("cap", [{"monthly_cap": 3}, {"monthly_cap_cents": 3 * PRICE + 1}])
def test_a_cap_is_used_up_and_never_exceeded(world: World, cap: dict[str, int]) -> None:
    world.opens(builders.a_target(**cap))
    answers = [world.arrives(f"CA{n}") for n in range(5)]
    assert [taken(answer) for answer in answers] == [True, True, True, False, False]
    assert answers[4].refusal in (Reason.CAPPED_MONTH, Reason.CAPPED_MONEY_MONTH)


def test_a_denied_call_gives_back_every_count_and_every_cent(world: World) -> None:
    world.opens(builders.a_target(monthly_cap=1, monthly_cap_cents=PRICE))
    assert world.talks("CA1", seconds=1).status is CallStatus.DENIED
    assert set(world.target()["used"].values()) == {0}
    assert set(world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"].values()) == {0}
    assert taken(world.arrives("CA2"))


def test_an_approved_call_keeps_its_place_and_its_money(world: World) -> None:
    world.opens(builders.a_target(monthly_cap_cents=PRICE))
    assert world.talks("CA1").status is CallStatus.APPROVED
    assert world.target()["used"][f"money:{MONTH}"] == PRICE
    assert world.arrives("CA2").refusal is Reason.CAPPED_MONEY_MONTH


def test_a_failover_moves_the_place_and_the_money_to_the_next_target(world: World) -> None:
    capped: dict[str, Any] = {"daily_cap": 1, "daily_cap_cents": PRICE}
    world.opens(
        builders.a_target(id="tgt_1", priority=1, **capped),
        builders.a_target(id="tgt_2", priority=2, **capped),
    )
    world.arrives()
    assert taken(world.fails())
    assert set(world.target("tgt_1")["used"].values()) == {0}
    assert world.target("tgt_2")["used"][f"money:{DAY}"] == PRICE


def test_a_call_gives_back_what_it_kept_when_the_month_has_turned_meanwhile(world: World) -> None:
    world.now = datetime(2026, 12, 1, 4, 59, 59, tzinfo=UTC)
    world.opens(builders.a_target(hours=Hours(zone="America/New_York"), monthly_cap_cents=PRICE))
    world.arrives("CA1")
    assert world.arrives("CA2").refusal is Reason.CAPPED_MONEY_MONTH
    world.later(seconds=1)
    assert taken(world.arrives("CA3"))
    world.fails("CA1")
    world.settles("CA1")
    used = world.target()["used"]
    assert (used[f"money:{MONTH}"], used["money:month#2026-12"]) == (0, PRICE)


def test_a_price_that_changes_during_the_call_gives_back_what_was_held(world: World) -> None:
    world.opens(builders.a_target(monthly_cap_cents=10 * PRICE))
    world.arrives("CA1")
    dearer = builders.a_campaign(terms=builders.charge_terms(charge_cents=9_999))
    world.rows.write([Change(key=campaign_key("cmp_1"), set={("doc",): codec.to_json(dearer)})])
    world.fails("CA1")
    world.settles("CA1")
    assert world.target()["used"][f"money:{MONTH}"] == 0


def test_a_hold_that_kept_no_money_or_month_gives_none_back(world: World) -> None:
    world.opens()
    world.arrives("CA1")
    call = world.call("CA1")
    assert call.attempt is not None
    counted = ("hour#2026-11-23T15+0000", DAY, "total")
    narrow = builders.a_hold(
        target_windows=counted,
        campaign_windows=(DAY, "total"),
        lease_until=call.attempt.hold.lease_until,
    )
    earlier = builders.a_call(
        **{name: getattr(call, name) for name in ("id", "carrier_call_id", "caller_hash", "area")},
        attempt=builders.an_attempt(hold=narrow),
    )
    world.rows.write(
        [
            Change(key=call_key(call.id), set={("doc",): codec.to_json(earlier)}),
            Change(
                key=target_key("cmp_1", "tgt_1"),
                set={("used",): dict.fromkeys(counted, 1)},
            ),
        ]
    )
    world.fails("CA1")
    world.settles("CA1")
    assert world.target()["used"] == dict.fromkeys(counted, 0)


def test_windows_long_over_are_forgotten_their_money_too(world: World) -> None:
    world.opens()
    world.arrives("CA1")
    world.now = NOW.replace(year=2027)
    world.arrives("CA2")
    november = [key for key in world.target()["used"] if "2026" in key]
    assert november == []
    assert world.target()["used"]["money:total"] == 2 * PRICE


def test_a_campaign_out_of_season_is_not_asked(world: World) -> None:
    world.opens(campaign=builders.a_campaign(starts_at=NOW, ends_at=NOW.replace(hour=16)))
    assert taken(world.arrives("CA1"))
    world.later(hours=1)
    assert world.arrives("CA2").refusal is Reason.ENDED


@pytest.mark.usefixtures("aws")
def test_places_and_money_are_held_and_given_back_on_dynamodb_alike() -> None:
    world = World(DynamoRows())
    world.opens(
        builders.a_target(id="tgt_1", priority=1, monthly_cap=1, monthly_cap_cents=PRICE),
        builders.a_target(id="tgt_2", priority=2, daily_cap_cents=PRICE),
        campaign=builders.a_campaign(monthly_budget_cents=2 * PRICE),
    )
    world.arrives("CA1")
    world.arrives("CA2")
    assert not taken(world.arrives("CA3"))
    world.fails("CA1")
    world.settles("CA1")
    assert set(world.target("tgt_1")["used"].values()) == {0}
    assert world.target("tgt_2")["used"][f"money:{DAY}"] == PRICE
    assert world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"][MONTH] == PRICE
