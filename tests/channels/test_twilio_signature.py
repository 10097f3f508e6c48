"""Twilio's signature: published vectors, the vendor's own validator, and what must not pass."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from chalicelib.channels.twilio_signature import signature, signed

BASE = "https://mycompany.com/myapp.php?foo=1&bar=2"
PAIRS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (
            BASE.replace("https", "http").replace(".com", ".com:1234"),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
        (BASE.replace(".com", ".com:443"), "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (BASE.replace("https", "http").replace(".com", ".com:80"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
)
def test_the_published_vectors_hold(url: str, expected: str) -> None:
    assert signature("12345", url, PAIRS) == expected


def test_the_values_of_a_repeated_key_count_once_each_and_in_order() -> None:
    pairs = [("Sid", "CA123"), ("SidAccount", "AC123")]
    pairs += [("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    assert signature("12345", BASE, pairs) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


FUNCTION_URL = "https://abcdefghijklmnop.lambda-url.us-east-1.on.aws/t/acme"
TOKEN = "0123456789abcdef0123456789abcdef"
INBOUND = (
    "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01"
    "&CallSid=CA00000000000000000000000000000001&CallStatus=ringing&Called=%2B18005550100"
    "&CalledCity=&CalledCountry=US&CalledState=&CalledZip=&Caller=%2B14155550111"
    "&CallerCity=SAN+FRANCISCO&CallerCountry=US&CallerState=CA&CallerZip=94105&Direction=inbound"
    "&From=%2B14155550111&FromCity=SAN+FRANCISCO&FromCountry=US&FromState=CA&FromZip=94105"
    "&StirVerstat=TN-Validation-Passed-A&To=%2B18005550100&ToCity=&ToCountry=US&ToState=&ToZip="
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/inbound", "YjcCxfygMpF5ARtiJpw33rOgv10="),
        ("/inbound?a=hello%20world&b=x%2By", "z8Xj0G8IjIV5qymJV7eM36gjrFU="),
    ],
)
def test_blank_fields_and_the_raw_query_are_part_of_what_is_signed(
    path: str, expected: str
) -> None:
    pairs = parse_qsl(INBOUND, keep_blank_values=True)
    assert signature(TOKEN, FUNCTION_URL + path, pairs) == expected


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@settings(max_examples=2_000)
@given(
    token=st.text("0123456789abcdef", min_size=1, max_size=32),
    path=st.text("abc/-_", max_size=12),
    form=st.dictionaries(st.text("AbcXyz_09", min_size=1, max_size=8), TEXT, max_size=8),
    port=st.sampled_from(["", ":443", ":8443"]),
)
def test_the_vendors_validator_agrees(
    token: str, path: str, form: dict[str, str], port: str
) -> None:
    url = f"https://voice.example.com{port}/{path}"
    given_signature = signature(token, url, list(form.items()))
    assert RequestValidator(token).validate(url, form, given_signature)
    assert signed(given_signature, tokens=[token], url=url, pairs=list(form.items()))


def test_a_signature_under_the_previous_token_counts_during_a_rotation() -> None:
    old = signature("old", BASE, PAIRS)
    assert signed(old, tokens=["new", "old"], url=BASE, pairs=PAIRS)
    assert not signed(old, tokens=["new"], url=BASE, pairs=PAIRS)


def test_the_port_may_be_written_or_left_out() -> None:
    bare, ported = "https://a.example/x", "https://a.example:443/x"
    assert signed(signature("t", ported, PAIRS), tokens=["t"], url=bare, pairs=PAIRS)
    assert signed(signature("t", bare, PAIRS), tokens=["t"], url=ported, pairs=PAIRS)


@pytest.mark.parametrize("given_signature", ["", "not base64", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "ü"])
def test_anything_else_is_no_signature(given_signature: str) -> None:
    assert not signed(given_signature, tokens=["12345"], url=BASE, pairs=PAIRS)
