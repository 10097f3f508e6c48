"""What does Twilio keep of a recording, and how is it paused?

Owns the half of a Twilio account that is about recordings (Recordings resources, version
2010-04-01) in the words of `carriers`: their media on the way here, their deletion, and the pausing
of what is being recorded. HTTP belongs to `twilio_rest`, the other half to `twilio`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, ReadTimeoutError

from chalicelib.providers.carriers import CarrierAway, Media, UnusableMedia
from chalicelib.providers.twilio_rest import Json, NotAsItStands, NotAtCarrier, Rest
from chalicelib.recording import CarriersOwn, Transcript

MOST_BYTES = 1 << 30
"""A day of both sides would be more; four hours, the longest call, take 460 MB."""

_AUDIO = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"})
_WITHOUT_MEDIA = frozenset({"absent", "deleted", "failed"})
_PAUSED = {"Status": "paused", "PauseBehavior": "silence"}
_GOES_ON = {"Status": "in-progress"}


@dataclass(slots=True)
class ArrivingMedia:
    """A `Media`: the body of an answer, and how many bytes of it have come."""

    response: BaseHTTPResponse
    channels: int
    size_bytes: int = 0

    def read(self, amount: int = -1, /) -> bytes:
        """Never more than one byte beyond what is taken at most."""
        room = MOST_BYTES + 1 - self.size_bytes
        try:
            part = self.response.read(room if amount < 0 else min(amount, room))
        except ReadTimeoutError as fault:
            raise CarrierAway("the carrier fell silent in the middle of a recording") from fault
        except HTTPError as fault:
            after = f"after {self.size_bytes} bytes, before its end"
            raise UnusableMedia(f"the recording broke off {after}") from fault
        self.size_bytes += len(part)
        if self.size_bytes > MOST_BYTES:
            raise UnusableMedia(f"the recording has more than {MOST_BYTES} bytes")
        return part


class TwilioRecordings:
    """The recordings of one Twilio account, whose resources begin at `base`."""

    def __init__(self, rest: Rest, base: str) -> None:
        self._rest = rest
        self._base = base

    @contextmanager
    def open_recording(self, carrier_id: str) -> Iterator[Media]:
        """Twilio refuses two channels of a recording that has but one."""
        with ExitStack() as open_now:
            try:
                media = open_now.enter_context(self._opened(carrier_id, channels=2))
            except NotAsItStands:
                media = open_now.enter_context(self._opened(carrier_id, channels=1))
            yield media

    @contextmanager
    def _opened(self, carrier_id: str, *, channels: int) -> Iterator[Media]:
        url = f"{self._base}/Recordings/{quote(carrier_id, safe='')}.wav"
        with self._rest.stream(url, {"RequestedChannels": str(channels)}) as response:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind not in _AUDIO:
                raise UnusableMedia(f"the carrier sent {kind or 'nothing named'} for a recording")
            yield ArrivingMedia(response, channels)

    def delete_recording(self, carrier_id: str) -> None:
        """Delete the resource, and its media with it."""
        try:
            self._rest.delete(f"{self._base}/Recordings/{quote(carrier_id, safe='')}.json")
        except NotAtCarrier:
            # Deleted before, or a repetition whose first answer was lost.
            return

    def pause_recording(self, carrier_call_id: str, *, paused: bool) -> str | None:
        """Repeatable: setting the status that a recording has already changes nothing."""
        call = quote(carrier_call_id, safe="")
        url = f"{self._base}/Calls/{call}/Recordings/Twilio.CURRENT.json"
        try:
            turned = self._rest.post(url, _PAUSED if paused else _GOES_ON, repeatable=True)
            return str(turned["sid"])
        except (NotAtCarrier, NotAsItStands):
            return None
        except KeyError as fault:
            raise CarrierAway("the carrier's answer names no recording") from fault

    def recordings_of(self, carrier_call_id: str) -> tuple[CarriersOwn, ...]:
        """One page: a call has a recording for each of its few attempts."""
        url = f"{self._base}/Calls/{quote(carrier_call_id, safe='')}/Recordings.json"
        try:
            listed = self._rest.get(url, {"PageSize": "100"})["recordings"]
            return tuple(_own(one) for one in listed if one["status"] not in _WITHOUT_MEDIA)
        except NotAtCarrier:
            return ()
        except (KeyError, TypeError, ValueError) as fault:
            raise CarrierAway("the carrier's list of recordings makes no sense") from fault

    def transcripts_of(self, carrier_call_id: str, arrived_at: datetime) -> tuple[Transcript, ...]:
        """None: the platform has Twilio write nothing down."""
        del carrier_call_id, arrived_at
        return ()


def _own(resource: Json) -> CarriersOwn:
    """A Recording resource: dates are in RFC 2822, and numbers may be texts."""
    duration = resource.get("duration")
    return CarriersOwn(
        carrier_id=resource["sid"],
        started_at=parsedate_to_datetime(resource["start_time"] or resource["date_created"]),
        over=resource["status"] == "completed",
        seconds=None if duration is None else int(duration),
        channels=int(resource["channels"]),
    )
