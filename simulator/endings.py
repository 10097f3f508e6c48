"""What does the carrier still tell once a call is over?

The number's own status callback, the recordings, and whatever was held back or late.
"""

from simulator.engine import Leg, LiveCall
from simulator.fields import Fields, derived_id, duration_fields, progress_fields
from simulator.twiml import Verb
from simulator.wire import Request


def report(call: LiveCall, status_url: str) -> None:
    """Send everything that follows the end of a call; no `status_url`, no status callback."""
    call.wait(1)
    if status_url:
        moment = call.clock.at(call.ended_at or 0.0)
        fields = call.fields(*duration_fields(call.duration), *progress_fields(0, moment))
        call.tell(Request(kind="status", url=status_url, fields=fields))
    for page, dial, leg in call.recordings:
        wanted = dial.get("recordingStatusCallbackEvent", "completed").split()
        status = "completed" if leg.answered_at is not None else "absent"
        if dial.get("recordingStatusCallback") and status in wanted:
            call.wait(1)
            request = Request(
                kind="recording",
                url=page.address(dial, "recordingStatusCallback"),
                fields=_recording(call, dial, leg, status),
                method=dial.get("recordingStatusCallbackMethod", "POST"),
            )
            call.tell(request)
    call.courier.release_held(call.clock.second)
    while (due := call.courier.next_due()) is not None:
        call.wait_until(due)


def _recording(call: LiveCall, dial: Verb, leg: Leg, status: str) -> Fields:
    return (
        ("AccountSid", call.account_sid),
        ("CallSid", call.sid),
        ("RecordingChannels", "2" if dial.get("record").endswith("-dual") else "1"),
        ("RecordingDuration", str(leg.duration)),
        ("RecordingSid", derived_id("RE", leg.sid)),
        ("RecordingSource", "DialVerb"),
        ("RecordingStatus", status),
        ("RecordingUrl", call.recording_url(leg.sid)),
    )
