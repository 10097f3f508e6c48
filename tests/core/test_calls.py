"""What the signals say of a call: any one that ends it ends it, whatever came before or after."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import (
    ENDED,
    Call,
    LegStatus,
    Signal,
    SignalKind,
    call_id,
)
from chalicelib.endings import Ending, Evidence, read_signals, unheard
from tests.builders import NOW, a_call, a_signal, an_attempt

LEG, DIAL, CALL, RECORD = SignalKind.LEG, SignalKind.DIAL, SignalKind.CALL, SignalKind.RECORD
UNANSWERED = sorted(ENDED - {LegStatus.COMPLETED})
ON_THE_WAY = sorted(set(LegStatus) - ENDED)


def leg(
    seconds: int | None = 90, status: LegStatus = LegStatus.COMPLETED, attempt: int = 1
) -> Signal:
    return a_signal(kind=LEG, attempt=attempt, status=status, seconds=seconds)


def dial(
    seconds: int | None = 90,
    status: LegStatus = LegStatus.COMPLETED,
    attempt: int = 1,
    bridged: bool | None = True,
) -> Signal:
    return a_signal(kind=DIAL, attempt=attempt, status=status, seconds=seconds, bridged=bridged)


def hung_up(seconds: int | None = 95, status: LegStatus = LegStatus.COMPLETED) -> Signal:
    return a_signal(kind=CALL, attempt=0, status=status, seconds=seconds)


def record(seconds: int | None, attempt: int, status: LegStatus = LegStatus.COMPLETED) -> Signal:
    return a_signal(kind=RECORD, attempt=attempt, status=status, seconds=seconds)


def read(*signals: Signal, attempt: int | None = 1) -> Ending:
    """The state of a call on this attempt (None when nothing is held)."""
    held = None if attempt is None else an_attempt(number=attempt)
    return read_signals(a_call(attempt=held), signals)


LIVE = Ending(
    ended=False, certain=False, talk_seconds=0, evidence=Evidence.NONE, failed_attempt=False
)
NOBODY_TALKED = replace(LIVE, ended=True, certain=True, ended_at=NOW)


def talked(seconds: int, evidence: Evidence) -> Ending:
    return replace(NOBODY_TALKED, talk_seconds=seconds, evidence=evidence)


class TestConversations:
    def test_a_call_without_signals_is_live(self) -> None:
        assert read() == LIVE

    @pytest.mark.parametrize("status", ON_THE_WAY)
    def test_what_is_on_the_way_ends_nothing(self, status: LegStatus) -> None:
        assert read(leg(None, status), hung_up(None, status)) == LIVE

    def test_the_leg_alone_ends_the_call(self) -> None:
        assert read(leg(90)) == talked(90, Evidence.LEG)

    def test_the_dial_alone_ends_the_call(self) -> None:
        assert read(dial(88)) == talked(88, Evidence.DIAL)

    def test_the_carriers_record_of_the_leg_alone_ends_the_call(self) -> None:
        assert read(record(91, attempt=1)) == talked(91, Evidence.RECORD)

    def test_the_callers_hang_up_ends_the_call_without_certainty(self) -> None:
        assert read(hung_up(95)) == replace(talked(95, Evidence.CALL), certain=False)

    def test_the_leg_is_trusted_before_the_dial_the_record_and_the_call(self) -> None:
        everything = (hung_up(95), record(91, attempt=1), dial(88), leg(90))
        assert read(*everything) == talked(90, Evidence.LEG)
        assert read(*everything[:3]) == talked(88, Evidence.DIAL)
        assert read(*everything[:2]) == talked(91, Evidence.RECORD)

    def test_of_two_reports_that_differ_the_longer_is_believed(self) -> None:
        assert read(leg(90), leg(30)) == read(leg(30), leg(90)) == talked(90, Evidence.LEG)
        assert read(hung_up(95), hung_up(35)).talk_seconds == 95

    def test_a_report_without_a_duration_ends_the_call_without_certainty(self) -> None:
        assert read(leg(None)) == replace(talked(0, Evidence.NONE), certain=False)
        assert read(leg(None), dial(88)) == talked(88, Evidence.DIAL)

    def test_a_leg_that_was_answered_but_never_bridged_is_no_conversation(self) -> None:
        answered_too_late = read(leg(4), dial(0, LegStatus.COMPLETED, bridged=False))
        assert not answered_too_late.ended
        assert answered_too_late.failed_attempt
        assert answered_too_late.talk_seconds == 0

    def test_a_carrier_that_is_silent_on_bridging_is_believed(self) -> None:
        assert read(dial(88, bridged=None)) == talked(88, Evidence.DIAL)


class TestNobodyAnswers:
    @pytest.mark.parametrize("status", UNANSWERED)
    @pytest.mark.parametrize("kind", [LEG, DIAL, RECORD])
    def test_an_unanswered_attempt_fails_and_the_call_lives_on(
        self, kind: SignalKind, status: LegStatus
    ) -> None:
        signal = a_signal(kind=kind, attempt=1, status=status, seconds=None)
        assert read(signal) == replace(LIVE, failed_attempt=True)

    @pytest.mark.parametrize("status", UNANSWERED)
    def test_a_caller_who_leaves_a_failed_attempt_talked_to_nobody(self, status: LegStatus) -> None:
        ending = read(leg(None, status), hung_up(30))
        assert ending == replace(NOBODY_TALKED, failed_attempt=True)

    @pytest.mark.parametrize("status", UNANSWERED)
    def test_a_call_that_was_never_answered_talked_to_nobody(self, status: LegStatus) -> None:
        assert read(hung_up(None, status)) == NOBODY_TALKED

    def test_a_call_that_holds_nothing_talked_to_nobody(self) -> None:
        assert read(hung_up(12), attempt=None) == NOBODY_TALKED
        assert read(attempt=None) == LIVE

    def test_a_hang_up_of_no_length_is_not_yet_certain(self) -> None:
        assert read(hung_up(0)) == replace(LIVE, ended=True, ended_at=NOW)

    def test_a_record_of_the_call_without_one_of_its_leg_means_that_nobody_talked(self) -> None:
        assert read(record(95, attempt=0), hung_up(95)) == NOBODY_TALKED
        with_leg = read(record(95, attempt=0), record(91, attempt=1))
        assert with_leg == talked(91, Evidence.RECORD)

    @pytest.mark.parametrize("status", UNANSWERED)
    def test_a_call_given_up_is_over_with_its_last_attempt(self, status: LegStatus) -> None:
        call = a_call(attempt=an_attempt(number=2))
        earlier, last = leg(None, status, 1), leg(None, status, 2)
        assert read_signals(call, (earlier,), given_up=True) == LIVE
        ending = read_signals(call, (earlier, last), given_up=True)
        assert ending == replace(NOBODY_TALKED, failed_attempt=True)

    def test_an_end_that_nobody_reported_keeps_the_talk_that_is_known(self) -> None:
        assert unheard(read(), NOW) == NOBODY_TALKED
        told = unheard(read(hung_up(95)), NOW)
        assert (told.certain, told.talk_seconds, told.evidence) == (True, 95, Evidence.CALL)

    def test_a_record_of_a_call_that_still_runs_ends_nothing(self) -> None:
        assert read(record(None, attempt=0, status=LegStatus.IN_PROGRESS)) == LIVE


class TestAttempts:
    def test_a_late_report_of_an_earlier_attempt_says_nothing_of_this_one(self) -> None:
        earlier = (leg(None, LegStatus.NO_ANSWER, 1), dial(None, LegStatus.NO_ANSWER, 1))
        assert read(*earlier, attempt=2) == LIVE

    def test_a_conversation_belongs_to_its_own_attempt(self) -> None:
        assert read(leg(90, attempt=1), attempt=2) == LIVE
        first, second = leg(None, LegStatus.BUSY, 1), leg(75, attempt=2)
        assert read(first, second, attempt=2) == talked(75, Evidence.LEG)

    def test_without_an_attempt_no_leg_is_heard(self) -> None:
        assert read(leg(90), dial(88), attempt=None) == LIVE


def minutes_later(signal: Signal, minutes: int) -> Signal:
    return replace(signal, received_at=NOW + timedelta(minutes=minutes))


class TestWhenItEnded:
    def test_a_call_ends_with_the_first_report_that_ends_it(self) -> None:
        reports = [minutes_later(hung_up(95), 3), minutes_later(leg(90), 1), dial(88)]
        assert read(*reports).ended_at == NOW
        assert read(*reports[:2]).ended_at == NOW + timedelta(minutes=1)

    def test_the_failure_of_an_earlier_attempt_is_not_the_end(self) -> None:
        failure = leg(None, LegStatus.BUSY, 1)
        conversation = minutes_later(leg(75, attempt=2), 5)
        assert read(failure, conversation, attempt=2).ended_at == NOW + timedelta(minutes=5)

    def test_a_caller_who_waits_after_a_failed_attempt_ends_the_call_by_leaving(self) -> None:
        ending = read(leg(None, LegStatus.BUSY), minutes_later(hung_up(30), 1))
        assert ending.ended_at == NOW + timedelta(minutes=1)

    def test_a_call_given_up_ended_with_its_attempt_even_when_the_caller_stays(self) -> None:
        reports = (leg(None, LegStatus.BUSY), minutes_later(hung_up(30), 1))
        assert read_signals(a_call(), reports, given_up=True).ended_at == NOW

    def test_a_live_call_has_not_ended(self) -> None:
        assert read(leg(None, LegStatus.BUSY)).ended_at is None


class TestSignalKeys:
    def test_a_repeated_report_has_the_key_of_the_first(self) -> None:
        assert leg(90).key == replace(leg(90), received_at=NOW.replace(year=2027), raw={}).key

    def test_different_reports_have_different_keys(self) -> None:
        signals = [
            replace(a_signal(), kind=kind, attempt=attempt, status=status)
            for kind in SignalKind
            for attempt in range(3)
            for status in LegStatus
        ]
        assert len({signal.key for signal in signals}) == len(signals)


def test_a_carriers_call_id_always_names_the_same_call() -> None:
    assert call_id("twilio", "CA1") == call_id("twilio", "CA1")
    assert call_id("twilio", "CA1") != call_id("connect", "CA1")
    assert call_id("twilio", "CA1").startswith("call_")


SIGNALS = st.lists(
    st.builds(
        a_signal,
        kind=st.sampled_from(SignalKind),
        attempt=st.integers(0, 2),
        status=st.just(LegStatus.COMPLETED) | st.sampled_from(LegStatus),
        seconds=st.none() | st.integers(0, 7200),
        bridged=st.sampled_from([None, True, False]),
        received_at=st.integers(0, 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    ),
    max_size=8,
)
CALLS = st.sampled_from([None, 1, 2]).map(
    lambda number: a_call(attempt=number and an_attempt(number=number))
)


@given(CALLS, SIGNALS, st.booleans(), st.data())
def test_signals_in_any_order_and_repeated_read_the_same(
    call: Call, signals: list[Signal], given_up: bool, data: st.DataObject
) -> None:
    repeated = signals + data.draw(st.lists(st.sampled_from(signals)) if signals else st.just([]))
    shuffled = tuple(data.draw(st.permutations(repeated)))
    ending = read_signals(call, tuple(signals), given_up=given_up)
    assert read_signals(call, shuffled, given_up=given_up) == ending


@given(CALLS, SIGNALS, SIGNALS)
def test_what_was_certain_is_never_unsaid_by_less(
    call: Call, signals: list[Signal], more: list[Signal]
) -> None:
    """An ended call stays ended, unless a report says the talk it rested on was never bridged."""
    before = read_signals(call, tuple(signals))
    after = read_signals(call, (*signals, *more))
    if before.ended and not any(signal.bridged is False for signal in more):
        assert after.ended


@given(CALLS, SIGNALS, st.booleans())
def test_an_ending_never_contradicts_itself(
    call: Call, signals: list[Signal], given_up: bool
) -> None:
    ending = read_signals(call, tuple(signals), given_up=given_up)
    assert ending.talk_seconds >= 0
    assert ending.ended or not ending.certain
    assert ending.ended or ending.talk_seconds == 0
    assert ending.ended == (ending.ended_at is not None)
    if ending.talk_seconds:
        assert ending.evidence is not Evidence.NONE
        assert not ending.failed_attempt
        assert call.attempt is not None
