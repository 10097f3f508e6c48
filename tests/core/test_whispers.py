"""What the signals say of a talk before which the target, or the caller, heard something."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.answering import Acceptance, Heard, Introduction, Line
from chalicelib.calls import LegStatus, Signal, SignalKind, introduced
from chalicelib.endings import Ending, Evidence, read_signals
from tests.builders import NOW, a_call, a_signal, an_attempt

WHISPERED = an_attempt(introduction=Introduction(whisper=Line(text="Hello")))
ASKED = an_attempt(introduction=Introduction(acceptance=Acceptance()))
ON = LegStatus.IN_PROGRESS


def heard(kind: SignalKind, after: float = 0, bridged: bool | None = None) -> Signal:
    at = NOW + timedelta(seconds=after)
    return a_signal(kind=kind, status=ON, seconds=None, bridged=bridged, received_at=at)


def over(kind: SignalKind, seconds: int, attempt: int = 1, bridged: bool | None = None) -> Signal:
    return a_signal(kind=kind, attempt=attempt, seconds=seconds, bridged=bridged)


BEGUN, LET_IN = heard(SignalKind.WHISPER), heard(SignalKind.BRIDGE, 12.4, bridged=True)
REFUSED = heard(SignalKind.BRIDGE, 9, bridged=False)
LEG, CALL = over(SignalKind.LEG, 90), over(SignalKind.CALL, 130, attempt=0)
RECORD, RECORDED = over(SignalKind.RECORD, 90), over(SignalKind.RECORD, 130, attempt=0)
TALKED, PARTED = (
    over(SignalKind.DIAL, 90, bridged=True),
    over(SignalKind.DIAL, 90, bridged=False),
)


@pytest.mark.parametrize("attempt", [WHISPERED, ASKED])
@pytest.mark.parametrize(
    ("signals", "ended", "certain", "talk"),
    [
        # the talk counts from when the target was let through
        ((BEGUN, LET_IN, LEG), True, True, 78),
        ((BEGUN, LET_IN, LEG, TALKED, CALL), True, True, 78),
        # one of the two moments is not known
        ((LET_IN, LEG), True, True, 90),
        ((BEGUN, LEG, TALKED), True, True, 90),
        # a leg that ends is no talk until somebody says that the parties were connected
        ((BEGUN, LEG), False, False, 0),
        ((BEGUN, LEG, PARTED), False, False, 0),
        ((BEGUN, REFUSED, LEG), False, False, 0),
        ((BEGUN, REFUSED, LEG, CALL), True, True, 0),
        ((BEGUN, LEG, PARTED, CALL), True, True, 0),
        # whoever accepted in the moment in which the caller left has not talked
        ((BEGUN, LET_IN, LEG, PARTED, CALL), True, True, 0),
        # nobody ever says: the leg is believed, and only when the call is over
        ((BEGUN, LEG, CALL), True, False, 90),
        ((BEGUN, LEG, CALL, RECORD, RECORDED), True, False, 90),
        ((RECORD, RECORDED), True, False, 90),
        ((RECORDED,), True, True, 0),
    ],
)
def test_a_talk_after_a_whisper(
    attempt: object, signals: tuple[Signal, ...], ended: bool, certain: bool, talk: int
) -> None:
    call = a_call(attempt=attempt)
    for order in (signals, signals[::-1]):
        ending = read_signals(call, order)
        assert (ending.ended, ending.certain, ending.talk_seconds) == (ended, certain, talk)


def test_a_leg_shorter_than_its_whisper_leaves_no_talk_below_zero() -> None:
    brief = over(SignalKind.LEG, 5)
    assert read_signals(a_call(attempt=WHISPERED), (BEGUN, LET_IN, brief)).talk_seconds == 0


def test_the_length_of_a_call_that_was_answered_early_is_no_talk() -> None:
    early = a_call(answered_early=True)
    assert read_signals(early, (CALL,)) == Ending(
        ended=True,
        certain=False,
        talk_seconds=0,
        evidence=Evidence.NONE,
        failed_attempt=False,
        ended_at=NOW,
    )
    assert read_signals(replace(early, answered_early=False), (CALL,)).talk_seconds == 130
    assert read_signals(early, (LEG, CALL)).talk_seconds == 90


def test_what_the_caller_hears_before_the_dial_answers_the_call_and_is_kept() -> None:
    line = Line(text="Recorded.", version="c-3")
    call = introduced(a_call(attempt=None), an_attempt(introduction=Introduction(consent=line)))
    assert call.answered_early
    assert call.heard == (Heard(part="consent", of="cmp_1", version="c-3"),)
    assert not introduced(a_call(attempt=None), an_attempt()).answered_early
