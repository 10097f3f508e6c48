"""Callers at the gate: blocked, badly attested, too often; repeated, raced, and cut short."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.calls import Attestation, CallStatus
from chalicelib.campaigns import State
from chalicelib.flows.blocks import unblock
from chalicelib.gate import BlockKind, GateReason, Velocity
from chalicelib.reasons import Reason
from chalicelib.store.rows import CALLS, Item, Key, Question
from tests import builders
from tests.builders import CALLER, NOW
from tests.fakes import Crash, FakeRows
from tests.flows.door import NEIGHBOUR, STRANGER, Gated
from tests.world import head


@pytest.fixture
def world() -> Gated:
    world = Gated(FakeRows())
    world.opens()
    return world


@pytest.mark.parametrize(
    ("kind", "number", "caller", "reason"),
    [
        (BlockKind.EXACT, CALLER, CALLER, GateReason.BLOCKED_NUMBER),
        (BlockKind.PREFIX, "+1415", CALLER, GateReason.BLOCKED_PREFIX),
        (BlockKind.ANONYMOUS, None, None, GateReason.ANONYMOUS),
        (BlockKind.EXACT, CALLER, NEIGHBOUR, None),
        (BlockKind.PREFIX, "+1415", STRANGER, None),
        (BlockKind.PREFIX, "+1415", None, None),
        (BlockKind.ANONYMOUS, None, CALLER, None),
    ],
)
@pytest.mark.parametrize("owner", [{}, {"offer_id": "off_1"}, {"publisher_id": "pub_1"}])
def test_an_entry_keeps_out_the_callers_it_is_about(
    world: Gated,
    kind: BlockKind,
    number: str | None,
    caller: str | None,
    reason: Any,
    owner: dict[str, str],
) -> None:
    world.blocks(kind, number, **owner)
    assert world.calls("CA1", caller) is reason


def test_a_blocked_call_is_kept_as_denied_with_its_reason_and_its_entry(world: Gated) -> None:
    entry = world.blocks(BlockKind.PREFIX, "+14")
    answer = world.arrives()
    call = world.call()
    assert (call.status, call.refusal, call.reasons) == (
        CallStatus.DENIED, "blocked_prefix", ("blocked_prefix",),
    )  # fmt: skip
    assert (call.offer_id, call.publisher_id) == ("off_1", "pub_1")
    (trace,) = world.stores.calls.decisions(answer.call_id)
    assert (trace["refusal"], trace["gate"]["block_id"]) == ("blocked_prefix", entry)
    assert trace["considered"] == []
    assert (world.funds(), world.target()["leases"]) == ((100_000, 0), {})


def test_an_entry_of_another_offer_or_publisher_keeps_nobody_out(world: Gated) -> None:
    world.rows.write([head("offer", builders.an_offer(id="off_2"))])
    world.rows.write([head("publisher", builders.a_publisher(id="pub_2"))])
    world.blocks(BlockKind.EXACT, CALLER, offer_id="off_2")
    world.blocks(BlockKind.EXACT, CALLER, publisher_id="pub_2")
    assert world.calls("CA1") is None


def test_an_entry_ends_when_it_expires_and_when_it_is_archived(world: Gated) -> None:
    world.blocks(BlockKind.EXACT, CALLER, expires_at=NOW + timedelta(hours=1))
    prefix = world.blocks(BlockKind.PREFIX, "+1212")
    assert world.calls("CA1") is GateReason.BLOCKED_NUMBER
    assert world.calls("CA2", STRANGER) is GateReason.BLOCKED_PREFIX
    world.later(hours=1)
    unblock(prefix, stores=world.stores)
    assert (world.calls("CA3"), world.calls("CA4", STRANGER)) == (None, None)


def test_a_repeated_webhook_hears_the_same_though_the_entry_has_gone(world: Gated) -> None:
    entry = world.blocks(BlockKind.EXACT, CALLER)
    first = world.arrives("CA1")
    unblock(entry, stores=world.stores)
    assert world.arrives("CA1") == first
    assert world.calls("CA2") is None


def test_a_refusal_at_the_gate_takes_no_more_round_trips(world: Gated) -> None:
    world.blocks(BlockKind.EXACT, CALLER)
    world.asks(caller_velocity=Velocity(calls=1, minutes=5))
    assert isinstance(world.rows, FakeRows)
    trips = []
    for sid in ("CA1", "CA2"):
        before = world.rows.trips
        world.calls(sid)
        trips.append(world.rows.trips - before)
    assert trips == [3, 2]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (Attestation.A, None),
        (Attestation.B, None),
        (Attestation.C, GateReason.ATTESTATION_TOO_LOW),
        (Attestation.NONE, GateReason.ATTESTATION_TOO_LOW),
    ],
)
def test_an_offer_asks_for_an_attestation(world: Gated, given: Attestation, reason: Any) -> None:
    world.asks(minimum_attestation=Attestation.B)
    assert world.arrives(attestation=given).refusal is reason
    assert world.call().attestation is given


def test_a_call_to_a_number_that_nobody_has_keeps_its_attestation_too(world: Gated) -> None:
    world.arrives(e164="+18005550199", attestation=Attestation.C)
    assert (world.call().refusal, world.call().attestation) == ("unknown_number", Attestation.C)


def test_a_caller_may_call_so_often_within_a_stretch_of_time(world: Gated) -> None:
    world.asks(caller_velocity=Velocity(calls=2, minutes=10))
    assert [world.calls(f"CA{n}") for n in range(4)] == [
        None, None, GateReason.CALLER_TOO_OFTEN, GateReason.CALLER_TOO_OFTEN,
    ]  # fmt: skip
    assert world.calls("CA5", NEIGHBOUR) is None
    world.later(minutes=10)
    assert world.calls("CA6") is None


def test_rotated_numbers_count_as_one(world: Gated) -> None:
    world.asks(prefix_velocity=Velocity(calls=3, minutes=10))
    said = [world.calls(f"CA{n}", CALLER[:-1] + str(n)) for n in range(5)]
    assert said == [None] * 3 + [GateReason.PREFIX_TOO_OFTEN] * 2
    assert world.calls("CA9", STRANGER) is None


def test_calls_that_were_refused_count_as_well(world: Gated) -> None:
    world.asks(caller_velocity=Velocity(calls=2, minutes=10))
    entry = world.blocks(BlockKind.EXACT, CALLER)
    world.calls("CA1")
    unblock(entry, stores=world.stores)
    assert [world.calls("CA2"), world.calls("CA3")] == [None, GateReason.CALLER_TOO_OFTEN]


def test_a_call_that_nobody_could_take_counts_as_well() -> None:
    world = Gated(FakeRows())
    world.opens(builders.a_target(state=State.PAUSED))
    world.asks(caller_velocity=Velocity(calls=1, minutes=10))
    assert [world.calls("CA1"), world.calls("CA2")] == [
        Reason.TARGET_PAUSED, GateReason.CALLER_TOO_OFTEN,
    ]  # fmt: skip


def test_anonymous_callers_are_not_counted(world: Gated) -> None:
    one = Velocity(calls=1, minutes=10)
    world.asks(caller_velocity=one, prefix_velocity=one)
    assert [world.calls(f"CA{n}", None) for n in range(3)] == [None] * 3


def test_nothing_is_counted_where_no_limit_asks_for_it(world: Gated) -> None:
    world.calls("CA1")
    assert world.counted() == []


def test_a_repeated_webhook_is_counted_once_and_answered_the_same(world: Gated) -> None:
    world.asks(caller_velocity=Velocity(calls=1, minutes=10))
    first, second = world.arrives("CA1"), world.arrives("CA2")
    assert second.refusal is GateReason.CALLER_TOO_OFTEN
    assert (world.arrives("CA1"), world.arrives("CA2")) == (first, second)
    assert world.counted() == [2]


def test_a_failover_counts_no_call(world: Gated) -> None:
    world.asks(caller_velocity=Velocity(calls=5, minutes=10))
    world.arrives()
    world.fails()
    assert world.counted() == [1]


def test_the_last_call_of_a_stretch_goes_to_one_of_two_simultaneous_ones(world: Gated) -> None:
    world.asks(caller_velocity=Velocity(calls=1, minutes=10))
    assert isinstance(world.rows, FakeRows)
    said: list[object] = []
    world.rows.before_write(lambda: said.append(world.calls("CA2")))
    said.append(world.calls("CA1"))
    assert said == [None, GateReason.CALLER_TOO_OFTEN]
    assert world.call("CA1").refusal == "caller_too_often"
    assert (
        world.stores.calls.decisions(world.call("CA1").id)[0]["gate"]["saw"] == "1 before this one"
    )
    assert world.funds() == (97_500, 2_500)
    assert world.counted() == [2]


def test_twenty_simultaneous_calls_of_five_allowed_are_five(world: Gated) -> None:
    world.asks(caller_velocity=Velocity(calls=5, minutes=10))
    with ThreadPoolExecutor(max_workers=20) as callers:
        said = list(callers.map(world.calls, [f"CA{n}" for n in range(20)]))
    assert sorted(map(str, said)) == ["None"] * 5 + ["caller_too_often"] * 15
    assert world.funds() == (100_000 - 5 * 2_500, 5 * 2_500)
    assert world.counted() == [20]


def test_a_delivery_that_read_the_count_before_the_call_gives_the_same_answer() -> None:
    """The rows of one read need not be of one moment: the count of the first delivery is seen,
    and its call is not yet."""

    class Torn(FakeRows):
        hidden = 0

        def gather(
            self, keys: Sequence[Key], questions: Sequence[Question] = ()
        ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
            found, partitions = super().gather(keys, questions)
            if self.hidden and questions:
                self.hidden -= 1
                found = {key: row for key, row in found.items() if not key.pk.startswith("CALL#")}
            return found, partitions

    rows = Torn()
    world = Gated(rows)
    world.opens()
    world.asks(caller_velocity=Velocity(calls=1, minutes=10))
    first = world.arrives("CA1")
    rows.hidden = 1
    assert world.arrives("CA1") == first
    assert rows.hidden == 0
    assert world.counted() == [1]


@pytest.mark.parametrize("after", [False, True])
def test_a_delivery_that_died_is_counted_once_when_it_comes_again(
    world: Gated, after: bool
) -> None:
    world.asks(caller_velocity=Velocity(calls=1, minutes=10))
    assert isinstance(world.rows, FakeRows)
    if after:
        world.rows.crash_after_write()
    else:
        world.rows.crash_before_write()
    with pytest.raises(Crash):
        world.calls("CA1")
    assert world.calls("CA1") is None
    assert world.counted() == [1]


def test_the_callers_number_is_nowhere_in_what_is_counted(world: Gated) -> None:
    world.asks(
        caller_velocity=Velocity(calls=1, minutes=10), prefix_velocity=Velocity(calls=1, minutes=10)
    )
    world.arrives(caller_hash="aaaa", prefix_hash="bbbb")
    assert isinstance(world.rows, FakeRows)
    rows = [row for row in world.rows.rows_of(CALLS) if row["pk"].startswith("VELOCITY#")]
    assert {row["pk"] for row in rows} == {"VELOCITY#off_1#aaaa", "VELOCITY#off_1#bbbb"}
    assert CALLER[1:9] not in str(rows)
