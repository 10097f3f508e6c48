"""Who ended a call, by any set of reports: in any order, repeated, and with some of them lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.answering import Introduction, Line
from chalicelib.calls import CallStatus, HungUpBy, LegStatus, Signal, SignalKind
from chalicelib.hangups import tells_of_hang_up, who_hung_up
from tests.builders import a_call, a_signal, an_attempt

DENIED = a_call(status=CallStatus.DENIED)
ON, DONE = LegStatus.IN_PROGRESS, LegStatus.COMPLETED
BY = HungUpBy


def leg(status: LegStatus = DONE, seconds: int | None = 90, **more: object) -> Signal:
    return a_signal(status=status, seconds=seconds, **more)


def dial(
    caller: LegStatus | None, status: LegStatus = DONE, seconds: int = 90, **more: object
) -> Signal:
    values = {"bridged": status is DONE, **more}
    return a_signal(
        kind=SignalKind.DIAL, status=status, seconds=seconds, callers_status=caller, **values
    )


def callers(status: LegStatus = DONE) -> Signal:
    return a_signal(kind=SignalKind.CALL, attempt=0, status=status, seconds=95)


@pytest.mark.parametrize(
    ("signals", "by", "why"),
    [
        # the dial's report tells of both sides
        ((leg(), dial(ON), callers()), BY.TARGET, "dial completed"),
        ((leg(), dial(DONE), callers()), BY.CALLER, "dial completed"),
        ((dial(ON, seconds=3600), callers()), BY.TIME_LIMIT, "dial completed"),
        ((dial(DONE, LegStatus.NO_ANSWER), callers()), BY.CALLER, "dial no-answer"),
        ((dial(LegStatus.NO_ANSWER, LegStatus.CANCELED),), BY.CALLER, "dial canceled"),
        ((dial(ON, LegStatus.BUSY, sip_code="486"),), BY.PLATFORM, "dial busy, SIP 486"),
        ((dial(LegStatus.RINGING, LegStatus.FAILED),), BY.PLATFORM, "dial failed"),
        ((dial(ON, bridged=False),), BY.PLATFORM, "dial completed"),
        # the dial's report is lost
        ((leg(LegStatus.CANCELED, None), callers()), BY.CALLER, "leg canceled"),
        ((leg(seconds=3600), callers()), BY.TIME_LIMIT, "leg completed"),
        ((callers(LegStatus.NO_ANSWER),), BY.CALLER, "call no-answer"),
        ((leg(), callers()), BY.UNKNOWN, "call completed"),
        ((leg(), dial(None)), BY.UNKNOWN, "leg completed"),
        ((leg(),), BY.UNKNOWN, "leg completed"),
        ((), BY.UNKNOWN, "no report"),
        # an earlier attempt tells nothing of the end
        ((dial(DONE, attempt=2), callers()), BY.UNKNOWN, "call completed"),
    ],
)
def test_a_hang_up_is_told_by_the_best_report_there_is(
    signals: tuple[Signal, ...], by: HungUpBy, why: str
) -> None:
    told = who_hung_up(DENIED, signals)
    assert told is not None
    assert (told.by, told.why) == (by, why)


def test_nobody_has_hung_up_on_a_live_call() -> None:
    assert who_hung_up(a_call(), (leg(), dial(ON), callers())) is None


def test_a_refused_caller_was_hung_up_on_for_the_reason_of_the_refusal() -> None:
    refused = a_call(status=CallStatus.DENIED, attempt=None, refusal="no_target")
    told = who_hung_up(refused, (callers(),))
    assert told and (told.by, told.why) == (BY.PLATFORM, "no_target")


def test_a_caller_who_leaves_among_the_questions_hung_up() -> None:
    told = who_hung_up(a_call(status=CallStatus.DENIED, attempt=None), (callers(),))
    assert told and told.by is BY.CALLER


def test_after_a_whisper_the_limit_is_known_to_a_second() -> None:
    whispered = an_attempt(introduction=Introduction(whisper=Line(text="Hello")))
    call = a_call(status=CallStatus.APPROVED, attempt=whispered, talk_seconds=3599)
    told = who_hung_up(call, (dial(ON, seconds=3605),))
    assert told and told.by is BY.TIME_LIMIT
    call = a_call(status=CallStatus.APPROVED, attempt=whispered, talk_seconds=3598)
    told = who_hung_up(call, (dial(ON, seconds=3604),))
    assert told and told.by is BY.TARGET


SIGNALS = st.lists(
    st.builds(
        a_signal,
        kind=st.sampled_from(SignalKind),
        attempt=st.integers(0, 2),
        status=st.sampled_from(LegStatus),
        seconds=st.none() | st.integers(0, 4000),
        bridged=st.sampled_from([None, True, False]),
        callers_status=st.none() | st.sampled_from(LegStatus),
        sip_code=st.sampled_from([None, "486"]),
    ),
    max_size=7,
    unique_by=lambda signal: signal.key,
)


@given(SIGNALS, st.data())
def test_order_and_repetition_make_no_difference(
    signals: list[Signal], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(signals + signals[:3]))
    told = who_hung_up(DENIED, signals)
    assert who_hung_up(DENIED, shuffled) == told
    assert who_hung_up(DENIED, filter(tells_of_hang_up, signals)) == told
