"""Recordings for tests, and the bucket that holds them, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.flows.recordings import Places
from chalicelib.providers.carriers import Media
from chalicelib.recording import (
    KeptRecording,
    Recording,
    Report,
    ReportStatus,
    media_key,
    recording_id,
)
from tests import builders
from tests.builders import NOW
from tests.carriers import FakeCarrier, MadeRecording
from tests.world import World

SID = "RE" + "1" * 32
REC = recording_id("twilio", SID)


def a_made_recording(**overrides: Any) -> MadeRecording:
    """What the carrier recorded of the call CA1, nine seconds after it arrived."""
    values: dict[str, Any] = {
        "carrier_id": SID,
        "carrier_call_id": "CA1",
        "started_at": NOW + timedelta(seconds=9),
    }
    return MadeRecording(**(values | overrides))


SOUND = a_made_recording().sound


def a_report(status: ReportStatus = ReportStatus.COMPLETED, **overrides: Any) -> Report:
    """The carrier on the first attempt's recording of 90 seconds."""
    values: dict[str, Any] = {
        "recording_id": REC,
        "carrier_id": SID,
        "attempt": 1,
        "status": status,
        "seconds": 90,
        "channels": 2,
        "received_at": NOW,
        "raw": {"RecordingStatus": status.value},
    }
    return Report(**(values | overrides))


def a_kept_recording(**overrides: Any) -> KeptRecording:
    """The first attempt's recording, in the bucket for a year."""
    values: dict[str, Any] = {
        "id": REC,
        "call_id": "call_1",
        "attempt": 1,
        "carrier_id": SID,
        "key": media_key("call_1", REC, 365),
        "size_bytes": len(SOUND),
        "channels": 2,
        "seconds": 90,
        "keep_days": 365,
        "delete_at_carrier": False,
        "kept_at": NOW,
    }
    return KeptRecording(**(values | overrides))


def never() -> None:
    """What happens where nothing does."""


@dataclass
class FakeBucket:
    """Media by their keys; what breaks off is not kept."""

    kept: dict[str, bytes] = field(default_factory=dict)
    down: bool = False
    on_keep: Callable[[], object] = never
    on_remove: Callable[[], object] = never

    def keep(self, key: str, stream: Media) -> None:
        """Keep all of it."""
        self._answer()
        sound = b"".join(iter(lambda: stream.read(100_000), b""))
        self.kept[key] = sound
        self.on_keep()

    def remove(self, key: str) -> None:
        """Gone, however often it is asked for."""
        self._answer()
        self.kept.pop(key, None)
        self.on_remove()

    def link(self, key: str, lasts: timedelta) -> str:
        """An address."""
        return f"https://bucket.example.com/{key}?for={lasts.total_seconds():.0f}"

    def _answer(self) -> None:
        if self.down:
            raise ConnectionError("the bucket is away")


@dataclass
class Studio(World):
    """A market whose one campaign records its calls."""

    carrier: FakeCarrier = field(default_factory=FakeCarrier)
    bucket: FakeBucket = field(default_factory=FakeBucket)

    @property
    def places(self) -> Places:
        """Where its recordings are."""
        return Places(carrier={"twilio": self.carrier}.__getitem__, bucket=self.bucket)

    def records(self, **wanted: Any) -> "Studio":
        """Open the market with a campaign that wants this."""
        recording = Recording(**{"record": True, **wanted})
        self.opens(campaign=builders.a_campaign(recording=recording))
        return self

    def takes(self, *reports: Report, sid: str = "CA1") -> str:
        """A call comes in, and the carrier makes its recording and reports on it; the call's id."""
        self.arrives(sid)
        call = self.call(sid).id
        told = reports or (a_report(),)
        statuses = {report.status for report in told}
        ends = (ReportStatus.COMPLETED, ReportStatus.ABSENT)
        status = next((end for end in ends if end in statuses), ReportStatus.IN_PROGRESS)
        self.carrier.lays(a_made_recording(carrier_call_id=sid, status=status.value))
        for report in told:
            self.stores.recordings.keep_report(call, report)
        return call
