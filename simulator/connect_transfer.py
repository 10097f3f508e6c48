"""What happens when a flow transfers the caller to a telephone number?

Rings the third party, lets them talk, and says by which way the flow goes on. It goes on only while
the caller is there: where the caller hangs up, nothing more is asked of the platform.
"""

import re

from simulator.connect_contact import LiveContact, contact_id
from simulator.connect_flow import ANY_ERROR, CALL_FAILED, TIME_LIMIT, Block
from simulator.dialling import ringing_steps
from simulator.line import CallOver, Leg
from simulator.scripts import Behaviour, Side

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_KEYS = re.compile(r"[0-9*#,]{1,50}")
_WAYS = {"busy": CALL_FAILED, "failed": CALL_FAILED, "no-answer": TIME_LIMIT}
# Contact records data model, DisconnectReason.
_REASONS = {
    "busy": "TELECOM_BUSY",
    "failed": "TELECOM_NUMBER_INVALID",
    "no-answer": "TELECOM_UNANSWERED",
}


def transfer(call: LiveContact, block: Block) -> str:
    """Play one transfer; the name of the block that follows. Raises `CallOver` when the caller
    left meanwhile."""
    to = call.value(block.get("ThirdPartyPhoneNumber"))
    limit = call.value(block.get("ThirdPartyConnectionTimeLimitSeconds"))
    refusal = _refusal(call, block, to, limit)
    if refusal:
        call.accuse("transfer_refused", refusal)
        return block.errors[ANY_ERROR]
    behaviour = call.script.behaviour(to, dial=call.dials, rung=call.rung[to])
    leg = Leg(sid=contact_id(call.sid, call.dials), to=to, from_=call.script.to)
    call.legs.append(leg)
    call.rung[to] += 1
    call.dials += 1
    try:
        lost = _ring(call, leg, behaviour, int(limit))
        if lost:
            return block.errors[lost]
        _talk(call, leg, behaviour)
    except CallOver:
        answered = leg.answered_at is not None
        reason = "CUSTOMER_DISCONNECT" if answered else "TELECOM_ORIGINATOR_CANCEL"
        call.end_leg(leg, "completed" if answered else "canceled", reason)
        raise
    return block.following


def _ring(call: LiveContact, leg: Leg, behaviour: Behaviour, limit: int) -> str:
    """Ring until somebody answers; else by which way the flow goes on."""
    begun = call.clock.second
    leg.begun_at = begun
    call.tell_of("initiated", leg)
    with call.patience(call.script.hangup_while_ringing):
        second, status = ringing_steps(behaviour, limit)[-1]
        call.wait_until(begun + second)
    if status != "in-progress":
        call.end_leg(leg, status, _REASONS[status])
        return _WAYS[status]
    leg.answered_at = leg.bridged_at = call.clock.second
    leg.status = status
    call.tell_of("answered", leg)
    return ""


def _talk(call: LiveContact, leg: Leg, behaviour: Behaviour) -> None:
    call.wait(behaviour.talk)
    if behaviour.hangup_by == Side.CALLER:
        raise CallOver(Side.CALLER)
    call.ended_by = Side.TARGET
    call.end_leg(leg, "completed", "THIRD_PARTY_DISCONNECT")


def _refusal(call: LiveContact, block: Block, to: str, limit: str) -> str:
    """Why the service makes no such call; "" where it makes it."""
    if not _E164.fullmatch(to):
        return f"{to!r} is no telephone number"
    if not re.fullmatch(r"\d{1,3}", limit) or int(limit) > 600:
        return f"{limit!r} is no time limit from 0 to 600 seconds"
    keys = block.get("ThirdPartyDTMFDigits")
    if keys and not _KEYS.fullmatch(call.value(keys)):
        return f"{call.value(keys)!r} are no keys that can be sent"
    return _unshown(call, block)


def _unshown(call: LiveContact, block: Block) -> str:
    """Why the number that the third party is to see cannot be shown."""
    shown = block.says.get("CallerId")
    if shown is None:
        anonymous = not call.script.caller.number.startswith("+")
        return "an anonymous caller is shown by a number of the instance" if anonymous else ""
    number = call.value(shown["Number"])
    if number == call.script.to or call.instance.number_at(number):
        return ""
    return f"{number!r} is no number of the instance"
