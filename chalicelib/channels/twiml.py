"""What does the caller hear, in TwiML?

Owns the documents that Twilio is answered with. Which one is due belongs to the flows.
"""

from xml.sax.saxutils import escape, quoteattr

from chalicelib.calls import Attempt
from chalicelib.recording import RecordingState

HEADER = '<?xml version="1.0" encoding="UTF-8"?>'
SORRY = "We are sorry, nobody can take your call right now. Please try again later. Goodbye."
NOT_IN_SERVICE = "We are sorry, the number you have dialled is not in service. Goodbye."


def dial(attempt: Attempt, *, action: str, leg: str, recording: str) -> str:
    """Rings the attempt's destination; the caller keeps hearing ringing until it answers.

    With `answerOnBridge` and Dial as the first verb the caller's call counts from the bridge.
    Reports on a recording go to `recording`, where the attempt is recorded at all.
    """
    noun = "Sip" if attempt.destination.startswith("sip:") else "Number"
    digits = f" sendDigits={quoteattr(attempt.send_digits)}" if attempt.send_digits else ""
    return (
        f'{HEADER}<Response><Dial action={quoteattr(action)} method="POST"'
        f' answerOnBridge="true" timeout="{attempt.ring_seconds}"'
        f' timeLimit="{attempt.max_call_seconds}"{_recorded(attempt, recording)}>'
        f'<{noun} statusCallback={quoteattr(leg)} statusCallbackMethod="POST"'
        f' statusCallbackEvent="answered completed"{digits}>{escape(attempt.destination)}</{noun}>'
        "</Dial></Response>"
    )


def _recorded(attempt: Attempt, recording: str) -> str:
    """Both sides on a channel of their own, from the answer on; nothing for an attempt that is not
    recorded."""
    if attempt.recording.state is not RecordingState.ON:
        return ""
    return (
        f' record="record-from-answer-dual" recordingStatusCallback={quoteattr(recording)}'
        ' recordingStatusCallbackMethod="POST"'
        ' recordingStatusCallbackEvent="in-progress completed absent"'
    )


def apology(text: str) -> str:
    """Says a decent line and hangs up."""
    return f'{HEADER}<Response><Say language="en-US">{escape(text)}</Say><Hangup/></Response>'


def hangup() -> str:
    """Ends the caller's call."""
    return f"{HEADER}<Response><Hangup/></Response>"


def nothing() -> str:
    """Says that a report was taken."""
    return f"{HEADER}<Response/>"
