"""How is work on a call asked for that is done apart?

Owns the messages on the queues: a later look at a call, delivered after a delay, the fetching of a
recording, and one party's part in a closing.
"""

import json

from chalicelib import runtime, times
from chalicelib.closings import Duty, Run


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


def close_party(duty: Duty, delay_seconds: int) -> None:
    """Ask for a part of a closing to be done, after a delay of at most 900 seconds."""
    runtime.client("sqs").send_message(
        QueueUrl=runtime.settings().closing_queue_url,
        MessageBody=json.dumps(duty_message(duty)),
        DelaySeconds=delay_seconds,
    )


def duty_message(duty: Duty) -> dict[str, str | int | None]:
    """What a message of `close_party` says."""
    return {
        "closing_id": duty.run.id,
        "as_of": times.written(duty.run.as_of),
        "asked_at": times.written(duty.run.asked_at),
        "party_id": duty.party_id,
        "turn": duty.turn,
    }


def read_duty(body: str) -> Duty:
    """The part that a message of `close_party` names; ValueError or KeyError when it names none."""
    turn = json.loads(body)["turn"]
    if type(turn) is not int:
        raise ValueError("the message's turn is no number")
    run = Run(
        id=_text(body, "closing_id"),
        as_of=times.read(_text(body, "as_of")),
        asked_at=times.read(_text(body, "asked_at")),
    )
    nobody = json.loads(body)["party_id"] is None
    return Duty(run=run, party_id=None if nobody else _text(body, "party_id"), turn=turn)


def _text(body: str, name: str) -> str:
    value = json.loads(body)[name]
    if not isinstance(value, str):
        raise ValueError(f"the message's {name} is no text")
    return value
