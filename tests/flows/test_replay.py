"""Decisions that are made again: by the same rules, by changed ones, after races and failovers."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.calls import Attestation, call_id
from chalicelib.campaigns import Billing, State
from chalicelib.errors import Invalid, NotFound, Refused
from chalicelib.flows.replay import replay
from chalicelib.gate import GateSettings
from chalicelib.store.facts import facts_key
from chalicelib.store.gate import settings_write
from chalicelib.store.rows import CALLS, Put
from tests import builders
from tests.fakes import FakeRows
from tests.flows.replaying import TWO, again, change, is_itself, outcomes
from tests.world import World


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    return World(rows)


def test_the_same_rules_decide_the_same(world: World) -> None:
    world.opens(*TWO)
    world.arrives()
    assert is_itself(again(world))


def test_a_replay_reserves_nothing_and_writes_nothing(world: World, rows: FakeRows) -> None:
    world.opens(*TWO)
    world.arrives()
    before = [rows.rows_of(table) for table in ("catalog", "calls", "books")]
    again(world, tgt_1=change(state=State.PAUSED))
    assert [rows.rows_of(table) for table in ("catalog", "calls", "books")] == before


def test_every_attempt_is_replayed_with_what_was_free_and_tried_then(world: World) -> None:
    world.opens(*TWO, funds=2_500)
    world.arrives()
    world.fails(attempt=1)
    world.fails(attempt=2)
    assert [is_itself(again(world, attempt=n)) for n in (1, 2, 3)] == [True] * 3
    assert outcomes(again(world, attempt=2).replayed) == [
        ("tgt_1", "already_tried"), ("tgt_2", "chosen"),
    ]  # fmt: skip


def test_a_changed_rule_gives_the_call_to_another(world: World) -> None:
    world.opens(*TWO)
    world.arrives()
    made = again(world, tgt_2=change(priority=1), tgt_1=change(priority=2))
    assert not made.same
    assert made.replayed["answer"]["hold"]["target_id"] == "tgt_2"
    assert [(one.target_id, one.was and one.was.seen.reason) for one in made.differences] == [
        ("tgt_2", "outranked"), ("tgt_1", "chosen"),
    ]  # fmt: skip


def test_a_cap_sees_the_calls_of_then_and_not_of_now(world: World) -> None:
    world.opens(*TWO)
    for n in range(3):
        world.arrives(f"CA{n}")
    reasons = [
        outcomes(again(world, f"CA{n}", tgt_1=change(daily_cap=2)).replayed)[0][1] for n in range(3)
    ]
    assert reasons == ["chosen", "chosen", "capped_day"]


def test_hours_are_read_at_the_time_of_the_call(world: World) -> None:
    world.opens(campaign=builders.a_campaign(ends_at=world.now + timedelta(hours=1)))
    world.arrives()
    world.later(hours=2)
    assert is_itself(again(world))


def test_behind_a_closed_gate_nothing_took_part_that_could_be_changed(world: World) -> None:
    world.opens()
    asked = GateSettings(offer_id="off_1", version=1, minimum_attestation=Attestation.A)
    world.rows.write([settings_write(GateSettings(offer_id="off_1"), asked)])
    world.arrives()
    with pytest.raises(Invalid) as invalid:
        again(world, tgt_1=change(weight=2))
    assert [(fault.field, fault.rule) for fault in invalid.value.faults] == [
        ("changes.tgt_1", "took_no_part")
    ]


def test_a_call_to_a_number_that_nobody_had_is_refused_again(world: World) -> None:
    world.arrives(e164="+18005550199")
    assert is_itself(again(world))


def test_a_credit_limit_that_moves_takes_what_may_be_spent_along(world: World) -> None:
    world.opens(advertiser=builders.an_advertiser(billing=Billing.NET), funds=2_000)
    world.arrives()
    assert again(world).replayed["refusal"] == "no_funds"
    made = again(world, adv_1=change(credit_limit_cents=500))
    assert outcomes(made.replayed) == [("tgt_1", "chosen")]


def test_a_campaign_can_be_taken_off_the_offer(world: World) -> None:
    world.opens()
    other = builders.a_campaign(id="cmp_2", advertiser_id="adv_2")
    world.joins(
        other,
        builders.a_target(id="tgt_2", campaign_id="cmp_2"),
        builders.an_advertiser(id="adv_2"),
    )
    world.arrives()
    made = again(world, off_1=change(campaign_ids=("cmp_2",)))
    assert outcomes(made.replayed) == [("tgt_2", "chosen")]


@pytest.mark.parametrize(
    ("id", "state", "refusal"),
    [
        ("off_1", State.PAUSED, "offer_paused"),
        ("pub_1", State.ARCHIVED, "publisher_paused"),
        ("par_1", "paused", "partnership_not_approved"),
        ("cmp_1", State.PAUSED, "campaign_paused"),
        ("adv_1", State.PAUSED, "advertiser_paused"),
        ("tgt_1", State.PAUSED, "target_paused"),
    ],
)
def test_everything_that_took_part_can_be_changed(
    world: World, id: str, state: Any, refusal: str
) -> None:
    world.opens()
    world.arrives()
    changes = {id: change(state=state)}
    made = replay(call_id("twilio", "CA1"), 1, changes, stores=world.stores)
    assert made.replayed["refusal"] == refusal


def test_every_fault_of_every_change_is_named(world: World) -> None:
    world.opens(*TWO)
    world.arrives()
    with pytest.raises(Invalid) as invalid:
        again(
            world,
            tgt_9=change(weight=2),
            adv_1=change(credit_limit_cents=5, currency="EUR"),
            off_1=change(campaign_ids=("cmp_1", "cmp_9")),
            cmp_1=change(starts_at=world.now, ends_at=world.now),
        )
    assert {(fault.field, fault.rule) for fault in invalid.value.faults} == {
        ("changes.tgt_9", "took_no_part"),
        ("changes.adv_1.credit_limit_cents", "prepaid"),
        ("changes.adv_1.currency", "fixed"),
        ("changes.cmp_1.advertiser_id", "currency_mismatch"),
        ("changes.off_1.campaign_ids.1", "took_no_part"),
        ("changes.cmp_1.ends_at", "order"),
    }


def test_what_was_missing_already_is_no_fault_of_a_change(world: World) -> None:
    world.opens(offer=builders.an_offer(campaign_ids=("cmp_7", "cmp_1")))
    world.arrives()
    made = again(world, off_1=change(campaign_ids=("cmp_1", "cmp_7"), name="Roofs"))
    assert made.same


def test_a_change_that_changes_nothing_decides_the_same(world: World) -> None:
    world.opens()
    world.arrives()
    assert is_itself(again(world, adv_1=lambda thing: thing))


@pytest.mark.parametrize(("sid", "attempt"), [("CA9", 1), ("CA1", 2)])
def test_a_decision_that_never_was_is_not_found(world: World, sid: str, attempt: int) -> None:
    world.opens()
    world.arrives()
    with pytest.raises(NotFound):
        again(world, sid, attempt)


def test_a_decision_whose_facts_have_expired_is_refused(world: World) -> None:
    gone = FakeRows()
    world.opens()
    answer = world.arrives()
    assert isinstance(world.rows, FakeRows)
    lost = facts_key(answer.call_id, 1).pk
    for row in world.rows.rows_of(CALLS):
        if row["pk"] != lost:
            gone.write([Put(CALLS, row)])
    with pytest.raises(Refused) as refused:
        again(World(gone))
    assert refused.value.code == "facts_not_kept"


def test_a_settled_call_does_not_read_the_facts_of_its_decisions(
    world: World, rows: FakeRows
) -> None:
    world.opens(*TWO)
    world.talks()
    partition = {row["sk"] for row in rows.rows_of(CALLS) if row["pk"] == f"CALL#{world.call().id}"}
    assert not any(sk.startswith("FACTS") for sk in partition)
    assert is_itself(again(world))
