"""What does Amazon Connect's flow ask, and what is it answered?

Owns the function that the shipped flow invokes: a call that arrives, what its caller keys, the end
of a transfer. The same invocation may come several times within Connect's eight seconds; it gets
the same answer and reserves nothing twice. Whatever fails, the flow is answered something sensible,
because somebody is on the line. How a call ends whose caller hangs up first, no flow tells: that
belongs to `contacts`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalice import Blueprint

from chalicelib import runtime
from chalicelib.channels import connect_answers, connect_events
from chalicelib.channels.callers import Context, in_time
from chalicelib.channels.connect_answers import Attributes
from chalicelib.channels.connect_events import Invocation
from chalicelib.flows import asking, following, inbound
from chalicelib.questions import Step

blueprint = Blueprint(__name__)


class Unreadable(Exception):
    """An invocation that the shipped flow would not make."""


@blueprint.lambda_function(name="connect")
def connect(event: object, _context: Any) -> Attributes:
    """The function: one invocation by a flow in, flat attributes out."""
    return handle(event, Context())


def handle(event: object, context: Context) -> Attributes:
    """The attributes by which the flow goes on; those of the apology for an invocation that cannot
    be read, of another instance, or that fails or takes too long. The log says which."""
    said = connect_events.read(event)
    if said is None:
        runtime.logger().warning("an invocation names no contact")
        return connect_answers.apology()
    operation = _OPERATIONS.get(said.operation)
    try:
        if not said.instance_id or said.instance_id != context.secrets().connect_instance_id:
            runtime.logger().warning("an invocation is of another instance", extra=_masked(said))
            return connect_answers.apology()
        if operation is None:
            raise Unreadable(f"there is no operation {said.operation[:40]!r}")
        return in_time(lambda: operation(said, context), context)
    except Exception:
        # Whatever it is, the caller hears the apology, and the log says it.
        runtime.logger().exception("a call could not go on", extra=_masked(said))
        return connect_answers.apology()


def _arrived(said: Invocation, context: Context) -> Attributes:
    arrival = connect_events.arrival(said, context.secrets().caller_hash_key)
    answer = inbound.answer(
        arrival, stores=context.stores(), clock=context.clock, inquiry=context.inquiry
    )
    return _answered(answer, said)


def _gathered(said: Invocation, context: Context) -> Attributes:
    waited = connect_events.look(said)
    if waited is not None:
        look, since = waited
        answer = asking.look_again(
            said.call_id,
            look,
            connect_events.wait_signal(said, look, context.clock()),
            since=since,
            e164=said.dialled,
            caller=said.caller,
            stores=context.stores(),
            clock=context.clock,
        )
        return _answered(answer, said)
    step = connect_events.step(said)
    if step is None:
        raise Unreadable("no step is named")
    return _answered(_after_keys(said, step, context), said)


def _after_keys(said: Invocation, step: Step, context: Context) -> inbound.Answer | None:
    return asking.next_step(
        said.call_id,
        step,
        connect_events.answer_signal(said, step, context.clock()),
        e164=said.dialled,
        caller=said.caller,
        stores=context.stores(),
        clock=context.clock,
    )


def _next(said: Invocation, context: Context) -> Attributes:
    """The next target after a transfer that came to no talk. A call that is over, or not known,
    keeps the report."""
    attempt = connect_events.attempt(said)
    signal = connect_events.failed_signal(said, attempt, context.clock()) if attempt else None
    if signal is None:
        raise Unreadable("no attempt and outcome are named")
    answer = following.next_attempt(
        said.call_id,
        signal,
        e164=said.dialled,
        caller=said.caller,
        stores=context.stores(),
        clock=context.clock,
    )
    if answer is None:
        context.stores().calls.keep_signal(said.call_id, signal)
    return _answered(answer, said)


def _ended(said: Invocation, context: Context) -> Attributes:
    """The target has hung up: the talk is over, and the report of it kept."""
    attempt = connect_events.attempt(said)
    if attempt is None:
        raise Unreadable("no attempt is named")
    signal = connect_events.ended_signal(said, attempt, context.clock())
    context.stores().calls.keep_signal(said.call_id, signal)
    return connect_answers.over(said.call_id)


def _answered(answer: inbound.Answer | None, said: Invocation) -> Attributes:
    if answer is None:
        return connect_answers.over(said.call_id)
    return connect_answers.attributes(answer, dialled=said.dialled, anonymous=said.caller is None)


def _masked(said: Invocation) -> dict[str, str]:
    """What a log may tell of an invocation."""
    return {
        "carrier_call_id": said.contact_id,
        "instance_id": said.instance_id,
        "operation": said.operation[:40],
        "to": said.dialled,
    }


_OPERATIONS: Mapping[str, Callable[[Invocation, Context], Attributes]] = {
    "arrived": _arrived,
    "gathered": _gathered,
    "next": _next,
    "ended": _ended,
}
