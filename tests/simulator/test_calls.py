"""One call against the stand-in: what is sent, in which order, and how it ends."""

import time
from typing import Any

import pytest

from simulator import ANONYMOUS, Behaviour, CallResult, CallScript, Network, Side
from tests.simulator.conftest import CALLER, Place, kinds, the
from tests.simulator.standin import ACCOUNT, DIALLED, TARGET, Platform, dialling, twiml


def test_a_bridged_call_has_the_carriers_time_line(platform: Platform, place: Place) -> None:
    result = place()
    assert [(round(e.second, 1), e.kind, e.fields["CallStatus"]) for e in result.timeline] == [
        (0.0, "inbound", "ringing"),
        (0.3, "leg-initiated", "initiated"),
        (1.5, "leg-ringing", "ringing"),
        (6.0, "leg-answered", "in-progress"),
        (133.0, "leg-completed", "completed"),
        (133.0, "dial", "completed"),
        (134.0, "status", "completed"),
    ]
    assert result.violations == ()
    assert (result.talk_seconds, result.duration, result.ended_by) == (127, 127, Side.CALLER)


def test_every_webhook_is_genuine_and_says_what_the_carrier_says(
    platform: Platform, place: Place
) -> None:
    result = place()
    assert all(request.genuine for request in platform.received)
    (inbound,) = platform.heard("/inbound")
    assert inbound.fields == {
        "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": result.sid,
        "CallStatus": "ringing", "Direction": "inbound", "StirVerstat": "TN-Validation-Passed-A",
        "From": "+14155550111", "Caller": "+14155550111", "To": DIALLED, "Called": DIALLED,
        "FromCity": "SAN FRANCISCO", "FromState": "CA", "FromZip": "94105", "FromCountry": "US",
        "CallerCity": "SAN FRANCISCO", "CallerState": "CA", "CallerZip": "94105",
        "CallerCountry": "US", "ToCity": "", "ToState": "", "ToZip": "", "ToCountry": "US",
        "CalledCity": "", "CalledState": "", "CalledZip": "", "CalledCountry": "US",
    }  # fmt: skip
    last_leg = platform.heard("/leg")[-1].fields
    assert last_leg["ParentCallSid"] == result.sid
    assert last_leg["CallSid"] == result.legs[0].sid
    assert (last_leg["CallDuration"], last_leg["Duration"]) == ("127", "3")
    assert (last_leg["SequenceNumber"], last_leg["SipResponseCode"]) == ("3", "200")
    assert last_leg["CallbackSource"] == "call-progress-events"
    assert last_leg["Timestamp"] == "Sun, 22 Nov 2026 15:06:19 +0000"
    (status,) = platform.heard("/status")
    assert (status.fields["CallDuration"], status.fields["Duration"]) == ("127", "3")
    assert "DialCallStatus" not in status.fields
    assert status.headers["I-Twilio-Idempotency-Token"]


def test_the_dial_action_tells_of_the_bridge(platform: Platform, place: Place) -> None:
    result = place(target=Behaviour(after=6, talk=40, hangup_by=Side.TARGET))
    fields = the(result, "dial").fields
    assert fields["CallSid"] == result.sid
    assert fields["CallStatus"] == "in-progress"
    assert fields["DialCallSid"] == result.legs[0].sid
    assert (fields["DialCallStatus"], fields["DialCallDuration"]) == ("completed", "40")
    assert fields["DialBridged"] == "true"
    assert result.ended_by is Side.TARGET


def test_a_caller_may_leave_in_the_middle_of_a_spoken_part(
    platform: Platform, place: Place
) -> None:
    platform.says("/inbound", twiml("<Say>One two three four five</Say><Pause length='30'/>"))
    result = place(hangup_in_ivr=10.0)
    assert (result.status, result.duration, result.ended_by) == ("completed", 10, Side.CALLER)


def test_verbs_after_a_dial_without_action_run_and_with_one_do_not(
    platform: Platform, place: Place
) -> None:
    after = "<Redirect>/after</Redirect>"
    target_leaves = Behaviour(talk=30, hangup_by=Side.TARGET)
    platform.says("/after", twiml("<Hangup/>"))
    platform.says("/inbound", twiml(f"<Dial>{TARGET}</Dial>{after}"))
    assert kinds(place(target=target_leaves)) == ["inbound", "redirect", "status"]
    platform.says("/inbound", twiml(f"<Dial action='/dial'>{TARGET}</Dial>{after}"))
    assert kinds(place(target=target_leaves)) == ["inbound", "dial", "status"]


def test_pressed_digits_reach_the_action_of_a_gather(platform: Platform, place: Place) -> None:
    platform.says("/inbound", twiml("<Gather action='/zip' numDigits='5'/><Hangup/>"))
    platform.says("/zip", twiml("<Gather/><Hangup/>"))
    result = place(digits=("941059", "7#"))
    assert [exchange.fields["Digits"] for exchange in result.sent("gather")] == ["94105", "7"]
    assert [request.path for request in platform.received[:3]] == ["/inbound", "/zip", "/zip"]


@pytest.mark.parametrize(("asked", "told"), [("", []), (" actionOnEmptyResult='true'", [""])])
def test_a_gather_without_input_goes_on_unless_it_wants_to_know(
    platform: Platform, place: Place, asked: str, told: list[str]
) -> None:
    platform.says("/inbound", twiml(f"<Gather action='/zip'{asked}/><Hangup/>"))
    platform.says("/zip", twiml("<Hangup/>"))
    result = place()
    assert [exchange.fields["Digits"] for exchange in result.sent("gather")] == told
    assert result.duration == 5


def test_a_recorded_message_reaches_its_action(platform: Platform, place: Place) -> None:
    platform.says("/inbound", twiml("<Record action='/message' maxLength='7'/>"))
    platform.says("/message", twiml("<Hangup/>"))
    fields = the(place(), "record").fields
    assert (fields["RecordingDuration"], fields["Digits"]) == ("7", "#")


@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        ("<Reject/>", "no-answer"), ("<Reject reason='busy'/>", "busy"),
        ("<Hangup/>", "completed"), ("", "completed"), ("<Pause/><Hangup/>", "no-answer"),
        ("<Say>Sorry</Say>", "completed"), ("<Play>/sorry.mp3</Play>", "completed"),
    ],
)  # fmt: skip
def test_a_call_that_is_not_dialled_ends_with_its_status(
    platform: Platform, place: Place, verbs: str, status: str
) -> None:
    platform.says("/inbound", twiml(verbs))
    result = place()
    assert (result.status, the(result, "status").fields["CallStatus"]) == (status, status)
    assert result.violations == ()


def test_an_anonymous_caller_has_no_place_and_no_attestation(
    platform: Platform, place: Place
) -> None:
    place(caller=ANONYMOUS)
    fields = platform.received[0].fields
    assert (fields["From"], fields["FromState"]) == ("anonymous", "")
    assert "StirVerstat" not in fields


def test_a_get_request_carries_and_signs_its_fields_in_the_url(
    platform: Platform, place: Place
) -> None:
    platform.says("/inbound", twiml("<Redirect method='GET'>/next?a=1</Redirect>"))
    platform.says("/next", twiml("<Hangup/>"))
    result = place()
    (request,) = platform.heard("/next")
    assert (request.method, request.genuine) == ("GET", True)
    assert (request.fields["a"], request.fields["CallSid"]) == ("1", result.sid)


def test_the_query_is_sent_sorted_and_signed_as_written(platform: Platform, place: Place) -> None:
    platform.says("/inbound", dialling(action="/dial?call=1&attempt=2"))
    place()
    (request,) = platform.heard("/dial")
    assert request.target == "/dial?attempt=2&call=1"
    assert not request.genuine


def test_a_number_without_status_url_sends_no_status(platform: Platform) -> None:
    network = Network(
        account_sid=ACCOUNT, auth_token="x", voice_inbound=platform.url + "/inbound#rc=2"
    )
    platform.says("/inbound", twiml("<Hangup/>"))
    result = network.place(_script())
    network.close()
    assert kinds(result) == ["inbound"]
    assert platform.received[0].target == "/inbound"


def test_the_same_seed_gives_the_same_call(platform: Platform, place: Place) -> None:
    def told(result: CallResult) -> list[Any]:
        return [(e.second, e.request) for e in result.timeline]

    assert told(place(seed="a")) == told(place(seed="a"))
    assert place(seed="b").sid != place(seed="a").sid


def test_real_time_waits_and_a_faster_pace_waits_less(platform: Platform) -> None:
    seen: list[float] = []
    network = Network(
        account_sid=ACCOUNT,
        auth_token="x",
        voice_inbound=platform.url + "/inbound",
        speed=400.0,
        on_exchange=lambda exchange: seen.append(exchange.second),
    )
    begun = time.monotonic()
    network.place(_script(target=Behaviour(after=6, talk=127)))
    network.close()
    assert time.monotonic() - begun >= 133 / 400
    assert seen == sorted(seen)


def _script(**choices: Any) -> CallScript:
    return CallScript(to=DIALLED, caller=CALLER, **choices)
