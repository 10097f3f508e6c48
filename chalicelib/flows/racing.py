"""Which candidate of a decision can still be had?

Owns reserving the candidates one after another, until one is taken or the caller has waited long
enough. Which they are, and in which order, belongs to `routing`; the transaction, to the store.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.calls import Attempt, Call
from chalicelib.gate import GateRefusal
from chalicelib.market import Market
from chalicelib.offers import CapEffect
from chalicelib.reserving import Reservation, reservation
from chalicelib.routing import Candidate, Decision, settled_on
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
        """The first candidate that can still be had; refusals are the decision's."""
        lost: list[str] = []
        for candidate in decision.candidates:
            if self.clock() - self.started >= BUDGET:
                break
            taken = self._take(decision, candidate, tuple(lost))
            if taken is not None:
                return taken
            lost.append(candidate.facts.target.id)
        return Taken(decision=settled_on(decision, None, tuple(lost)))

    def _take(
        self, decision: Decision, candidate: Candidate, lost: tuple[str, ...]
    ) -> Taken | None:
        """What came of trying one candidate; None when others took its last place."""
        chosen = settled_on(decision, candidate.facts.target.id, lost)
        take = self._reservation(decision, candidate)
        outcome = self.reserve(chosen, take)
        if outcome.written:
            return Taken(decision=decision, attempt=take.attempt)
        if outcome.done_before:
            return Taken(decision=decision, done_before=True)
        if outcome.shut_out is not None:
            return Taken(decision=shut_out(outcome.shut_out))
        full = outcome.partnership_full
        if full is None:
            if outcome.reaped is None:
                return None
            # Each time fewer expired slots are left to free, so this comes to an end.
            return self._take(decision, replace(candidate, facts=outcome.reaped), lost)
        if take.partnership.cap_effect is CapEffect.BLOCK_CALLS:
            return Taken(decision=Decision(refusal=full))
        return self._take(replace(decision, earning_stopped=full), candidate, lost)

    def _reservation(self, decision: Decision, candidate: Candidate) -> Reservation:
        if self.market is None:
            raise ValueError("a decision without a market has no candidates")
        return reservation(
            self.market,
            candidate.campaign,
            candidate.facts,
            call=self.call,
            number=self.number,
            now=self.started,
            earning_stopped=decision.earning_stopped,
        )


def shut_out(refusal: GateRefusal) -> Decision:
    """The decision on a caller who is not let in: no target is looked at."""
    return Decision(refusal=refusal.reason, gate=refusal)
