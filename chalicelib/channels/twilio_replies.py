"""In which form do the webhooks reply, and how is a report taken?

Owns what the webhooks of Twilio share, besides what `callers` says of all telephony. What each of
them does belongs to `twilio` and `twilio_targets`.
"""

from typing import Any

from chalicelib.calls import Signal
from chalicelib.channels import twiml
from chalicelib.channels.callers import Context
from chalicelib.channels.twilio_signature import Webhook

Reply = dict[str, Any]


def kept(call: str, signal: Signal | None, context: Context) -> Reply:
    """A report is answered once it is stored; what follows from it comes off the stream."""
    if signal is not None and call:
        context.stores().calls.keep_signal(call, signal)
    return xml(twiml.nothing())


def masked(webhook: Webhook) -> dict[str, str]:
    """What a log may tell of a webhook."""
    form = webhook.form
    return {"carrier_call_id": form.get("CallSid", ""), "to": form.get("To", "")}


def xml(document: str) -> Reply:
    """A document for the carrier."""
    return {"statusCode": 200, "headers": {"content-type": "text/xml"}, "body": document}


def text(status: int, words: str) -> Reply:
    """A refusal in words."""
    return {"statusCode": status, "headers": {"content-type": "text/plain"}, "body": words}
