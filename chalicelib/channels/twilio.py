"""What does Twilio ask, and what is it answered?

Owns the webhooks behind the voice function's URL: the inbound call, what its caller keys, the end
of a dial, what a target hears first, a message on voicemail, the reports of a leg, of the call and
of a recording, and what is asked when an answer has failed. The signature is checked before
anything is read or written. The caller always hears something sensible, whatever fails behind this
door.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from chalice import Blueprint

from chalicelib import runtime
from chalicelib.calls import ENDED, LegStatus, Signal, call_id
from chalicelib.channels import twilio_forms, twilio_recordings, twiml
from chalicelib.channels.twilio_signature import Webhook, verified
from chalicelib.channels.twilio_urls import attempt_in, document, step_in, whisper_document
from chalicelib.flows import asking, inbound, looking_up, racing
from chalicelib.questions import Step
from chalicelib.store.stores import Stores, stores

T = TypeVar("T")
Reply = dict[str, Any]

blueprint = Blueprint(__name__)
_TELLS_OF_MESSAGES = ("action", "status")
_FIRST = "inbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the webhooks work with: tests bring their own."""

    secrets: Callable[[], runtime.Secrets] = runtime.secret_values
    stores: Callable[[], Stores] = stores
    clock: racing.Clock = runtime.now
    patience_seconds: float = racing.BUDGET.total_seconds()
    inquiry: looking_up.Inquiry = looking_up.CARRIER


@blueprint.lambda_function(name="voice")
def voice(event: dict[str, Any], _context: Any) -> Reply:
    """The voice function: one Lambda event of a Function URL in, one HTTP answer out."""
    return handle(event, Context())


def handle(event: dict[str, Any], context: Context) -> Reply:
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
    webhook = verified(event, secrets)
    if webhook is None:
        return _said(403, "The request is not signed by the carrier's account.")
    if not webhook.form.get("CallSid"):
        return _said(400, "The form names no CallSid.")
    return route(webhook, context, secrets)


def _inbound(webhook: Webhook, context: Context, secrets: runtime.Secrets) -> Reply:
    arrival = twilio_forms.arrival(webhook.form, secrets.caller_hash_key)
    return _answered(
        lambda: inbound.answer(
            arrival, stores=context.stores(), clock=context.clock, inquiry=context.inquiry
        ),
        webhook,
        context,
    )


def _answer(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    step = step_in(webhook.query)
    if step is None:
        return _twiml(twiml.hangup())
    signal = twilio_forms.answer_signal(webhook.form, step, context.clock())
    call = webhook.query.get("call", "")
    return _answered(lambda: _after_keys(call, step, signal, webhook, context), webhook, context)


def _dial(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    attempt = attempt_in(webhook.query)
    signal = twilio_forms.dial_signal(webhook.form, attempt, context.clock()) if attempt else None
    if signal is None:
        return _twiml(twiml.hangup())
    call = webhook.query.get("call", "")
    return _answered(lambda: _after_dial(call, signal, webhook.form, context), webhook, context)


def _answered(
    decide: Callable[[], inbound.Answer | None], webhook: Webhook, context: Context
) -> Reply:
    """What was decided, in time; nothing to decide ends the call.

    Whatever fails, somebody is on the line: the fallback is spoken, the fault is logged, and the
    sweeper settles the call.
    """
    try:
        answer = _in_time(decide, context)
    except Exception:
        runtime.logger().exception("a call could not go on", extra=_masked(webhook))
        return _twiml(twiml.apology(twiml.SORRY))
    return _twiml(document(answer, webhook.base) if answer else twiml.hangup())


def _fallback(webhook: Webhook, context: Context, secrets: runtime.Secrets) -> Reply:
    """Twilio could not use an answer of ours. A call whose first answer was lost is answered again;
    of any other nobody knows how far it came, so it ends decently, and the sweep settles it."""
    failed = urlsplit(webhook.form.get("ErrorUrl", "")).path.rpartition("/")[2]
    told = {"error_code": webhook.form.get("ErrorCode", ""), "webhook": failed}
    runtime.logger().error("the carrier could not use an answer", extra=told | _masked(webhook))
    if failed == _FIRST:
        return _inbound(webhook, context, secrets)
    return _twiml(twiml.apology(twiml.SORRY))


def _in_time(decide: Callable[[], T], context: Context) -> T:
    """What `decide` returns; TimeoutError once the caller has waited long enough.

    A decision that comes too late may still reserve something: the end of the call, or the sweep,
    gives it back.
    """
    return _deciders().submit(decide).result(timeout=context.patience_seconds)


@cache
def _deciders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="decision")


def _after_keys(
    call: str, step: Step, signal: Signal, webhook: Webhook, context: Context
) -> inbound.Answer | None:
    """What follows from what was keyed; None, with the signals kept, when the caller has left."""
    callers = twilio_forms.call_signal(webhook.form, context.clock())
    if callers is not None and callers.status in ENDED:
        for one in (signal, callers):
            context.stores().calls.keep_signal(call, one)
        return None
    return asking.next_step(
        call,
        step,
        signal,
        e164=webhook.form.get("To", ""),
        caller=twilio_forms.caller_number(webhook.form),
        stores=context.stores(),
        clock=context.clock,
    )


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


def _whisper(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    """What the target hears first. Whatever fails, it is let through: better a talk without its
    whisper than none."""
    attempt, call = attempt_in(webhook.query), webhook.query.get("call", "")
    if attempt is None:
        return _twiml(twiml.hangup())
    begun = twilio_forms.whisper_signal(webhook.form, attempt, context.clock())

    def said() -> str:
        known = context.stores().calls.get(call)
        context.stores().calls.keep_signal(call, begun)
        if known.attempt is None or known.attempt.number != attempt:
            return twiml.hangup()
        return whisper_document(known, known.attempt, webhook.base)

    try:
        return _twiml(_in_time(said, context))
    except Exception:
        # Nothing of it can be said, and a caller is waiting: the log tells what is wrong.
        runtime.logger().exception("a whisper could not be said", extra=_masked(webhook))
        return _twiml(twiml.nothing())


def _bridge(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    """Lets the target through when its whisper is over, unless it was to press a key and did not.
    The answer rests on the request alone, so it is the same whether or not the report is kept."""
    attempt, call = attempt_in(webhook.query), webhook.query.get("call", "")
    if attempt is None:
        return _twiml(twiml.hangup())
    key = webhook.query.get("press")
    accepted = key is None or webhook.form.get("Digits") == key
    signal = twilio_forms.bridge_signal(webhook.form, attempt, accepted, context.clock())
    try:
        _in_time(lambda: context.stores().calls.keep_signal(call, signal), context)
    except Exception:
        # The end of the dial tells once more whether the parties talked.
        runtime.logger().exception("a bridge could not be kept", extra=_masked(webhook))
    return _twiml(twiml.nothing() if accepted else twiml.hangup())


def _message(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    """A message on voicemail, told by the end of the recording and by the recording's status."""
    told, call = webhook.query.get("told", ""), webhook.query.get("call", "")
    found = twilio_forms.message(webhook.form)
    if found is None or told not in _TELLS_OF_MESSAGES:
        return _twiml(twiml.nothing())
    signal = twilio_forms.message_signal(webhook.form, told, context.clock())
    if told == "status":
        context.stores().calls.keep_message(call, found, signal)
        return _twiml(twiml.nothing())
    try:
        _in_time(lambda: context.stores().calls.keep_message(call, found, signal), context)
    except Exception:
        # The recording's status tells of the message once more, when the caller has gone.
        runtime.logger().exception("a message could not be kept", extra=_masked(webhook))
    return _twiml(twiml.hangup())


def _leg(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    attempt = attempt_in(webhook.query)
    signal = twilio_forms.leg_signal(webhook.form, attempt, context.clock()) if attempt else None
    return _kept(webhook.query.get("call", ""), signal, context)


def _status(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    call = call_id(twilio_forms.CARRIER, webhook.form["CallSid"])
    return _kept(call, twilio_forms.call_signal(webhook.form, context.clock()), context)


def _recording(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    call, attempt = webhook.query.get("call", ""), attempt_in(webhook.query)
    report = twilio_recordings.report(webhook.form, attempt, context.clock()) if attempt else None
    if report is not None and call:
        context.stores().recordings.keep_report(call, report)
    return _twiml(twiml.nothing())


def _kept(call: str, signal: Signal | None, context: Context) -> Reply:
    """A report is answered once it is stored; what follows from it comes off the stream."""
    if signal is not None and call:
        context.stores().calls.keep_signal(call, signal)
    return _twiml(twiml.nothing())


_ROUTES: dict[str, Callable[[Webhook, Context, runtime.Secrets], Reply]] = {
    "/twilio/inbound": _inbound,
    "/twilio/fallback": _fallback,
    "/twilio/answer": _answer,
    "/twilio/dial": _dial,
    "/twilio/whisper": _whisper,
    "/twilio/bridge": _bridge,
    "/twilio/message": _message,
    "/twilio/leg": _leg,
    "/twilio/recording": _recording,
    "/twilio/status": _status,
}


def _masked(webhook: Webhook) -> dict[str, str]:
    form = webhook.form
    return {"carrier_call_id": form.get("CallSid", ""), "to": form.get("To", "")}


def _twiml(document: str) -> Reply:
    return {"statusCode": 200, "headers": {"content-type": "text/xml"}, "body": document}


def _said(status: int, text: str) -> Reply:
    return {"statusCode": status, "headers": {"content-type": "text/plain"}, "body": text}
