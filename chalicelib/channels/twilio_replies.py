"""With what do the webhooks work, in which time, and in which form do they reply?

Owns what the webhooks of Twilio share. What each of them does belongs to `twilio` and
`twilio_targets`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from chalicelib import runtime
from chalicelib.calls import Signal
from chalicelib.channels import twiml
from chalicelib.channels.twilio_signature import Webhook
from chalicelib.flows import looking_up, racing
from chalicelib.store.stores import Stores, stores

T = TypeVar("T")
Reply = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the webhooks work with: tests bring their own."""

    secrets: Callable[[], runtime.Secrets] = runtime.secret_values
    stores: Callable[[], Stores] = stores
    clock: racing.Clock = runtime.now
    patience_seconds: float = racing.BUDGET.total_seconds()
    inquiry: looking_up.Inquiry = looking_up.CARRIER


def in_time(decide: Callable[[], T], context: Context) -> T:
    """What `decide` returns; TimeoutError once the caller has waited long enough.

    A decision that comes too late may still reserve something: the end of the call, or the sweep,
    gives it back.
    """
    return _deciders().submit(decide).result(timeout=context.patience_seconds)


@cache
def _deciders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="decision")


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
