"""What does a call meet, as its facts stand?

Joins gate and routing over facts that have been gathered, for a call that arrives, fails over, is
supposed or is decided again. Reserving what is decided belongs to `racing`.
"""

from datetime import datetime

from chalicelib.attributes import attributes_of
from chalicelib.calls import Call
from chalicelib.campaigns import State
from chalicelib.failover import without_hold
from chalicelib.flows.racing import shut_out
from chalicelib.gate import judge
from chalicelib.market import Market
from chalicelib.offers import Number
from chalicelib.powers import powers_of
from chalicelib.reasons import Reason
from chalicelib.routing import Decision, choose
from chalicelib.store.facts import Facts
from chalicelib.store.markets import Situation
from chalicelib.store.reservations import given_up


def meet(facts: Facts, situation: Situation) -> Decision:
    """What a call meets by its `facts`, whose rows show the `situation`: the gate first, where the
    caller stands at it; one who would not answer a question goes no further."""
    if facts.call.refusal is not None:
        return Decision(refusal=Reason(facts.call.refusal))
    refusal = judge(situation.gate, facts.caller, facts.now) if facts.at_the_gate else None
    if refusal is not None:
        return shut_out(refusal)
    return decide(facts.material.number, situation.market, facts.call, facts.now)


def decide(number: Number, market: Market | None, call: Call, now: datetime) -> Decision:
    """What the call meets as things stand: on arrival, or after the attempt that it has failed.

    What that attempt holds counts as given back already.
    """
    if number.state is not State.ACTIVE or market is None:
        return Decision(refusal=Reason.NUMBER_PAUSED)
    following, tried = 1, call.tried
    if call.attempt is not None:
        failed, tried = given_up(call)
        following = failed.number + 1
        market = without_hold(market, failed, call.id)
    return choose(
        market,
        call_id=call.id,
        now=now,
        attempt=following,
        tried=tried,
        area=call.area,
        attributes=attributes_of(call),
        talked_before=call.talked_before,
        powers=powers_of(call.carrier),
    )
