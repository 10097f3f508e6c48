"""What happens before a choice is made where an offer wants to know its callers' lines?

Joins what is remembered of the line, the rule whether asking is worth it, and the carrier's answer,
if it comes in time. A call never waits for longer than its part of the decision's time, and never
fails for an answer that does not come. What a carrier is asked belongs to `carriers`.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Protocol

from chalicelib import runtime
from chalicelib.calls import Call
from chalicelib.flows.deciding import decide
from chalicelib.flows.racing import BUDGET, Clock
from chalicelib.gate import judge
from chalicelib.lines import (
    CallLookup,
    KnownLine,
    Lookup,
    LookupState,
    cost_of,
    kept_for,
    kept_line,
    line_said,
)
from chalicelib.lookups import at_any_line, worth_asking
from chalicelib.store.facts import Facts
from chalicelib.store.lines import line_change
from chalicelib.store.markets import Situation
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

if TYPE_CHECKING:
    from chalicelib.numbers import LineFacts

LEFT_FOR_THE_REST = timedelta(seconds=1.5)
"""How much of a decision's time must be left when a look-up is given up."""

_NOT_WANTED = CallLookup(state=LookupState.NOT_WANTED)


class AskLine(Protocol):
    """How a carrier is asked; see `Carrier.look_up`."""

    def __call__(self, e164: str, *, caller_name: bool = False) -> "LineFacts":
        """What the carrier knows of the number."""
        ...


def ask_carrier(e164: str, *, caller_name: bool = False) -> "LineFacts":
    """Asks the deployment's carrier, which is loaded by the first call that needs it."""
    from chalicelib.providers.carriers import carrier

    return carrier().look_up(e164, caller_name=caller_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Who is asked about lines, and for how long at most: tests bring their own."""

    ask: AskLine = ask_carrier
    seconds: float = 0.7


CARRIER = Inquiry()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """The call with what is known of its line, and what its transaction remembers of that."""

    call: Call
    changes: Sequence[Action] = ()


def look_up(
    facts: Facts, situation: Situation, inquiry: Inquiry, *, stores: Stores, clock: Clock
) -> LookedUp:
    """The arriving call with its caller's line, where its offer wants to know it.

    Nobody is asked about an anonymous caller, one whom the gate does not let in, and a call that
    nobody could take at the offer's price. A late answer is remembered when it comes, for the next
    call; where the process stands still once it has answered, that may be never.
    """
    call, caller_hash = remembered(facts, situation), facts.caller.number_hash
    lookup = _lookup_of(situation)
    known = call.lookup is not None and call.lookup.line is not None
    if lookup is None or caller_hash is None or known or not _worth(facts, situation, lookup):
        return LookedUp(call=call)
    asking = _Asking(
        call=call, caller_hash=caller_hash, lookup=lookup, now=facts.now, stores=stores
    )
    until = facts.now + BUDGET - LEFT_FOR_THE_REST
    seconds = min(inquiry.seconds, (until - clock()).total_seconds())
    found = asking.answered_within(seconds, inquiry.ask)
    changes = [asking.remember(found.line)] if found.line else []
    return LookedUp(call=with_line(call, found), changes=changes)


def remembered(facts: Facts, situation: Situation) -> Call:
    """The call with what an earlier answer tells of its caller's line, where the offer wants to
    know it and the gate lets the caller in; nobody is asked."""
    lookup = _lookup_of(situation)
    if lookup is None:
        return facts.call
    shut_out = judge(situation.gate, facts.caller, facts.now)
    line = None if shut_out else kept_line(lookup, situation.line, facts.now)
    known = CallLookup(state=LookupState.KEPT, line=line) if line else _NOT_WANTED
    return with_line(facts.call, known)


def _lookup_of(situation: Situation) -> Lookup | None:
    return situation.market.offer.lookup if situation.market else None


def _worth(facts: Facts, situation: Situation, lookup: Lookup) -> bool:
    if situation.market is None or judge(situation.gate, facts.caller, facts.now):
        return False
    market = at_any_line(situation.market)
    supposed = decide(facts.material.number, market, facts.call, facts.now)
    return worth_asking(lookup, supposed)


def with_line(call: Call, lookup: CallLookup) -> Call:
    """The call that knows this of its caller's line, and the place that it tells of."""
    country = lookup.line.country if lookup.line else None
    area = call.area.looked_up(country) if country else call.area
    return replace(call, lookup=lookup, area=area)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One question to the carrier, about the caller of one call."""

    call: Call
    caller_hash: str
    lookup: Lookup
    now: datetime
    stores: Stores

    def answered_within(self, seconds: float, ask: AskLine) -> CallLookup:
        """What the carrier answers in time."""
        if seconds <= 0:
            return CallLookup(state=LookupState.LATE)
        asked = _askers().submit(self._asked, ask)
        done, _ = wait([asked], timeout=seconds)
        if not done:
            asked.add_done_callback(lambda late: _askers().submit(self._remember, late))
            return CallLookup(state=LookupState.LATE, cost_micros=cost_of(self.lookup))
        line = asked.result()
        if line is None:
            return CallLookup(state=LookupState.FAILED)
        return CallLookup(state=LookupState.ASKED, line=line, cost_micros=cost_of(self.lookup))

    def remember(self, line: KnownLine) -> Action:
        """What keeps the answer for calls to come."""
        return line_change(self.caller_hash, line, kept_for(self.lookup))

    def _asked(self, ask: AskLine) -> KnownLine | None:
        """The answer; None for one that tells nothing of a line that is valid."""
        try:
            said = ask(self.call.caller or "", caller_name=self.lookup.caller_name)
            facts = {
                "line_type": said.line_type,
                "line_carrier": said.carrier_name,
                "caller_name": said.caller_name,
                "country": said.country,
            }
        except Exception as fault:
            # Whatever keeps the carrier from answering, somebody is on the line. The fault is
            # named without its words, which may hold the caller's number.
            runtime.logger().warning(
                "a line could not be looked up",
                extra={"call_id": self.call.id, "fault": type(fault).__name__},
            )
            return None
        if not said.valid:
            return None
        return line_said(facts, with_name=self.lookup.caller_name, now=self.now)

    def _remember(self, late: "Future[KnownLine | None]") -> None:
        """Keep an answer that nobody has waited for."""
        try:
            line = late.result()
            if line is not None:
                self.stores.rows.write([self.remember(line)])
        except Exception as fault:
            # Nobody waits for this any more: the next call of the caller asks again.
            runtime.logger().warning(
                "a late look-up could not be kept",
                extra={"call_id": self.call.id, "fault": type(fault).__name__},
            )


@cache
def _askers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="look-up")
