"""Which candidate of a decision can still be had?

Owns reserving the candidates one after another, until one is taken or the caller has waited long
enough. Which they are, and in which order, belongs to `routing`; the transaction, to the store.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.calls import Attempt, Call
from chalicelib.gate import GateRefusal
from chalicelib.groups import ring_along, settled_on
from chalicelib.market import Market, TargetFacts
from chalicelib.offers import CapEffect
from chalicelib.reserving import Reservation, reservation
from chalicelib.routing import Candidate, Decision
from chalicelib.store.outcomes import Outcome

BUDGET = timedelta(seconds=3)
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How the race for the candidates went."""

    decision: Decision
    attempt: Attempt | None = None
    done_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Reserving the candidates of one decision, in their order, within the time a caller waits."""

    market: Market | None
    call: Call
    number: int
    reserve: Callable[[Decision, Reservation], Outcome]
    started: datetime
    clock: Clock

    def take_first(self, decision: Decision) -> Taken:
        """The first candidate that can still be had, with those of its group that can; refusals are
        the decision's.

        A group loses the members whose last place went to others, and is tried again without them.
        Each try that fails leaves fewer candidates, fewer expired slots to free, or a call that
        earns nothing, so this comes to an end.
        """
        lost: frozenset[str] = frozenset()
        while (first := _first(decision, lost)) and self.clock() - self.started < BUDGET:
            chosen = settled_on(decision, first.facts.target.id, tuple(sorted(lost)))
            take = self._reservation(decision, first, lost)
            outcome = self.reserve(chosen, take)
            taken = self._came_to(decision, take, outcome)
            if taken is not None:
                return taken
            if outcome.partnership_full is not None:
                decision = replace(decision, earning_stopped=outcome.partnership_full)
                continue
            decision = _as_they_stand(decision, outcome.reaped)
            lost |= outcome.lost
        return Taken(decision=settled_on(decision, None, tuple(sorted(lost))))

    def _came_to(self, decision: Decision, take: Reservation, outcome: Outcome) -> Taken | None:
        """What came of one try; None where another may follow."""
        if outcome.written:
            return Taken(decision=decision, attempt=take.attempt)
        if outcome.done_before:
            return Taken(decision=decision, done_before=True)
        if outcome.shut_out is not None:
            return Taken(decision=shut_out(outcome.shut_out))
        full = outcome.partnership_full
        if full is not None and take.partnership.cap_effect is CapEffect.BLOCK_CALLS:
            return Taken(decision=Decision(refusal=full))
        return None

    def _reservation(
        self, decision: Decision, first: Candidate, lost: frozenset[str]
    ) -> Reservation:
        if self.market is None:
            raise ValueError("a decision without a market has no candidates")
        along = ring_along(decision, first.facts.target.id, tuple(lost))
        return reservation(
            self.market,
            first.campaign,
            first.facts,
            call=self.call,
            number=self.number,
            now=self.started,
            earning_stopped=decision.earning_stopped,
            others=tuple(one.facts for one in along),
        )


def _first(decision: Decision, lost: frozenset[str]) -> Candidate | None:
    """The first candidate that is not lost yet."""
    left = (one for one in decision.candidates if one.facts.target.id not in lost)
    return next(left, None)


def _as_they_stand(decision: Decision, reaped: Mapping[str, TargetFacts]) -> Decision:
    """The decision with what has been learned of targets since."""
    candidates = tuple(
        replace(one, facts=reaped.get(one.facts.target.id, one.facts))
        for one in decision.candidates
    )
    return replace(decision, candidates=candidates)


def shut_out(refusal: GateRefusal) -> Decision:
    """The decision on a caller who is not let in: no target is looked at."""
    return Decision(refusal=refusal.reason, gate=refusal)
