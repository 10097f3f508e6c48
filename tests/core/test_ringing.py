"""Who of those that rang at once took the call, by whatever reports there are."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.answering import Acceptance
from chalicelib.calls import Attempt, Call, CallStatus, HungUpBy, LegStatus, Reached, Signal
from chalicelib.calls import SignalKind as Kind
from chalicelib.criteria import Geography
from chalicelib.endings import Evidence, let_through, read_signals
from chalicelib.failover import without_hold
from chalicelib.hangups import who_hung_up
from chalicelib.market import Market
from chalicelib.ringing import (
    connected,
    freed_for,
    led_by,
    on_trial,
    seen_from_taker,
    shares,
    targets_of,
)
from chalicelib.settings import MachineDetection
from chalicelib.store import codec
from tests.builders import NOW, a_call, a_campaign, a_market, a_signal, an_attempt, campaign_facts
from tests.builders import target_facts as facts
from tests.core.ringing import grouped

IDS = ("tgt_1", "tgt_2", "tgt_3")
DONE, RINGING_OFF, TALKING = LegStatus.COMPLETED, LegStatus.CANCELED, LegStatus.IN_PROGRESS


def a_group_market(campaign: dict[str, Any] | None = None, **settings: Any) -> Market:
    targets = tuple(
        facts(
            id=target, priority=n, ring_group="front", destination=f"+1212555010{n}",
            charge_cents=cents, send_digits=str(n), **settings,
        )
        for n, (target, cents) in enumerate(zip(IDS, (2_500, 3_000, 2_000), strict=True))
    )  # fmt: skip
    return a_market(
        campaigns=(campaign_facts(campaign=a_campaign(**(campaign or {})), targets=targets),)
    )


GROUP = grouped(a_group_market())
ASKED = grouped(a_group_market({"acceptance": Acceptance()}))
CALL = a_call(attempt=GROUP)


def leg(target: str, status: LegStatus = DONE, seconds: int | None = 90, **more: Any) -> Signal:
    return a_signal(
        status=status, seconds=seconds if status is DONE else None, target_id=target,
        leg_id=f"leg-{target}", **more,
    )  # fmt: skip


def dial(of: str | None, **more: Any) -> Signal:
    values = {"kind": Kind.DIAL, "bridged": True, "seconds": 90, "callers_status": TALKING}
    return a_signal(**values | {"leg_id": of and f"leg-{of}"} | more)


def over(**more: Any) -> Signal:
    return a_signal(**{"kind": Kind.CALL, "attempt": 0, "seconds": 95} | more)


def bridge(target: str, accepted: bool = True, **more: Any) -> Signal:
    return leg(target, TALKING, kind=Kind.BRIDGE, bridged=accepted, **more)


def taken_by(call: Call, signals: Sequence[Signal]) -> str | None:
    """The member that is named, the same in every order."""
    found = set()
    for reports in permutations(signals):
        sight = seen_from_taker(call, reports)
        attempt = sight.call.attempt
        found.add(attempt.hold.target_id if attempt and sight.named else None)
    (one,) = found
    return one


@pytest.mark.parametrize(
    ("signals", "taker"),
    [
        ((), None),
        ((leg("tgt_2", TALKING),), "tgt_2"),
        ((leg("tgt_1", RINGING_OFF), leg("tgt_2"), leg("tgt_3", LegStatus.BUSY)), "tgt_2"),
        ((leg("tgt_3", kind=Kind.RECORD), leg("tgt_1", RINGING_OFF, kind=Kind.RECORD)), "tgt_3"),
        # both picked up in one moment: who talked on has the call, or whom the dial names
        ((leg("tgt_1", seconds=1), leg("tgt_2", seconds=88)), "tgt_2"),
        ((leg("tgt_1", seconds=1), leg("tgt_2", seconds=88), dial("tgt_1")), "tgt_1"),
        ((leg("tgt_1", TALKING), leg("tgt_2", TALKING, received_at=NOW - timedelta(1))), "tgt_2"),
        # of equals the first in the group
        ((leg("tgt_2", seconds=9), leg("tgt_1", seconds=9), leg("tgt_3", seconds=9)), "tgt_1"),
        # a dial that names a leg of which nothing else is known names nobody
        ((dial("tgt_2"),), None),
        ((dial(None), leg("tgt_1", RINGING_OFF)), None),
        ((dial("tgt_2", status=LegStatus.NO_ANSWER), leg("tgt_2", LegStatus.NO_ANSWER)), None),
        # nobody has it of whom it is not known yet
        ((leg("tgt_1", LegStatus.BUSY), leg("tgt_2", LegStatus.FAILED)), None),
        # another attempt, and a target that does not ring, tell nothing
        ((leg("tgt_2", attempt=2), leg("tgt_9")), None),
    ],
)
def test_the_taker_is_told_by_the_strongest_report_there_is(
    signals: tuple[Signal, ...], taker: str | None
) -> None:
    assert taken_by(CALL, signals) == taker


@pytest.mark.parametrize(
    ("signals", "taker"),
    [
        # whoever is asked first has taken nothing by picking up
        ((leg("tgt_1", TALKING),), None),
        ((leg("tgt_1", TALKING), bridge("tgt_1")), "tgt_1"),
        ((bridge("tgt_1", accepted=False), bridge("tgt_2")), "tgt_2"),
        # two accept, should the carrier ask both: the first to do so, or whom the dial names
        ((bridge("tgt_3"), bridge("tgt_1", received_at=NOW + timedelta(seconds=1))), "tgt_3"),
        ((bridge("tgt_3"), bridge("tgt_1"), leg("tgt_1"), dial("tgt_1")), "tgt_1"),
        # a leg that heard the whisper to its end and refused has taken nothing, however long
        ((bridge("tgt_1", accepted=False), leg("tgt_1", seconds=14)), None),
        ((bridge("tgt_1", accepted=False), leg("tgt_1", seconds=14), leg("tgt_2")), "tgt_2"),
    ],
)
def test_with_an_acceptance_whoever_is_let_through_has_it(
    signals: tuple[Signal, ...], taker: str | None
) -> None:
    assert taken_by(replace(CALL, attempt=ASKED), signals) == taker


def test_a_call_on_a_member_has_that_ones_terms() -> None:
    own = Geography(states=("NV",))
    market = a_group_market()
    (campaign,) = market.campaigns
    second = replace(campaign.targets[1].target, geography=own, recover_seconds=7)
    targets = (campaign.targets[0], replace(campaign.targets[1], target=second))
    attempt = grouped(replace(market, campaigns=(replace(campaign, targets=targets),)))
    led = led_by(attempt, "tgt_2")
    assert led is not None
    assert (led.destination, led.send_digits, led.recover_seconds) == ("+12125550101", "1", 7)
    assert (led.charge.charge_cents, led.charge.geography) == (3_000, own)
    assert (led.hold.target_id, led.hold.amount_cents) == ("tgt_2", 3_000)
    back = led_by(led, "tgt_1")
    assert back == attempt
    assert led_by(attempt, "tgt_9") is None
    assert led_by(an_attempt(), "tgt_1") == an_attempt()
    assert led_by(an_attempt(), "tgt_2") is None


def test_a_group_is_over_when_every_leg_is_and_not_before() -> None:
    some = (leg("tgt_1", LegStatus.BUSY), leg("tgt_2", LegStatus.NO_ANSWER))
    assert not read_signals(CALL, some).failed_attempt
    ending = read_signals(CALL, (*some, leg("tgt_3", LegStatus.FAILED)), given_up=True)
    assert (ending.ended, ending.certain, ending.failed_attempt) == (True, True, True)
    by_dial = read_signals(CALL, (dial(None, status=LegStatus.NO_ANSWER),), given_up=True)
    assert (by_dial.ended, by_dial.talk_seconds) == (True, 0)


def test_a_talk_with_nobody_knows_whom_is_not_certain() -> None:
    for told in ((dial("tgt_2"),), (over(),)):
        ending = read_signals(CALL, told)
        assert ending.ended and not ending.certain and ending.talk_seconds
        sight = seen_from_taker(CALL, told)
        assert not sight.named
        assert sight.call.attempt and sight.call.attempt.hold.target_id == "tgt_3"


def test_the_least_that_can_be_proved_is_nothing_for_a_caller_whom_one_does_not_buy() -> None:
    market = a_group_market()
    (campaign,) = market.campaigns
    elsewhere = replace(campaign.targets[1].target, geography=Geography(states=("NV",)))
    targets = (*campaign.targets[:1], replace(campaign.targets[1], target=elsewhere))
    attempt = grouped(replace(market, campaigns=(replace(campaign, targets=targets),)))
    sight = seen_from_taker(replace(CALL, attempt=attempt), (dial(None),))
    assert sight.call.attempt and sight.call.attempt.hold.target_id == "tgt_2"


def test_talk_counts_from_the_takers_own_whisper() -> None:
    begun = leg("tgt_2", TALKING, kind=Kind.WHISPER)
    told = (
        begun,
        bridge("tgt_2", received_at=NOW + timedelta(seconds=8)),
        leg("tgt_1", TALKING, kind=Kind.WHISPER),
        bridge("tgt_1", accepted=False, received_at=NOW + timedelta(seconds=2)),
        leg("tgt_1", seconds=3),
        leg("tgt_2", seconds=90),
    )
    for reports in (told, told[::-1]):
        ending = read_signals(replace(CALL, attempt=ASKED), reports)
        assert (ending.talk_seconds, ending.evidence) == (82, Evidence.LEG)


def test_others_are_freed_once_the_caller_is_connected_with_one() -> None:
    assert connected(CALL, (leg("tgt_2", TALKING),)) == "tgt_2"
    assert connected(CALL, (leg("tgt_2", RINGING_OFF),)) is None
    asked = replace(CALL, attempt=ASKED)
    assert connected(asked, (leg("tgt_2", TALKING),)) is None
    assert connected(asked, (leg("tgt_2", TALKING), bridge("tgt_2"))) == "tgt_2"
    assert connected(asked, (leg("tgt_2"),)) is None
    freed = replace(CALL, attempt=freed_for(GROUP, "tgt_2"))
    assert connected(freed, (leg("tgt_2", TALKING),)) is None
    assert connected(a_call(), (a_signal(status=TALKING),)) is None


def test_a_machine_on_one_leg_says_nothing_of_another() -> None:
    attempt = grouped(a_group_market(machine_detection=MachineDetection.REFUSE))
    heard = leg("tgt_1", TALKING, kind=Kind.MACHINE, step="machine_start")
    assert all(one.introduction.listen_seconds for one in each(attempt))
    assert not let_through((heard,), 1, "tgt_1", accepted=True)
    assert let_through((heard,), 1, "tgt_2", accepted=True)


def each(attempt: Attempt) -> list[Attempt]:
    return [led for one in targets_of(attempt) if (led := led_by(attempt, one))]


def test_an_attempt_is_a_trial_of_whoever_took_it_or_of_all() -> None:
    led = led_by(GROUP, "tgt_2")
    assert led is not None
    assert on_trial(led, Reached.NOBODY) == IDS
    assert on_trial(led, Reached.CONVERSATION) == on_trial(led, Reached.CHARGE) == ("tgt_2",)
    assert on_trial(an_attempt(), Reached.NOBODY) == ("tgt_1",)


def test_a_failed_group_holds_nothing_in_the_market_of_the_next() -> None:
    market = a_group_market()
    (campaign,) = market.campaigns
    window = shares(GROUP)[0].target_windows[1]
    taken = tuple(
        replace(one, leases={"call_1": NOW, "call_2": NOW}, used={window: 2})
        for one in campaign.targets
    )
    before = replace(market, campaigns=(replace(campaign, targets=taken, available_cents=0),))
    (after,) = without_hold(before, GROUP, "call_1").campaigns
    assert [(list(one.leases), one.used) for one in after.targets] == [
        (["call_2"], {window: 1})
    ] * 3
    assert after.available_cents == 3_000
    (freed,) = without_hold(before, freed_for(GROUP, "tgt_2"), "call_1").campaigns
    assert [one.used[window] for one in freed.targets] == [2, 1, 2]


@pytest.mark.parametrize(
    ("signals", "by"),
    [
        ((dial("tgt_2"), leg("tgt_1", RINGING_OFF), leg("tgt_2"), over()), HungUpBy.TARGET),
        # called off for another that picked up, which is no word of the caller
        ((leg("tgt_1", RINGING_OFF), leg("tgt_2"), over()), HungUpBy.UNKNOWN),
        ((leg("tgt_2", seconds=3_600), over()), HungUpBy.TIME_LIMIT),
        ((leg("tgt_1", RINGING_OFF), over(status=LegStatus.NO_ANSWER)), HungUpBy.CALLER),
    ],
)
def test_a_hang_up_is_told_by_the_takers_leg(signals: tuple[Signal, ...], by: HungUpBy) -> None:
    judged = replace(CALL, status=CallStatus.APPROVED, attempt=led_by(GROUP, "tgt_2"))
    told = who_hung_up(judged, signals)
    assert told is not None and told.by is by


def test_what_was_stored_before_there_were_groups_still_reads() -> None:
    old = json.loads(codec.to_json(an_attempt()))
    del old["together"]
    assert codec.from_plain(Attempt, old) == an_attempt()
    said = json.loads(codec.to_json(a_signal()))
    del said["target_id"], said["leg_id"]
    assert codec.from_plain(Signal, said) == a_signal()
    assert a_signal().key == "leg#1#completed"


@pytest.mark.parametrize("attempt", [GROUP, freed_for(ASKED, "tgt_3")])
def test_a_group_comes_back_as_it_was_stored(attempt: Attempt) -> None:
    assert codec.from_json(Attempt, codec.to_json(attempt)) == attempt


reports = st.builds(
    leg,
    st.sampled_from(IDS),
    st.sampled_from([DONE, TALKING, RINGING_OFF, LegStatus.BUSY]),
    st.integers(0, 200),
    kind=st.sampled_from([Kind.LEG, Kind.RECORD]),
)
sets = st.lists(
    reports | st.builds(bridge, st.sampled_from(IDS), st.booleans()) | st.just(over())
    | st.builds(dial, st.none() | st.sampled_from(IDS)),
    max_size=6, unique_by=lambda one: one.key,
)  # fmt: skip


@given(st.sampled_from([GROUP, ASKED]), sets, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_reports_matters(
    attempt: Attempt, signals: list[Signal], chance: Any
) -> None:
    call, shuffled = replace(CALL, attempt=attempt), [*signals, *signals]
    chance.shuffle(shuffled)
    assert read_signals(call, tuple(shuffled)) == read_signals(call, tuple(signals))
    one, other = seen_from_taker(call, tuple(shuffled)), seen_from_taker(call, tuple(signals))
    assert (one.call, one.named) == (other.call, other.named)
