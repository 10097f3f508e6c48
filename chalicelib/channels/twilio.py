"""What does Twilio ask, and what is it answered?

Owns the door behind the voice function's URL, and the webhooks of the caller: the inbound call,
what its caller keys, the end of a dial, a message on voicemail, the reports of the call and of a
recording, and what is asked when an answer has failed. Those of a target belong to
`twilio_targets`. The signature is checked before anything is read or written. The caller always
hears something sensible, whatever fails behind this door.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from chalice import Blueprint

from chalicelib import runtime
from chalicelib.calls import ENDED, Signal, call_id
from chalicelib.channels import twilio_forms, twilio_recordings, twilio_targets, twiml
from chalicelib.channels.callers import SORRY, Context, in_time
from chalicelib.channels.twilio_replies import Reply, kept, masked, text, xml
from chalicelib.channels.twilio_signature import Webhook, verified
from chalicelib.channels.twilio_urls import (
    RECOVERY,
    TOGETHER,
    attempt_in,
    document,
    look_in,
    step_in,
)
from chalicelib.flows import asking, following, inbound
from chalicelib.questions import Step

blueprint = Blueprint(__name__)
_TELLS_OF_MESSAGES = ("action", "status")
_FIRST = "inbound"


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
        return text(404, "There is no such webhook.")
    if event.get("requestContext", {}).get("http", {}).get("method") != "POST":
        return text(405, "Webhooks are posted.")
    secrets = context.secrets()
    webhook = verified(event, secrets)
    if webhook is None:
        return text(403, "The request is not signed by the carrier's account.")
    if not webhook.form.get("CallSid"):
        return text(400, "The form names no CallSid.")
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
        return xml(twiml.hangup())
    signal = twilio_forms.answer_signal(webhook.form, step, context.clock())
    call = webhook.query.get("call", "")
    return _answered(lambda: _after_keys(call, step, signal, webhook, context), webhook, context)


def _wait(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    found = look_in(webhook.query)
    if found is None:
        return xml(twiml.hangup())
    look, since = found
    signal = twilio_forms.wait_signal(webhook.form, look, context.clock())
    call = webhook.query.get("call", "")

    def after() -> inbound.Answer | None:
        if _has_left(call, signal, webhook, context):
            return None
        return asking.look_again(
            call,
            look,
            signal,
            since=since,
            e164=webhook.form.get("To", ""),
            caller=twilio_forms.caller_number(webhook.form),
            stores=context.stores(),
            clock=context.clock,
        )

    return _answered(after, webhook, context)


def _dial(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    attempt = attempt_in(webhook.query)
    signal = twilio_forms.dial_signal(webhook.form, attempt, context.clock()) if attempt else None
    if signal is None:
        return xml(twiml.hangup())
    call = webhook.query.get("call", "")
    return _answered(lambda: _after_dial(call, signal, webhook, context), webhook, context)


def _answered(
    decide: Callable[[], inbound.Answer | None], webhook: Webhook, context: Context
) -> Reply:
    """What was decided, in time; nothing to decide ends the call.

    Whatever fails, somebody is on the line: the fallback is spoken, the fault is logged, and the
    sweeper settles the call.
    """
    try:
        answer = in_time(decide, context)
    except Exception:
        runtime.logger().exception("a call could not go on", extra=masked(webhook))
        return xml(twiml.apology(SORRY))
    return xml(document(answer, webhook.base) if answer else twiml.hangup())


def _fallback(webhook: Webhook, context: Context, secrets: runtime.Secrets) -> Reply:
    """Twilio could not use an answer of ours. A call whose first answer was lost is answered again;
    of any other nobody knows how far it came, so it ends decently, and the sweep settles it."""
    failed = urlsplit(webhook.form.get("ErrorUrl", "")).path.rpartition("/")[2]
    told = {"error_code": webhook.form.get("ErrorCode", ""), "webhook": failed}
    runtime.logger().error("the carrier could not use an answer", extra=told | masked(webhook))
    if failed == _FIRST:
        return _inbound(webhook, context, secrets)
    return xml(twiml.apology(SORRY))


def _after_keys(
    call: str, step: Step, signal: Signal, webhook: Webhook, context: Context
) -> inbound.Answer | None:
    """What follows from what was keyed; None, with the signals kept, when the caller has left."""
    if _has_left(call, signal, webhook, context):
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


def _has_left(call: str, signal: Signal, webhook: Webhook, context: Context) -> bool:
    """Whether the form says that the caller has hung up; if so, the signals are kept."""
    callers = twilio_forms.call_signal(webhook.form, context.clock())
    if callers is None or callers.status not in ENDED:
        return False
    for one in (signal, callers):
        context.stores().calls.keep_signal(call, one)
    return True


def _after_dial(
    call: str, signal: Signal, webhook: Webhook, context: Context
) -> inbound.Answer | None:
    """The next attempt after a failed one, or after a talk that the target may have ended early;
    None, with the signals kept, when the call is over.

    A caller who has left is told by the final status of the caller's own call in the same form.
    """
    calls, form = context.stores().calls, webhook.form
    callers = twilio_forms.call_signal(form, context.clock())
    left = callers is not None and callers.status in ENDED
    if not left and (RECOVERY in webhook.query or not signal.talked):
        answer = following.next_attempt(
            call,
            signal,
            e164=form.get("To", ""),
            caller=twilio_forms.caller_number(form),
            stores=context.stores(),
            clock=context.clock,
            together=TOGETHER in webhook.query,
        )
        if answer is not None:
            return answer
    calls.keep_signal(call, signal)
    if callers is not None and left:
        calls.keep_signal(call, callers)
    return None


def _message(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    """A message on voicemail, told by the end of the recording and by the recording's status."""
    told, call = webhook.query.get("told", ""), webhook.query.get("call", "")
    found = twilio_forms.message(webhook.form)
    if found is None or told not in _TELLS_OF_MESSAGES:
        return xml(twiml.nothing())
    signal = twilio_forms.message_signal(webhook.form, told, context.clock())
    if told == "status":
        context.stores().calls.keep_message(call, found, signal)
        return xml(twiml.nothing())
    try:
        in_time(lambda: context.stores().calls.keep_message(call, found, signal), context)
    except Exception:
        # The recording's status tells of the message once more, when the caller has gone.
        runtime.logger().exception("a message could not be kept", extra=masked(webhook))
    return xml(twiml.hangup())


def _status(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    call = call_id(twilio_forms.CARRIER, webhook.form["CallSid"])
    return kept(call, twilio_forms.call_signal(webhook.form, context.clock()), context)


def _recording(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    call, attempt = webhook.query.get("call", ""), attempt_in(webhook.query)
    report = twilio_recordings.report(webhook.form, attempt, context.clock()) if attempt else None
    if report is not None and call:
        context.stores().recordings.keep_report(call, report)
    return xml(twiml.nothing())


_ROUTES: dict[str, Callable[[Webhook, Context, runtime.Secrets], Reply]] = {
    "/twilio/inbound": _inbound,
    "/twilio/fallback": _fallback,
    "/twilio/answer": _answer,
    "/twilio/wait": _wait,
    "/twilio/dial": _dial,
    "/twilio/whisper": twilio_targets.whisper,
    "/twilio/bridge": twilio_targets.bridge,
    "/twilio/machine": twilio_targets.machine,
    "/twilio/message": _message,
    "/twilio/leg": twilio_targets.leg,
    "/twilio/recording": _recording,
    "/twilio/status": _status,
}
