"""What does Twilio report of a recording, in the words of the platform?

Owns the translation of the recording status callback (Twilio, TwiML Dial). Reports whose form is
not Twilio's are passed over.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from chalicelib.channels.twilio_forms import CARRIER, KEPT_FIELDS, whole
from chalicelib.recording import Report, ReportStatus, recording_id

_SID = re.compile(r"RE[0-9a-fA-F]{32}", re.ASCII)
_STATUSES = {
    "in-progress": ReportStatus.IN_PROGRESS,
    "completed": ReportStatus.COMPLETED,
    "absent": ReportStatus.ABSENT,
}


def report(form: Mapping[str, str], attempt: int, now: datetime) -> Report | None:
    """A report on the recording of an attempt; None for one without a known status and a sid."""
    sid, status = form.get("RecordingSid", ""), _STATUSES.get(form.get("RecordingStatus", ""))
    if status is None or not _SID.fullmatch(sid):
        return None
    return Report(
        recording_id=recording_id(CARRIER, sid),
        carrier_id=sid,
        attempt=attempt,
        status=status,
        seconds=whole(form.get("RecordingDuration", "")),
        channels=whole(form.get("RecordingChannels", "")),
        received_at=now,
        raw=dict(list(form.items())[:KEPT_FIELDS]),
    )
