"""What happens when a caller has keyed an answer, or nothing, or has waited on hold?

Joins what was asked, what has been keyed so far, and the decision once all questions are behind. An
answer is kept before the next question is asked; the last one with the reservation that follows
from it, in one transaction, or before the caller waits. Looking for a free target again writes
nothing until one is found, or the wait is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.answering import ZIP, Answering
from chalicelib.calls import Call, CallStatus, Signal, SignalKind
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
from chalicelib.waiting import heard_waiting, waits


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
    if not _undecided(situation.call):
        return None
    known = replace(situation, call=told_by(situation.call, situation.asked, course))
    if step in situation.keyed:
        # The answer was kept when the caller began to wait; this delivery only looks again.
        signal = replace(signal, kind=SignalKind.WAIT, keys=None)
    return _routed(known, _Look(signal=signal), stores=stores, clock=clock)


def look_again(
    call_id: str,
    look: int,
    signal: Signal,
    *,
    since: datetime,
    e164: str,
    caller: str | None,
    stores: Stores,
    clock: Clock,
) -> Answer | None:
    """What comes after look number `look` of a caller who waits since `since`: the first attempt,
    another look, or nobody.

    A repeated delivery looks again, unless somebody was found or given up: then it gets that
    answer. None as for `next_step`. One round trip while the caller waits, two at the end.
    """
    number = stores.markets.number(e164, clock())
    if number is None:
        return None
    situation = stores.markets.situation_again(
        number, call_id=call_id, decision=1, caller=caller, with_keys=True
    )
    if situation.call is None or situation.asked is None:
        return None
    if situation.answered is not None:
        return again(call_id, situation.answered)
    if not _undecided(situation.call):
        return None
    call = told_by(
        situation.call, situation.asked, follow(situation.asked, situation.keyed), waited=True
    )
    looked = _Look(signal=signal, number=look, since=since)
    return _routed(replace(situation, call=call), looked, stores=stores, clock=clock)


def _undecided(call: Call) -> bool:
    return call.status is CallStatus.LIVE and call.attempt is None


def told_by(call: Call, asked: Answering, course: Course, *, waited: bool = False) -> Call:
    """The call with what its caller has answered: tags that come before the number's, and the
    place that a ZIP tells of; and with what was heard, on hold too where the caller `waited`."""
    zip_code, offer_id = course.keyed.get(ZIP), call.offer_id or ""
    on_hold = heard_waiting(asked, offer_id) if waited else ()
    return replace(
        call,
        tags={**call.tags, **course.said},
        area=call.area.keyed(zip_code) if zip_code else call.area,
        heard=(*heard_before_choice(asked, course, offer_id), *on_hold),
        refusal=Reason.QUESTION_UNANSWERED.value if course.given_up else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A look for a target: number 0 after the last question, then those of a wait `since` then."""

    signal: Signal
    number: int = 0
    since: datetime | None = None


def _routed(situation: Situation, look: _Look, *, stores: Stores, clock: Clock) -> Answer:
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
        return stores.reservations.route(call, take, chosen, signal=look.signal, facts=kept)

    race = Race(
        market=situation.market, call=call, number=1, reserve=reserve, started=now, clock=clock
    )

    def turn_away(refused: Decision) -> Outcome:
        signal = look.signal
        return stores.reservations.turn_away(call, refused, signal=signal, now=now, facts=kept)

    def wait(refused: Decision) -> Answer | Decision:
        since, following = look.since or now, look.number + 1
        further = waits(refused, situation.asked, since=since, look=following, now=now)
        if further is None:
            return refused
        if look.signal.kind is SignalKind.ANSWER:
            stores.calls.keep_signal(call.id, look.signal)
        return Answer(call_id=call.id, waiting=further)

    return after_race(race, decision, turn_away, number=number, stores=stores, wait=wait)
