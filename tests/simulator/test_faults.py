"""Callbacks that are repeated, late, out of order or lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Behaviour, CallResult, Faults, Side
from simulator.faults import KINDS, SHARED_DROPS
from tests.simulator.conftest import Place
from tests.simulator.standin import Platform

TARGET_LEAVES = Behaviour(after=6, talk=60, hangup_by=Side.TARGET)


def sent(result: CallResult) -> list[str]:
    return [exchange.kind for exchange in result.sent()]


def test_a_repeat_carries_the_same_token_and_fields(platform: Platform, place: Place) -> None:
    result = place(faults=Faults(repeat=("inbound", "inbound", "status")))
    inbound = platform.heard("/inbound")
    assert len(inbound) == 3
    assert len({request.headers["I-Twilio-Idempotency-Token"] for request in inbound}) == 1
    assert [exchange.copy for exchange in result.sent("status")] == [1, 2]
    tokens = {r.headers["I-Twilio-Idempotency-Token"] for r in platform.received}
    assert len(tokens) == len(platform.received) - 3


def test_a_repeated_leg_callback_arrives_after_what_came_next(place: Place) -> None:
    result = place(target=TARGET_LEAVES, faults=Faults(repeat=("leg-completed",)))
    assert sent(result)[-4:] == ["leg-completed", "dial", "leg-completed", "status"]


@pytest.mark.parametrize("kind", ["leg-initiated", "leg-completed", "status"])
def test_a_lost_callback_is_not_sent_and_the_call_goes_on(
    platform: Platform, place: Place, kind: str
) -> None:
    result = place(faults=Faults(drop=(kind,)))
    assert kind not in sent(result)
    assert [exchange.kind for exchange in result.timeline if exchange.dropped] == [kind]
    assert (result.talk_seconds, len(platform.received)) == (127, 6)
    assert result.violations == ()


def test_all_leg_callbacks_can_be_lost_at_once(place: Place) -> None:
    assert sent(place(faults=Faults(drop=("leg",)))) == ["inbound", "dial", "status"]


def test_a_lost_dial_action_means_no_twiml_and_the_call_ends(
    platform: Platform, place: Place
) -> None:
    result = place(target=TARGET_LEAVES, faults=Faults(drop=("dial",)))
    assert platform.heard("/dial") == []
    assert (result.status, result.ended_by, result.duration) == ("completed", Side.CARRIER, 64)
    assert result.violations == ()


def test_a_lost_first_request_reaches_nobody_but_the_end_is_told(
    platform: Platform, place: Place
) -> None:
    result = place(faults=Faults(drop=("inbound",)))
    assert sent(result) == ["status"]
    assert result.legs == ()


def test_a_late_callback_keeps_its_own_time_stamp(platform: Platform, place: Place) -> None:
    result = place(target=TARGET_LEAVES, faults=Faults(delay={"leg-completed": 30}))
    assert sent(result)[-3:] == ["dial", "status", "leg-completed"]
    (late,) = result.sent("leg-completed")
    assert late.second == pytest.approx(96.0)
    assert late.fields["Timestamp"] == "Sun, 22 Nov 2026 15:05:12 +0000"


def test_a_late_dial_action_keeps_the_caller_waiting(place: Place) -> None:
    result = place(target=TARGET_LEAVES, faults=Faults(delay={"dial": 8}))
    assert (result.duration, result.talk_seconds) == (68, 60)


def test_reordered_callbacks_change_places_in_pairs(place: Place) -> None:
    result = place(target=TARGET_LEAVES, faults=Faults(reorder=("leg",)))
    assert sent(result) == [
        "inbound", "leg-ringing", "leg-initiated", "leg-completed", "leg-answered", "dial",
        "status",
    ]  # fmt: skip


def test_the_last_callback_is_sent_even_with_nothing_to_change_places_with(
    place: Place,
) -> None:
    assert sent(place(faults=Faults(reorder=("status",))))[-1] == "status"


def test_an_end_can_be_told_after_the_call_was_reported_over(place: Place) -> None:
    result = place(faults=Faults(reorder=("dial",)))
    assert sent(result)[-3:] == ["leg-completed", "status", "dial"]


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"repeat": ("legs",)}, "no callback kind 'legs'"),
        ({"delay": {"hangup": 3}}, "no callback kind 'hangup'"),
        ({"delay": {"status": -1}}, "not negative"),
        ({"drop_share": 1.5}, "drop_share"),
    ],
)
def test_unknown_faults_are_refused(choices: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Faults(**choices)  # type: ignore[arg-type]


@given(seed=st.text(max_size=8), kind=st.sampled_from(KINDS))
def test_a_share_never_loses_a_request_whose_answer_makes_the_call(seed: str, kind: str) -> None:
    faults = Faults(drop_share=1.0)
    assert (faults.fate(kind, seed).copies == 0) == (kind in SHARED_DROPS)


@given(
    seed=st.text(max_size=8),
    kind=st.sampled_from(KINDS),
    share=st.floats(0, 1),
)
def test_the_same_seed_meets_the_same_fate(seed: str, kind: str, share: float) -> None:
    faults = Faults(repeat_share=share, drop_share=share, delay_share=share, reorder_share=share)
    assert faults.fate(kind, seed) == faults.fate(kind, seed)


def test_shares_come_out_near_what_was_asked() -> None:
    faults = Faults(
        repeat_share=0.1, drop_share=0.05, delay_share=0.2, reorder_share=0.3, delay_seconds=9
    )
    fates = [faults.fate("status", str(number)) for number in range(4000)]
    sent = [fate for fate in fates if fate.copies]
    assert sum(fate.delay == 9 for fate in sent) / len(sent) == pytest.approx(0.2, abs=0.03)
    assert sum(fate.held for fate in sent) / len(sent) == pytest.approx(0.3, abs=0.03)
    assert sum(fate.copies == 0 for fate in fates) / 4000 == pytest.approx(0.05, abs=0.015)
    assert sum(fate.copies == 2 for fate in fates) / 4000 == pytest.approx(0.095, abs=0.02)
