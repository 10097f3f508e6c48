"""Callers whom one advertiser blocks: they go to the others, now and after a failed attempt."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.calls import Attestation
from chalicelib.campaigns import State
from chalicelib.errors import Conflict
from chalicelib.flows.blocks import unblock
from chalicelib.flows.dry_run import Supposed, dry_run
from chalicelib.flows.inbound import Answer
from chalicelib.gate import BlockKind, Caller, GateReason
from chalicelib.reasons import Reason
from chalicelib.routing import Decision
from chalicelib.store import blocks as block_list
from chalicelib.store.blocks import block_writes, find_block
from chalicelib.store.dynamo import DynamoRows
from tests import builders
from tests.builders import CALLER, NOW, TRACKING_NUMBER
from tests.fakes import Crash, FakeRows
from tests.flows.door import NEIGHBOUR, STRANGER, Gated
from tests.wire.test_round_trips import READ, RESERVE, watched
from tests.world import head

EXACT, PREFIX, ANONYMOUS = BlockKind
OWN = {"advertiser_id": "adv_1"}


def market_of_two(rows: FakeRows) -> Gated:
    """The first advertiser's target comes before the second's."""
    world = Gated(rows)
    world.opens(builders.a_target(priority=1))
    world.joins(
        builders.a_campaign(id="cmp_2", advertiser_id="adv_2"),
        builders.a_target(id="tgt_2", campaign_id="cmp_2", priority=2),
        builders.an_advertiser(id="adv_2"),
    )
    return world


@pytest.fixture
def world() -> Gated:
    return market_of_two(FakeRows())


def taker(answer: Answer | None) -> str | None:
    """Whose target the call goes to."""
    return answer.attempt.hold.target_id if answer and answer.attempt else None


def trace(world: Gated, number: int = 1, sid: str = "CA1") -> dict[str, str]:
    """What a decision says of each target."""
    decision = world.stores.calls.decisions(world.call(sid).id)[number - 1]
    return {seen["target_id"]: seen["reason"] for seen in decision["considered"]}


@pytest.mark.parametrize(
    ("kind", "number", "caller", "target"),
    [
        (EXACT, CALLER, CALLER, "tgt_2"),
        (PREFIX, "+1415", CALLER, "tgt_2"),
        (ANONYMOUS, None, None, "tgt_2"),
        (EXACT, CALLER, NEIGHBOUR, "tgt_1"),
        (PREFIX, "+1415", STRANGER, "tgt_1"),
        (ANONYMOUS, None, CALLER, "tgt_1"),
    ],
)
def test_a_caller_whom_an_advertiser_blocks_goes_to_the_other(
    world: Gated, kind: BlockKind, number: str | None, caller: str | None, target: str
) -> None:
    world.blocks(kind, number, **OWN)
    assert taker(world.arrives(caller=caller)) == target
    passed_over = target == "tgt_2"
    assert (trace(world)["tgt_1"] == "caller_blocked") == passed_over


def test_the_trace_tells_no_number(world: Gated) -> None:
    world.blocks(EXACT, CALLER, **OWN)
    answer = world.arrives()
    said = str(world.stores.calls.decisions(answer.call_id)[0]["considered"])
    assert "caller_blocked" in said
    assert CALLER not in said


def test_a_caller_whom_every_advertiser_blocks_is_refused_for_that(world: Gated) -> None:
    world.blocks(EXACT, CALLER, **OWN)
    world.blocks(PREFIX, "+14", advertiser_id="adv_2")
    assert world.calls("CA1") is Reason.CALLER_BLOCKED
    assert world.call().reasons == ("caller_blocked",)
    assert world.calls("CA2", STRANGER) is None


def test_the_gate_speaks_before_an_advertiser(world: Gated) -> None:
    world.blocks(EXACT, CALLER, **OWN)
    world.blocks(EXACT, CALLER, publisher_id="pub_1")
    assert world.calls("CA1") is GateReason.BLOCKED_NUMBER


def test_an_advertisers_entry_ends_when_it_expires_and_when_it_is_archived(world: Gated) -> None:
    world.blocks(EXACT, CALLER, **OWN, expires_at=NOW + timedelta(hours=1))
    prefix = world.blocks(PREFIX, "+1212", **OWN)
    said = [taker(world.arrives("CA1")), taker(world.arrives("CA2", caller=STRANGER))]
    assert said == ["tgt_2", "tgt_2"]
    unblock(prefix, stores=world.stores)
    world.later(hours=1)
    said = [taker(world.arrives("CA3")), taker(world.arrives("CA4", caller=STRANGER))]
    assert said == ["tgt_1", "tgt_1"]


def test_a_failed_attempt_does_not_lead_to_an_advertiser_who_blocks_the_caller(
    world: Gated,
) -> None:
    world.blocks(EXACT, CALLER, advertiser_id="adv_2")
    assert taker(world.arrives()) == "tgt_1"
    assert taker(world.fails()) is None
    assert trace(world, 2) == {"tgt_1": "already_tried", "tgt_2": "caller_blocked"}


def test_an_advertiser_may_block_a_caller_while_another_target_rings(world: Gated) -> None:
    world.arrives()
    world.blocks(EXACT, CALLER, advertiser_id="adv_2")
    assert taker(world.fails()) is None


def test_an_entry_of_the_deployment_lets_a_call_that_is_live_go_on(world: Gated) -> None:
    world.arrives()
    world.blocks(EXACT, CALLER)
    assert taker(world.fails()) == "tgt_2"


@pytest.mark.parametrize("named", [None, STRANGER])
def test_the_call_knows_its_caller_though_the_carrier_names_another(
    world: Gated, named: str | None
) -> None:
    world.blocks(EXACT, CALLER, advertiser_id="adv_2")
    world.arrives()
    assert taker(world.fails(caller=named)) is None


def test_a_repeated_webhook_hears_the_same_though_the_advertiser_lets_the_caller_in(
    world: Gated,
) -> None:
    entry = world.blocks(EXACT, CALLER, **OWN)
    first = world.arrives("CA1")
    unblock(entry, stores=world.stores)
    assert world.arrives("CA1") == first
    assert taker(world.arrives("CA2")) == "tgt_1"


@pytest.mark.usefixtures("aws")
def test_entries_of_many_advertisers_cost_no_further_request() -> None:
    world = Gated(DynamoRows())
    world.opens()
    world.arrives("CA0")
    for n in range(3):
        advertiser = builders.an_advertiser(id=f"adv_{n + 7}")
        world.rows.write([head("advertiser", advertiser)])
        world.blocks(EXACT, CALLER, advertiser_id=advertiser.id)
    with watched(READ, RESERVE) as wire:
        assert taker(world.arrives("CA1")) == "tgt_1"
    assert (wire.unexpected, wire.left) == ([], [])


def tried(world: Gated, caller: str | None = CALLER, **later: float) -> Decision:
    """What a dry run answers."""
    supposed = Supposed(
        call_id="call_1", e164=TRACKING_NUMBER,
        caller=Caller(number=caller, attestation=Attestation.A),
        at=world.now + timedelta(**later), tags={}, declared=(),
    )  # fmt: skip
    return dry_run(supposed, stores=world.stores, now=world.now)


def test_a_dry_run_honours_every_entry_and_its_end(world: Gated) -> None:
    world.blocks(EXACT, CALLER, **OWN, expires_at=NOW + timedelta(hours=1))
    reasons = [seen.reason for seen in tried(world).considered]
    assert reasons == [Reason.CALLER_BLOCKED, Reason.CHOSEN]
    reasons = [seen.reason for seen in tried(world, hours=1).considered]
    assert reasons == [Reason.CHOSEN, Reason.OUTRANKED]
    world.blocks(PREFIX, "+14", publisher_id="pub_1")
    assert tried(world).refusal is GateReason.BLOCKED_PREFIX
    world.blocks(ANONYMOUS, offer_id="off_1")
    assert tried(world, None).refusal is GateReason.ANONYMOUS


def test_letting_in_and_blocking_again_at_once_leave_entry_and_decisions_agreed(
    world: Gated,
) -> None:
    """However the two interleave, the caller is blocked exactly while the entry says so."""
    entry = world.blocks(EXACT, CALLER, **OWN)
    for n in range(10):
        with ThreadPoolExecutor(max_workers=4) as desks:
            list(desks.map(lambda k: _blocked_or_let_in(world, entry, k), range(4)))
        kept = find_block(world.rows, entry)
        assert kept is not None
        blocked = taker(world.arrives(f"CA{n}")) == "tgt_2"
        assert blocked == (kept.state is State.ACTIVE)


def _blocked_or_let_in(world: Gated, entry: str, k: int) -> None:
    if k % 2:
        unblock(entry, stores=world.stores)
        return
    try:
        world.blocks(EXACT, CALLER, **OWN)
    except Conflict as refused:
        assert refused.code == "block_exists"


def test_an_entry_that_was_archived_in_the_same_moment_is_taken_up_again(world: Gated) -> None:
    entry = world.blocks(EXACT, CALLER, **OWN, expires_at=NOW + timedelta(hours=1))
    world.later(hours=2)
    assert isinstance(world.rows, FakeRows)
    world.rows.before_write(lambda: unblock(entry, stores=world.stores))
    assert world.blocks(EXACT, CALLER, **OWN) == entry
    kept = find_block(world.rows, entry)
    assert kept is not None
    assert (kept.version, kept.state, kept.expires_at) == (3, State.ACTIVE, None)
    assert taker(world.arrives()) == "tgt_2"


@pytest.mark.parametrize("after", [False, True])
def test_letting_a_caller_in_that_died_is_finished_when_it_comes_again(
    world: Gated, after: bool
) -> None:
    entry = world.blocks(EXACT, CALLER, **OWN)
    assert isinstance(world.rows, FakeRows)
    if after:
        world.rows.crash_after_write()
    else:
        world.rows.crash_before_write()
    with pytest.raises(Crash):
        unblock(entry, stores=world.stores)
    assert (taker(world.arrives("CA1")) == "tgt_1") == after
    assert unblock(entry, stores=world.stores).state is State.ARCHIVED
    assert taker(world.arrives("CA2")) == "tgt_1"


def test_more_than_a_thousand_who_block_the_same_callers_are_told_to_block_for_all(
    world: Gated,
) -> None:
    ids = [f"adv_{n:026d}" for n in range(block_list.MOST_OWNERS)]
    first = find_block(world.rows, world.blocks(ANONYMOUS, **OWN))
    assert first is not None
    for n, id in enumerate(ids[1:]):
        one = replace(first, id=f"blk_{n}", advertiser_id=id)
        world.rows.write(block_writes(None, one, {}))
    with pytest.raises(Conflict) as refused:
        world.blocks(ANONYMOUS, advertiser_id="adv_2")
    assert refused.value.code == "too_many_blocks"
    world.blocks(ANONYMOUS)
    assert world.calls("CA1", None) is GateReason.ANONYMOUS
