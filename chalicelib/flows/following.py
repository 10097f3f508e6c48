"""What happens when a target did not take the call, or not for long?

Joins the call with everything that a decision looks at, and moves it to its next attempt. A call
that arrives is `inbound`'s business; ending one belongs to `settlement`.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib.calls import Attempt, Call, CallStatus, Signal
from chalicelib.endings import recovers
from chalicelib.flows.deciding import meet
from chalicelib.flows.inbound import Answer, after_race, again
from chalicelib.flows.racing import Clock, Race
from chalicelib.gate import Caller
from chalicelib.reserving import Reservation
from chalicelib.ringing import seen_from_taker
from chalicelib.routing import Decision
from chalicelib.store.facts import Facts, facts_puts
from chalicelib.store.markets import Situation
from chalicelib.store.outcomes import Outcome, Overtaken
from chalicelib.store.stores import Stores


def next_attempt(
    call_id: str,
    signal: Signal,
    *,
    e164: str,
    caller: str | None,
    stores: Stores,
    clock: Clock,
    together: bool = False,
) -> Answer | None:
    """Go on to the next target, after the attempt that `signal` reports as failed, or as a talk
    that its target ended early; `together` says that the attempt rang a group.

    `e164` was dialled by `caller`, as the carrier says once more. The gate is not asked again, but
    an advertiser who blocks the caller by now is passed over.

    An answer without an attempt means that nobody is left to try. None means that there is nothing
    to decide, because the call is over or not known: then nothing was written, the signal neither.
    """
    now = clock()
    number = stores.markets.number(e164, now)
    if number is None:
        return None
    situation = stores.markets.situation_again(
        number, call_id=call_id, decision=signal.attempt + 1, caller=caller, with_signals=together
    )
    if situation.answered is not None:
        return again(call_id, situation.answered)
    call = _led_on(situation, signal)
    if call is None or call.attempt is None:
        return None

    try:
        led = replace(situation, call=call)
        return _followed(led, call.attempt, signal, now=now, stores=stores, clock=clock)
    except Overtaken:
        # Others of a group are freed once, so this happens once.
        return next_attempt(
            call_id, signal, e164=e164, caller=caller, stores=stores, clock=clock, together=together
        )


def _followed(
    situation: Situation,
    before: Attempt,
    signal: Signal,
    *,
    now: datetime,
    stores: Stores,
    clock: Clock,
) -> Answer:
    """The call moved on from the attempt `before`, or given up."""
    call, market, number = situation.call, situation.market, situation.material.number
    if call is None:
        raise ValueError("a situation without a call has nothing to go on from")
    following = before.number + 1
    facts = Facts(
        material=situation.material, call=call, caller=Caller(number=call.caller), now=now
    )
    decision = meet(facts, situation)
    kept = facts_puts(facts, decision, following)
    counted = market.publishers_trials(before.hold.campaign_id) if market else {}

    def reserve(chosen: Decision, take: Reservation) -> Outcome:
        return stores.reservations.fail_over(
            call, take, chosen, signal=signal, counted=counted, now=now, facts=kept
        )

    def give_up(refused: Decision) -> Outcome:
        return stores.reservations.give_up(call, refused, signal=signal, facts=kept)

    race = Race(
        market=market, call=call, number=following, reserve=reserve, started=now, clock=clock
    )
    return after_race(race, decision, give_up, number=number, stores=stores)


def _led_on(situation: Situation, signal: Signal) -> Call | None:
    """The call that goes on after its attempt, on the target that took it if one of a group did;
    None where there is nothing to go on from. After a talk that is so while nobody says with which
    of a group it was."""
    call = situation.call
    if call is None or call.attempt is None or call.status is not CallStatus.LIVE:
        return None
    if call.attempt.number != signal.attempt:
        return None
    sight = seen_from_taker(call, (*situation.reported, signal))
    if signal.talked:
        heard = tuple(one for one in sight.signals if one.attempt == signal.attempt)
        follows = sight.named and recovers(sight.call, signal, heard)
        return sight.call if follows else None
    return sight.call if sight.named else call
