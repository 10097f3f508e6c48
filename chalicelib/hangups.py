"""Who hung up, and by whose word?

Owns reading it out of the carrier's reports of ends. How long the parties talked belongs to
`endings`; whether the call counts, to `validation`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.calls import ENDED, Attempt, Call, CallStatus, HungUpBy, LegStatus, Signal
from chalicelib.calls import SignalKind as Kind

_TELLING = frozenset({Kind.LEG, Kind.DIAL, Kind.CALL, Kind.RECORD})
# The caller's own call ends so when the caller leaves before anybody was connected.
_LEFT_EARLY = frozenset({LegStatus.NO_ANSWER, LegStatus.BUSY, LegStatus.CANCELED})
_NOBODY_KNOWS = "no report"


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """By whom a call was ended; `why` is the report that tells so, in the carrier's words, or the
    reason for which nobody took the call."""

    by: HungUpBy
    why: str


def tells_of_hang_up(signal: Signal) -> bool:
    """Whether the signal reports an end: of a leg, a dial, or the caller's call."""
    return signal.kind in _TELLING and signal.status in ENDED


def who_hung_up(call: Call, signals: Iterable[Signal]) -> HangUp | None:
    """Who ended the call; None while it is live. Order and repetition of the signals do not matter,
    and without the dial's report, which alone tells of both sides, what the others tell counts.

    The caller's own status beside the end of a dial says whether the caller was still there
    (Twilio, Dial action). When both sides end in the longest time allowed, the limit ended it. A
    carrier that states who hung up is believed.
    """
    if call.status is CallStatus.LIVE:
        return None
    if call.refusal is not None:
        return HangUp(by=HungUpBy.PLATFORM, why=call.refusal)
    ends = sorted(filter(tells_of_hang_up, signals), key=lambda one: (one.key, one.seconds or 0))
    callers = [one for one in ends if one.attempt == 0]
    stated = _stated(callers)
    if stated is not None:
        return stated
    attempt = call.attempt
    told = _told_of(call, attempt, ends) if attempt else None
    if told is not None:
        return told
    for end in callers:
        if attempt is None or end.status in _LEFT_EARLY:
            return HangUp(by=HungUpBy.CALLER, why=_words(end))
    last = (callers or ends)[-1:]
    return HangUp(by=HungUpBy.UNKNOWN, why=_words(last[0]) if last else _NOBODY_KNOWS)


def _stated(callers: Iterable[Signal]) -> HangUp | None:
    """Who ended the caller's own call by the carrier's word; None where it has none."""
    for end in callers:
        if end.ended_by is not None:
            return HangUp(by=end.ended_by, why=_words(end))
    return None


def _told_of(call: Call, attempt: Attempt, ends: Iterable[Signal]) -> HangUp | None:
    """What the reports of the attempt tell, the dial's before the legs'."""
    own = [one for one in ends if one.attempt == attempt.number and _concerns(attempt, one)]
    for end in own:
        by = _told_by_dial(call, attempt, end) if end.kind is Kind.DIAL else None
        if by is not None:
            return HangUp(by=by, why=_words(end))
    for end in own:
        by = _told_by_leg(call, attempt, end)
        if by is not None:
            return HangUp(by=by, why=_words(end))
    return None


def _concerns(attempt: Attempt, end: Signal) -> bool:
    """Whether the end tells of the attempt's own target. A leg of several that rang at once may be
    called off for another that picks up, which tells nothing of the caller."""
    if end.target_id is None:
        return True
    return end.target_id == attempt.hold.target_id and end.status is not LegStatus.CANCELED


def _told_by_dial(call: Call, attempt: Attempt, end: Signal) -> HungUpBy | None:
    """None where the carrier does not say how the caller's own call stood."""
    if end.callers_status is None:
        return None
    if end.callers_status in ENDED:
        return HungUpBy.CALLER
    if end.status is not LegStatus.COMPLETED or end.bridged is False:
        return HungUpBy.PLATFORM
    return HungUpBy.TIME_LIMIT if _to_the_limit(call, attempt, end) else HungUpBy.TARGET


def _told_by_leg(call: Call, attempt: Attempt, end: Signal) -> HungUpBy | None:
    """A leg that is called off while it rings has lost its caller; one that lasts as long as it
    may was ended for that."""
    if end.status is LegStatus.CANCELED:
        return HungUpBy.CALLER
    return HungUpBy.TIME_LIMIT if _to_the_limit(call, attempt, end) else None


def _to_the_limit(call: Call, attempt: Attempt, end: Signal) -> bool:
    """Whether the talk took all the time there was; after a whisper it is known to a second."""
    if end.status is not LegStatus.COMPLETED or end.bridged is False:
        return False
    told = end.seconds if call.talk_seconds is None else call.talk_seconds
    unsure = 1 if attempt.introduction.whispers else 0
    return (told or 0) + unsure >= attempt.max_call_seconds


def _words(end: Signal) -> str:
    """The report in short, such as `dial busy, SIP 486`."""
    return f"{end.kind} {end.status}" + (f", SIP {end.sip_code}" if end.sip_code else "")
