"""What happens when a caller has keyed an answer, or nothing?

Joins what was asked, what has been keyed so far, and the decision once all questions are behind. An
answer is kept before the next question is asked; the last one with the reservation that follows
from it, in one transaction.
"""

from dataclasses import replace

from chalicelib.answering import ZIP, Answering
from chalicelib.calls import Call, CallStatus, Signal
from chalicelib.flows.deciding import meet
from chalicelib.flows.inbound import Answer, after_race, again
from chalicelib.flows.racing import Clock, Race
from chalicelib.gate import Caller
from chalicelib.questions import Course, Step, follow, heard_before_choice, keyed_by
from chalicelib.reasons import Reason
from chalicelib.reserving import Reservation
from chalicelib.routing import Decision
from chalicelib.store.facts import Facts, facts_puts
from chalicelib.store.markets import Situation
from chalicelib.store.outcomes import Outcome
from chalicelib.store.stores import Stores


def next_step(
    call_id: str,
    step: Step,
    signal: Signal,
    *,
    e164: str,
    caller: str | None,
    stores: Stores,
    clock: Clock,
) -> Answer | None:
    """What comes after `step`, at which the caller has keyed what `signal` says: the next question,
    the first attempt, or nobody.

    A repeated delivery gets the same answer and keeps nothing. `e164` was dialled by `caller`, as
    the carrier says once more. None means that there is nothing to ask or to decide, because the
    call is over or not known: then nothing was written, the signal neither. Two round trips.
    """
    number = stores.markets.number(e164, clock())
    if number is None:
        return None
    situation = stores.markets.situation_again(
        number, call_id=call_id, decision=1, caller=caller, with_keys=True
    )
    if situation.call is None or situation.asked is None:
        return None
    keys = {step: signal.keys or "", **situation.keyed}
    course = follow(situation.asked, keyed_by(keys, step))
    if course.page is not None:
        if step in situation.keyed or stores.calls.keep_signal(call_id, signal):
            return Answer(call_id=call_id, page=course.page)
        # Another delivery was quicker, and what it kept is what was keyed.
        return next_step(
            call_id, step, signal, e164=e164, caller=caller, stores=stores, clock=clock
        )
    if situation.answered is not None:
        return again(call_id, situation.answered)
    if situation.call.status is not CallStatus.LIVE or situation.call.attempt is not None:
        return None
    call = told_by(situation.call, situation.asked, course)
    return _routed(replace(situation, call=call), signal, stores=stores, clock=clock)


def told_by(call: Call, asked: Answering, course: Course) -> Call:
    """The call with what its caller has answered: tags that come before the number's, and the
    place that a ZIP tells of."""
    zip_code = course.keyed.get(ZIP)
    return replace(
        call,
        tags={**call.tags, **course.said},
        area=call.area.keyed(zip_code) if zip_code else call.area,
        heard=heard_before_choice(asked, course, call.offer_id or ""),
        refusal=Reason.QUESTION_UNANSWERED.value if course.given_up else None,
    )


def _routed(situation: Situation, signal: Signal, *, stores: Stores, clock: Clock) -> Answer:
    """The call routed as one that arrives, but for the gate, which it has passed."""
    now, call, number = clock(), situation.call, situation.material.number
    if call is None:
        raise ValueError("a situation without a call has nothing to route")
    facts = Facts(
        material=situation.material, call=call, caller=Caller(number=call.caller), now=now
    )
    decision = meet(facts, situation)
    kept = facts_puts(facts, decision, 1)

    def reserve(chosen: Decision, take: Reservation) -> Outcome:
        return stores.reservations.route(call, take, chosen, signal=signal, facts=kept)

    race = Race(
        market=situation.market, call=call, number=1, reserve=reserve, started=now, clock=clock
    )

    def turn_away(refused: Decision) -> Outcome:
        return stores.reservations.turn_away(call, refused, signal=signal, now=now, facts=kept)

    return after_race(race, decision, turn_away, number=number, stores=stores)
