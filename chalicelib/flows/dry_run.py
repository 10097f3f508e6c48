"""Who would get a call on this number?

Joins number, gate, market and decision as a call does, and reserves nothing. What a real call is
answered with belongs to `inbound`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.calls import Call
from chalicelib.flows.deciding import meet
from chalicelib.flows.inbound import led_by
from chalicelib.flows.looking_up import remembered
from chalicelib.gate import Caller
from chalicelib.groups import settled_on
from chalicelib.places import Area, AreaEvidence, area_code_of, prefix_evidence
from chalicelib.reasons import Reason
from chalicelib.routing import Decision
from chalicelib.store.facts import Facts
from chalicelib.store.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """A call that might come; `call_id` draws among weights.

    `tags` come before the number's, `declared` is what the caller has said of the own place.
    """

    call_id: str
    e164: str
    caller: Caller
    at: datetime
    tags: Mapping[str, str]
    declared: tuple[AreaEvidence, ...]


def dry_run(supposed: Supposed, *, stores: Stores, now: datetime) -> Decision:
    """The decision that the call would meet, with block lists, market and what is known of the
    caller as they stand `now`.

    The caller's place is the declared one, else the number's. Of the caller's line it knows what an
    earlier call has found; no carrier is asked.
    """
    number = stores.markets.number(supposed.e164, now)
    if number is None:
        return Decision(refusal=Reason.UNKNOWN_NUMBER)
    caller = supposed.caller
    situation = stores.markets.situation(
        number, call_id=supposed.call_id, decision=1, caller=caller
    )
    call = led_by(replace(_call(supposed), carrier=number.carrier), number)
    call = replace(call, talked_before=situation.talked_before)
    facts = Facts(material=situation.material, call=call, caller=caller, now=supposed.at)
    decision = meet(replace(facts, call=remembered(facts, situation)), situation)
    if not decision.candidates:
        return decision
    return settled_on(decision, decision.candidates[0].facts.target.id, ())


def _call(supposed: Supposed) -> Call:
    caller = supposed.caller.number
    known = prefix_evidence(caller) if caller else ()
    return Call(
        id=supposed.call_id,
        carrier="none",
        carrier_call_id=supposed.call_id,
        e164=supposed.e164,
        caller=caller,
        caller_hash=supposed.caller.number_hash,
        area=Area.told_by((*supposed.declared, *known), area_code_of(caller)),
        attestation=supposed.caller.attestation,
        arrived_at=supposed.at,
        tags=supposed.tags,
    )
