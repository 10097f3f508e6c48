"""How is a later look at a call asked for?

Owns the message on the settlement queue, which delivers after a delay.
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
    call_id = json.loads(body)["call_id"]
    if not isinstance(call_id, str):
        raise ValueError("the message's call_id is no text")
    return call_id
