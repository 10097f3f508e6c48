"""What Twilio is told to record, and what it reports of it: once, twice, late and odd."""

from itertools import permutations
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, VoiceResponse

from chalicelib.calls import CallStatus
from chalicelib.channels import twiml
from chalicelib.channels.twilio_recordings import report
from chalicelib.recording import (
    Progress,
    Recorded,
    Recording,
    RecordingState,
    RecordingTerms,
    recorded,
)
from tests import builders
from tests.builders import NOW
from tests.channels.test_twilio import SID, Phone, path_of
from tests.recordings import SID as RECORDING

FORM = {"RecordingSid": RECORDING, "RecordingDuration": "90", "RecordingChannels": "2"}


def a_phone(*, record: bool = True) -> Phone:
    phone = Phone()
    phone.world.opens(campaign=builders.a_campaign(recording=Recording(record=record)))
    return phone


def dialled(phone: Phone) -> ElementTree.Element:
    dial = phone.rings().find("Dial")
    assert dial is not None
    return dial


def callback(phone: Phone) -> str:
    return path_of(dialled(phone).get("recordingStatusCallback"))


def stands(phone: Phone) -> Recorded:
    file = phone.world.stores.recordings.file(phone.world.call(SID).id)
    (one,) = recorded(file.reports, file.kept, NOW)
    return one


def test_a_recorded_attempt_is_dialled_with_both_sides_apart() -> None:
    dial = dialled(a_phone())
    assert dial.get("record") == "record-from-answer-dual"
    assert dial.get("recordingStatusCallbackEvent") == "in-progress completed absent"
    query = parse_qsl(urlsplit(dial.get("recordingStatusCallback", "")).query)
    assert [name for name, _ in query] == ["attempt", "call"]


def test_an_attempt_that_is_not_recorded_says_nothing_of_recording() -> None:
    assert not [name for name in dialled(a_phone(record=False)).attrib if "ecord" in name]


def test_the_document_is_the_one_that_the_carriers_own_package_builds() -> None:
    attempt = builders.an_attempt(recording=RecordingTerms(state=RecordingState.ON, reason=None))
    ours = twiml.dial(
        attempt,
        [twiml.Noun(attempt=attempt, leg="https://a/l", whisper="/w", machine="/m")],
        action="https://a/d?x=1&y=2",
        recording="/r?a=1",
    )
    dial = Dial(
        action="https://a/d?x=1&y=2", method="POST", answer_on_bridge=True, timeout=25,
        time_limit=3600, record="record-from-answer-dual", recording_status_callback="/r?a=1",
        recording_status_callback_method="POST",
        recording_status_callback_event="in-progress completed absent",
    )  # fmt: skip
    dial.number(
        "+12125550100", status_callback="https://a/l", status_callback_method="POST",
        status_callback_event="answered completed",
    )  # fmt: skip
    theirs = VoiceResponse()
    theirs.append(dial)
    assert ElementTree.canonicalize(ours) == ElementTree.canonicalize(str(theirs))


@pytest.mark.parametrize(
    "order", list(permutations(["in-progress", "completed", "completed", "in-progress"]))
)
def test_reports_that_are_doubled_or_late_tell_the_same(order: tuple[str, ...]) -> None:
    phone = a_phone()
    path = callback(phone)
    for status in order:
        assert phone.posts(path, FORM, RecordingStatus=status)["statusCode"] == 200
    assert (stands(phone).state, stands(phone).seconds) == (Progress.AWAITED, 90)


def test_a_report_takes_one_round_trip_and_neither_ends_nor_settles_the_call() -> None:
    phone = a_phone()
    path = callback(phone)
    before = phone.rows.trips
    phone.posts(path, FORM, RecordingStatus="completed", CallStatus="completed")
    assert phone.rows.trips == before + 1
    phone.world.settles(SID)
    assert phone.world.status(SID) is CallStatus.LIVE


def test_a_recording_reported_after_the_verdict_is_kept_all_the_same() -> None:
    phone = a_phone()
    path = callback(phone)
    leg = path_of(phone.rings().findall("Dial/Number")[0].get("statusCallback"))
    phone.posts(leg, CallStatus="completed", CallDuration="95")
    phone.world.settles(SID)
    phone.posts(path, FORM, RecordingStatus="completed")
    assert phone.world.status(SID) is CallStatus.APPROVED
    assert stands(phone).state is Progress.AWAITED


def test_a_report_that_the_carrier_did_not_sign_is_refused_before_anything_is_written() -> None:
    phone = a_phone()
    path, before = callback(phone), phone.rows.trips
    assert (
        phone.posts(path, FORM, token="another", RecordingStatus="completed")["statusCode"] == 403
    )
    assert phone.rows.trips == before


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"RecordingSid": RECORDING},
        {"RecordingSid": RECORDING, "RecordingStatus": "processing"},
        {"RecordingSid": "RE1", "RecordingStatus": "completed"},
        {"RecordingSid": f"{RECORDING}/../{RECORDING}", "RecordingStatus": "completed"},
        {"RecordingSid": "CA" + "1" * 32, "RecordingStatus": "completed"},
        {"RecordingStatus": "absent"},
    ],
)
def test_a_form_that_is_no_report_is_passed_over(form: dict[str, str]) -> None:
    assert report(form, 1, NOW) is None
    phone = a_phone()
    before = (callback(phone), phone.rows.trips)
    assert phone.posts(before[0], form)["statusCode"] == 200
    assert phone.rows.trips == before[1]


@given(
    seconds=st.text(max_size=9), channels=st.text(max_size=9),
    status=st.sampled_from(["in-progress", "completed", "absent"]),
)  # fmt: skip
def test_odd_numbers_are_not_believed(seconds: str, channels: str, status: str) -> None:
    form = {
        "RecordingSid": RECORDING, "RecordingStatus": status, "RecordingDuration": seconds,
        "RecordingChannels": channels,
    }  # fmt: skip
    told = report(form, 1, NOW)
    assert told is not None
    for value in (told.seconds, told.channels):
        assert value is None or 0 <= value < 1_000_000
