"""What the carrier would refuse, the reader refuses, with its code and a plain sentence."""

import re
from inspect import signature
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from simulator.grammar import ELEMENTS
from simulator.twiml import MOST_BYTES, TwimlRefused, read

ELEVEN = "<Number>+13125550123</Number>" * 11
SIP = "sip:queue@pbx.example.com"

REFUSED = [
    ("", 12100, "no well-formed XML"),
    ("<Response>", 12100, "no well-formed XML"),
    ("<!DOCTYPE x><Response/>", 12100, "document type"),
    ("<response/>", 12102, "must be <Response>"),
    ("<Response>hello</Response>", 12200, "may not hold text"),
    ("<Response version='1'/>", 12200, "no attribute version"),
    ("<Response><Shout/></Response>", 12200, "no TwiML element <Shout>"),
    ("<Response><dial>+13125550123</dial></Response>", 12200, "no TwiML element <dial>"),
    ("<Response><Enqueue>support</Enqueue></Response>", None, "does not play it"),
    ("<Response><Number>+13125550123</Number></Response>", 12200, "may not stand inside"),
    ("<Response><Say>Hi</Say><Reject/></Response>", None, "first verb"),
    ("<Response><Reject reason='tired'/></Response>", 12200, "rejected, busy"),
    ("<Response><Reject><Say>No</Say></Reject></Response>", 12200, "inside <Reject>"),
    ("<Response><Hangup now='true'/></Response>", 12200, "no attribute now"),
    ("<Response><Dial/></Response>", 13223, "nobody to call"),
    ("<Response><Dial>3125550123</Dial></Response>", 13223, "E.164"),
    ("<Response><Dial>+13125550123<Sip>" + SIP + "</Sip></Dial></Response>", 13215, "beside"),
    ("<Response><Dial><Say>Hi</Say></Dial></Response>", 13215, "inside <Dial>"),
    ("<Response><Dial><Conference>a</Conference></Dial></Response>", None, "does not play"),
    (f"<Response><Dial>{ELEVEN}</Dial></Response>", None, "11 nouns"),
    ("<Response><Dial timeout='4'>+13125550123</Dial></Response>", 13212, "5 to 600"),
    ("<Response><Dial timeout='601'>+13125550123</Dial></Response>", 13212, "5 to 600"),
    ("<Response><Dial timeout='twenty'>+13125550123</Dial></Response>", 13212, "whole number"),
    ("<Response><Dial timeLimit='0'>+13125550123</Dial></Response>", 13216, "1 to 14400"),
    ("<Response><Dial hangupOnStar='yes'>+13125550123</Dial></Response>", 13213, "true, false"),
    ("<Response><Dial callerId='14155550111'>+13125550123</Dial></Response>", 13214, "E.164"),
    ("<Response><Dial record='yes'>+13125550123</Dial></Response>", 13217, "record-from-answer"),
    ("<Response><Dial method='PUT'>+13125550123</Dial></Response>", 13210, "GET, POST"),
    ("<Response><Dial action='ftp://a.example/x'>+13125550123</Dial></Response>", 11100, "http"),
    ("<Response><Dial action='https://a_b.example/x'>+13125550123</Dial></Response>", 11100, "_"),
    ("<Response><Dial action='https://a.example/a b'>+13125550123</Dial></Response>", 11100, "a b"),
    ("<Response><Dial answeronbridge='true'>+13125550123</Dial></Response>", 12200, "no attribute"),
    ("<Response><Dial><Number>+1 312 555 0123</Number></Dial></Response>", 13223, "E.164"),
    ("<Response><Dial><Number/></Dial></Response>", 13223, "E.164"),
    ("<Response><Dial><Number sendDigits='1-2'>+13125550123</Number></Dial></Response>", 13222,
     "keys"),
    ("<Response><Dial><Number statusCallbackEvent='answered,completed'>+13125550123</Number>"
     "</Dial></Response>", 12200, "distinct words"),
    ("<Response><Dial><Number statusCallbackEvent='hungup'>+13125550123</Number></Dial>"
     "</Response>", 12200, "distinct words"),
    ("<Response><Dial><Number statusCallbackMethod='post'>+13125550123</Number></Dial>"
     "</Response>", 12200, "GET, POST"),
    ("<Response><Dial><Number machineDetectionTimeout='90'>+13125550123</Number></Dial>"
     "</Response>", 12200, "3 to 60"),
    ("<Response><Dial><Sip>pbx.example.com</Sip></Dial></Response>", 13243, "SIP URI"),
    (f"<Response><Dial><Sip>{SIP}{'m' * 240}</Sip></Dial></Response>", 13243, "255"),
    (f"<Response><Dial><Sip>{SIP}?Call-Ref=1</Sip></Dial></Response>", 13243, "X-"),
    (f"<Response><Dial><Sip>{SIP};transport=quic</Sip></Dial></Response>", 13243, "SIP URI"),
    ("<Response><Dial><Client/></Dial></Response>", 12200, "identity"),
    ("<Response><Dial><Client><Identity>a</Identity><Parameter name='x'/></Client></Dial>"
     "</Response>", 12200, "name and a value"),
    ("<Response><Say/></Response>", 13520, "1 to 4096"),
    (f"<Response><Say>{'a' * 4097}</Say></Response>", 13520, "1 to 4096"),
    ("<Response><Say loop='many'>Hi</Say></Response>", 13510, "0 to 1000"),
    ("<Response><Say><Dial>+13125550123</Dial></Say></Response>", 12200, "inside <Say>"),
    ("<Response><Play/></Response>", 11100, "neither a URL nor digits"),
    ("<Response><Play>a file</Play></Response>", 11100, "URL"),
    ("<Response><Play loop='-1'>/a.mp3</Play></Response>", 13410, "0 to 1000"),
    ("<Response><Pause length='x'/></Response>", 13910, "0 to 180"),
    ("<Response><Redirect/></Response>", 11100, "URL"),
    ("<Response><Redirect method='HEAD'>/x</Redirect></Response>", 13710, "GET, POST"),
    ("<Response><Gather>press one</Gather></Response>", 13320, "may not hold text"),
    ("<Response><Gather><Dial>+13125550123</Dial></Gather></Response>", 13320, "inside <Gather>"),
    ("<Response><Gather numDigits='0'/></Response>", 13314, "1 to 1000"),
    ("<Response><Gather finishOnKey='12'/></Response>", 13310, "one key"),
    ("<Response><Gather timeout='soon'/></Response>", 13313, "0 to 600"),
    ("<Response><Gather input='voice'/></Response>", 12200, "dtmf"),
    ("<Response><Record maxLength='0'/></Response>", 13612, "1 to 14400"),
    ("<Response><Record playBeep='1'/></Response>", 13616, "true, false"),
    ("<Response><Record timeout='-5'/></Response>", 13611, "0 to 600"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "words"), REFUSED)
def test_what_the_carrier_refuses_is_refused(body: str, code: int | None, words: str) -> None:
    with pytest.raises(TwimlRefused) as refusal:
        read(body.encode(), "text/xml")
    assert refusal.value.code == code
    assert words in refusal.value.sentence


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json; charset=utf-8"])
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(TwimlRefused) as refusal:
        read(b"<Response/>", content_type)
    assert refusal.value.code == 12300


@pytest.mark.parametrize(
    "content_type", ["text/xml", "application/xml", "text/html", "Text/XML; charset=utf-8"]
)
def test_every_xml_content_type_is_read(content_type: str) -> None:
    assert read(b"<Response/>", content_type) == ()


def test_a_document_may_have_64_kilobytes_and_no_byte_more() -> None:
    frame = "<Response><!--%s--></Response>"
    room = MOST_BYTES - len(frame % "")
    assert read((frame % ("x" * room)).encode(), "text/xml") == ()
    with pytest.raises(TwimlRefused) as refusal:
        read((frame % ("x" * (room + 1))).encode(), "text/xml")
    assert refusal.value.code == 11750


@pytest.mark.parametrize(
    ("verb", "code"),
    [("<Dial>+13125550123</Dial>", 13201), ("<Redirect>/x</Redirect>", 12200),
     ("<Record/>", 12200), ("<Reject/>", 12200)],
)  # fmt: skip
def test_a_called_leg_may_only_be_spoken_to(verb: str, code: int) -> None:
    with pytest.raises(TwimlRefused) as refusal:
        read(f"<Response>{verb}</Response>".encode(), "text/xml", whisper=True)
    assert refusal.value.code == code
    assert read(b"<Response><Say>Hi</Say><Hangup/></Response>", "text/xml", whisper=True)


def test_everything_the_carriers_builder_makes_of_a_call_is_read() -> None:
    response = VoiceResponse()
    response.say("Calls may be recorded.", voice="alice", language="en-US", loop=1)
    response.pause(length=1)
    response.play("https://cdn.example.com/hello.mp3")
    response.play("", digits="ww12")
    gather = Gather(action="/gather", num_digits=5, timeout=5, finish_on_key="#", input="dtmf")
    gather.say("Enter your ZIP code.")
    response.append(gather)
    dial = Dial(
        action="/dial?attempt=1&call=call_1", method="POST", answer_on_bridge=True, timeout=20,
        time_limit=3600, caller_id="+14155550111", record="record-from-answer-dual",
        recording_status_callback="/recording", recording_status_callback_event="completed absent",
        hangup_on_star=False, ring_tone="us", sequential=False, trim="do-not-trim",
    )  # fmt: skip
    dial.number(
        "+13125550123", url="/whisper?attempt=1", status_callback="/leg?attempt=1",
        status_callback_event="initiated ringing answered completed", send_digits="ww1",
        status_callback_method="POST", machine_detection="Enable",
    )  # fmt: skip
    dial.sip(f"{SIP};transport=tls?X-Call-Ref=abc&X-Bid=12.50", username="u", password="p")
    client = dial.client(status_callback="/leg")
    client.identity("agent")
    client.parameter(name="bid", value="1250")
    response.append(dial)
    response.record(action="/record", max_length=60, play_beep=True, timeout=5)
    response.redirect("/inbound", method="POST")
    response.hangup()
    verbs = read(str(response).encode(), "text/xml")
    assert [verb.name for verb in verbs] == [
        "Say", "Pause", "Play", "Play", "Gather", "Dial", "Record", "Redirect", "Hangup",
    ]  # fmt: skip
    assert verbs[5].get("action") == "/dial?attempt=1&call=call_1"
    assert [noun.name for noun in verbs[5].children] == ["Number", "Sip", "Client"]


SECONDS = st.integers(5, 600)
NUMBERS = st.from_regex(r"\+1[2-9]\d{2}55501\d{2}", fullmatch=True)


@given(
    numbers=st.lists(NUMBERS, min_size=1, max_size=10),
    timeout=SECONDS,
    limit=st.integers(1, 14400),
    query=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20),
)
def test_every_dial_of_the_carriers_builder_is_read_as_it_was_meant(
    numbers: list[str], timeout: int, limit: int, query: str
) -> None:
    action = "https://voice.example.com/dial?" + urlencode({"attempt": 1, "call": query})
    response = VoiceResponse()
    dial = response.dial(action=action, timeout=timeout, time_limit=limit)
    for number in numbers:
        dial.number(number, status_callback=action)
    (verb,) = read(str(response).encode(), "text/xml; charset=utf-8")
    assert (verb.get("action"), verb.count("timeout", 0)) == (action, timeout)
    assert [noun.text for noun in verb.children] == numbers


BUILDERS = {
    "Dial": VoiceResponse.dial, "Gather": VoiceResponse.gather, "Say": VoiceResponse.say,
    "Play": VoiceResponse.play, "Pause": VoiceResponse.pause, "Record": VoiceResponse.record,
    "Redirect": VoiceResponse.redirect, "Reject": VoiceResponse.reject,
    "Number": Dial.number, "Sip": Dial.sip, "Client": Dial.client,
}  # fmt: skip
TEXTS = {"number", "message", "url", "phoneNumber", "sipUrl", "identity"}
NOT_PLAYED = {"events", "passports"}


@pytest.mark.parametrize("element", BUILDERS)
def test_every_attribute_of_the_carriers_builder_is_known(element: str) -> None:
    names = list(signature(BUILDERS[element]).parameters)[1:-1]
    camel = {re.sub("_(.)", lambda m: m[1].upper(), name.rstrip("_")) for name in names}
    unknown = camel - ELEMENTS[element].attributes.keys()
    assert unknown <= TEXTS | NOT_PLAYED


def test_speech_markup_is_spoken_as_its_words() -> None:
    body = b"<Response><Say>Your <emphasis>first</emphasis> call<break/></Say></Response>"
    assert read(body, "text/xml")[0].text == "Your first call"


def test_only_reject_alone_or_first_is_taken() -> None:
    assert read(b"<Response><Reject reason='busy'/></Response>", "text/xml")[0].name == "Reject"
