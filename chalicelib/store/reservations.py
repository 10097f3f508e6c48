"""Which rows does a voice decision change, all at once?

Owns the transactions in which a call is first kept, moved to its next attempt, or given up. The
order in which targets are tried belongs to `routing`; ending a call, to `settlements`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.answering import Answering
from chalicelib.calls import Attempt, Call, CallStatus, Signal, introduced
from chalicelib.gate import GateFacts
from chalicelib.reasons import Reason
from chalicelib.reserving import Reservation
from chalicelib.ringing import targets_of
from chalicelib.routing import Decision
from chalicelib.store.answers import asked_put
from chalicelib.store.calls import (
    call_change,
    call_item,
    call_key,
    decision_put,
    signal_put,
)
from chalicelib.store.gate import tally_changes
from chalicelib.store.hangups import end_sets
from chalicelib.store.holds import hold_changes
from chalicelib.store.outcomes import Outcome, Overtaken, lost, overtaken, shut_out
from chalicelib.store.recordings import expected_puts
from chalicelib.store.rows import (
    CALLS,
    Action,
    Change,
    Equals,
    NotWritten,
    Put,
    Rows,
)
from chalicelib.store.talks import talk_changes
from chalicelib.store.target_holds import NOBODY_REACHED, TALKED
from chalicelib.store.trials import trial_changes

_OWN_OF_A_NEW_CALL = 2


class Reservations:
    """What calls keep reserved. Each method is one transaction, which keeps the `facts` of its
    decision as well, on arrival with what was learned of the caller's line and which visit led to
    the call; and that a recording is to be expected."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def begin(
        self,
        call: Call,
        take: Reservation,
        decision: Decision,
        *,
        gate: GateFacts,
        facts: Sequence[Action] = (),
    ) -> Outcome:
        """Keep a new call with what its first attempt reserves, and count the caller's call.

        Refused when others have meanwhile used up how often the caller may call.
        """
        now = call.arrived_at
        actions: list[Action] = [
            Put(CALLS, call_item(introduced(call, take.attempt))),
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
            kept_out = shut_out(refused, len(actions), gate, now)
            if kept_out is not None:
                return Outcome(written=False, shut_out=kept_out)
            return lost(refused, actions, take)
        return Outcome(written=True)

    def ask(
        self,
        call: Call,
        answering: Answering,
        *,
        gate: GateFacts,
        facts: Sequence[Action] = (),
    ) -> Outcome:
        """Keep a new call whose caller is asked before anybody is chosen, with what is asked, and
        count the caller's call; nothing is reserved.

        Refused when others have meanwhile used up how often the caller may call.
        """
        now = call.arrived_at
        actions: list[Action] = [Put(CALLS, call_item(call)), asked_put(call.id, answering)]
        try:
            self._rows.write([*actions, *tally_changes(gate, now, limited=True), *facts])
        except NotWritten as refused:
            if min(refused.images) < _OWN_OF_A_NEW_CALL:
                return Outcome(written=False, done_before=True)
            return Outcome(written=False, shut_out=shut_out(refused, len(actions), gate, now))
        return Outcome(written=True)

    def route(
        self,
        call: Call,
        take: Reservation,
        decision: Decision,
        *,
        signal: Signal,
        facts: Sequence[Put] = (),
    ) -> Outcome:
        """Take the first attempt of a call whose questions are behind, with the signal kept."""
        actions: list[Action] = [
            call_change(call, introduced(call, take.attempt)),
            decision_put(call.id, take.attempt.number, decision, take.attempt),
            signal_put(call.id, signal),
            *hold_changes(
                call.id,
                release=None,
                take=take,
                partnership_id=call.partnership_id,
                now=take.attempt.reserved_at,
            ),
            *facts,
            *expected_puts(call.id, take.attempt),
        ]
        return self._write(actions, own=3, take=take)

    def turn_away(
        self,
        call: Call,
        decision: Decision,
        *,
        signal: Signal,
        now: datetime,
        facts: Sequence[Put] = (),
    ) -> Outcome:
        """Keep that nobody takes a call whose questions are behind, with the signal."""
        actions: list[Action] = [
            call_change(call, _denied(call, decision, now)),
            decision_put(call.id, 1, decision, None),
            signal_put(call.id, signal),
            *facts,
        ]
        return self._write(actions, own=3)

    def refuse(
        self,
        call: Call,
        decision: Decision,
        *,
        gate: GateFacts | None = None,
        facts: Sequence[Action] = (),
    ) -> Outcome:
        """Keep a new call that nobody takes, with the decision's reason; the caller's call counts
        as well, where there is a gate."""
        tallied = tally_changes(gate, call.arrived_at, limited=False) if gate else []
        return self._write(
            [
                Put(CALLS, call_item(_denied(call, decision, call.arrived_at))),
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
        An attempt that came to a talk is led on from: it keeps the place that a talk uses up, and
        the talk is remembered. Overtaken when others of its group were freed meanwhile.
        """
        release, tried = given_up(call)
        ended = TALKED if signal.talked else NOBODY_REACHED
        moved = replace(introduced(call, take.attempt), tried=tried)
        talk: list[Action] = []
        if signal.talked:
            moved = replace(moved, recoveries=call.recoveries + 1, answered_early=True)
            talk = [*talk_changes(call)]
        actions: list[Action] = [
            call_change(call, moved),
            decision_put(call.id, take.attempt.number, decision, take.attempt),
            signal_put(call.id, signal),
            *hold_changes(
                call.id,
                release=release,
                take=take,
                partnership_id=call.partnership_id,
                now=now,
                ended=ended,
            ),
            *talk,
            *trial_changes(call, reached=ended.reached, counted=counted, now=now),
            *facts,
            *expected_puts(call.id, take.attempt),
        ]
        return self._write(actions, own=3, take=take, before=call)

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
            Change(key=call_key(call.id), set=end_sets(signal), when=stands),
            decision_put(call.id, number, decision, None),
            signal_put(call.id, signal),
            *facts,
        ]
        return self._write(actions, own=3)

    def _write(
        self,
        actions: list[Action],
        *,
        own: int,
        take: Reservation | None = None,
        before: Call | None = None,
    ) -> Outcome:
        """The first `own` actions concern this call alone: refused, they were done before, unless
        the call, which they find as `before`, was overtaken."""
        try:
            self._rows.write(actions)
        except NotWritten as refused:
            if before is not None and overtaken(refused.images.get(0), before):
                raise Overtaken(before.id) from refused
            if min(refused.images) < own:
                return Outcome(written=False, done_before=True)
            return lost(refused, actions, take) if take else Outcome(written=False)
        return Outcome(written=True)


def _denied(call: Call, decision: Decision, now: datetime) -> Call:
    """The call refused, for the decision's reason."""
    reason = str(decision.refusal or Reason.NO_TARGET)
    return replace(
        call,
        status=CallStatus.DENIED,
        refusal=reason,
        reasons=(reason,),
        talk_seconds=0,
        ended_at=now,
        judged_at=now,
    )


def given_up(call: Call) -> tuple[Attempt, tuple[str, ...]]:
    """The attempt that has failed, and the targets tried with it, all that rang."""
    if call.attempt is None:
        raise ValueError(f"{call.id} has no attempt to give up")
    return call.attempt, (*call.tried, *targets_of(call.attempt))
