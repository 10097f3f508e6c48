"""Which attributes, children and texts may each TwiML element have, and with which values?

Tables only; walking a document is `twiml`'s business. The numbers are the carrier's own codes;
`SCHEMA` stands where it names none.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SCHEMA = 12200
BAD_URL = 11100
BAD_NESTING = 13215
BAD_NUMBER = 13223
BAD_SIP = 13243

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One value: the check it must pass, how to say what is allowed, the carrier's code."""

    check: Check
    allowed: str
    code: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element: its attributes, its children, and the rule of its text (`None`: no text)."""

    attributes: Mapping[str, Rule] = field(default_factory=dict)
    children: tuple[str, ...] = ()
    text: Rule | None = None
    text_required: bool = True
    nesting_code: int = SCHEMA


def is_e164(value: str) -> bool:
    """Is this `+`, a country code and at most 15 digits in all?"""
    return re.fullmatch(r"\+[1-9]\d{6,14}", value) is not None


def is_url(value: str) -> bool:
    """Is this an absolute http(s) URL with a host the carrier resolves, or a relative one?"""
    if not value or re.search(r"[\s<>\"]", value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    if not parts.scheme and not parts.netloc:
        return True
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in parts.netloc


_SIP_HEADERS = ("user-to-user", "remote-party-id", "p-preferred-identity", "p-called-party-id")
_SIP_URI = re.compile(
    r"sips?:[^@\s;?]+@[A-Za-z0-9.\-\[\]:]+"
    r"(;(transport=(udp|tcp|tls)|region=(us1|us2|ie1|de1|sg1|jp1|br1|au1)))*"
)


_MOST_SIP_URI = 255
_MOST_SIP_HEADERS = 1024


def is_sip(value: str) -> bool:
    """Is this a SIP URI of at most 255 characters with at most 1024 of permitted headers?"""
    uri, _, headers = value.partition("?")
    if len(uri) > _MOST_SIP_URI or len(headers) > _MOST_SIP_HEADERS or not _SIP_URI.fullmatch(uri):
        return False
    names = [pair.partition("=")[0].lower() for pair in headers.split("&") if pair]
    return all(name.startswith("x-") or name in _SIP_HEADERS for name in names)


def _number(low: int, high: int, code: int = SCHEMA, *, also: str = "") -> Rule:
    def check(value: str) -> bool:
        if also and value == also:
            return True
        return re.fullmatch(r"\d{1,6}", value) is not None and low <= int(value) <= high

    word = f" or {also}" if also else ""
    return Rule(check, f"a whole number from {low} to {high}{word}", code)


def _one_of(*words: str, code: int = SCHEMA) -> Rule:
    return Rule(lambda value: value in words, "one of " + ", ".join(words), code)


def _words(*words: str) -> Rule:
    def check(value: str) -> bool:
        given = value.split(" ")
        return len(set(given)) == len(given) and set(given) <= set(words)

    return Rule(check, "distinct words, one space between, of " + ", ".join(words))


def _matching(pattern: str, allowed: str, code: int = SCHEMA) -> Rule:
    return Rule(lambda value: re.fullmatch(pattern, value) is not None, allowed, code)


URL = Rule(is_url, "an absolute http or https URL (no _ in the host) or a relative one", BAD_URL)
ANY = Rule(lambda _: True, "anything")
BOOL = _one_of("true", "false")


def _method(code: int = SCHEMA) -> Rule:
    return _one_of("GET", "POST", code=code)


def _text(longest: int, code: int = SCHEMA) -> Rule:
    return Rule(lambda value: 0 < len(value) <= longest, f"1 to {longest} characters", code)


def _boolean(code: int) -> Rule:
    return _one_of("true", "false", code=code)


_LEG: Mapping[str, Rule] = {
    "url": URL,
    "method": _method(13221),
    "statusCallback": URL,
    "statusCallbackMethod": _method(),
    "statusCallbackEvent": _words("initiated", "ringing", "answered", "completed"),
}
_MACHINE: Mapping[str, Rule] = {
    "machineDetection": _one_of("Enable", "DetectMessageEnd"),
    "machineDetectionTimeout": _number(3, 60),
    "machineDetectionSpeechThreshold": _number(1000, 6000),
    "machineDetectionSpeechEndThreshold": _number(500, 5000),
    "machineDetectionSilenceTimeout": _number(2000, 10000),
    "amdStatusCallback": URL,
    "amdStatusCallbackMethod": _method(),
}
_RECORDING: Mapping[str, Rule] = {
    "recordingStatusCallback": URL,
    "recordingStatusCallbackMethod": _method(),
    "recordingStatusCallbackEvent": _words("in-progress", "completed", "absent"),
    "recordingConfigurationId": ANY,
    "trim": _one_of("trim-silence", "do-not-trim"),
}
_RECORDS = tuple(
    f"record-from-{moment}{kind}" for moment in ("answer", "ringing") for kind in ("", "-dual")
)
_DIAL: Mapping[str, Rule] = {
    **_RECORDING,
    "action": URL,
    "method": _method(13210),
    "timeout": _number(5, 600, 13212),
    "hangupOnStar": _boolean(13213),
    "callerId": _matching(r"\+[1-9]\d{6,14}|client:\S+", "an E.164 number or client:name", 13214),
    "timeLimit": _number(1, 14400, 13216),
    "record": _one_of("do-not-record", "true", "false", *_RECORDS, code=13217),
    "recordingTrack": _one_of("inbound", "outbound", "both"),
    "answerOnBridge": BOOL,
    "sequential": BOOL,
    "ringTone": _matching(r"automatic|[a-z]{2}(-old)?", "automatic or an ISO country code"),
    "callReason": _text(50),
    "referUrl": URL,
    "referMethod": _method(),
}
_GATHER: Mapping[str, Rule] = {
    "input": _one_of("dtmf", "speech", "dtmf speech", "speech dtmf"),
    "action": URL,
    "method": _method(13312),
    "numDigits": _number(1, 1000, 13314),
    "finishOnKey": _matching(r"[0-9*#]?", "one key of 0-9, * and #, or nothing", 13310),
    "timeout": _number(0, 600, 13313, also="auto"),
    "speechTimeout": _number(0, 600, also="auto"),
    "maxSpeechTime": _number(1, 600),
    "language": ANY,
    "hints": ANY,
    "speechModel": ANY,
    "enhanced": BOOL,
    "profanityFilter": BOOL,
    "partialResultCallback": URL,
    "partialResultCallbackMethod": _method(),
    "actionOnEmptyResult": BOOL,
    "bargeIn": BOOL,
    "debug": BOOL,
}
_RECORD: Mapping[str, Rule] = {
    **_RECORDING,
    "action": URL,
    "method": _method(13610),
    "timeout": _number(0, 600, 13611),
    "finishOnKey": _matching(r"[0-9*#]*", "keys of 0-9, * and #", 13613),
    "maxLength": _number(1, 14400, 13612),
    "playBeep": _boolean(13616),
    "transcribe": _boolean(13614),
    "transcribeCallback": URL,
}
_SAY_MARKUP = ("break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w")
_SEND_DIGITS = _matching(r"[0-9A-D#*wW]+", "keys of 0-9, A-D, #, *, w and W", 13222)

VERBS = ("Dial", "Say", "Gather", "Play", "Pause", "Redirect", "Reject", "Hangup", "Record")
WHISPER_VERBS = ("Say", "Gather", "Play", "Pause", "Hangup")
NOUNS = ("Number", "Sip", "Client")

ELEMENTS: Mapping[str, Element] = {
    "Response": Element(children=VERBS),
    "Dial": Element(
        attributes=_DIAL,
        children=NOUNS,
        text=Rule(is_e164, "an E.164 number", BAD_NUMBER),
        text_required=False,
        nesting_code=BAD_NESTING,
    ),
    "Number": Element(
        attributes={**_LEG, **_MACHINE, "sendDigits": _SEND_DIGITS, "byoc": ANY},
        text=Rule(is_e164, "an E.164 number", BAD_NUMBER),
    ),
    "Sip": Element(
        attributes={**_LEG, **_MACHINE, "username": ANY, "password": ANY},
        text=Rule(is_sip, "a SIP URI of at most 255 characters with X- headers only", BAD_SIP),
    ),
    "Client": Element(
        attributes=_LEG,
        children=("Identity", "Parameter"),
        text=_text(256),
        text_required=False,
    ),
    "Identity": Element(text=_text(256)),
    "Parameter": Element(attributes={"name": _text(256), "value": ANY}),
    "Say": Element(
        attributes={"voice": ANY, "language": ANY, "loop": _number(0, 1000, 13510)},
        children=_SAY_MARKUP,
        text=_text(4096, 13520),
    ),
    "Gather": Element(attributes=_GATHER, children=("Say", "Play", "Pause"), nesting_code=13320),
    "Play": Element(
        attributes={
            "loop": _number(0, 1000, 13410),
            "digits": _matching(r"[0-9#*wW]+", "keys of 0-9, #, *, w and W"),
        },
        text=URL,
        text_required=False,
    ),
    "Pause": Element(attributes={"length": _number(0, 180, 13910)}),
    "Redirect": Element(attributes={"method": _method(13710)}, text=URL),
    "Reject": Element(attributes={"reason": _one_of("rejected", "busy")}),
    "Hangup": Element(),
    "Record": Element(attributes=_RECORD),
}

SPOKEN_ELSEWHERE = frozenset(
    {"Conference", "Queue", "Application", "Sim", "WhatsApp", "Enqueue", "Connect", "Start"}
    | {"Stop", "Leave", "Pay", "Prompt", "Refer", "Sms", "Message", "Echo"}
)
"""Elements the carrier knows and this simulator does not play."""
