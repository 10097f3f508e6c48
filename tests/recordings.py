"""Recordings for tests, and the carrier and the bucket that hold them, in memory."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.flows.recordings import Media, Places
from chalicelib.providers.carriers import CarrierAway
from chalicelib.recording import (
    CarriersOwn,
    KeptRecording,
    Recording,
    Report,
    ReportStatus,
    media_key,
    recording_id,
)
from tests import builders
from tests.builders import NOW
from tests.world import World

SID = "RE" + "1" * 32
REC = recording_id("twilio", SID)
SOUND = b"RIFF" + bytes(4_000)


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
class Sound:
    """Media on their way."""

    file: io.BytesIO
    channels: int = 2
    size_bytes: int = 0

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes, counted."""
        part = self.file.read(amount)
        self.size_bytes += len(part)
        return part


@dataclass
class FakeMediaCarrier:
    """A carrier with one recording, and one that goes on where a call is `recording`."""

    media: dict[str, bytes] = field(default_factory=lambda: {SID: SOUND})
    recording: str | None = SID
    own: tuple[CarriersOwn, ...] = ()
    looks: int = 0
    paused: bool = False
    down: bool = False
    on_open: Callable[[], object] = never
    on_delete: Callable[[], object] = never

    @contextmanager
    def open(self, carrier_id: str) -> Iterator[Media]:
        """The media; CarrierAway while it is down."""
        self._answer()
        self.on_open()
        yield Sound(io.BytesIO(self.media[carrier_id]))

    def delete(self, carrier_id: str) -> None:
        """Gone, however often it is asked for."""
        self._answer()
        self.media.pop(carrier_id, None)
        self.on_delete()

    def pause(self, carrier_call_id: str, *, paused: bool) -> str | None:
        """The recording that goes on."""
        self._answer()
        if self.recording is not None:
            self.paused = paused
        return self.recording

    def recordings_of(self, carrier_call_id: str) -> tuple[CarriersOwn, ...]:
        """What `own` says; `looks` counts how often it was asked."""
        self.looks += 1
        self._answer()
        return self.own

    def _answer(self) -> None:
        if self.down:
            raise CarrierAway("the carrier is down")


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
        sound = b"".join(iter(lambda: stream.read(1_000), b""))
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

    carrier: FakeMediaCarrier = field(default_factory=FakeMediaCarrier)
    bucket: FakeBucket = field(default_factory=FakeBucket)

    @property
    def places(self) -> Places:
        """Where its recordings are."""
        return Places(carrier=self.carrier, bucket=self.bucket)

    def records(self, **wanted: Any) -> "Studio":
        """Open the market with a campaign that wants this."""
        recording = Recording(**{"record": True, **wanted})
        self.opens(campaign=builders.a_campaign(recording=recording))
        return self

    def takes(self, *reports: Report, sid: str = "CA1") -> str:
        """A call comes in, and the carrier reports on its recording; the call's id."""
        self.arrives(sid)
        call = self.call(sid).id
        for report in reports or (a_report(),):
            self.stores.recordings.keep_report(call, report)
        return call
