"""What does the carrier still tell once a call is over?

The number's own status callback, the recordings, and whatever was held back or late.
"""

from simulator.engine import LiveCall
from simulator.fields import duration_fields, progress_fields
from simulator.recording_reports import tell_recording
from simulator.wire import Request


def report(call: LiveCall, status_url: str) -> None:
    """Send everything that follows the end of a call; no `status_url`, no status callback."""
    call.wait(1)
    if status_url:
        moment = call.clock.at(call.ended_at or 0.0)
        fields = call.fields(*duration_fields(call.duration), *progress_fields(0, moment))
        call.tell(Request(kind="status", url=status_url, fields=fields))
    for page, dial, leg in call.recordings:
        call.wait(1)
        status = "completed" if leg.answered_at is not None else "absent"
        tell_recording(call, page, dial, leg, status)
    call.tell_the_rest()
