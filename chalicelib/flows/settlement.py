"""What happens when a call has ended?

Joins a call's signals, the rules and the books: each ended call is decided once, and its hold is
either charged or given back, in one transaction. While its verdict awaits something it is looked at
again when that comes, and at the deadline. When a settlement is tried belongs to the channels; how
the carrier is asked, to the providers; the facts of a judgement, to `judgement`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import runtime
from chalicelib.calls import Call, CallStatus, Signal
from chalicelib.endings import Ending, read_signals, unheard
from chalicelib.errors import Conflict
from chalicelib.flows.judgement import judged
from chalicelib.ringing import connected, seen_from_taker
from chalicelib.store.calls import CallFile
from chalicelib.store.entries import book
from chalicelib.store.rows import NotWritten
from chalicelib.store.settlements import freeing_actions
from chalicelib.store.stores import Stores
from chalicelib.store.verdicts import judgement_of
from chalicelib.validation import Standing

AskCarrier = Callable[[Call, datetime], tuple[Signal, ...]]

_TRIES = 8
_A_MINUTE = timedelta(minutes=1)
_AFTER_FAILURE = timedelta(minutes=5)
# A caller who has not been routed by then is not answering questions any more.
_ASKING = timedelta(minutes=30)
_JUDGED = frozenset(CallStatus) - {CallStatus.LIVE, CallStatus.PENDING}


class Progress(StrEnum):
    """How far a settlement came: a call that waits is judged, and its verdict awaits something."""

    SETTLED = "settled"
    WAITING = "waiting"
    LIVE = "live"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """The calls that a sweep settled, those it found alive, those whose verdict waits, and those it
    could not look at."""

    settled: tuple[str, ...]
    live: tuple[str, ...]
    waiting: tuple[str, ...] = ()
    failed: tuple[str, ...]


def settle(call_id: str, *, stores: Stores, now: datetime) -> Progress:
    """Judge the call if it has ended and its talk time is known; repeating it changes nothing. Of
    a group that rang, all but the one that took the call are freed while it goes on.

    `uncertain` means that the call is over and a report of its talk time may still be on its way.
    """
    return _settle(call_id, stores=stores, now=now, accept=_certain)


def settle_finally(
    call_id: str, *, stores: Stores, now: datetime, ask_carrier: AskCarrier
) -> Progress:
    """Judge the call on what can be known now: what is missing is asked of the carrier, and a call
    that outlived its lease unheard is over."""
    file = stores.calls.file(call_id)
    if file is None or file.call.status in _JUDGED:
        return Progress.UNKNOWN if file is None else Progress.SETTLED
    if judgement_of(file.beside) is None and not _read(file).certain:
        # The leg's record before the call's own: whoever settles between the two writes (the stream
        # tells of each) would take a call's record without its leg's for a call without a talk.
        told = ask_carrier(file.call, now)
        for signal in sorted(told, key=lambda one: one.attempt, reverse=True):
            stores.calls.keep_signal(call_id, signal)
    return _settle(call_id, stores=stores, now=now, accept=_final)


def sweep(*, stores: Stores, now: datetime, ask_carrier: AskCarrier, limit: int = 200) -> Swept:
    """Look at every call that is due: settle what has ended unnoticed, and put off the rest.

    A call that cannot be settled does not keep the others waiting: it is put off too, and told of.
    """
    found: dict[Progress, list[str]] = {}
    failed = []
    for call in stores.calls.due(now, limit=limit):
        try:
            progress = settle_finally(call.id, stores=stores, now=now, ask_carrier=ask_carrier)
        except Exception:
            # Whatever is wrong with this call, the log says it and the next call is looked at.
            runtime.logger().exception("a call could not be swept", extra={"call_id": call.id})
            failed.append(call.id)
            stores.calls.look_again(call, now + _AFTER_FAILURE)
            continue
        found.setdefault(progress, []).append(call.id)
        if progress not in (Progress.SETTLED, Progress.WAITING):
            stores.calls.look_again(call, _next_look(call, now))
    alive = (Progress.LIVE, Progress.UNCERTAIN, Progress.UNKNOWN)
    return Swept(
        settled=tuple(found.get(Progress.SETTLED, ())),
        live=tuple(id for one in alive for id in found.get(one, ())),
        waiting=tuple(found.get(Progress.WAITING, ())),
        failed=tuple(failed),
    )


def _next_look(call: Call, now: datetime) -> datetime:
    """After half the call's age again, and never within a minute, so that a long call is looked at
    a few times only; but when its lease ends, so that nothing stays reserved beyond that."""
    usual = now + max(_A_MINUTE, (now - call.arrived_at) / 2)
    lease_until = call.attempt.hold.lease_until if call.attempt else now
    return min(usual, lease_until) if lease_until > now else usual


def _certain(call: Call, ending: Ending, now: datetime) -> Ending | None:
    del call, now
    return ending if ending.certain else None


def _final(call: Call, ending: Ending, now: datetime) -> Ending | None:
    """Any reported end; else the end of the lease, after which nobody can still be talking, or of
    the time that questions may take."""
    if ending.ended:
        return ending
    longest = call.attempt.hold.lease_until if call.attempt else call.arrived_at + _ASKING
    return unheard(ending, now) if longest <= now else None


def _settle(
    call_id: str,
    *,
    stores: Stores,
    now: datetime,
    accept: Callable[[Call, Ending, datetime], Ending | None],
) -> Progress:
    for _ in range(_TRIES):
        file = stores.calls.file(call_id)
        if file is None:
            return Progress.UNKNOWN
        if file.call.status in _JUDGED:
            return Progress.SETTLED
        before = judgement_of(file.beside)
        ending = before.ending if before else _read(file)
        accepted = before.ending if before else accept(file.call, ending, now)
        try:
            if accepted is None and not ending.ended:
                _free_others(file, stores)
                return Progress.LIVE
            if accepted is None:
                stores.calls.mark_pending(file.call, ending)
                return Progress.UNCERTAIN
            seen = file if before else _of_taker(file, accepted)
            outcome = judged(seen, accepted, before, stores=stores, now=now)
            if outcome.actions:
                book(stores.rows, outcome.actions)
        except NotWritten:
            continue
        waits = outcome.verdict.standing is Standing.PENDING
        return Progress.WAITING if waits else Progress.SETTLED
    raise Conflict(f"{call_id} changed {_TRIES} times while it was being settled")


def _read(file: CallFile) -> Ending:
    return read_signals(file.call, file.signals, given_up=file.given_up)


def _free_others(file: CallFile, stores: Stores) -> None:
    """Give back what is kept of a group's others once the caller is connected with one of them.

    Who they are is not known to the webhook that reports it, so this comes off the stream.
    """
    taker = connected(file.call, file.signals)
    if taker is not None:
        stores.rows.write(freeing_actions(file.call, taker))


def _of_taker(file: CallFile, ending: Ending) -> CallFile:
    """The call on the member of a group that took it, with what was reported of that one; where
    nobody talked and no report names one, as it is."""
    sight = seen_from_taker(file.call, file.signals)
    if not sight.named and not ending.talk_seconds:
        return file
    return replace(file, call=sight.call, signals=sight.signals)
