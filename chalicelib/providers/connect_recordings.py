"""What does an Amazon Connect instance keep of a call's sound, and of what was said?

Owns the half of an instance that is about recordings and transcripts, in the words of `carriers`.
The instance puts both into a bucket of the operator's own account: recordings where the contact
says, transcripts of Contact Lens below a path of the day. HTTP belongs to `connect_api`.

A recording is of a whole contact, transfers included. Its id is the contact's, so that what pauses
it and what fetches it speak of the same; a second one of a contact has its place behind a `#`.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from chalicelib.providers.carriers import CarrierAway, CarrierRefused, Media, UnusableMedia
from chalicelib.providers.connect_api import ConnectApi, Json, NotAtConnect, NotToBeHad
from chalicelib.recording import CarriersOwn, Transcript

MOST_BYTES = 1 << 30
_HEAD_BYTES = 24
_CHANNELS = slice(22, 24)
# A flow's own talks lie apart from those with an agent.
_TRANSCRIPTS = (
    ("Analysis/Voice/ivr/", False),
    ("Analysis/Voice/", False),
    ("Analysis/Voice/ivr/Redacted/", True),
    ("Analysis/Voice/Redacted/", True),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies in S3."""

    bucket: str
    key: str

    @classmethod
    def of(cls, location: str) -> "Place":
        """The place that a contact names: bucket and key, with or without the scheme."""
        bucket, _, key = location.removeprefix("s3://").partition("/")
        return cls(bucket, key)


@dataclass(slots=True)
class StoredMedia:
    """A `Media`: an object on its way, of which the head was read before."""

    head: bytes
    body: Any
    channels: int
    size_bytes: int = 0

    def read(self, amount: int = -1, /) -> bytes:
        """The head first; a stream that ends before its length is no recording."""
        if self.head:
            part, self.head = _split(self.head, amount)
            if amount < 0:
                part += self._more(-1)
        else:
            part = self._more(amount)
        self.size_bytes += len(part)
        if self.size_bytes > MOST_BYTES:
            raise UnusableMedia(f"the recording has more than {MOST_BYTES} bytes")
        return part

    def _more(self, amount: int) -> bytes:
        try:
            return bytes(self.body.read(None if amount < 0 else amount))
        except ReadTimeoutError as fault:
            raise CarrierAway("S3 fell silent in the middle of a recording") from fault
        except (IncompleteReadError, ResponseStreamingError) as fault:
            raise UnusableMedia("the recording broke off before its end") from fault


class ConnectRecordings:
    """The recordings of one instance, in the buckets that `s3` reaches."""

    _api: ConnectApi
    _instance_id: str
    _s3: Any

    @contextmanager
    def open_recording(self, carrier_id: str) -> Iterator[Media]:
        """From the bucket, as the role of the function may."""
        place = self._place(carrier_id)
        answer = self._ask_s3("get_object", Bucket=place.bucket, Key=place.key)
        # The body counts what comes, which it does not do where it is entered itself.
        with closing(answer["Body"]) as body:
            media = StoredMedia(b"", body, channels=0)
            head = media.read(_HEAD_BYTES)
            if head[:4] != b"RIFF" or len(head) < _HEAD_BYTES:
                raise UnusableMedia("what lies at the recording's place is no sound")
            yield StoredMedia(head, body, int.from_bytes(head[_CHANNELS], "little"))

    def delete_recording(self, carrier_id: str) -> None:
        """Remove the object; the contact goes on naming its place."""
        try:
            place = self._place(carrier_id)
        except CarrierRefused:
            # There is no such recording, or not yet.
            return
        self._ask_s3("delete_object", Bucket=place.bucket, Key=place.key)

    def pause_recording(self, carrier_call_id: str, *, paused: bool) -> str | None:
        """What a flow records, not what is recorded of an agent."""
        operation = "suspend_contact_recording" if paused else "resume_contact_recording"
        try:
            self._api.ask(
                operation,
                InstanceId=self._instance_id,
                ContactId=carrier_call_id,
                InitialContactId=carrier_call_id,
                ContactRecordingType="IVR",
            )
        except (NotAtConnect, NotToBeHad):
            return None
        return carrier_call_id

    def recordings_of(self, carrier_call_id: str) -> tuple[CarriersOwn, ...]:
        """Those whose sound lies at its place, or is still being made."""
        return tuple(
            _own(id, one)
            for id, one in self._recorded(carrier_call_id)
            if not _over(one) or self._lies(Place.of(one["Location"]))
        )

    def transcripts_of(self, carrier_call_id: str, arrived_at: datetime) -> tuple[Transcript, ...]:
        """What Contact Lens wrote of the contact, on its day or, past midnight, on the next."""
        days = [f"{arrived_at + timedelta(days=later):%Y/%m/%d}" for later in (0, 1)]
        return tuple(
            Transcript(
                location=f"s3://{bucket}/{one['Key']}",
                redacted=redacted,
                written_at=one["LastModified"],
            )
            for bucket in self._buckets()
            for path, redacted in _TRANSCRIPTS
            for day in days
            for one in self._listed(bucket, f"{path}{day}/{carrier_call_id}")
            if one["Key"].endswith(".json")
        )

    def _buckets(self) -> list[str]:
        """Where the instance puts recordings; transcripts lie in the same bucket."""
        answer = self._api.ask(
            "list_instance_storage_configs",
            InstanceId=self._instance_id,
            ResourceType="CALL_RECORDINGS",
        )
        stored = answer.get("StorageConfigs", [])
        return [one["S3Config"]["BucketName"] for one in stored if one["StorageType"] == "S3"]

    def _place(self, carrier_id: str) -> Place:
        contact_id = carrier_id.partition("#")[0]
        made = dict(self._recorded(contact_id)).get(carrier_id)
        if made is None or not _over(made):
            raise CarrierRefused("Amazon Connect keeps no sound under this id")
        return Place.of(made["Location"])

    def _recorded(self, contact_id: str) -> list[tuple[str, Json]]:
        """What the contact says of its recordings, by their ids, in the order of their making."""
        try:
            contact = self._api.ask(
                "describe_contact", InstanceId=self._instance_id, ContactId=contact_id
            )["Contact"]
        except (NotAtConnect, NotToBeHad):
            return []
        sounds = [one for one in contact.get("Recordings") or [] if _is_sound(one)]
        sounds.sort(key=lambda one: one["StartTimestamp"])
        ids = (contact_id if at == 0 else f"{contact_id}#{at}" for at in range(len(sounds)))
        named = zip(ids, sounds, strict=True)
        return [(id, one) for id, one in named if one.get("Status") != "DELETED"]

    def _lies(self, place: Place) -> bool:
        listed = self._listed(place.bucket, place.key)
        return any(one["Key"] == place.key for one in listed)

    def _listed(self, bucket: str, prefix: str) -> list[Json]:
        answer = self._ask_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=20)
        found: list[Json] = answer.get("Contents", [])
        return found

    def _ask_s3(self, operation: str, **said: Any) -> Json:
        """What S3 answers; its client repeats by itself what may be repeated."""
        try:
            answer: Json = getattr(self._s3, operation)(**said)
        except ClientError as fault:
            status = fault.response["ResponseMetadata"].get("HTTPStatusCode", 0)
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise CarrierAway(f"S3 does not answer: status {status}") from fault
            raise CarrierRefused(f"S3 refuses: {fault}") from fault
        except BotoCoreError as fault:
            raise CarrierAway(f"S3 does not answer: {type(fault).__name__}") from fault
        return answer


def _is_sound(one: Json) -> bool:
    in_s3 = one.get("StorageType", "S3") == "S3"
    return in_s3 and one.get("MediaStreamType", "AUDIO") == "AUDIO" and "StartTimestamp" in one


def _over(one: Json) -> bool:
    return bool(one.get("Location")) and one.get("StopTimestamp") is not None


def _own(id: str, one: Json) -> CarriersOwn:
    over = _over(one)
    span = one["StopTimestamp"] - one["StartTimestamp"] if over else None
    return CarriersOwn(
        carrier_id=id,
        started_at=one["StartTimestamp"],
        over=over,
        seconds=round(span.total_seconds()) if span is not None else None,
        channels=None,
        whole_call=True,
    )


def _split(held: bytes, amount: int) -> tuple[bytes, bytes]:
    return (held, b"") if amount < 0 else (held[:amount], held[amount:])
