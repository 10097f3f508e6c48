"""How is work on a call asked for that is done apart?

Owns the messages on the queues: a later look at a call, delivered after a delay, and the fetching
of a recording.
"""

import json

from chalicelib import runtime


def settle_later(call_id: str) -> None:
    """Ask for a final settlement once the reports that are still on their way have come."""
    runtime.client("sqs").send_message(
        QueueUrl=runtime.settings().settle_queue_url,
        MessageBody=json.dumps({"call_id": call_id}),
    )


def read_call_id(body: str) -> str:
    """The call that a message of `settle_later` names; ValueError when it names none."""
    return _text(body, "call_id")


def fetch_recording(call_id: str, recording_id: str) -> None:
    """Ask for the media of a recording to be fetched."""
    runtime.client("sqs").send_message(
        QueueUrl=runtime.settings().recordings_queue_url,
        MessageBody=json.dumps({"call_id": call_id, "recording_id": recording_id}),
    )


def read_recording(body: str) -> tuple[str, str]:
    """The call and the recording that a message of `fetch_recording` names; ValueError when it
    names none."""
    return _text(body, "call_id"), _text(body, "recording_id")


def _text(body: str, name: str) -> str:
    value = json.loads(body)[name]
    if not isinstance(value, str):
        raise ValueError(f"the message's {name} is no text")
    return value
