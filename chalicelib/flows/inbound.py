"""What happens when a call arrives?

Joins number, gate, market, decision and reservation into one answer for the carrier. What follows
from a caller's answers to questions belongs to `asking`, what follows after a target that did not
take the call to `following`; what the caller hears is the channel's to say; ending a call belongs
to `settlement`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.answering import Answering, Voicemail
from chalicelib.calls import Attempt, Attestation, Call, call_id
from chalicelib.flows.attributing import lead_back
from chalicelib.flows.deciding import meet
from chalicelib.flows.looking_up import CARRIER, Inquiry, LookedUp, look_up
from chalicelib.flows.racing import Clock, Race, shut_out
from chalicelib.gate import Caller
from chalicelib.market import Market
from chalicelib.offers import Number
from chalicelib.places import Area
from chalicelib.questions import Page, follow, heard_before_choice
from chalicelib.reasons import Reason
from chalicelib.reserving import Reservation
from chalicelib.routing import Decision
from chalicelib.store.facts import Facts, facts_puts
from chalicelib.store.markets import Answered, Situation
from chalicelib.store.outcomes import Outcome
from chalicelib.store.stores import Stores
from chalicelib.waiting import Waiting, heard_waiting, waiting, waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a carrier says of a new call. `caller` is None for an anonymous one.

    The hashes stand for the number and for its first digits (`gate.ROTATION_DIGITS`).
    """

    carrier: str
    carrier_call_id: str
    e164: str
    caller: str | None
    caller_hash: str | None
    area: Area
    prefix_hash: str | None = None
    attestation: Attestation = Attestation.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to do with the call: ask what is on the `page`, let the caller wait, dial the attempt,
    or say sorry for the reason, on `voicemail` where there is one."""

    call_id: str
    attempt: Attempt | None = None
    refusal: StrEnum | None = None
    voicemail: Voicemail | None = None
    page: Page | None = None
    waiting: Waiting | None = None


def answer(arrival: Arrival, *, stores: Stores, clock: Clock, inquiry: Inquiry = CARRIER) -> Answer:
    """Route a call that arrives, if its caller is let in, or ask its caller first; a repeated
    delivery gets the same answer, reserves nothing and counts nothing.

    Two round trips when the number is known to this process, three when it is not; between the last
    two, the carrier is asked about the caller's line where the offer wants to know it.
    """
    now = clock()
    call = _new_call(arrival, now)
    number = stores.markets.number(arrival.e164, now)
    if number is None:
        stores.reservations.refuse(call, Decision(refusal=Reason.UNKNOWN_NUMBER))
        return Answer(call_id=call.id, attempt=None, refusal=Reason.UNKNOWN_NUMBER)
    caller = _caller(arrival)
    situation = stores.markets.situation(
        number, call_id=call.id, decision=1, caller=caller, slot=number.slot
    )
    before = _before(call.id, situation)
    if before is not None:
        return before

    gate, led = situation.gate, lead_back(call, situation.lent)
    call = replace(led_by(led.call, number), talked_before=situation.talked_before)
    facts = Facts(material=situation.material, call=call, caller=caller, now=now)
    known = look_up(facts, situation, inquiry, stores=stores, clock=clock)
    known = replace(known, changes=[*known.changes, *led.changes])
    call, facts = known.call, replace(facts, call=known.call)
    decision = meet(facts, situation)
    answering = _answering(decision, situation.market)
    if answering is not None and answering.questions:
        asked = _ask(known, answering, situation, stores)
        if isinstance(asked, Answer):
            return asked
        decision = asked
    kept = [*facts_puts(facts, decision, 1), *known.changes]

    def reserve(chosen: Decision, take: Reservation) -> Outcome:
        return stores.reservations.begin(call, take, chosen, gate=gate, facts=kept)

    race = Race(
        market=situation.market, call=call, number=1, reserve=reserve, started=now, clock=clock
    )

    def refuse(refused: Decision) -> Outcome:
        return stores.reservations.refuse(call, refused, gate=gate, facts=kept)

    def wait(refused: Decision) -> Answer | Decision:
        first = waits(refused, answering, since=now, look=1, now=now)
        if first is None or answering is None:
            return refused
        return _ask(known, answering, situation, stores)

    return after_race(race, decision, refuse, number=number, stores=stores, wait=wait)


def _answering(decision: Decision, market: Market | None) -> Answering | None:
    """What the caller hears and is asked before anybody is chosen; None where nothing is, or where
    no answer could lead to a target."""
    if decision.strategy is None or market is None:
        return None
    return market.offer.answering


def _ask(
    known: LookedUp, answering: Answering, situation: Situation, stores: Stores
) -> Answer | Decision:
    """The first page, or the first look of a caller who is asked nothing, with the call kept; the
    decision on a caller whom the gate lets in no more."""
    call, course = known.call, follow(answering, {})
    heard = heard_before_choice(answering, course, call.offer_id or "")
    if course.page is None:
        heard += heard_waiting(answering, call.offer_id or "")
    begun = replace(call, answered_early=True, heard=heard)
    outcome = stores.reservations.ask(begun, answering, gate=situation.gate, facts=known.changes)
    if outcome.shut_out is not None:
        return shut_out(outcome.shut_out)
    if outcome.done_before:
        kept = stores.markets.situation(situation.material.number, call_id=call.id, decision=1)
        return _before(call.id, kept) or Answer(call_id=call.id, refusal=Reason.NO_TARGET)
    return _asked(call.id, answering, call.arrived_at)


def _asked(call_id: str, answering: Answering, arrived_at: datetime) -> Answer:
    """What the caller hears first of all."""
    page = follow(answering, {}).page
    first = None if page else waiting(answering, since=arrived_at, look=1)
    return Answer(call_id=call_id, page=page, waiting=first)


def _before(call_id: str, situation: Situation) -> Answer | None:
    """What an earlier delivery was answered with; None when this is the first."""
    if situation.asked is not None and situation.call is not None:
        return _asked(call_id, situation.asked, situation.call.arrived_at)
    return again(call_id, situation.answered) if situation.answered else None


def after_race(
    race: Race,
    decision: Decision,
    refuse: Callable[[Decision], Outcome],
    *,
    number: Number,
    stores: Stores,
    wait: Callable[[Decision], Answer | Decision] | None = None,
) -> Answer:
    """What a call is answered with once the candidates have been tried: the attempt that was taken;
    that the caller waits, where `wait` says so; or, with that kept by `refuse`, that nobody takes
    it. Another delivery may have done any of them."""
    call_id, taken = race.call.id, race.take_first(decision)
    if taken.attempt is not None:
        return Answer(call_id=call_id, attempt=taken.attempt)
    if taken.done_before:
        return _earlier_answer(number, call_id, race.number, stores)
    refused = wait(taken.decision) if wait else taken.decision
    if isinstance(refused, Answer):
        return refused
    if refuse(refused).done_before:
        return _earlier_answer(number, call_id, race.number, stores)
    return Answer(call_id=call_id, refusal=refused.refusal, voicemail=refused.voicemail)


def _earlier_answer(number: Number, call_id: str, decision: int, stores: Stores) -> Answer:
    """What a delivery of the same request, handled at the same time, was answered with."""
    situation = stores.markets.situation(number, call_id=call_id, decision=decision)
    if situation.answered is None:
        return Answer(call_id=call_id, refusal=Reason.NO_TARGET)
    return again(call_id, situation.answered)


def again(call_id: str, answered: Answered) -> Answer:
    """The answer of before."""
    return Answer(
        call_id=call_id,
        attempt=answered.attempt,
        refusal=answered.refusal,
        voicemail=answered.voicemail,
    )


def _caller(arrival: Arrival) -> Caller:
    return Caller(
        number=arrival.caller,
        number_hash=arrival.caller_hash,
        prefix_hash=arrival.prefix_hash,
        attestation=arrival.attestation,
    )


def _new_call(arrival: Arrival, now: datetime) -> Call:
    return Call(
        id=call_id(arrival.carrier, arrival.carrier_call_id),
        carrier=arrival.carrier,
        carrier_call_id=arrival.carrier_call_id,
        e164=arrival.e164,
        caller=arrival.caller,
        caller_hash=arrival.caller_hash,
        area=arrival.area,
        attestation=arrival.attestation,
        arrived_at=now,
    )


def led_by(call: Call, number: Number) -> Call:
    """The call with where its number leads, and the number's tags where it has no such of its
    own."""
    return replace(
        call,
        number_id=number.id,
        offer_id=number.offer_id,
        publisher_id=number.publisher_id,
        partnership_id=number.partnership_id,
        placement_id=number.placement_id,
        tags={**number.tags, **call.tags},
    )
