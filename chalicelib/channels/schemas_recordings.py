"""What does the API show of recordings?

Owns the documents of a call's recordings, of links to them, of who was given one, and of a pause.
Import it inside handlers only: no other function shall pay for it.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import recording
from chalicelib.channels.fields import Document, Moment

Progress = Annotated[recording.Progress, Field(strict=False)]


class RecordingView(Document):
    """A recording of one attempt. Only a `kept` one can be played; `seconds` are whole ones."""

    id: str
    attempt: int
    state: Progress
    seconds: int | None
    channels: Annotated[int | None, Field(description="2: the caller, then the target")]
    kept_at: Moment | None
    deleted_at: Moment | None


class RecordingsView(Document):
    """The recordings of a call, in the order of its attempts."""

    call_id: str
    recordings: list[RecordingView]


class TranscriptView(Document):
    """What was said, written down by the carrier; personal data are taken out of a `redacted`
    one. The location is of the operator's own account at the carrier."""

    location: str
    redacted: bool
    written_at: Moment


class TranscriptsView(Document):
    """Where what was said on a call lies, the oldest first; none where the carrier wrote nothing
    down."""

    call_id: str
    transcripts: list[TranscriptView]


class LinkView(Document):
    """Where a recording can be played by whoever has the address, until it expires."""

    recording_id: str
    url: str
    expires_at: Moment


class AccessView(Document):
    """A link that was given. `credential` is the id of the key that asked, or `operator`; `party`
    and `party_id` tell whose it was."""

    id: str
    recording_id: str
    party: str
    party_id: str
    credential: str
    at: Moment
    expires_at: Moment


class AccessesView(Document):
    """Every link that was given to a recording, the oldest first."""

    recording_id: str
    accesses: list[AccessView]


class ErasedView(Document):
    """What remains of a recording whose media were removed, here and at the carrier."""

    id: str
    call_id: str
    attempt: int
    deleted_at: Moment


class PauseView(Document):
    """What is being recorded, and whether it is paused now."""

    call_id: str
    recording_id: str
    paused: bool
