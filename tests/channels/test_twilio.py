"""The voice function: signed webhooks in, TwiML out, whatever happens behind it."""

import base64
import threading
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import CallStatus
from chalicelib.channels.callers import Context
from chalicelib.channels.twilio import handle
from chalicelib.channels.twilio_signature import signature
from chalicelib.runtime import Secrets
from chalicelib.store.stores import Stores
from tests import builders
from tests.builders import CALLER, TRACKING_NUMBER
from tests.fakes import FakeRows
from tests.world import World

TOKEN, ACCOUNT = "secret-token", "AC" + "1" * 32
BASE = "https://voice.example.com/ringledger"
SID = "CA" + "1" * 32


class Phone:
    """Twilio's side of the voice function, over a world in memory."""

    def __init__(self) -> None:
        self.rows = FakeRows()
        self.world = World(self.rows)
        secrets = Secrets(
            twilio_account_sid=ACCOUNT,
            twilio_tokens=(TOKEN,),
            caller_hash_key="hash-key",
            operator_key_sha256="",
            voice_url=BASE,
        )
        self.context = Context(
            secrets=lambda: secrets, stores=lambda: self.world.stores, clock=self.world.clock
        )

    def posts(
        self,
        path: str,
        form: dict[str, str] | None = None,
        *,
        encoded: bool = True,
        token: str = TOKEN,
        **more: str,
    ) -> dict[str, Any]:
        """A webhook, signed with the token, as a Function URL hands it over."""
        fields = {
            "AccountSid": ACCOUNT, "CallSid": SID, "From": CALLER, "To": TRACKING_NUMBER,
            "CallStatus": "ringing", "FromState": "CA", "FromCity": "", "FromCountry": "US",
        } | (form or {}) | more  # fmt: skip
        pairs = list(fields.items())
        return self.sends(path, urlencode(pairs), signature(token, BASE + path, pairs), encoded)

    def sends(
        self, path: str, body: str, signed: str, encoded: bool = True, method: str = "POST"
    ) -> dict[str, Any]:
        """A raw request."""
        parts = urlsplit(path)
        event = {
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "headers": {"x-twilio-signature": signed},
            "requestContext": {"domainName": "x.lambda-url", "http": {"method": method}},
            "body": base64.b64encode(body.encode()).decode() if encoded else body,
            "isBase64Encoded": encoded,
        }
        return handle(event, self.context)

    def rings(self, **more: str) -> ElementTree.Element:
        """A call comes in; the answer as XML."""
        answer = self.posts("/twilio/inbound", more)
        assert answer["statusCode"] == 200
        return ElementTree.fromstring(answer["body"])


@pytest.fixture
def phone() -> Phone:
    made = Phone()
    made.world.opens()
    return made


def path_of(url: str | None) -> str:
    return (url or "").removeprefix(BASE)


def test_a_call_is_answered_with_a_dial_to_its_target(phone: Phone) -> None:
    dial = phone.rings().find("Dial")
    assert dial is not None
    assert dial.get("answerOnBridge") == "true"
    assert (dial.get("timeout"), dial.get("timeLimit")) == ("25", "3600")
    number = dial.find("Number")
    assert number is not None
    assert number.text == "+12125550100"
    assert number.get("statusCallbackEvent") == "answered completed"


def test_query_keys_in_our_urls_stand_in_alphabetical_order(phone: Phone) -> None:
    dial = phone.rings().find("Dial")
    assert dial is not None
    keys = [key for key, _ in parse_qsl(urlsplit(dial.get("action", "")).query)]
    assert keys == sorted(keys) == ["attempt", "call"]


def test_a_sip_target_is_dialled_as_sip() -> None:
    phone = Phone()
    phone.world.opens(builders.a_target(destination="sip:sales@pbx.example.com?X-Ref=a&X-Bid=b"))
    sip = phone.rings().find("Dial/Sip")
    assert sip is not None
    assert sip.text == "sip:sales@pbx.example.com?X-Ref=a&X-Bid=b"


def test_digits_are_sent_to_a_number_that_asks_for_them() -> None:
    phone = Phone()
    phone.world.opens(builders.a_target(send_digits="ww1#"))
    number = phone.rings().find("Dial/Number")
    assert number is not None
    assert number.get("sendDigits") == "ww1#"


def test_a_body_that_is_not_base64_is_read_as_it_stands(phone: Phone) -> None:
    assert phone.posts("/twilio/inbound", encoded=False)["statusCode"] == 200


def test_a_wrong_signature_is_refused_before_anything_is_read(phone: Phone) -> None:
    before = phone.rows.trips
    answer = phone.posts("/twilio/inbound", token="another")
    assert answer["statusCode"] == 403
    assert phone.rows.trips == before


def test_another_account_is_refused_even_with_a_good_signature(phone: Phone) -> None:
    before = phone.rows.trips
    assert phone.posts("/twilio/inbound", AccountSid="AC" + "2" * 32)["statusCode"] == 403
    assert phone.rows.trips == before


def test_a_query_that_was_changed_on_the_way_is_refused(phone: Phone) -> None:
    pairs = [("AccountSid", ACCOUNT), ("CallSid", SID)]
    good = signature(TOKEN, BASE + "/twilio/leg?attempt=1&call=call_1", pairs)
    answer = phone.sends("/twilio/leg?attempt=2&call=call_1", urlencode(pairs), good)
    assert answer["statusCode"] == 403


def test_an_unknown_number_hears_an_apology_and_is_kept(phone: Phone) -> None:
    response = phone.rings(To="+18005550199")
    assert "not in service" in (response.findtext("Say") or "")
    assert phone.world.call(SID).reasons == ("unknown_number",)


def test_when_nobody_can_take_it_the_caller_hears_a_decent_line() -> None:
    phone = Phone()
    phone.world.opens(funds=0)
    assert "nobody can take your call" in (phone.rings().findtext("Say") or "")


def test_a_call_whose_first_answer_was_lost_is_given_it_again_as_a_fallback(phone: Phone) -> None:
    first = phone.rings()
    error = {"ErrorCode": "11200", "ErrorUrl": BASE + "/twilio/inbound"}
    again = ElementTree.fromstring(phone.posts("/twilio/fallback", error)["body"])
    assert ElementTree.tostring(again) == ElementTree.tostring(first)
    assert len(phone.world.target()["leases"]) == 1


@pytest.mark.parametrize("url", ["/twilio/dial?attempt=1&call=call_1", "", "not a url"])
def test_a_call_that_was_lost_on_the_way_ends_decently(phone: Phone, url: str) -> None:
    phone.rings()
    error = {"ErrorCode": "11200", "ErrorUrl": BASE + url}
    ended = ElementTree.fromstring(phone.posts("/twilio/fallback", error)["body"])
    assert [verb.tag for verb in ended] == ["Say", "Hangup"]
    assert len(phone.world.target()["leases"]) == 1, "no further target is rung"


def test_a_broken_store_still_speaks_to_the_caller(phone: Phone) -> None:
    def broken() -> Stores:
        raise ConnectionError("the database is away")

    phone.context = Context(secrets=phone.context.secrets, stores=broken, clock=phone.world.clock)
    assert "nobody can take your call" in (phone.rings().findtext("Say") or "")


def test_a_store_that_takes_too_long_does_not_leave_the_caller_in_silence(phone: Phone) -> None:
    over = threading.Event()

    def slow() -> Stores:
        over.wait(timeout=30)
        return phone.world.stores

    phone.context = Context(
        secrets=phone.context.secrets, stores=slow, clock=phone.world.clock, patience_seconds=0.05
    )
    assert "nobody can take your call" in (phone.rings().findtext("Say") or "")
    over.set()


def test_a_whole_call_is_connected_reported_and_settled(phone: Phone) -> None:
    dial = phone.rings().find("Dial")
    number = phone.rings().find("Dial/Number")
    assert dial is not None
    assert number is not None
    leg = path_of(number.get("statusCallback"))
    assert phone.posts(leg, CallStatus="in-progress")["statusCode"] == 200
    phone.posts(leg, CallStatus="completed", CallDuration="95", CallSid="CA" + "2" * 32)
    over = phone.posts(
        path_of(dial.get("action")), DialCallStatus="completed", DialCallDuration="95",
        DialBridged="true",
    )  # fmt: skip
    assert "<Hangup/>" in over["body"]
    phone.posts("/twilio/status", CallStatus="completed", CallDuration="96")
    phone.world.settles(SID)
    assert phone.world.status(SID) is CallStatus.APPROVED
    assert phone.world.call(SID).talk_seconds == 95


def test_a_status_callback_takes_one_round_trip(phone: Phone) -> None:
    phone.rings()
    before = phone.rows.trips
    phone.posts("/twilio/status", CallStatus="completed", CallDuration="96")
    assert phone.rows.trips == before + 1


def test_a_busy_target_is_followed_by_the_next() -> None:
    phone = Phone()
    phone.world.opens(
        builders.a_target(id="tgt_1", priority=1),
        builders.a_target(id="tgt_2", priority=2, destination="+12125550102"),
    )
    dial = phone.rings().find("Dial")
    assert dial is not None
    action = path_of(dial.get("action"))
    answers = [phone.posts(action, DialCallStatus="busy") for _ in range(2)]
    assert answers[0] == answers[1]
    following = ElementTree.fromstring(answers[0]["body"])
    assert following.findtext("Dial/Number") == "+12125550102"
    assert "attempt=2" in (following.find("Dial") or dial).get("action", "")


def test_a_caller_who_has_left_is_not_connected_to_anybody_else() -> None:
    phone = Phone()
    phone.world.opens(builders.a_target(id="tgt_1"), builders.a_target(id="tgt_2"))
    dial = phone.rings().find("Dial")
    assert dial is not None
    answer = phone.posts(
        path_of(dial.get("action")), DialCallStatus="canceled", CallStatus="no-answer"
    )
    assert "<Hangup/>" in answer["body"]
    phone.world.settles(SID)
    assert phone.world.call(SID).reasons == ("not_connected",)
    assert phone.world.funds() == (100_000, 0)


def test_after_the_last_target_the_caller_hears_an_apology(phone: Phone) -> None:
    dial = phone.rings().find("Dial")
    assert dial is not None
    answer = phone.posts(path_of(dial.get("action")), DialCallStatus="no-answer")
    assert "nobody can take your call" in answer["body"]
    phone.world.settles(SID)
    assert phone.world.status(SID) is CallStatus.DENIED


@pytest.mark.parametrize(
    "caller", ["anonymous", "unknown", "", "+266696687", "client:bob", "sip:x@example.com"]
)
def test_a_withheld_number_is_no_caller(phone: Phone, caller: str) -> None:
    phone.rings(From=caller)
    assert phone.world.call(SID).caller is None


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/", "GET", 404), ("/twilio/other", "POST", 404), ("/twilio/inbound", "GET", 405)],
)
def test_what_is_no_webhook_is_said_so(phone: Phone, path: str, method: str, status: int) -> None:
    assert phone.sends(path, "", "", method=method)["statusCode"] == status


def test_a_form_without_a_call_is_refused(phone: Phone) -> None:
    pairs = [("AccountSid", ACCOUNT)]
    signed = signature(TOKEN, BASE + "/twilio/inbound", pairs)
    assert phone.sends("/twilio/inbound", urlencode(pairs), signed)["statusCode"] == 400


def test_a_body_that_is_not_text_is_refused(phone: Phone) -> None:
    event = {
        "rawPath": "/twilio/inbound", "rawQueryString": "", "headers": {},
        "requestContext": {"domainName": "x", "http": {"method": "POST"}},
        "body": "%%%", "isBase64Encoded": True,
    }  # fmt: skip
    assert handle(event, phone.context)["statusCode"] == 403


PATHS = st.sampled_from(
    [
        "/twilio/inbound",
        "/twilio/status",
        "/twilio/dial?attempt=1&call=call_x",
        "/twilio/dial?attempt=x",
        "/twilio/leg?attempt=1&call=call_x",
        "/twilio/leg?attempt=999&call=",
        "/twilio/answer?call=call_x&question=1&tries=1",
        "/twilio/answer?call=&question=9&tries=%C2%B2",
        "/twilio/whisper?attempt=1&call=call_x",
        "/twilio/bridge?attempt=1&call=call_x&press=1",
        "/twilio/bridge?attempt=0",
        "/twilio/message?call=call_x&told=action",
        "/twilio/message?told=",
    ]
)
NAMES = st.sampled_from(
    ["CallStatus", "CallDuration", "DialCallStatus", "DialCallDuration", "DialBridged", "From",
     "Digits", "RecordingUrl", "RecordingDuration",
     "To", "FromState", "SequenceNumber", "Ünknown"]
)  # fmt: skip
VALUES = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["completed", "busy", "99999999999999999999", "-1", "²", TRACKING_NUMBER]
)


@given(path=PATHS, form=st.dictionaries(NAMES, VALUES, max_size=10))
def test_no_signed_form_however_odd_is_answered_with_a_fault(
    path: str, form: dict[str, str]
) -> None:
    phone = Phone()
    phone.world.opens()
    phone.rings()
    assert phone.posts(path, form)["statusCode"] == 200
