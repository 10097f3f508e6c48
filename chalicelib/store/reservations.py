"""Which rows does a voice decision change, all at once?

Owns the transactions in which a call is first kept, moved to its next attempt, or given up. The
order in which targets are tried belongs to `routing`; ending a call, to `settlements`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.calls import Attempt, Call, CallStatus, Signal
from chalicelib.gate import GateFacts, GateRefusal, too_often
from chalicelib.limits import first_reached, partnership_limits
from chalicelib.market import TargetFacts, expired_leases
from chalicelib.reasons import Reason
from chalicelib.reserving import Reservation
from chalicelib.routing import Decision
from chalicelib.store.calls import call_change, call_item, call_key, decision_put, signal_put
from chalicelib.store.gate import reread, tally_changes
from chalicelib.store.holds import hold_changes, partnership_key, target_key
from chalicelib.store.markets import read_target
from chalicelib.store.recordings import expected_puts
from chalicelib.store.rows import (
    CALLS,
    Action,
    Check,
    Equals,
    Item,
    Key,
    NotWritten,
    Put,
    Rows,
    key_of,
)
from chalicelib.store.trials import trial_changes

_OWN_OF_A_NEW_CALL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether the transaction went through; if not, whether an earlier delivery had done it, why
    the gate lets the caller in no more, or which cap the partnership has reached meanwhile.

    `reaped` is the target as it stands after others have freed the expired slots that were to be
    freed here: it may have room all the same.
    """

    written: bool
    done_before: bool = False
    shut_out: GateRefusal | None = None
    partnership_full: Reason | None = None
    reaped: TargetFacts | None = None


class Reservations:
    """What calls keep reserved. Each method is one transaction, which keeps the `facts` of its
    decision as well, and that a recording is to be expected."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def begin(
        self,
        call: Call,
        take: Reservation,
        decision: Decision,
        *,
        gate: GateFacts,
        facts: Sequence[Put] = (),
    ) -> Outcome:
        """Keep a new call with what its first attempt reserves, and count the caller's call.

        Refused when others have meanwhile used up how often the caller may call.
        """
        now = call.arrived_at
        actions: list[Action] = [
            Put(CALLS, call_item(replace(call, attempt=take.attempt))),
            decision_put(call.id, 1, decision, take.attempt),
            *hold_changes(
                call.id, release=None, take=take, partnership_id=call.partnership_id, now=now
            ),
        ]
        tallied = tally_changes(gate, now, limited=True)
        try:
            expected = expected_puts(call.id, take.attempt)
            self._rows.write([*actions, *tallied, *facts, *expected])
        except NotWritten as refused:
            if min(refused.images) < _OWN_OF_A_NEW_CALL:
                return Outcome(written=False, done_before=True)
            shut_out = _shut_out(refused, len(actions), gate, now)
            if shut_out is not None:
                return Outcome(written=False, shut_out=shut_out)
            return _lost(refused, actions, take)
        return Outcome(written=True)

    def refuse(
        self,
        call: Call,
        decision: Decision,
        *,
        gate: GateFacts | None = None,
        facts: Sequence[Put] = (),
    ) -> Outcome:
        """Keep a new call that nobody takes, with the decision's reason; the caller's call counts
        as well, where there is a gate."""
        reason = str(decision.refusal or Reason.NO_TARGET)
        refused = replace(
            call,
            status=CallStatus.DENIED,
            refusal=reason,
            reasons=(reason,),
            talk_seconds=0,
            ended_at=call.arrived_at,
            judged_at=call.arrived_at,
        )
        tallied = tally_changes(gate, call.arrived_at, limited=False) if gate else []
        return self._write(
            [
                Put(CALLS, call_item(refused)),
                decision_put(call.id, 1, decision, None),
                *tallied,
                *facts,
            ],
            own=_OWN_OF_A_NEW_CALL,
        )

    def fail_over(
        self,
        call: Call,
        take: Reservation,
        decision: Decision,
        *,
        signal: Signal,
        counted: Mapping[str, int],
        now: datetime,
        facts: Sequence[Put] = (),
    ) -> Outcome:
        """Give back the failed attempt's hold and take the candidate's, with the signal kept.

        `counted` is what was read of the partnership's trials on the campaign of the failed one.
        """
        release, tried = given_up(call)
        moved = replace(call, attempt=take.attempt, tried=tried)
        actions: list[Action] = [
            call_change(call, moved),
            decision_put(call.id, take.attempt.number, decision, take.attempt),
            signal_put(call.id, signal),
            *hold_changes(
                call.id,
                release=release.hold,
                take=take,
                partnership_id=call.partnership_id,
                now=now,
            ),
            *trial_changes(call, approved=False, counted=counted, now=now),
            *facts,
            *expected_puts(call.id, take.attempt),
        ]
        return self._write(actions, own=3, take=take)

    def give_up(
        self, call: Call, decision: Decision, *, signal: Signal, facts: Sequence[Put] = ()
    ) -> Outcome:
        """Keep that nobody is left to try, with the signal; settlement gives back the hold."""
        number = signal.attempt + 1
        stands = [
            Equals(("status",), CallStatus.LIVE.value),
            Equals(("attempt",), signal.attempt),
        ]
        actions: list[Action] = [
            Check(call_key(call.id), stands),
            decision_put(call.id, number, decision, None),
            signal_put(call.id, signal),
            *facts,
        ]
        return self._write(actions, own=3)

    def _write(
        self, actions: list[Action], *, own: int, take: Reservation | None = None
    ) -> Outcome:
        """The first `own` actions concern this call alone: refused, they were done before."""
        try:
            self._rows.write(actions)
        except NotWritten as refused:
            if min(refused.images) < own:
                return Outcome(written=False, done_before=True)
            return _lost(refused, actions, take) if take else Outcome(written=False)
        return Outcome(written=True)


def _lost(refused: NotWritten, actions: list[Action], take: Reservation) -> Outcome:
    """What the rows that refused tell of the candidate."""
    images = {
        key_of(actions[position]): image or {}
        for position, image in refused.images.items()
        if position < len(actions)
    }
    return Outcome(
        written=False,
        partnership_full=_partnership_full(images, take),
        reaped=_reaped(images, take),
    )


def _partnership_full(images: Mapping[Key, Item], take: Reservation) -> Reason | None:
    """The cap for which the partnership's row refused its change, if it did."""
    image = images.get(partnership_key(take.partnership.id))
    if image is None:
        return None
    attempt = take.attempt
    caps = partnership_limits(take.partnership, attempt.hold.earning_cents, attempt.reserved_at)
    return first_reached(caps, image.get("used", {}))


def _reaped(images: Mapping[Key, Item], take: Reservation) -> TargetFacts | None:
    """The target with the use that its row refused with, if a slot that had expired is gone."""
    image = images.get(target_key(take.attempt.hold.campaign_id, take.facts.target.id))
    if not image:
        return None
    now = take.attempt.reserved_at
    gone = set(expired_leases(take.facts, now)) - image.get("leases", {}).keys()
    return replace(read_target(image), target=take.facts.target) if gone else None


def _shut_out(
    refused: NotWritten, tallied_from: int, gate: GateFacts, now: datetime
) -> GateRefusal | None:
    """Why the gate lets the caller in no more, if it was the gate."""
    reached = [
        too_often(reread(tally, refused.images[position]), now)
        for position, tally in enumerate(gate.tallies, tallied_from)
        if position in refused.images
    ]
    return next(filter(None, reached), None)


def given_up(call: Call) -> tuple[Attempt, tuple[str, ...]]:
    """The attempt that has failed, and the targets tried with it."""
    if call.attempt is None:
        raise ValueError(f"{call.id} has no attempt to give up")
    return call.attempt, (*call.tried, call.attempt.hold.target_id)
