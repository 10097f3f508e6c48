"""The simulator signs as the carrier does: published vectors, own vectors, and its package."""

from base64 import b64decode
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from simulator.signature import sign
from simulator.wire import signed_url

PUBLISHED = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
DOCUMENTED = {**PUBLISHED, "From": "+14158675310", "Caller": "+14158675310"}
BASE = "https://mycompany.com/myapp.php?foo=1&bar=2"

TOKEN = "0123456789abcdef0123456789abcdef"
LAMBDA = "https://abcdefghijklmnop.lambda-url.us-east-1.on.aws/t/acme"
GATEWAY = "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/api/twilio/voice/acme"
PARENT = "CA00000000000000000000000000000001"
INBOUND = (
    "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01"
    f"&CallSid={PARENT}&CallStatus=ringing&Called=%2B18005550100"
    "&CalledCity=&CalledCountry=US&CalledState=&CalledZip=&Caller=%2B14155550111"
    "&CallerCity=SAN+FRANCISCO&CallerCountry=US&CallerState=CA&CallerZip=94105&Direction=inbound"
    "&From=%2B14155550111&FromCity=SAN+FRANCISCO&FromCountry=US&FromState=CA&FromZip=94105"
    "&StirVerstat=TN-Validation-Passed-A&To=%2B18005550100&ToCity=&ToCountry=US&ToState=&ToZip="
)
LEG = (
    "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01"
    "&CallSid=CA00000000000000000000000000000002&CallbackSource=call-progress-events"
    "&Called=%2B13125550123&Caller=%2B14155550111&Direction=outbound-dial&From=%2B14155550111"
    f"&ParentCallSid={PARENT}&To=%2B13125550123"
)
RINGING = (
    f"{LEG}&CallStatus=ringing&SequenceNumber=1&Timestamp=Sun%2C+22+Nov+2026+15%3A04%3A07+%2B0000"
)
COMPLETED = (
    f"{LEG}&CallStatus=completed&CallDuration=127&Duration=3&SequenceNumber=3"
    "&SipResponseCode=200&Timestamp=Sun%2C+22+Nov+2026+15%3A06%3A19+%2B0000"
)
NUMBER = (
    "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01"
    f"&CallSid={PARENT}&Called=%2B18005550100&Caller=%2B14155550111&Direction=inbound"
    "&From=%2B14155550111&To=%2B18005550100"
)
DIAL_DONE = (
    f"{NUMBER}&CallStatus=in-progress&DialBridged=true&DialCallDuration=127"
    "&DialCallSid=CA00000000000000000000000000000002&DialCallStatus=completed"
    "&RecordingUrl=https%3A%2F%2Fapi.twilio.com%2F2010-04-01%2FAccounts%2F"
    "AC00000000000000000000000000000001%2FRecordings%2FRE00000000000000000000000000000001"
)
CALL_DONE = f"{NUMBER}&CallStatus=completed&CallDuration=141&Duration=3"


@pytest.mark.parametrize(
    ("url", "fields", "signature"),
    [
        (BASE, PUBLISHED, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (BASE.replace("https://mycompany.com", "http://mycompany.com:1234"), PUBLISHED,
         "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (BASE.replace(".com/", ".com:443/"), PUBLISHED, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (BASE.replace("https://mycompany.com", "http://mycompany.com:80"), PUBLISHED,
         "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (BASE.replace("mycompany", "example"), DOCUMENTED, "L/OH5YylLD5NRKLltdqwSvS0BnU="),
        (BASE + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
         {}, "a9nBmqA0ju/hNViExpshrM61xv4="),
    ],
)  # fmt: skip
def test_a_published_request_gets_its_published_signature(
    url: str, fields: dict[str, str], signature: str
) -> None:
    assert sign("12345", url, fields.items()) == signature


def test_equal_values_of_a_repeated_key_count_once_and_in_order() -> None:
    fields = [("Sid", "CA123"), ("SidAccount", "AC123")]
    digits = [("Digits", value) for value in ("5678", "1234", "1234")]
    assert sign("12345", BASE, fields + digits) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


@pytest.mark.parametrize(
    ("url", "body", "signature"),
    [
        (f"{LAMBDA}/inbound", INBOUND, "YjcCxfygMpF5ARtiJpw33rOgv10="),
        (f"{GATEWAY}?leg=1&try=2", INBOUND, "RKJOzc2gG7uUbGhvG7qos1hQEzA="),
        (f"{LAMBDA}/inbound?a=hello%20world&b=x%2By", INBOUND, "z8Xj0G8IjIV5qymJV7eM36gjrFU="),
        (f"{LAMBDA}/leg?attempt=1", RINGING, "XNyChtmw/UdO7Jnx9c2hP6/3zNo="),
        (f"{LAMBDA}/leg?attempt=1", COMPLETED, "CRck+SWleyG0CMZ5z0SdUNlRf4g="),
        (f"{LAMBDA}/dial-done?attempt=1", DIAL_DONE, "a81uv2GN8koZV9J6SKhuK3hUcr0="),
        (f"{LAMBDA}/call-done", CALL_DONE, "iRrqzoy0utzqDtLCVMg2g/wHWZo="),
    ],
)
def test_a_known_webhook_gets_its_known_signature(url: str, body: str, signature: str) -> None:
    assert sign(TOKEN, url, parse_qsl(body, keep_blank_values=True)) == signature


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
PATHS = st.from_regex(r"/[a-z0-9/._~-]{0,20}(\?[a-z]{1,5}=[A-Za-z0-9%+-]{0,8})?", fullmatch=True)


@given(
    fields=st.dictionaries(WORDS, WORDS, max_size=8),
    path=PATHS,
    token=st.text("0123456789abcdef", min_size=1, max_size=32),
)
def test_the_carriers_own_validator_accepts_every_signature(
    fields: dict[str, str], path: str, token: str
) -> None:
    url = "https://voice.example.com" + path
    signature = sign(token, url, fields.items())
    assert RequestValidator(token).validate(url, fields, signature)
    assert len(b64decode(signature)) == 20


@given(fields=st.dictionaries(WORDS.filter(bool), WORDS, min_size=1, max_size=5))
def test_a_changed_value_changes_the_signature(fields: dict[str, str]) -> None:
    key = next(iter(fields))
    changed = {**fields, key: fields[key] + "x"}
    assert sign(TOKEN, BASE, fields.items()) != sign(TOKEN, BASE, changed.items())


@pytest.mark.parametrize(
    ("configured", "signed"),
    [
        ("https://a.example.com/in#rc=2&rp=all", "https://a.example.com/in"),
        ("https://a.example.com:443/in?x=1", "https://a.example.com/in?x=1"),
        ("http://127.0.0.1:4566/in", "http://127.0.0.1:4566/in"),
        ("https://user:secret@a.example.com/in/", "https://a.example.com/in/"),
    ],
)
def test_the_signed_url_has_no_fragment_no_user_and_no_https_port(
    configured: str, signed: str
) -> None:
    assert signed_url(configured) == signed
