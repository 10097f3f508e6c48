"""What does the carrier report of the recording of a Dial?

Owns whether a Dial is recorded, and the form of the recording status callback.
"""

from simulator.engine import LiveCall, Page
from simulator.fields import Fields, derived_id
from simulator.line import Leg
from simulator.twiml import Verb
from simulator.wire import Request


def recorded_channels(dial: Verb) -> int:
    """On how many channels the Dial is recorded; 0 when it is not."""
    wanted = dial.get("record", "do-not-record")
    if wanted in ("do-not-record", "false"):
        return 0
    return 2 if wanted.endswith("-dual") else 1


def tell_recording(call: LiveCall, page: Page, dial: Verb, leg: Leg, status: str) -> None:
    """Report that a recording is in-progress, completed or absent, where the Dial wants to know."""
    wanted = dial.get("recordingStatusCallbackEvent", "completed").split()
    if not dial.get("recordingStatusCallback") or status not in wanted:
        return
    request = Request(
        kind="recording",
        url=page.address(dial, "recordingStatusCallback"),
        fields=_fields(call, dial, leg, status),
        method=dial.get("recordingStatusCallbackMethod", "POST"),
    )
    call.tell(request)


def _fields(call: LiveCall, dial: Verb, leg: Leg, status: str) -> Fields:
    over = status != "in-progress"
    return (
        ("AccountSid", call.account_sid),
        ("CallSid", call.sid),
        ("RecordingChannels", str(recorded_channels(dial))),
        *((("RecordingDuration", str(leg.duration)),) if over else ()),
        ("RecordingSid", derived_id("RE", leg.sid)),
        ("RecordingSource", "DialVerb"),
        ("RecordingStatus", status),
        ("RecordingUrl", call.recording_url(leg.sid)),
    )
