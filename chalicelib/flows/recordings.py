"""What happens to a recording: fetched, played, paused, erased?

Joins what is known of a recording with the carrier that made it and the bucket that keeps it. Each
step may be repeated: the one that failed is done again, and those before it find themselves done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib import runtime
from chalicelib.calls import Call, CallStatus
from chalicelib.errors import Conflict, NotFound
from chalicelib.providers.carriers import CarrierNamed, Media, carrier_named
from chalicelib.recording import (
    LINK_LASTS,
    Access,
    KeptRecording,
    RecordingState,
    RecordingTerms,
    Report,
    ReportStatus,
    Transcript,
    media_key,
    recording_id,
)
from chalicelib.store.recordings import RecordingFile, expected_part, report_part
from chalicelib.store.stores import Stores

_NOT_RECORDED = RecordingTerms()


class Bucket(Protocol):
    """What keeps media."""

    def keep(self, key: str, stream: Media) -> None:
        """Keep all of the stream."""
        ...

    def remove(self, key: str) -> None:
        """Remove what lies there, if anything."""
        ...

    def link(self, key: str, lasts: timedelta) -> str:
        """An address at which the media can be played for so long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where recordings are: with the carrier that a call names, and in the bucket."""

    carrier: CarrierNamed
    bucket: Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to play a recording, for a while."""

    access: Access
    url: str


def fetch(
    call_id: str, recording_id: str, *, stores: Stores, places: Places, now: datetime
) -> None:
    """Bring a recording that has media into the bucket, and have the carrier delete its own where
    the campaign says so; repeating it changes nothing.

    What was recorded although its attempt was not to be is left where it is. NotFound when no
    report has told of the media.
    """
    file = stores.recordings.file(call_id)
    report = file.completed(recording_id)
    if report is None:
        raise NotFound(f"there is no recording {recording_id} to fetch for {call_id}")
    attempt = file.attempts.get(report.attempt)
    terms = attempt.recording if attempt else _NOT_RECORDED
    if terms.state is not RecordingState.ON:
        what = {"call_id": call_id, "recording_id": recording_id}
        runtime.logger().warning("the carrier recorded what was not to be recorded", extra=what)
        _done_with(call_id, report, stores)
        return
    kept = file.kept_one(recording_id) or _brought(
        file, report, terms, stores=stores, places=places, now=now
    )
    if kept.delete_at_carrier and kept.carrier_deleted_at is None:
        places.carrier(file.call.carrier).delete_recording(kept.carrier_id)
        stores.recordings.mark(kept, "carrier_deleted_at", now)
    _done_with(call_id, report, stores)


def _done_with(call_id: str, report: Report, stores: Stores) -> None:
    """Nobody need look at the recording any more. Its report comes last: until then it is due, and
    whoever looks at it does all of this again."""
    stores.recordings.look_again(call_id, expected_part(report.attempt), None)
    stores.recordings.look_again(call_id, report_part(report), None)


def _brought(
    file: RecordingFile,
    report: Report,
    terms: RecordingTerms,
    *,
    stores: Stores,
    places: Places,
    now: datetime,
) -> KeptRecording:
    """The recording once its media are in the bucket: first the media, then the row."""
    key = media_key(file.call.id, report.recording_id, terms.keep_days)
    with places.carrier(file.call.carrier).open_recording(report.carrier_id) as media:
        places.bucket.keep(key, media)
    kept = KeptRecording(
        id=report.recording_id,
        call_id=file.call.id,
        attempt=report.attempt,
        carrier_id=report.carrier_id,
        key=key,
        size_bytes=media.size_bytes,
        channels=media.channels,
        seconds=report.seconds,
        keep_days=terms.keep_days,
        delete_at_carrier=terms.delete_at_carrier,
        kept_at=now,
    )
    if stores.recordings.keep(kept):
        return kept
    earlier = stores.recordings.get(kept.id)
    if earlier.deleted_at is not None:
        # Erased while these media were on their way: they must not come back.
        places.bucket.remove(key)
    return earlier


def give_link(kept: KeptRecording, access: Access, *, stores: Stores, places: Places) -> Link:
    """A link for whoever the access names; the access is kept first.

    NotFound, with a code of its own, when the media were erased or have expired.
    """
    if kept.deleted_at is not None:
        raise NotFound(f"{kept.id} was erased", code="recording_deleted")
    if kept.expired(access.at):
        raise NotFound(f"{kept.id} was kept for {kept.keep_days} days", code="recording_expired")
    url = places.bucket.link(kept.key, LINK_LASTS)
    stores.recordings.keep_access(access)
    return Link(access=access, url=url)


def erase(recording_id: str, *, stores: Stores, places: Places, now: datetime) -> KeptRecording:
    """Remove the media, here and at the carrier; what remains says when.

    It is kept as erased once nothing is left: after a failure the same request goes on.
    """
    kept = stores.recordings.get(recording_id)
    if kept.deleted_at is None:
        call = stores.calls.get(kept.call_id)
        places.bucket.remove(kept.key)
        places.carrier(call.carrier).delete_recording(kept.carrier_id)
        stores.recordings.mark(kept, "carrier_deleted_at", now)
        stores.recordings.mark(kept, "deleted_at", now)
    return stores.recordings.get(recording_id)


def transcripts(call_id: str, *, stores: Stores, carrier: CarrierNamed) -> tuple[Transcript, ...]:
    """Where the call's own carrier put what was said, the oldest first. Nothing of it is copied."""
    call = stores.calls.get(call_id)
    found = carrier(call.carrier).transcripts_of(call.carrier_call_id, call.arrived_at)
    return tuple(sorted(found, key=lambda one: (one.written_at, one.location)))


def pause(
    call_id: str, *, paused: bool, stores: Stores, carrier: CarrierNamed, now: datetime
) -> Report:
    """Pause the recording of a live call, or go on with it, and keep that it was done.

    Conflict when nothing is being recorded.
    """
    call = stores.calls.get(call_id)
    recorder_id = None
    if _recorded(call):
        theirs = carrier(call.carrier)
        recorder_id = theirs.pause_recording(call.carrier_call_id, paused=paused)
    if recorder_id is None or call.attempt is None:
        raise Conflict(f"nothing is being recorded of {call_id}", code="nothing_recorded")
    report = Report(
        recording_id=recording_id(call.carrier, recorder_id),
        carrier_id=recorder_id,
        attempt=call.attempt.number,
        status=ReportStatus.PAUSED if paused else ReportStatus.RESUMED,
        received_at=now,
        raw={},
    )
    stores.recordings.keep_report(call_id, report)
    return report


def _recorded(call: Call) -> bool:
    attempt = call.attempt
    live = call.status is CallStatus.LIVE
    return live and attempt is not None and attempt.recording.state is RecordingState.ON


def deployed() -> Places:
    """The deployment's own carrier accounts and bucket."""
    from chalicelib.providers.recordings import Bucket as OwnBucket

    return Places(carrier=carrier_named, bucket=OwnBucket())
