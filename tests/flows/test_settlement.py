"""Calls that end: by any signal, in any order, twice, late or never; judged and booked once."""

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import Call, CallStatus, Signal, SignalKind
from chalicelib.campaigns import Billing
from chalicelib.criteria import Geography
from chalicelib.flows.settlement import Progress, settle_finally, sweep
from chalicelib.ledger import balances
from chalicelib.store import codec
from chalicelib.store.entries import account_legs
from chalicelib.store.rows import BOOKS, CALLS, CATALOG, Change, Key
from tests import builders
from tests.fakes import Crash, FakeRows
from tests.world import World

LEG, DIAL, CALL, RECORD = (
    SignalKind.LEG,
    SignalKind.DIAL,
    SignalKind.CALL,
    SignalKind.RECORD,
)
ACCOUNTS = (
    "prepaid:adv_1",
    "unbilled:adv_1",
    "revenue:calls",
    "cost:publishers",
    "pub:pub_1:approved",
)


@pytest.fixture
def world() -> World:
    made = World(FakeRows())
    made.opens()
    return made


def books(world: World) -> dict[str, int]:
    legs = itertools.chain.from_iterable(account_legs(world.rows, name) for name in ACCOUNTS)
    return balances(legs)


def nobody_knows(call: Call, now: datetime) -> tuple[Signal, ...]:
    return ()


APPROVED_BOOKS = {
    "prepaid:adv_1": 2500,
    "revenue:calls": -2500,
    "cost:publishers": 1500,
    "pub:pub_1:approved": -1500,
}


def test_an_approved_call_is_charged_and_earned_once(world: World) -> None:
    call = world.talks(seconds=60)
    assert (call.status, call.talk_seconds) == (CallStatus.APPROVED, 60)
    assert (call.charge_cents, call.earning_cents) == (2500, 1500)
    assert books(world) == APPROVED_BOOKS
    assert world.funds() == (97_500, 0)
    world.settles()
    assert books(world) == APPROVED_BOOKS


def test_a_short_call_is_denied_and_gives_everything_back(world: World) -> None:
    call = world.talks(seconds=59)
    assert (call.status, call.reasons) == (CallStatus.DENIED, ("too_short",))
    assert world.funds() == (100_000, 0)
    assert world.target()["leases"] == {}
    assert set(world.target()["used"].values()) == {0}
    assert books(world) == {}


def test_an_approved_call_keeps_its_cap_place_and_frees_its_slot(world: World) -> None:
    world.talks()
    assert world.target()["leases"] == {}
    assert sorted(world.target()["used"].values()) == [1] * 4 + [2_500] * 4


def test_a_net_advertisers_charge_waits_unbilled() -> None:
    world = World(FakeRows())
    world.opens(advertiser=builders.an_advertiser(billing=Billing.NET))
    world.talks()
    assert books(world)["unbilled:adv_1"] == 2500
    assert "open" not in world.row(BOOKS, f"EARNING#{world.call().id}")


def test_the_second_call_of_a_caller_within_the_window_is_denied() -> None:
    world = World(FakeRows())
    terms = builders.charge_terms(repeat_days=30)
    world.opens(campaign=builders.a_campaign(terms=terms))
    world.talks("CA1")
    world.later(days=30, seconds=-1)
    assert world.talks("CA2").reasons == ("repeat_caller",)
    world.later(seconds=1)
    assert world.talks("CA3").status is CallStatus.APPROVED


def test_of_two_calls_by_one_caller_settled_at_once_one_is_paid() -> None:
    rows = FakeRows()
    world = World(rows)
    terms = builders.charge_terms(repeat_days=30)
    world.opens(campaign=builders.a_campaign(terms=terms))
    for sid in ("CA1", "CA2"):
        world.arrives(sid)
        world.reports(sid, world.signal(LEG, 1, "completed", 90))
    rows.before_write(lambda: world.settles("CA2"))
    world.settles("CA1")
    assert sorted((world.status("CA1"), world.status("CA2"))) == ["approved", "denied"]
    assert books(world) == APPROVED_BOOKS


def test_a_caller_from_elsewhere_is_denied() -> None:
    world = World(FakeRows())
    terms = builders.charge_terms(geography=Geography(states=("TX",)))
    world.opens(campaign=builders.a_campaign(terms=terms))
    assert world.talks().reasons == ("out_of_area",)


@pytest.mark.parametrize(
    ("kind", "attempt", "expected"),
    [(LEG, 1, Progress.SETTLED), (DIAL, 1, Progress.SETTLED), (CALL, 0, Progress.UNCERTAIN)],
)
def test_any_ending_signal_ends_the_call_alone(
    world: World, kind: SignalKind, attempt: int, expected: Progress
) -> None:
    world.arrives()
    world.reports("CA1", world.signal(kind, attempt, "completed", 90))
    assert world.settles() is expected
    settle_finally(world.call().id, stores=world.stores, now=world.now, ask_carrier=nobody_knows)
    assert world.status() is CallStatus.APPROVED
    assert world.call().talk_seconds == 90


def test_the_carriers_record_tells_the_talk_time_that_no_callback_told(world: World) -> None:
    world.arrives()
    world.reports("CA1", world.signal(CALL, 0, "completed", 75))

    def record(call: Call, now: datetime) -> tuple[Signal, ...]:
        return (
            world.signal(RECORD, 0, "completed", 75),
            world.signal(RECORD, 1, "completed", 58),
        )

    settle_finally(world.call().id, stores=world.stores, now=world.now, ask_carrier=record)
    assert world.call().talk_seconds == 58
    assert world.status() is CallStatus.DENIED


def test_whoever_settles_while_the_carriers_record_is_being_kept_finds_the_talk() -> None:
    rows = FakeRows()
    world = World(rows)
    world.opens()
    world.arrives()
    world.reports("CA1", world.signal(CALL, 0, "completed", 75))

    def record(call: Call, now: datetime) -> tuple[Signal, ...]:
        rows.before_write(world.settles, n=2)
        return (
            world.signal(RECORD, 0, "completed", 75),
            world.signal(RECORD, 1, "completed", 75),
        )

    settle_finally(world.call().id, stores=world.stores, now=world.now, ask_carrier=record)
    assert (world.call().talk_seconds, world.status()) == (75, CallStatus.APPROVED)


def test_a_call_that_is_over_shows_as_pending_until_it_is_judged(world: World) -> None:
    world.arrives()
    world.reports("CA1", world.signal(CALL, 0, "completed", 90))
    world.settles()
    assert world.status() is CallStatus.PENDING
    assert world.call().ended_at == world.now
    settle_finally(world.call().id, stores=world.stores, now=world.now, ask_carrier=nobody_knows)
    assert world.status() is CallStatus.APPROVED


def test_a_call_that_is_over_is_connected_to_nobody_else() -> None:
    world = World(FakeRows())
    world.opens(builders.a_target(id="tgt_1"), builders.a_target(id="tgt_2"))
    world.arrives()
    world.reports("CA1", world.signal(CALL, 0, "completed", 90))
    world.settles()
    assert world.fails() is None
    assert len(world.call().tried) == 0


def test_a_dial_that_ended_without_its_length_waits_for_who_knows_it(world: World) -> None:
    world.arrives()
    world.reports("CA1", world.signal(DIAL, 1, "completed"))
    assert world.settles() is Progress.UNCERTAIN
    world.reports("CA1", world.signal(LEG, 1, "completed", 61))
    assert world.settles() is Progress.SETTLED
    assert world.call().talk_seconds == 61


def test_a_caller_who_hangs_up_while_it_rings_is_not_charged(world: World) -> None:
    world.arrives()
    world.reports("CA1", world.signal(LEG, 1, "canceled"), world.signal(CALL, 0, "no-answer", 0))
    assert world.settles() is Progress.SETTLED
    assert "not_connected" in world.call().reasons


def test_a_call_that_is_still_ringing_is_left_alone(world: World) -> None:
    world.arrives()
    world.reports("CA1", world.signal(LEG, 1, "in-progress"))
    assert world.settles() is Progress.LIVE
    assert world.status() is CallStatus.LIVE


SIGNALS = (
    (LEG, 1, "in-progress", None),
    (LEG, 1, "completed", 90),
    (DIAL, 1, "completed", 90),
    (CALL, 0, "completed", 91),
)


@given(
    order=st.permutations(range(len(SIGNALS))),
    repeated=st.lists(st.sampled_from(range(len(SIGNALS))), max_size=4),
    dropped=st.sets(st.sampled_from([0, 2, 3])),
)
def test_any_order_of_signals_ends_the_same(
    order: list[int], repeated: list[int], dropped: set[int]
) -> None:
    world = World(FakeRows())
    world.opens()
    world.arrives()
    for position in [p for p in (*order, *repeated) if p not in dropped]:
        kind, attempt, status, seconds = SIGNALS[position]
        world.reports("CA1", world.signal(kind, attempt, status, seconds))
        world.settles()
    assert world.call().talk_seconds == 90
    assert books(world) == APPROVED_BOOKS
    assert world.funds() == (97_500, 0)


@given(position=st.integers(1, 4), after=st.booleans())
def test_a_crash_anywhere_and_another_try_end_the_same(position: int, after: bool) -> None:
    rows = FakeRows()
    world = World(rows)
    world.opens()
    (rows.crash_after_write if after else rows.crash_before_write)(position)
    for _ in range(3):
        try:
            world.talks()
        except Crash:
            continue
    assert books(world) == APPROVED_BOOKS
    assert world.funds() == (97_500, 0)


def test_the_sweep_settles_a_call_that_the_stream_lost(world: World) -> None:
    world.arrives()
    world.reports("CA1", world.signal(LEG, 1, "completed", 90))
    world.later(seconds=61)
    swept = sweep(stores=world.stores, now=world.now, ask_carrier=nobody_knows)
    assert swept.settled == (world.call().id,)
    assert world.status() is CallStatus.APPROVED
    assert sweep(stores=world.stores, now=world.now, ask_carrier=nobody_knows).settled == ()


def test_a_call_that_cannot_be_settled_does_not_keep_the_sweep_from_the_others(
    world: World,
) -> None:
    for sid in ("CA1", "CA2"):
        world.arrives(sid, caller=f"+1415555010{sid[-1]}")
        world.reports(sid, world.signal(LEG, 1, "completed", 90))
    broken = world.call("CA1").id
    key = Key(CALLS, f"CALL#{broken}")
    world.rows.write([Change(key=key, remove=[("attempt",)])])
    world.later(seconds=61)
    swept = sweep(stores=world.stores, now=world.now, ask_carrier=nobody_knows)
    assert (swept.failed, swept.settled) == ((broken,), (world.call("CA2").id,))
    assert sweep(stores=world.stores, now=world.now, ask_carrier=nobody_knows).failed == ()


def test_the_sweep_leaves_a_live_call_and_looks_again_later(world: World) -> None:
    world.arrives()
    world.later(seconds=61)
    swept = sweep(stores=world.stores, now=world.now, ask_carrier=nobody_knows)
    assert swept.live == (world.call().id,)
    assert sweep(stores=world.stores, now=world.now, ask_carrier=nobody_knows).live == ()


def test_a_call_whose_end_nobody_reports_is_over_with_its_lease(world: World) -> None:
    world.arrives()
    attempt = world.call().attempt
    assert attempt is not None
    world.now = attempt.hold.lease_until + timedelta(seconds=1)
    sweep(stores=world.stores, now=world.now, ask_carrier=nobody_knows)
    assert world.status() is CallStatus.DENIED
    assert world.funds() == (100_000, 0)


def test_a_call_is_judged_by_the_terms_in_force_when_it_arrived(world: World) -> None:
    world.arrives()
    dearer = builders.a_campaign(terms=builders.charge_terms(charge_cents=9900))
    world.rows.write(
        [Change(key=Key(CATALOG, "CAMPAIGN#cmp_1"), set={("doc",): codec.to_json(dearer)})]
    )
    world.reports("CA1", world.signal(LEG, 1, "completed", 60))
    world.settles()
    assert world.call().charge_cents == 2500
