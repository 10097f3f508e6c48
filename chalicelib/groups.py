"""Who rings at once with the first choice of a decision, and how did the decision go?

Owns the choice of a group's members among the candidates, and the trace of a decision once somebody
was had. The order of the candidates belongs to `routing`, what a group reserves to `reserving`.
"""

from dataclasses import replace

from chalicelib.reasons import Reason
from chalicelib.routing import Candidate, Considered, Decision
from chalicelib.together import MOST_TOGETHER


def ring_along(decision: Decision, first: str, lost: tuple[str, ...]) -> tuple[Candidate, ...]:
    """Who rings at once with `first`, in the order of the decision: the candidates after it of its
    campaign with its ring group, as many as may ring together; those in `lost` are missing.

    Of two with one destination the first rings, for the other would only be busy.
    """
    ids = [one.facts.target.id for one in decision.candidates]
    if first not in ids:
        return ()
    choice, *after = decision.candidates[ids.index(first) :]
    target, taken = choice.facts.target, {choice.facts.target.destination}
    along: list[Candidate] = []
    for one in after if target.ring_group else ():
        other = one.facts.target
        same = (other.campaign_id, other.ring_group) == (target.campaign_id, target.ring_group)
        if same and other.destination not in taken:
            taken.add(other.destination)
            along.append(one)
    return tuple(one for one in along[: MOST_TOGETHER - 1] if one.facts.target.id not in lost)


def settled_on(decision: Decision, chosen: str | None, lost: tuple[str, ...]) -> Decision:
    """The decision as it went: `chosen` took the call, with those that ring along, after a race was
    lost for those in `lost`."""
    along = ring_along(decision, chosen, lost) if chosen else ()
    ringing = {one.facts.target.id for one in along}

    def reason(seen: Considered) -> Reason:
        if seen.target_id == chosen:
            return Reason.CHOSEN
        if seen.target_id in ringing:
            return Reason.RINGING_TOGETHER
        return Reason.LOST_RACE if seen.target_id in lost else seen.reason

    considered = tuple(replace(seen, reason=reason(seen)) for seen in decision.considered)
    refusal = None if chosen else decision.refusal or Reason.NO_TARGET
    voicemail = None if chosen else decision.voicemail
    return replace(decision, considered=considered, refusal=refusal, voicemail=voicemail)
