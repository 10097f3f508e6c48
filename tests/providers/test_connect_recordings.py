"""Recordings and transcripts that an Amazon Connect instance makes, in a bucket of its own, and
what it records of calls."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.response import StreamingBody
from moto import mock_aws

from chalicelib.calls import Call
from chalicelib.providers.carriers import CarrierAway, CarrierRefused, UnusableMedia
from chalicelib.recording import Transcript
from tests.builders import NOW, a_call, an_attempt
from tests.carriers import MadeRecording
from tests.providers.carrier_contract import (
    MADE,
    OTHER,
    Bench,
    RecordingsContract,
    RecordsContract,
)
from tests.providers.connecting import Site, session, site

__all__ = ["site"]

BUCKET = "connect-bucket"
CONTACT = "0c1f2a3b-0000-4000-8000-000000000001"
TARGET = "+12125550100"


class Cut:
    """An S3 whose objects break off in the middle, for as long as it is `broken`."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_object(self, **said: Any) -> Any:
        answer = self._client.get_object(**said)
        if self.broken:
            whole = answer["Body"].read()
            half = io.BytesIO(whole[: len(whole) // 2])
            answer["Body"] = StreamingBody(half, content_length=len(whole))
        return answer


@pytest.fixture
def s3() -> Iterator[Cut]:
    with mock_aws():
        client = session().client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield Cut(client)


@pytest.fixture
def yard(site: Site, s3: Cut) -> "Yard":
    return Yard(site, s3)


class Yard:
    """An instance that puts recordings into a bucket."""

    def __init__(self, site: Site, s3: Cut) -> None:
        self.site, self.s3 = site, s3
        prefix = "connect/ringledger-test/CallRecordings"
        config = {"BucketName": BUCKET, "BucketPrefix": prefix}
        site.instance.storage["CALL_RECORDINGS"] = [{"StorageType": "S3", "S3Config": config}]
        self.carrier = site.carrier(s3=s3)

    def lays(self, made: MadeRecording) -> None:
        contact_id, _, at = made.carrier_id.partition("#")
        contact = self.site.instance.contacts.setdefault(contact_id, {"Id": contact_id})
        recordings = contact.setdefault("Recordings", [])
        del recordings[int(at or 0) :]
        self.site.instance.recorded.pop(contact_id, None)
        if made.status == "absent":
            return
        key = f"connect/ringledger-test/CallRecordings/ivr/2026/11/23/{made.carrier_id}_UTC.wav"
        begun = made.started_at.timestamp() + int(at or 0)
        one: dict[str, Any] = {"StorageType": "S3", "StartTimestamp": begun}
        if made.status == "completed":
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=made.sound)
            one |= {"Location": f"{BUCKET}/{key}", "Status": "AVAILABLE"}
            one |= {"StopTimestamp": one["StartTimestamp"] + made.seconds}
        else:
            self.site.instance.recorded[contact_id] = made.status == "paused"
        recordings.append(one)

    def status(self, carrier_id: str) -> str | None:
        contact_id = carrier_id.partition("#")[0]
        if contact_id in self.site.instance.recorded:
            return "paused" if self.site.instance.recorded[contact_id] else "in-progress"
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return "completed" if any(f"/{carrier_id}_UTC" in one["Key"] for one in listed) else None

    @contextmanager
    def cut(self) -> Iterator[None]:
        self.s3.broken = True
        yield
        self.s3.broken = False

    def talks(self, seconds: int) -> Call:
        """A call whose transfer was answered, and talked on for so long."""
        call = a_call(
            carrier="connect", carrier_call_id=CONTACT, attempt=an_attempt(destination=TARGET)
        )
        assert call.attempt is not None
        begun = call.attempt.reserved_at + timedelta(seconds=1)
        answered = begun + timedelta(seconds=5)
        over = answered + timedelta(seconds=seconds)
        self.site.instance.contacts |= {
            CONTACT: {
                "Id": CONTACT, "InitiationMethod": "INBOUND", "Channel": "VOICE",
                "Arn": f"{self.site.instance.arn}/contact/{CONTACT}",
                "InitiationTimestamp": call.arrived_at.timestamp(),
                "DisconnectTimestamp": over.timestamp(),
            },
            "leg": {
                "Id": "leg", "InitialContactId": CONTACT, "PreviousContactId": CONTACT,
                "Arn": f"{self.site.instance.arn}/contact/leg",
                "InitiationMethod": "EXTERNAL_OUTBOUND", "Channel": "VOICE",
                "InitiationTimestamp": begun.timestamp(),
                "ConnectedToSystemTimestamp": answered.timestamp(),
                "DisconnectTimestamp": over.timestamp(),
            },
        }  # fmt: skip
        return call

    def bench(self) -> Bench:
        return Bench(
            carrier=self.carrier, mislead=NotImplemented, away=self.site.away, talk=self.talks,
            lay=self.lays, status=self.status, cut=self.cut, verify=NotImplemented,
            made=replace(MADE, carrier_id=CONTACT, carrier_call_id=CONTACT),
            other=replace(OTHER, carrier_id=f"{CONTACT}#1", carrier_call_id=CONTACT),
            nobodys="no-such-contact", tells_channels=None, records_whole_calls=True,
        )  # fmt: skip


class TestConnect(RecordingsContract, RecordsContract):
    """The parts of the suite that are about calls and their recordings."""

    @pytest.fixture
    def bench(self, yard: Yard) -> Bench:
        return yard.bench()


def test_what_lies_at_a_recordings_place_and_is_no_sound_is_not_taken_for_one(yard: Yard) -> None:
    yard.lays(replace(MADE, carrier_id=CONTACT, carrier_call_id=CONTACT))
    (one,) = yard.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    for nonsense in (b"", b"RIFF", b"<html>" * 10):
        yard.s3.put_object(Bucket=BUCKET, Key=one["Key"], Body=nonsense)
        with pytest.raises(UnusableMedia), yard.carrier.open_recording(CONTACT):
            pass


def test_a_bucket_that_the_function_may_not_read_is_told(yard: Yard) -> None:
    yard.lays(replace(MADE, carrier_id=CONTACT, carrier_call_id=CONTACT))
    contact = yard.site.instance.contacts[CONTACT]
    contact["Recordings"][0]["Location"] = "s3://somebody-elses/recording.wav"
    with pytest.raises(CarrierRefused, match="S3 refuses"), yard.carrier.open_recording(CONTACT):
        pass


def test_a_recording_that_the_instance_deleted_is_gone(yard: Yard) -> None:
    yard.lays(replace(MADE, carrier_id=CONTACT, carrier_call_id=CONTACT))
    yard.site.instance.contacts[CONTACT]["Recordings"][0]["Status"] = "DELETED"
    assert yard.carrier.recordings_of(CONTACT) == ()
    yard.carrier.delete_recording(CONTACT)


def test_video_and_streams_are_no_recordings(yard: Yard) -> None:
    yard.site.instance.contacts[CONTACT] = {
        "Id": CONTACT,
        "Recordings": [
            {"StorageType": "KINESIS_VIDEO_STREAM", "StartTimestamp": 1.0},
            {"StorageType": "S3", "MediaStreamType": "VIDEO", "StartTimestamp": 1.0},
        ],
    }
    assert yard.carrier.recordings_of(CONTACT) == ()


def test_transcripts_are_found_where_the_instance_puts_them(yard: Yard) -> None:
    day, next_day = f"{NOW:%Y/%m/%d}", f"{NOW + timedelta(days=1):%Y/%m/%d}"
    keys = [
        f"Analysis/Voice/ivr/{day}/{CONTACT}_analysis_2026-11-23T15:10:00Z.json",
        f"Analysis/Voice/{next_day}/{CONTACT}_analysis_2026-11-24T00:10:00Z.json",
        f"Analysis/Voice/ivr/Redacted/{day}/{CONTACT}_analysis_redacted_2026-11-23T15:10:00Z.json",
    ]
    others = [
        f"Analysis/Voice/ivr/{day}/another_analysis_2026-11-23T15:10:00Z.json",
        f"Analysis/Voice/Redacted/{day}/{CONTACT}_call_recording_redacted.wav",
    ]
    for key in (*keys, *others):
        yard.s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    found = yard.carrier.transcripts_of(CONTACT, NOW)
    assert [one.location for one in found] == [f"s3://{BUCKET}/{key}" for key in keys]
    assert [one.redacted for one in found] == [False, False, True]
    assert all(isinstance(one, Transcript) for one in found)


def test_an_instance_that_keeps_nothing_has_no_transcripts(yard: Yard) -> None:
    yard.site.instance.storage.clear()
    assert yard.carrier.transcripts_of(CONTACT, NOW) == ()
    with yard.site.away(), pytest.raises(CarrierAway):
        yard.carrier.transcripts_of(CONTACT, NOW)
