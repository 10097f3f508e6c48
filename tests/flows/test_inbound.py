"""Calls that arrive, are routed, repeated, raced for and failed over."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.calls import CallStatus
from chalicelib.campaigns import Billing, State
from chalicelib.criteria import Filter, FilterTest, Geography, RouteByArea
from chalicelib.reasons import Reason
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Change, Key, Path
from tests import builders
from tests.fakes import Crash, FakeRows
from tests.world import World


@pytest.fixture
def world() -> World:
    return World(FakeRows())


def taker(answer: object) -> str:
    attempt = getattr(answer, "attempt", None)
    return attempt.hold.target_id if attempt else "nobody"


def test_a_call_reserves_its_target_its_cap_place_its_budget_and_its_money(world: World) -> None:
    world.opens()
    answer = world.arrives()
    assert taker(answer) == "tgt_1"
    assert list(world.target()["leases"]) == [answer.call_id]
    assert sorted(world.target()["used"].values()) == [1] * 4 + [2_500] * 4
    assert world.funds() == (97_500, 2_500)
    assert set(world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"].values()) == {2_500}


def test_a_repeated_webhook_gets_the_same_answer_and_reserves_nothing(world: World) -> None:
    world.opens()
    first = world.arrives()
    assert world.arrives() == first
    assert world.funds() == (97_500, 2_500)


def test_a_warm_decision_takes_two_round_trips_and_a_cold_one_three(world: World) -> None:
    world.opens(*(builders.a_target(id=f"tgt_{n}") for n in range(200)))
    assert isinstance(world.rows, FakeRows)
    trips = []
    for sid in ("CA1", "CA2"):
        before = world.rows.trips
        world.arrives(sid)
        trips.append(world.rows.trips - before)
    assert trips == [3, 2]


def test_a_call_to_an_unknown_number_is_refused_and_kept(world: World) -> None:
    answer = world.arrives(e164="+18005550199")
    assert answer.refusal is Reason.UNKNOWN_NUMBER
    assert world.call().status is CallStatus.DENIED
    assert world.call().reasons == ("unknown_number",)


def test_a_paused_advertiser_gets_no_call(world: World) -> None:
    world.opens(advertiser=builders.an_advertiser(state=State.PAUSED))
    assert world.arrives().refusal is Reason.ADVERTISER_PAUSED


def test_the_last_money_goes_to_one_of_two_simultaneous_calls(world: World) -> None:
    world.opens(funds=2_500)
    answers = []
    assert isinstance(world.rows, FakeRows)
    world.rows.before_write(lambda: answers.append(world.arrives("CA2")))
    answers.append(world.arrives("CA1"))
    assert sorted(taker(answer) for answer in answers) == ["nobody", "tgt_1"]
    assert world.funds() == (0, 2_500)


def test_the_loser_of_the_last_slot_gets_the_next_candidate(world: World) -> None:
    world.opens(
        builders.a_target(id="tgt_1", priority=1, concurrency_cap=1),
        builders.a_target(id="tgt_2", priority=2),
    )
    assert isinstance(world.rows, FakeRows)
    winner = []
    world.rows.before_write(lambda: winner.append(world.arrives("CA2")))
    loser = world.arrives("CA1")
    assert (taker(winner[0]), taker(loser)) == ("tgt_1", "tgt_2")
    trace = world.stores.calls.decisions(loser.call_id)[0]
    assert [(seen["target_id"], seen["reason"]) for seen in trace["considered"]] == [
        ("tgt_1", "lost_race"),
        ("tgt_2", "chosen"),
    ]


def test_two_deliveries_of_one_webhook_at_once_get_one_answer(world: World) -> None:
    world.opens(
        builders.a_target(id="tgt_1", priority=1, concurrency_cap=1),
        builders.a_target(id="tgt_2", priority=2),
    )
    assert isinstance(world.rows, FakeRows)
    first = []
    world.rows.before_write(lambda: first.append(world.arrives("CA1")))
    assert world.arrives("CA1") == first[0]
    assert world.funds() == (97_500, 2_500)


def test_a_slot_whose_lease_has_run_out_is_free_again(world: World) -> None:
    world.opens(builders.a_target(concurrency_cap=1))
    world.arrives("CA1")
    assert world.arrives("CA2").refusal is Reason.AT_CONCURRENCY
    world.later(hours=2)
    taken = world.arrives("CA3")
    assert taker(taken) == "tgt_1"
    assert list(world.target()["leases"]) == [taken.call_id]


@pytest.mark.parametrize(("calls", "taken"), [(2, 2), (3, 2)])
def test_a_daily_cap_is_never_exceeded(world: World, calls: int, taken: int) -> None:
    world.opens(builders.a_target(daily_cap=2))
    answers = [world.arrives(f"CA{n}") for n in range(calls)]
    assert sum(taker(answer) == "tgt_1" for answer in answers) == taken


def test_a_budget_is_spent_to_the_cent_and_not_beyond(world: World) -> None:
    world.opens(campaign=builders.a_campaign(daily_budget_cents=5_000))
    answers = [world.arrives(f"CA{n}") for n in range(3)]
    assert [taker(answer) for answer in answers] == ["tgt_1", "tgt_1", "nobody"]
    assert answers[2].refusal is Reason.NO_BUDGET_DAY


def test_a_busy_target_gives_its_hold_to_the_next(world: World) -> None:
    world.opens(
        builders.a_target(id="tgt_1", priority=1), builders.a_target(id="tgt_2", priority=2)
    )
    world.arrives()
    answer = world.fails()
    assert taker(answer) == "tgt_2"
    assert world.target("tgt_1")["leases"] == {}
    assert set(world.target("tgt_1")["used"].values()) == {0}
    assert len(world.target("tgt_2")["leases"]) == 1
    assert world.funds() == (97_500, 2_500)


def test_a_repeated_dial_outcome_fails_over_once(world: World) -> None:
    world.opens(*(builders.a_target(id=f"tgt_{n}", priority=n) for n in (1, 2, 3)))
    world.arrives()
    first = world.fails()
    assert world.fails() == first
    assert world.call().tried == ("tgt_1",)


def test_a_warm_failover_takes_two_round_trips(world: World) -> None:
    world.opens(
        builders.a_target(id="tgt_1", priority=1), builders.a_target(id="tgt_2", priority=2)
    )
    world.arrives()
    assert isinstance(world.rows, FakeRows)
    before = world.rows.trips
    world.fails()
    world.fails(attempt=2)
    assert world.rows.trips - before == 4


def test_when_nobody_is_left_the_call_is_given_up_and_its_hold_freed(world: World) -> None:
    world.opens()
    world.arrives()
    answer = world.fails()
    assert answer is not None
    assert answer.attempt is None
    world.settles()
    assert world.status() is CallStatus.DENIED
    assert "not_connected" in world.call().reasons
    assert world.funds() == (100_000, 0)
    assert world.target()["leases"] == {}


def test_a_call_is_tried_no_more_often_than_its_campaign_allows(world: World) -> None:
    world.opens(
        *(builders.a_target(id=f"tgt_{n}", priority=n) for n in (1, 2, 3)),
        campaign=builders.a_campaign(max_attempts=2),
    )
    world.arrives()
    world.fails()
    answer = world.fails(attempt=2)
    assert answer is not None
    assert answer.refusal is Reason.ATTEMPTS_USED_UP


def test_a_crash_before_the_reservation_leaves_nothing_behind(world: World) -> None:
    world.opens()
    assert isinstance(world.rows, FakeRows)
    world.rows.crash_before_write()
    with pytest.raises(Crash):
        world.arrives()
    assert world.funds() == (100_000, 0)
    assert taker(world.arrives()) == "tgt_1"


def test_a_crash_after_the_reservation_is_answered_alike_on_repetition(world: World) -> None:
    world.opens()
    assert isinstance(world.rows, FakeRows)
    world.rows.crash_after_write()
    with pytest.raises(Crash):
        world.arrives()
    assert taker(world.arrives()) == "tgt_1"
    assert world.funds() == (97_500, 2_500)


def test_a_decision_stops_racing_when_the_caller_has_waited_long_enough(world: World) -> None:
    world.opens(*(builders.a_target(id=f"tgt_{n}", concurrency_cap=1) for n in range(5)))
    moments: Iterator[timedelta] = iter([timedelta(0), timedelta(seconds=3)])
    world.clock = lambda: world.now + next(moments)  # type: ignore[method-assign]
    answer = world.arrives()
    assert answer.refusal is Reason.NO_TARGET
    assert world.funds() == (100_000, 0)


def test_a_net_advertiser_spends_within_its_credit_limit(world: World) -> None:
    world.opens(advertiser=builders.an_advertiser(billing=Billing.NET), funds=2_499)
    assert world.arrives().refusal is Reason.NO_FUNDS


def test_a_number_taken_out_of_service_refuses_its_calls(world: World) -> None:
    world.opens()
    number = builders.a_number(state=State.PAUSED)
    key = Key(CATALOG, f"NUMBER#{number.e164}")
    world.rows.write([Change(key=key, set={("doc",): codec.to_json(number)})])
    assert world.arrives().refusal is Reason.NUMBER_PAUSED


def test_a_campaign_that_has_left_the_offer_gets_no_call(world: World) -> None:
    world.opens(offer=builders.an_offer(campaign_ids=()))
    assert world.arrives().refusal is Reason.NO_TARGET


def test_a_failover_to_another_advertiser_moves_the_hold_between_their_funds(world: World) -> None:
    world.opens(builders.a_target(id="tgt_1", priority=1))
    world.joins(
        builders.a_campaign(
            id="cmp_2", advertiser_id="adv_2", terms=builders.charge_terms(charge_cents=4_000)
        ),
        builders.a_target(id="tgt_2", campaign_id="cmp_2", priority=2),
        builders.an_advertiser(id="adv_2"),
    )
    world.arrives()
    assert (world.funds("adv_1"), world.funds("adv_2")) == ((97_500, 2_500), (100_000, 0))
    assert taker(world.fails()) == "tgt_2"
    assert (world.funds("adv_1"), world.funds("adv_2")) == ((100_000, 0), (96_000, 4_000))
    assert set(world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"].values()) == {0}
    assert set(world.row(CATALOG, "CAMPAIGN#cmp_2")["spent"].values()) == {4_000}


def test_an_advertisers_last_money_serves_the_failover_of_the_call_that_holds_it(
    world: World,
) -> None:
    targets = (builders.a_target(id=f"tgt_{n}", priority=n) for n in (1, 2))
    world.opens(*targets, funds=2_500, campaign=builders.a_campaign(daily_budget_cents=2_500))
    world.arrives()
    assert taker(world.fails()) == "tgt_2"
    assert world.funds() == (0, 2_500)


def test_a_caller_outside_the_area_is_not_routed_where_the_campaign_says_so(world: World) -> None:
    terms = builders.charge_terms(geography=Geography(states=("TX",)))
    campaign = builders.a_campaign(terms=terms, route_by_area=RouteByArea.INSIDE_ONLY)
    world.opens(campaign=campaign)
    assert world.arrives().refusal is Reason.OUT_OF_AREA


def test_a_filter_sees_what_is_known_of_the_call(world: World) -> None:
    only = Filter(attribute="state", test=FilterTest.EQUALS, values=("TX",))
    world.opens(
        builders.a_target(id="tgt_1", priority=1, filters=(only,)),
        builders.a_target(id="tgt_2", priority=2),
    )
    assert taker(world.arrives()) == "tgt_2"


def test_more_expired_slots_than_one_write_can_free_do_not_stop_the_next_call(
    world: World,
) -> None:
    world.opens()
    key = Key(CATALOG, "CAMPAIGN#cmp_1", "TARGET#tgt_1")
    past = int(world.now.timestamp()) - 1
    lost: dict[Path, int] = {("leases", f"call_{n:03d}"): past for n in range(300)}
    world.rows.write([Change(key=key, set=lost)])
    assert taker(world.arrives()) == "tgt_1"
    assert len(world.target()["leases"]) < 300
