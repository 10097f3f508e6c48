"""What does the carrier keep of what it recorded, and what does it answer about it?

Owns the record of a recording, the sound that it has, and the part of the REST API about it: the
media, their deletion, and the pausing of what is being recorded.
"""

import io
import math
import re
import wave
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from simulator.fields import API_VERSION, rfc2822
from simulator.rest_words import RestFault, RestRequest, known_only, not_allowed, not_found

Json = dict[str, Any]

_RATE = 8000
_PITCHES = (440, 660)
_PATH = re.compile(
    r"/2010-04-01/Accounts/AC[0-9a-fA-F]{32}/"
    r"(?:Recordings/(?P<sid>RE[0-9a-f]{32})\.(?P<form>wav|json)"
    r"|Calls/(?P<call>CA[0-9a-f]{32})/Recordings(?P<current>/Twilio\.CURRENT)?\.json)"
)
_GOES_ON = ("in-progress", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRecord:
    """One recording; `status` is the carrier's, `duration` whole seconds once it is over."""

    sid: str
    call_sid: str
    account_sid: str
    channels: int
    status: str
    created: datetime
    duration: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a request about recordings is answered with: a document, sound, or nothing."""

    status: int = 200
    document: Json | None = None
    sound: bytes = b""


class Kept(Protocol):
    """Where recordings are remembered."""

    def recording(self, sid: str) -> RecordingRecord | None:
        """The recording of a sid; None when there is none."""
        ...

    def recordings_of(self, call_sid: str) -> list[RecordingRecord]:
        """Every recording of a call."""
        ...

    def keep_recording(self, record: RecordingRecord) -> None:
        """Keep a recording, in the place of an earlier one of the same sid."""
        ...


def is_about_recordings(path: str) -> bool:
    """Whether the path belongs to this part of the API."""
    return _PATH.fullmatch(path) is not None


def answer(kept: Kept, request: RestRequest) -> Answered:
    """Answer one request whose sender is known; RestFault where the carrier would refuse."""
    method, match = request.method, _PATH.fullmatch(request.path)
    if match is None:
        raise not_found(request.path)
    if match["call"] and method == ("POST" if match["current"] else "GET"):
        current = match["current"]
        return _turn(kept, match["call"], request) if current else _list(kept, match["call"])
    if match["call"]:
        raise not_allowed(request)
    record = kept.recording(match["sid"])
    if record is None or record.status == "deleted":
        raise not_found(request.path)
    if method == "DELETE" and match["form"] == "json":
        kept.keep_recording(replace(record, status="deleted"))
        return Answered(status=204)
    if method != "GET":
        raise not_allowed(request)
    if match["form"] == "json":
        return Answered(document=recording_resource(record))
    if record.status != "completed":
        raise not_found(request.path)
    return Answered(sound=_media(record, request.query))


def recording_resource(record: RecordingRecord) -> Json:
    """A recording as the API shows it."""
    uri = f"/2010-04-01/Accounts/{record.account_sid}/Recordings/{record.sid}"
    return {
        "sid": record.sid,
        "account_sid": record.account_sid,
        "call_sid": record.call_sid,
        "conference_sid": None,
        "api_version": API_VERSION,
        "date_created": rfc2822(record.created),
        "start_time": rfc2822(record.created),
        "duration": None if record.duration is None else str(record.duration),
        "status": record.status,
        "channels": record.channels,
        "source": "DialVerb",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "encryption_details": None,
        "media_url": f"https://api.twilio.com{uri}",
        "uri": f"{uri}.json",
    }


def sound_of(seconds: int, channels: int) -> bytes:
    """A WAV file of so many seconds, each channel a tone of its own pitch."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(_second(channels) * seconds)
    return file.getvalue()


@cache
def _second(channels: int) -> bytes:
    samples = array("h")
    for at in range(_RATE):
        for pitch in _PITCHES[:channels]:
            samples.append(int(8000 * math.sin(2 * math.pi * pitch * at / _RATE)))
    return samples.tobytes()


def _media(record: RecordingRecord, query: Mapping[str, str]) -> bytes:
    wanted = query.get("RequestedChannels", str(record.channels))
    if wanted not in ("1", "2") or int(wanted) > record.channels:
        raise RestFault(400, 20001, f"the recording has no {wanted} channels")
    return sound_of(record.duration or 0, int(wanted))


def _turn(kept: Kept, call_sid: str, request: RestRequest) -> Answered:
    """Pause what is being recorded of a call, go on with it, or stop it."""
    known_only(request.form, ("Status", "PauseBehavior"))
    status = request.form.get("Status", "")
    behaviour = request.form.get("PauseBehavior", "skip")
    if status not in (*_GOES_ON, "stopped") or behaviour not in ("skip", "silence"):
        raise RestFault(400, 20001, "Status is paused, in-progress or stopped")
    going = [one for one in kept.recordings_of(call_sid) if one.status in _GOES_ON]
    if not going:
        raise not_found(request.path)
    turned = replace(going[-1], status=status)
    kept.keep_recording(turned)
    return Answered(document=recording_resource(turned))


def _list(kept: Kept, call_sid: str) -> Answered:
    """The recordings of a call that were not deleted, on one page."""
    made = [one for one in kept.recordings_of(call_sid) if one.status != "deleted"]
    return Answered(
        document={
            "recordings": [recording_resource(one) for one in made],
            "next_page_uri": None,
            "page": 0,
        }
    )
