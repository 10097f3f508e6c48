"""Which rows does a voice decision change, all at once?

Owns the transactions in which a call is first kept, moved to its next attempt, or given up. The
order in which targets are tried belongs to `routing`; ending a call, to `settlements`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.calls import Attempt, Call, CallStatus, Signal
from chalicelib.gate import GateFacts, GateRefusal, too_often
from chalicelib.reasons import Reason
from chalicelib.routing import Candidate, Decision
from chalicelib.store.calls import call_change, call_item, call_key, decision_put, signal_put
from chalicelib.store.gate import reread, tally_changes
from chalicelib.store.holds import hold_changes
from chalicelib.store.rows import CALLS, Action, Check, Equals, NotWritten, Put, Rows
from chalicelib.store.trials import trial_changes

_OWN_OF_A_NEW_CALL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether the transaction went through; if not, whether an earlier delivery had done it, or
    why the gate lets the caller in no more."""

    written: bool
    done_before: bool = False
    shut_out: GateRefusal | None = None


class Reservations:
    """What calls keep reserved. Each method is one transaction."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def begin(
        self, call: Call, candidate: Candidate, decision: Decision, gate: GateFacts
    ) -> Outcome:
        """Keep a new call with what its first attempt reserves, and count the caller's call.

        Refused when others have meanwhile used up how often the caller may call.
        """
        reserved = replace(call, attempt=candidate.attempt)
        actions: list[Action] = [
            Put(CALLS, call_item(reserved)),
            decision_put(call.id, 1, decision, candidate.attempt),
            *hold_changes(call.id, release=None, take=candidate, now=call.arrived_at),
        ]
        tallied = tally_changes(gate, call.arrived_at, limited=True)
        try:
            self._rows.write([*actions, *tallied])
        except NotWritten as refused:
            return _not_begun(refused, len(actions), gate, call.arrived_at)
        return Outcome(written=True)

    def refuse(self, call: Call, decision: Decision, gate: GateFacts | None = None) -> Outcome:
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
            ],
            own=_OWN_OF_A_NEW_CALL,
        )

    def fail_over(
        self,
        call: Call,
        candidate: Candidate,
        decision: Decision,
        *,
        signal: Signal,
        counted: Mapping[str, int],
        now: datetime,
    ) -> Outcome:
        """Give back the failed attempt's hold and take the candidate's, with the signal kept.

        `counted` is what was read of the partnership's trials on the campaign of the failed one.
        """
        release, tried = given_up(call)
        moved = replace(call, attempt=candidate.attempt, tried=tried)
        actions: list[Action] = [
            call_change(call, moved),
            decision_put(call.id, candidate.attempt.number, decision, candidate.attempt),
            signal_put(call.id, signal),
            *hold_changes(call.id, release=release.hold, take=candidate, now=now),
            *trial_changes(call, approved=False, counted=counted, now=now),
        ]
        return self._write(actions, own=3)

    def give_up(self, call: Call, decision: Decision, *, signal: Signal) -> Outcome:
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
        ]
        return self._write(actions, own=3)

    def _write(self, actions: list[Action], *, own: int) -> Outcome:
        """The first `own` actions concern this call alone: refused, they were done before."""
        try:
            self._rows.write(actions)
        except NotWritten as refused:
            return Outcome(written=False, done_before=min(refused.images) < own)
        return Outcome(written=True)


def _not_begun(refused: NotWritten, tallied_from: int, gate: GateFacts, now: datetime) -> Outcome:
    """Why a call did not begin: it had begun before, the gate, or a lost race for the target."""
    if min(refused.images) < _OWN_OF_A_NEW_CALL:
        return Outcome(written=False, done_before=True)
    reached = [
        too_often(reread(tally, refused.images[position]), now)
        for position, tally in enumerate(gate.tallies, tallied_from)
        if position in refused.images
    ]
    return Outcome(written=False, shut_out=next(filter(None, reached), None))


def given_up(call: Call) -> tuple[Attempt, tuple[str, ...]]:
    """The attempt that has failed, and the targets tried with it."""
    if call.attempt is None:
        raise ValueError(f"{call.id} has no attempt to give up")
    return call.attempt, (*call.tried, call.attempt.hold.target_id)
