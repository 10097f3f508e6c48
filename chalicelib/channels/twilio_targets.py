"""What does Twilio ask and report of a target that is dialled?

Owns the webhooks of a target's leg: what it hears first, whether it is let through, how it goes
on. Whatever fails here, a caller is waiting for the target.
"""

from dataclasses import replace

from chalicelib import runtime
from chalicelib.channels import twilio_forms, twiml
from chalicelib.channels.callers import Context, in_time
from chalicelib.channels.twilio_replies import Reply, kept, masked, xml
from chalicelib.channels.twilio_signature import Webhook
from chalicelib.channels.twilio_urls import LISTENED, attempt_in, target_in, whisper_document
from chalicelib.endings import let_through
from chalicelib.ringing import led_by


def whisper(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    """What the target hears first. Whatever fails, it is let through: better a talk without its
    whisper than none."""
    attempt, call = attempt_in(webhook.query), webhook.query.get("call", "")
    if attempt is None:
        return xml(twiml.hangup())
    target = target_in(webhook.query)
    begun = twilio_forms.whisper_signal(webhook.form, attempt, context.clock())
    answered = twilio_forms.machine_signal(webhook.form, attempt, context.clock())

    def said() -> str:
        known = context.stores().calls.get(call)
        context.stores().calls.keep_signal(call, replace(begun, target_id=target))
        if answered is not None:
            context.stores().calls.keep_signal(call, replace(answered, target_id=target))
        if known.attempt is None or known.attempt.number != attempt:
            return twiml.hangup()
        own = led_by(known.attempt, target) if target else known.attempt
        return whisper_document(known, own, webhook.base) if own else twiml.hangup()

    try:
        return xml(in_time(said, context))
    except Exception:
        # Nothing of it can be said, and a caller is waiting: the log tells what is wrong.
        runtime.logger().exception("a whisper could not be said", extra=masked(webhook))
        return xml(twiml.nothing())


def bridge(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    """Lets the target through when its whisper is over, unless it was to press a key and did not,
    or was heard to be a machine. Where nobody listened, the answer rests on the request alone, so
    it is the same whether or not the report is kept."""
    attempt, call = attempt_in(webhook.query), webhook.query.get("call", "")
    if attempt is None:
        return xml(twiml.hangup())
    key = webhook.query.get("press")
    accepted = key is None or webhook.form.get("Digits") == key
    listened, target = LISTENED in webhook.query, target_in(webhook.query)

    def let_in() -> bool:
        calls = context.stores().calls
        file = calls.file(call) if listened else None
        known = let_through(file.signals, attempt, target, accepted=accepted) if file else accepted
        signal = twilio_forms.bridge_signal(webhook.form, attempt, known, context.clock())
        if calls.keep_signal(call, replace(signal, target_id=target)) or not listened:
            return known
        # Another delivery was quicker, and what it kept is what was decided.
        file = calls.file(call)
        return let_through(file.signals, attempt, target, accepted=accepted) if file else known

    try:
        accepted = in_time(let_in, context)
    except Exception:
        # The end of the dial tells once more whether the parties talked.
        runtime.logger().exception("a bridge could not be kept", extra=masked(webhook))
    return xml(twiml.nothing() if accepted else twiml.hangup())


def machine(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    """What the carrier takes whoever answered for, kept as it came. Each word is logged: when the
    carrier says which is not laid down anywhere."""
    attempt, now = attempt_in(webhook.query), context.clock()
    signal = twilio_forms.machine_signal(webhook.form, attempt, now) if attempt else None
    if signal is not None:
        signal = replace(signal, target_id=target_in(webhook.query))
        told = {"answered_by": signal.step or "", "attempt": str(attempt)}
        runtime.logger().info("the carrier tells what answered", extra=told | masked(webhook))
    return kept(webhook.query.get("call", ""), signal, context)


def leg(webhook: Webhook, context: Context, _secrets: runtime.Secrets) -> Reply:
    """A report of the leg to a target; what follows from the first that answers, for the others
    that ring with it, comes off the stream too."""
    attempt = attempt_in(webhook.query)
    signal = twilio_forms.leg_signal(webhook.form, attempt, context.clock()) if attempt else None
    if signal is not None:
        signal = replace(signal, target_id=target_in(webhook.query))
    return kept(webhook.query.get("call", ""), signal, context)
