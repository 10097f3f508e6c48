"""How does a decision that is made again compare with the original?

Owns which races an original lost and which are lost again, and the difference between two decisions
target by target. Making the decision belongs to `gate` and `routing`; the facts that it is made
from, to the store.
"""

from dataclasses import dataclass, replace

from chalicelib.gate import GateRefusal
from chalicelib.groups import ring_along, settled_on
from chalicelib.offers import CapEffect
from chalicelib.reasons import Reason
from chalicelib.routing import Candidate, Considered, Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a target stood in a decision: its place in the order considered, the first being 1."""

    position: int
    seen: Considered


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a target stood and how it stands; None where it is not considered at all."""

    target_id: str
    was: Standing | None
    becomes: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Races:
    """What a decision lost to other calls between its read and its reservation.

    `gate` is the last call that a caller might make, `partnership` the cap with the last place for
    an earning; `targets` were lost, and `unreached` could have been tried, had there been time.
    """

    gate: GateRefusal | None = None
    partnership: Reason | None = None
    targets: frozenset[str] = frozenset()
    unreached: frozenset[str] = frozenset()


def races_lost(met: Decision, original: Decision) -> Races:
    """The races that lie between the decision `met`, as it was before them, and the `original`."""
    if not met.candidates:
        return Races()
    if original.gate is not None:
        return Races(gate=original.gate)
    reasons = {seen.target_id: seen.reason for seen in original.considered}
    lost = {id for id, reason in reasons.items() if reason is Reason.LOST_RACE}
    idle = {id for id, reason in reasons.items() if reason is Reason.OUTRANKED}
    return Races(
        partnership=_partnership_lost(met, original),
        targets=frozenset(lost),
        unreached=frozenset() if Reason.CHOSEN in reasons.values() else frozenset(idle),
    )


def raced(decision: Decision, races: Races, effect: CapEffect) -> Decision:
    """How `decision` goes where these races are lost; `effect` is that of the partnership's caps.

    A target that was lost is lost again, one that was not reached is not reached again, and one
    that was never tried is had. One that was lost is missing from the group that it would ring in.
    What gate or partnership lost is lost where anybody could be tried.
    """
    if not decision.candidates:
        return decision
    if races.gate is not None:
        return Decision(refusal=races.gate.reason, gate=races.gate)
    if races.partnership is not None and effect is CapEffect.BLOCK_CALLS:
        return Decision(refusal=races.partnership)
    stopped = decision.earning_stopped or races.partnership
    lost: list[str] = []
    for candidate in decision.candidates:
        target_id = candidate.facts.target.id
        if target_id in races.unreached:
            break
        along = {one.facts.target.id for one in ring_along(decision, target_id, ())}
        lost += sorted(races.targets & along)
        if target_id not in races.targets:
            taken = replace(decision, earning_stopped=stopped)
            return settled_on(taken, target_id, tuple(lost))
        lost.append(target_id)
    return settled_on(decision, None, tuple(lost))


def same(original: Decision, replayed: Decision) -> bool:
    """Whether the two decisions say the same of the call and of every target.

    What the call would earn is no part of it.
    """
    return _told(original) == _told(replayed)


def differences(original: Decision, replayed: Decision) -> tuple[Difference, ...]:
    """Every target that stands otherwise in `replayed`, in its order, then those not in it."""
    was, becomes = _standings(original), _standings(replayed)
    return tuple(
        Difference(target_id=target, was=was.get(target), becomes=becomes.get(target))
        for target in becomes | was
        if was.get(target) != becomes.get(target)
    )


def chosen_candidates(decision: Decision) -> tuple[Candidate, ...]:
    """The candidate that took the call, before those that ring along; none when nobody did."""
    taking = (Reason.CHOSEN, Reason.RINGING_TOGETHER)
    ringing = {one.target_id: one.reason for one in decision.considered if one.reason in taking}
    found = [one for one in decision.candidates if one.facts.target.id in ringing]
    return tuple(sorted(found, key=lambda one: taking.index(ringing[one.facts.target.id])))


def _partnership_lost(met: Decision, original: Decision) -> Reason | None:
    """The cap whose last place went to another call: it stopped the earning, or the call itself,
    and then no target's outcome is told."""
    if original.earning_stopped is not None and met.earning_stopped is None:
        return original.earning_stopped
    refusal = None if original.considered else original.refusal
    return refusal if isinstance(refusal, Reason) else None


def _told(decision: Decision) -> Decision:
    return replace(decision, candidates=(), earning_stopped=None)


def _standings(decision: Decision) -> dict[str, Standing]:
    return {
        seen.target_id: Standing(position=position, seen=seen)
        for position, seen in enumerate(decision.considered, 1)
    }
