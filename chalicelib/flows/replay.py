"""How would a call have been decided by other rules, or by the same ones again?

Joins the facts of a past decision with the changes to its rules, has the same gate and the same
routing decide on them, and compares. Nothing is reserved or written. How a request describes a
change belongs to the channel.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.calls import Attempt
from chalicelib.consistency import Thing, faults, references
from chalicelib.errors import Fault, Invalid, Refused
from chalicelib.flows.deciding import meet
from chalicelib.market import Market
from chalicelib.reasons import Reason
from chalicelib.replaying import (
    Difference,
    chosen_candidates,
    differences,
    raced,
    races_lost,
    same,
)
from chalicelib.reserving import reservation
from chalicelib.routing import Decision
from chalicelib.store.calls import decision_trace
from chalicelib.store.facts import FACTS_KEPT, Facts
from chalicelib.store.markets import situation_in
from chalicelib.store.replays import find_past, things_of, with_things
from chalicelib.store.stores import Stores

Edit = Callable[[Thing], Thing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A decision made at `at`, as it went and as it goes now, both as their traces are kept; and
    every target that stands otherwise."""

    at: datetime
    same: bool
    original: Mapping[str, Any]
    replayed: Mapping[str, Any]
    differences: tuple[Difference, ...]


def replay(call_id: str, attempt: int, changes: Mapping[str, Edit], *, stores: Stores) -> Replay:
    """Make the decision on attempt number `attempt` of the call again, from what it looked at then.

    `changes` edit things that took part, by id. NotFound for an unknown call or attempt; Refused
    as `facts_not_kept`; Invalid names every fault of every change.
    """
    past = find_past(stores.rows, call_id, attempt)
    if past.facts is None and past.decision.refusal is not Reason.UNKNOWN_NUMBER:
        days = f"older than {FACTS_KEPT.days} days"
        reason = f"the facts of this decision are not kept: they were too large, or are {days}"
        raise Refused(reason, code="facts_not_kept")
    things = things_of(past.facts.material) if past.facts else {}
    changed = _changed(things, changes)
    decision, answer = past.decision, None
    if past.facts is not None:
        decision, answer = _decided(past.facts, changed, past.decision)
    return Replay(
        at=past.facts.now if past.facts else past.call.arrived_at,
        same=same(past.decision, decision),
        original=past.trace,
        replayed=decision_trace(attempt, decision, answer),
        differences=differences(past.decision, decision),
    )


def _decided(
    facts: Facts, changed: Mapping[str, Thing], original: Decision
) -> tuple[Decision, Attempt | None]:
    """The decision on the facts with the changed things in them, and the attempt it leads to; races
    go as in the original."""
    then = situation_in(facts.material, facts.caller)
    races = races_lost(meet(facts, then), original)
    supposed = replace(facts, material=with_things(facts.material, changed))
    situation = situation_in(supposed.material, facts.caller)
    if facts.at_the_gate:
        call = replace(facts.call, talked_before=situation.talked_before)
        supposed = replace(supposed, call=call)
    decision, market = meet(supposed, situation), situation.market
    if market is None:
        return decision, None
    decision = raced(decision, races, market.partnership.cap_effect)
    return decision, _attempt(decision, market, supposed)


def _attempt(decision: Decision, market: Market, facts: Facts) -> Attempt | None:
    """The attempt that the chosen candidate becomes; None when nobody is chosen."""
    if not (ringing := chosen_candidates(decision)):
        return None
    chosen, *others = ringing
    failed = facts.call.attempt
    return reservation(
        market,
        chosen.campaign,
        chosen.facts,
        call=facts.call,
        number=failed.number + 1 if failed else 1,
        now=facts.now,
        earning_stopped=decision.earning_stopped,
        others=tuple(one.facts for one in others),
    ).attempt


def _changed(things: Mapping[str, Thing], changes: Mapping[str, Edit]) -> dict[str, Thing]:
    """Every thing that is changed, as it becomes; Invalid names what is wrong with any of them."""
    wrong = [
        Fault(field=f"changes.{id}", rule="took_no_part", reason=_took_no_part(id))
        for id in changes
        if id not in things
    ]
    after: dict[str, Thing] = {}
    for id in (id for id in changes if id in things):
        try:
            after[id] = changes[id](things[id])
        except Invalid as invalid:
            wrong += _below(id, invalid.faults)
    for id, thing in after.items():
        wrong += _below(id, _new_faults(thing, things, {**things, **after}))
    if wrong:
        raise Invalid(tuple(sorted(wrong, key=lambda fault: fault.field)))
    return after


def _below(id: str, wrong: Iterable[Fault]) -> list[Fault]:
    return [replace(fault, field=f"changes.{id}.{fault.field}") for fault in wrong]


def _new_faults(
    after: Thing, things: Mapping[str, Thing], changed: Mapping[str, Thing]
) -> list[Fault]:
    """What is wrong among the changed things and was not before: one may name more than took part,
    and may always have done."""
    before = things[after.id]
    present = {(fault.rule, fault.reason) for fault in faults(before, things, before)}
    found = faults(after, changed, before)
    named = {reference.field: reference.id for reference in references(after)}
    return [
        replace(fault, rule="took_no_part", reason=_took_no_part(named[fault.field]))
        if fault.rule == "unknown_reference"
        else fault
        for fault in found
        if (fault.rule, fault.reason) not in present
    ]


def _took_no_part(id: str) -> str:
    return f"{id} took no part in this decision"
