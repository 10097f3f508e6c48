"""What happens when a call arrives, and when a target did not take it?

Joins number, market, decision and reservation into one answer for the carrier. What the caller
hears is the channel's to say; ending a call belongs to `settlement`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.calls import Attempt, Call, CallStatus, Signal, call_id
from chalicelib.campaigns import Area, Number, State
from chalicelib.reasons import Reason
from chalicelib.routing import Decision, choose, settled_on
from chalicelib.store.markets import Answered, Situation
from chalicelib.store.reservations import Outcome, given_up
from chalicelib.store.stores import Stores

BUDGET = timedelta(seconds=3)
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a carrier says of a new call. `caller` is None for an anonymous one."""

    carrier: str
    carrier_call_id: str
    e164: str
    caller: str | None
    caller_hash: str | None
    area: Area


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to do with the call: dial the attempt, or say sorry for the reason."""

    call_id: str
    attempt: Attempt | None
    refusal: Reason | None = None


def answer(arrival: Arrival, *, stores: Stores, clock: Clock) -> Answer:
    """Route a call that arrives; a repeated delivery gets the same answer and reserves nothing.

    Two round trips when the number is known to this process, three when it is not.
    """
    now = clock()
    call = _new_call(arrival, now)
    number = stores.markets.number(arrival.e164, now)
    if number is None:
        return _refuse(call, Decision(refusal=Reason.UNKNOWN_NUMBER), stores)
    situation = stores.markets.situation(number, call_id=call.id, decision=1)
    if situation.answered is not None:
        return _again(call.id, situation.answered)

    decision = _decide(number, situation, call.id, now)
    call = _led_by(call, number)

    def reserve(chosen: Decision, position: int) -> Outcome:
        return stores.reservations.begin(call, decision.candidates[position], chosen)

    taken = _take_first(decision, reserve, started=now, clock=clock)
    if taken.done_before:
        return _earlier_answer(number, call.id, 1, stores)
    if taken.attempt is not None:
        return Answer(call_id=call.id, attempt=taken.attempt)
    return _refuse(call, taken.decision, stores)


def next_attempt(
    call_id: str, signal: Signal, *, e164: str, stores: Stores, clock: Clock
) -> Answer | None:
    """Fail over to the next target, after the attempt that `signal` reports as failed.

    An answer without an attempt means that nobody is left to try. None means that there is nothing
    to decide, because the call is over or not known: then nothing was written, the signal neither.
    """
    now = clock()
    number = stores.markets.number(e164, now)
    if number is None:
        return None
    following = signal.attempt + 1
    situation = stores.markets.situation(number, call_id=call_id, decision=following)
    if situation.answered is not None:
        return _again(call_id, situation.answered)
    call = situation.call
    if call is None or call.attempt is None or call.status is not CallStatus.LIVE:
        return None
    if call.attempt.number != signal.attempt:
        return None

    _, tried = given_up(call)
    decision = _decide(number, situation, call_id, now, following, tried)

    def reserve(chosen: Decision, position: int) -> Outcome:
        return stores.reservations.fail_over(
            call, decision.candidates[position], chosen, signal=signal, now=now
        )

    taken = _take_first(decision, reserve, started=now, clock=clock)
    if taken.done_before:
        return _earlier_answer(number, call_id, following, stores)
    if taken.attempt is not None:
        return Answer(call_id=call_id, attempt=taken.attempt)
    if stores.reservations.give_up(call, taken.decision, signal=signal).done_before:
        return _earlier_answer(number, call_id, following, stores)
    return Answer(call_id=call_id, attempt=None, refusal=taken.decision.refusal)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """How the race for the candidates went."""

    decision: Decision
    attempt: Attempt | None = None
    done_before: bool = False


def _take_first(
    decision: Decision,
    reserve: Callable[[Decision, int], Outcome],
    *,
    started: datetime,
    clock: Clock,
) -> _Taken:
    """Reserve the first candidate that can still be had, within the time that a caller waits."""
    lost: list[str] = []
    for position, candidate in enumerate(decision.candidates):
        if clock() - started >= BUDGET:
            break
        target_id = candidate.facts.target.id
        outcome = reserve(settled_on(decision, target_id, tuple(lost)), position)
        if outcome.written:
            return _Taken(decision=decision, attempt=candidate.attempt)
        if outcome.done_before:
            return _Taken(decision=decision, done_before=True)
        lost.append(target_id)
    return _Taken(decision=settled_on(decision, None, tuple(lost)))


def _decide(
    number: Number,
    situation: Situation,
    call_id: str,
    now: datetime,
    attempt: int = 1,
    tried: tuple[str, ...] = (),
) -> Decision:
    if number.state is not State.ACTIVE or situation.market is None:
        return Decision(refusal=Reason.NUMBER_PAUSED)
    return choose(situation.market, call_id=call_id, now=now, attempt=attempt, tried=tried)


def _refuse(call: Call, decision: Decision, stores: Stores) -> Answer:
    reason = decision.refusal or Reason.NO_TARGET
    stores.reservations.refuse(call, decision, reason)
    return Answer(call_id=call.id, attempt=None, refusal=reason)


def _earlier_answer(number: Number, call_id: str, decision: int, stores: Stores) -> Answer:
    """What a delivery of the same request, handled at the same time, was answered with."""
    situation = stores.markets.situation(number, call_id=call_id, decision=decision)
    if situation.answered is None:
        return Answer(call_id=call_id, attempt=None, refusal=Reason.NO_TARGET)
    return _again(call_id, situation.answered)


def _again(call_id: str, answered: Answered) -> Answer:
    return Answer(call_id=call_id, attempt=answered.attempt, refusal=answered.refusal)


def _new_call(arrival: Arrival, now: datetime) -> Call:
    return Call(
        id=call_id(arrival.carrier, arrival.carrier_call_id),
        carrier=arrival.carrier,
        carrier_call_id=arrival.carrier_call_id,
        e164=arrival.e164,
        caller=arrival.caller,
        caller_hash=arrival.caller_hash,
        area=arrival.area,
        arrived_at=now,
    )


def _led_by(call: Call, number: Number) -> Call:
    return replace(
        call,
        number_id=number.id,
        offer_id=number.offer_id,
        publisher_id=number.publisher_id,
        partnership_id=number.partnership_id,
        placement_id=number.placement_id,
    )
