"""Who of those that rang at once took the call?

Owns reading it out of the carrier's reports, and how an attempt looks once one of its group leads
it. What a group is belongs to `together`, how long the parties talked to `endings`.

Twilio connects the first to pick up and hangs up the rest. Whether it does so at once where a
whisper comes first is not laid down, so a member that hears one has taken the call only when it is
let through.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.calls import ENDED, Attempt, Call, Hold, LegStatus, Reached, Signal, SignalKind
from chalicelib.criteria import Geography
from chalicelib.eligibility import covers
from chalicelib.places import Area
from chalicelib.together import Ringing, Together

Share = Hold | Ringing
"""What is kept of one target's slot and caps: by an attempt that rings it alone, or in a group."""

_ENDS_OF_LEGS = frozenset({SignalKind.LEG, SignalKind.RECORD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A call on the member of its group that took it, with the signals that concern that one.

    `named` is False where no signal names the member; the call then is on the one whose terms cost
    its advertiser least, for no more than that can be proved.
    """

    call: Call
    signals: tuple[Signal, ...]
    named: bool = True


def shares(attempt: Attempt) -> tuple[Share, ...]:
    """What the attempt keeps of each of its targets; all were kept at its beginning."""
    return attempt.together.members if attempt.together else (attempt.hold,)


def targets_of(attempt: Attempt) -> tuple[str, ...]:
    """The targets that the attempt dialled."""
    return tuple(share.target_id for share in shares(attempt))


def is_freed(attempt: Attempt, share: Share) -> bool:
    """Whether what was kept of the target has been given back for another of its group."""
    freed_for = attempt.together.freed_for if attempt.together else None
    return freed_for not in (None, share.target_id)


def on_trial(attempt: Attempt, reached: Reached) -> tuple[str, ...]:
    """The targets for which the attempt is a trial: the one that took the call, or all of them
    where nobody talked."""
    return targets_of(attempt) if reached is Reached.NOBODY else (attempt.hold.target_id,)


def led_by(attempt: Attempt, target_id: str) -> Attempt | None:
    """The attempt on this target of its own, with the terms that the target brings; None for any
    other target."""
    together = attempt.together
    if together is None:
        return attempt if attempt.hold.target_id == target_id else None
    one = next((one for one in together.members if one.target_id == target_id), None)
    if one is None:
        return None
    return replace(
        attempt,
        destination=one.destination,
        send_digits=one.send_digits,
        recover_seconds=one.recover_seconds,
        charge=replace(
            attempt.charge,
            charge_cents=one.charge_cents,
            geography=_geography(together, one),
            steps=together.steps if one.steps is None else one.steps,
        ),
        terms=tuple(
            one.terms if one.terms and version.owner_id == attempt.hold.target_id else version
            for version in attempt.terms
        ),
        introduction=replace(attempt.introduction, listen_seconds=one.listen_seconds),
        hold=replace(
            attempt.hold,
            target_id=one.target_id,
            target_windows=one.target_windows,
            cap_use=one.cap_use,
        ),
    )


def seen_from_taker(call: Call, signals: tuple[Signal, ...]) -> Sight:
    """The call as it is for whoever took it. A group of which every leg is known to have failed
    stays with its present target, and so does a call that rings no group."""
    attempt = call.attempt
    together = attempt.together if attempt else None
    if attempt is None or together is None:
        return Sight(call=call, signals=signals)
    own = [one for one in signals if one.attempt == attempt.number]
    taker = _taker(attempt, own)
    if taker is None and _all_failed(attempt, own):
        taker = attempt.hold.target_id
    target_id = taker or _least(together, call.area)
    concerning = (None, taker) if taker else (None,)
    return Sight(
        call=replace(call, attempt=led_by(attempt, target_id)),
        signals=tuple(
            one for one in signals if one.attempt != attempt.number or one.target_id in concerning
        ),
        named=taker is not None,
    )


def connected(call: Call, signals: tuple[Signal, ...]) -> str | None:
    """The member of the call's group that the caller is connected with, so that the others can be
    freed; None while it may still be another, or where they have been."""
    attempt = call.attempt
    if attempt is None or attempt.together is None or attempt.together.freed_for is not None:
        return None
    own = [one for one in signals if one.attempt == attempt.number]
    taker = _taker(attempt, own)
    leading = led_by(attempt, taker) if taker else None
    if leading is None:
        return None
    through = not leading.introduction.whispers or any(
        one.bridged for one in own if one.target_id in (None, taker)
    )
    return taker if through else None


def freed_for(attempt: Attempt, target_id: str) -> Attempt:
    """The attempt once the rest of its group has been freed for this member."""
    leading = led_by(attempt, target_id)
    if leading is None or leading.together is None:
        raise ValueError(f"{target_id} does not ring in this group")
    return replace(leading, together=replace(leading.together, freed_for=target_id))


def _geography(together: Together, one: Ringing) -> Geography:
    return together.geography if one.geography is None else one.geography


def _taker(attempt: Attempt, own: list[Signal]) -> str | None:
    """The member that took the call, by the strongest word there is: the dial's, which names the
    leg; that of a whisper's end; the longest leg; the first answer without a whisper. Of equals the
    first in the group."""
    order = targets_of(attempt)
    legs = sorted((one for one in own if one.target_id in order), key=lambda one: _rank(order, one))
    refused = {one.target_id for one in legs if one.bridged is False}
    standing = [one for one in legs if one.target_id not in refused]
    let_in = [one for one in standing if one.bridged]
    over = [one for one in standing if _ended_talk(one)]
    answered = [one for one in standing if _picked_up(attempt, one)]
    named = _named_by_dial(own, legs)
    if named is not None:
        return named
    if let_in:
        return min(let_in, key=_received).target_id
    if over:
        return max(over, key=lambda one: one.seconds or 0).target_id
    return min(answered, key=_received).target_id if answered else None


def _rank(order: tuple[str, ...], signal: Signal) -> int:
    return order.index(signal.target_id or "")


def _received(signal: Signal) -> datetime:
    return signal.received_at


def _named_by_dial(own: list[Signal], legs: list[Signal]) -> str | None:
    """The member whose leg the end of the dial names, if that was answered."""
    dialled = {
        one.leg_id
        for one in own
        if one.kind is SignalKind.DIAL and one.status is LegStatus.COMPLETED and one.leg_id
    }
    return next((one.target_id for one in legs if one.leg_id in dialled), None)


def _ended_talk(signal: Signal) -> bool:
    return signal.kind in _ENDS_OF_LEGS and signal.status is LegStatus.COMPLETED


def _picked_up(attempt: Attempt, signal: Signal) -> bool:
    """Whether the report says that a member has answered which hears nothing before the caller."""
    if signal.kind is not SignalKind.LEG or signal.status is not LegStatus.IN_PROGRESS:
        return False
    leading = led_by(attempt, signal.target_id or "")
    return leading is not None and not leading.introduction.whispers


def _all_failed(attempt: Attempt, own: list[Signal]) -> bool:
    """Whether every leg is known to be over, and none was let through."""
    legs = [one for one in own if one.kind in _ENDS_OF_LEGS and one.status in ENDED]
    return {one.target_id for one in legs} >= set(targets_of(attempt))


def _least(together: Together, area: Area) -> str:
    """The member on which a call from the area costs its advertiser least; of equals the first."""

    def cost(one: Ringing) -> int:
        return one.charge_cents if covers(_geography(together, one), area) else 0

    return min(together.members, key=cost).target_id
