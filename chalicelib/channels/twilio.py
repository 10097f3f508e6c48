"""What does Twilio ask, and what is it answered?

Owns the webhooks behind the voice function's URL: the inbound call, the end of a dial, the reports
of a leg, of the call and of a recording. The signature is checked before anything is read or
written. The caller always hears something sensible, whatever fails behind this door.
"""

import base64
import binascii
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from chalice import Blueprint

from chalicelib import runtime
from chalicelib.calls import ENDED, LegStatus, Signal, call_id
from chalicelib.channels import twilio_forms, twilio_recordings, twiml
from chalicelib.channels.twilio_signature import signed
from chalicelib.flows import inbound
from chalicelib.reasons import Reason
from chalicelib.store.stores import Stores, stores

T = TypeVar("T")

blueprint = Blueprint(__name__)
_MOST_ATTEMPTS = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the webhooks work with: tests bring their own."""

    secrets: Callable[[], runtime.Secrets] = runtime.secret_values
    stores: Callable[[], Stores] = stores
    clock: inbound.Clock = runtime.now
    patience_seconds: float = inbound.BUDGET.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A verified request: its form, its query, and the public base address it came to."""

    form: dict[str, str]
    query: dict[str, str]
    base: str


@blueprint.lambda_function(name="voice")
def voice(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """The voice function: one Lambda event of a Function URL in, one HTTP answer out."""
    return handle(event, Context())


def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Check the signature, then answer the webhook that the path names.

    403 for a request that Twilio did not sign, 404 for a path that is no webhook, 400 for a form
    without a call, 405 for another method than POST.
    """
    route = _ROUTES.get(event.get("rawPath", ""))
    if route is None:
        return _said(404, "There is no such webhook.")
    if event.get("requestContext", {}).get("http", {}).get("method") != "POST":
        return _said(405, "Webhooks are posted.")
    secrets = context.secrets()
    webhook = _verified(event, secrets)
    if webhook is None:
        return _said(403, "The request is not signed by the carrier's account.")
    if not webhook.form.get("CallSid"):
        return _said(400, "The form names no CallSid.")
    return route(webhook, context, secrets)


def _verified(event: dict[str, Any], secrets: runtime.Secrets) -> Webhook | None:
    """The request as Twilio signed it; None when it did not."""
    body = _body(event)
    if body is None:
        return None
    query = event.get("rawQueryString", "")
    base = secrets.voice_url or f"https://{event['requestContext']['domainName']}"
    pairs = parse_qsl(body, keep_blank_values=True)
    url = base + event["rawPath"] + (f"?{query}" if query else "")
    given = event.get("headers", {}).get("x-twilio-signature", "")
    if not signed(given, tokens=secrets.twilio_tokens, url=url, pairs=pairs):
        return None
    form = dict(pairs)
    if form.get("AccountSid") != secrets.twilio_account_sid:
        return None
    return Webhook(form=form, query=dict(parse_qsl(query)), base=base)


def _body(event: dict[str, Any]) -> str | None:
    """The form's text; Function URLs deliver it in base 64. None when it is not text."""
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _inbound(webhook: Webhook, context: Context, secrets: runtime.Secrets) -> dict[str, Any]:
    arrival = twilio_forms.arrival(webhook.form, secrets.caller_hash_key)
    try:
        answer = _in_time(
            lambda: inbound.answer(arrival, stores=context.stores(), clock=context.clock), context
        )
    except Exception:
        # Whatever failed, somebody is on the line: the fallback is spoken and the fault is logged.
        runtime.logger().exception("a call could not be routed", extra=_masked(webhook.form))
        return _twiml(twiml.apology(twiml.SORRY))
    return _twiml(_spoken(answer, webhook.base))


def _dial(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> dict[str, Any]:
    attempt = _attempt(webhook)
    signal = twilio_forms.dial_signal(webhook.form, attempt, context.clock()) if attempt else None
    if signal is None:
        return _twiml(twiml.hangup())
    call = webhook.query.get("call", "")
    try:
        answer = _in_time(lambda: _after_dial(call, signal, webhook.form, context), context)
    except Exception:
        # The caller is still on the line: the fallback is spoken, and the sweeper settles the call.
        runtime.logger().exception("a dial could not be followed", extra=_masked(webhook.form))
        return _twiml(twiml.apology(twiml.SORRY))
    return _twiml(_spoken(answer, webhook.base) if answer else twiml.hangup())


def _in_time(decide: Callable[[], T], context: Context) -> T:
    """What `decide` returns; TimeoutError once the caller has waited long enough.

    A decision that comes too late may still reserve something: the end of the call, or the sweep,
    gives it back.
    """
    return _deciders().submit(decide).result(timeout=context.patience_seconds)


@cache
def _deciders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="decision")


def _after_dial(
    call: str, signal: Signal, form: dict[str, str], context: Context
) -> inbound.Answer | None:
    """The next attempt after a failed one; None, with the signals kept, when the call is over.

    A caller who has left is told by the final status of the caller's own call in the same form.
    """
    calls = context.stores().calls
    callers = twilio_forms.call_signal(form, context.clock())
    left = callers is not None and callers.status in ENDED
    talked = signal.status is LegStatus.COMPLETED and signal.bridged is not False
    if not left and not talked:
        answer = inbound.next_attempt(
            call,
            signal,
            e164=form.get("To", ""),
            caller=twilio_forms.caller_number(form),
            stores=context.stores(),
            clock=context.clock,
        )
        if answer is not None:
            return answer
    calls.keep_signal(call, signal)
    if callers is not None and left:
        calls.keep_signal(call, callers)
    return None


def _leg(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> dict[str, Any]:
    attempt = _attempt(webhook)
    signal = twilio_forms.leg_signal(webhook.form, attempt, context.clock()) if attempt else None
    return _kept(webhook.query.get("call", ""), signal, context)


def _status(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> dict[str, Any]:
    call = call_id(twilio_forms.CARRIER, webhook.form["CallSid"])
    return _kept(call, twilio_forms.call_signal(webhook.form, context.clock()), context)


def _recording(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> dict[str, Any]:
    call, attempt = webhook.query.get("call", ""), _attempt(webhook)
    report = twilio_recordings.report(webhook.form, attempt, context.clock()) if attempt else None
    if report is not None and call:
        context.stores().recordings.keep_report(call, report)
    return _twiml(twiml.nothing())


def _kept(call: str, signal: Signal | None, context: Context) -> dict[str, Any]:
    """A report is answered once it is stored; what follows from it comes off the stream."""
    if signal is not None and call:
        context.stores().calls.keep_signal(call, signal)
    return _twiml(twiml.nothing())


_ROUTES: dict[str, Callable[[Webhook, Context, runtime.Secrets], dict[str, Any]]] = {
    "/twilio/inbound": _inbound,
    "/twilio/dial": _dial,
    "/twilio/leg": _leg,
    "/twilio/recording": _recording,
    "/twilio/status": _status,
}


def _spoken(answer: inbound.Answer, base: str) -> str:
    if answer.attempt is None:
        unknown = answer.refusal is Reason.UNKNOWN_NUMBER
        return twiml.apology(twiml.NOT_IN_SERVICE if unknown else twiml.SORRY)
    query = urlencode({"attempt": answer.attempt.number, "call": answer.call_id})
    return twiml.dial(
        answer.attempt,
        action=f"{base}/twilio/dial?{query}",
        leg=f"{base}/twilio/leg?{query}",
        recording=f"{base}/twilio/recording?{query}",
    )


def _attempt(webhook: Webhook) -> int | None:
    """The attempt that our own URL names; None when somebody made it up."""
    text = webhook.query.get("attempt", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0
    return number if 1 <= number <= _MOST_ATTEMPTS else None


def _masked(form: dict[str, str]) -> dict[str, str]:
    return {"carrier_call_id": form.get("CallSid", ""), "to": form.get("To", "")}


def _twiml(document: str) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {"content-type": "text/xml"}, "body": document}


def _said(status: int, text: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "text/plain"}, "body": text}
