"""What targets do when they are rung, and what the platform is told of it."""

import pytest

from simulator import Behaviour, Outcome, Side
from tests.simulator.conftest import Place, kinds, the
from tests.simulator.standin import DIALLED, EVENTS, TARGET, Platform, dialling, twiml

OTHER = "+13125550124"


@pytest.mark.parametrize(
    ("behaviour", "leg", "seconds", "told"),
    [
        (Behaviour(outcome=Outcome.BUSY), "busy", 2.0, ["initiated", "busy"]),
        (Behaviour(outcome=Outcome.FAILED), "failed", 0.8, ["initiated", "failed"]),
        (Behaviour(outcome=Outcome.NO_ANSWER), "no-answer", 35.0,
         ["initiated", "ringing", "no-answer"]),
        (Behaviour(after=36), "no-answer", 35.0, ["initiated", "ringing", "no-answer"]),
        (Behaviour(after=35, talk=10), "completed", 45.0,
         ["initiated", "ringing", "in-progress", "completed"]),
    ],
)  # fmt: skip
def test_each_outcome_is_told_as_the_carrier_tells_it(
    place: Place, behaviour: Behaviour, leg: str, seconds: float, told: list[str]
) -> None:
    result = place(target=behaviour)
    legs = result.sent("leg-initiated", "leg-ringing", "leg-answered", "leg-completed")
    assert [exchange.fields["CallStatus"] for exchange in legs] == told
    assert [exchange.fields["SequenceNumber"] for exchange in legs] == [
        str(number) for number in range(len(told))
    ]
    assert legs[-1].second == pytest.approx(seconds)
    outcome = the(result, "dial").fields
    assert outcome["DialCallStatus"] == leg
    assert outcome["DialBridged"] == ("true" if leg == "completed" else "false")
    assert ("DialCallDuration" in outcome) == (leg == "completed")
    assert result.violations == ()


def test_a_call_nobody_answered_on_bridge_was_never_answered(place: Place) -> None:
    result = place(target=Behaviour(outcome=Outcome.BUSY))
    assert (result.status, result.duration, result.talk_seconds) == ("no-answer", 0, 0)
    assert the(result, "dial").fields["CallStatus"] == "ringing"
    assert the(result, "status").fields["CallDuration"] == "0"


def test_without_answer_on_bridge_the_caller_is_answered_when_the_dial_begins(
    platform: Platform, place: Place
) -> None:
    platform.says("/inbound", dialling(answer_on_bridge=False))
    result = place(target=Behaviour(after=6, talk=40))
    assert (result.duration, result.talk_seconds) == (46, 40)
    result = place(target=Behaviour(outcome=Outcome.BUSY))
    assert result.status == "completed"


def test_a_spoken_line_before_the_dial_answers_the_caller(platform: Platform, place: Place) -> None:
    dial = dialling().body.partition("<Response>")[2].removesuffix("</Response>")
    platform.says("/inbound", twiml(f"<Say>{'word ' * 10}</Say>{dial}"))
    result = place(target=Behaviour(after=6, talk=40))
    assert (result.duration, result.talk_seconds) == (50, 40)


def test_the_next_target_is_rung_when_the_action_says_so(platform: Platform, place: Place) -> None:
    platform.says("/dial", dialling(OTHER, action="/dial?attempt=2"), twiml("<Hangup/>"))
    busy_first = (Behaviour(outcome=Outcome.BUSY), Behaviour(after=5, talk=90))
    result = place(attempts=busy_first)
    assert [(leg.to, leg.status) for leg in result.legs] == [
        (TARGET, "busy"), (OTHER, "completed"),
    ]  # fmt: skip
    assert len({leg.sid for leg in result.legs}) == 2
    assert [e.request.url.partition("?")[2] for e in result.sent("dial")] == [
        "attempt=1", "attempt=2",
    ]  # fmt: skip
    assert (result.talk_seconds, result.duration) == (90, 90)


def test_a_targets_own_behaviour_goes_before_the_others(platform: Platform, place: Place) -> None:
    platform.says("/dial", dialling(TARGET), twiml("<Hangup/>"))
    rings = (Behaviour(outcome=Outcome.FAILED), Behaviour(talk=33))
    result = place(targets={TARGET: rings}, target=Behaviour(outcome=Outcome.BUSY))
    assert [leg.status for leg in result.legs] == ["failed", "completed"]
    assert result.talk_seconds == 33


def test_of_several_targets_the_first_to_answer_wins(platform: Platform, place: Place) -> None:
    platform.says("/inbound", dialling(TARGET, OTHER, "+13125550125"))
    result = place(
        targets={
            TARGET: Behaviour(after=9),
            OTHER: Behaviour(after=4, talk=60),
            "+13125550125": Behaviour(outcome=Outcome.BUSY),
        }
    )
    assert [leg.status for leg in result.legs] == ["canceled", "completed", "busy"]
    assert the(result, "dial").fields["DialCallSid"] == result.legs[1].sid
    assert result.talk_seconds == 60


def test_each_of_several_legs_is_told_of_by_itself(platform: Platform, place: Place) -> None:
    whisper = {TARGET: "", OTHER: " url='/whisper?of=2'"}
    nouns = "".join(
        f"<Number statusCallback='/leg?of={n}' statusCallbackEvent='answered completed'"
        f"{whisper[number]}>{number}</Number>"
        for n, number in enumerate(whisper, 1)
    )
    platform.says("/inbound", twiml(f"<Dial action='/dial' answerOnBridge='true'>{nouns}</Dial>"))
    platform.says("/whisper", twiml("<Hangup/>"))
    result = place(targets={TARGET: Behaviour(after=9), OTHER: Behaviour(after=4)})
    told = [
        (one.request.url.partition("?")[2], one.fields["CallStatus"])
        for one in result.sent("leg-answered", "leg-completed")
    ]
    assert told == [("of=1", "canceled"), ("of=2", "in-progress"), ("of=2", "completed")]
    outcome = the(result, "dial").fields
    assert (outcome["DialCallStatus"], outcome["DialBridged"]) == ("completed", "false")
    assert outcome["DialCallSid"] == result.legs[1].sid
    assert (result.talk_seconds, result.violations) == (0, ())


def test_one_after_another_rings_only_as_far_as_needed(platform: Platform, place: Place) -> None:
    platform.says("/inbound", dialling(TARGET, OTHER, "+13125550125", sequential=True))
    result = place(
        targets={TARGET: Behaviour(outcome=Outcome.BUSY), OTHER: Behaviour(after=4, talk=60)}
    )
    assert [(leg.to, leg.status) for leg in result.legs] == [
        (TARGET, "busy"), (OTHER, "completed"),
    ]  # fmt: skip


def test_a_caller_who_leaves_while_it_rings_cancels_the_leg(
    platform: Platform, place: Place
) -> None:
    result = place(hangup_while_ringing=4.0)
    assert [leg.status for leg in result.legs] == ["canceled"]
    assert the(result, "leg-completed").second == pytest.approx(4.0)
    assert the(result, "dial").fields["DialCallStatus"] == "canceled"
    assert (result.status, result.ended_by, result.talk_seconds) == ("no-answer", Side.CALLER, 0)


def test_the_answer_to_the_action_of_a_call_that_is_over_is_not_executed(
    platform: Platform, place: Place
) -> None:
    platform.says("/dial", dialling(OTHER))
    result = place(target=Behaviour(talk=30, hangup_by=Side.CALLER))
    assert [leg.to for leg in result.legs] == [TARGET]
    assert the(result, "dial").fields["CallStatus"] == "completed"


def test_a_time_limit_ends_the_talk(platform: Platform, place: Place) -> None:
    platform.says("/inbound", dialling(time_limit=60))
    result = place(target=Behaviour(after=5, talk=600))
    assert result.talk_seconds == 60
    assert the(result, "dial").fields["DialCallDuration"] == "60"


def test_only_the_wanted_leg_events_are_told(platform: Platform, place: Place) -> None:
    number = f"<Number statusCallback='/leg'>{TARGET}</Number>"
    platform.says("/inbound", twiml(f"<Dial action='/dial'>{number}</Dial>"))
    assert kinds(place()) == ["inbound", "leg-completed", "dial", "status"]


def test_a_whisper_is_heard_by_the_target_before_the_bridge(
    platform: Platform, place: Place
) -> None:
    noun = (
        f"<Number url='/whisper' statusCallback='/leg' statusCallbackEvent='{EVENTS}'>"
        f"{TARGET}</Number>"
    )
    platform.says("/inbound", twiml(f"<Dial action='/dial' answerOnBridge='true'>{noun}</Dial>"))
    platform.says("/whisper", twiml("<Say>An insurance call from the radio</Say><Pause/>"))
    result = place(target=Behaviour(after=6, talk=30))
    assert kinds(result)[3:5] == ["whisper", "leg-answered"]
    whisper = the(result, "whisper").fields
    assert whisper["CallSid"] == result.legs[0].sid
    assert (whisper["ParentCallSid"], whisper["CallStatus"]) == (result.sid, "in-progress")
    assert (result.talk_seconds, result.legs[0].duration, result.duration) == (30, 33, 30)


@pytest.mark.parametrize(("pressed", "bridged"), [("1", "true"), ("", "false")])
def test_a_target_may_have_to_accept_the_call(
    platform: Platform, place: Place, pressed: str, bridged: str
) -> None:
    platform.says(
        "/inbound",
        twiml(f"<Dial action='/dial'><Number url='/whisper'>{TARGET}</Number></Dial>"),
    )
    platform.says("/whisper", twiml("<Gather action='/accept' numDigits='1'/><Hangup/>"))
    platform.says("/accept", twiml("<Say>Connecting</Say>"))
    result = place(target=Behaviour(talk=30, whisper_digits=pressed))
    fields = the(result, "dial").fields
    assert (fields["DialBridged"], fields["DialCallStatus"]) == (bridged, "completed")
    assert result.talk_seconds == (30 if pressed else 0)


def test_a_recorded_dial_tells_where_the_recording_is(platform: Platform, place: Place) -> None:
    platform.says(
        "/inbound",
        dialling(record="record-from-answer-dual", recording_status_callback="/recording"),
    )
    result = place(target=Behaviour(talk=30, hangup_by=Side.TARGET))
    recording = the(result, "recording").fields
    assert recording["CallSid"] == result.sid
    assert (recording["RecordingDuration"], recording["RecordingChannels"]) == ("30", "2")
    assert the(result, "dial").fields["RecordingUrl"] == recording["RecordingUrl"]


@pytest.mark.parametrize(
    ("noun", "to"),
    [
        ("<Sip>sip:q@pbx.example.com?X-Bid=12</Sip>", "sip:q@pbx.example.com"),
        ("<Client>agent</Client>", "client:agent"),
        ("<Client><Identity>agent</Identity></Client>", "client:agent"),
    ],
)
def test_a_sip_address_or_client_is_rung_like_a_number(
    platform: Platform, place: Place, noun: str, to: str
) -> None:
    platform.says("/inbound", twiml(f"<Dial action='/dial'>{noun}</Dial>"))
    result = place(targets={to: Behaviour(talk=25)}, target=Behaviour(outcome=Outcome.BUSY))
    assert (result.legs[0].to, result.talk_seconds) == (to, 25)
    assert ("DialSipResponseCode" in the(result, "dial").fields) == to.startswith("sip:")


def test_the_callers_number_or_the_given_one_is_shown_to_the_target(
    platform: Platform, place: Place
) -> None:
    assert the(place(), "leg-ringing").fields["From"] == "+14155550111"
    platform.says("/inbound", dialling(caller_id=DIALLED))
    assert the(place(), "leg-ringing").fields["From"] == DIALLED
