"""What do a call's signals say of it?

Owns the fold that reads a state out of any set of signals: whether the call is over, how long the
parties talked, and how certain that is. The signals themselves belong to `calls`; what follows from
an ending, to `settlement`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.answering import Introduction
from chalicelib.calls import ENDED, Call, LegStatus, Signal, SignalKind
from chalicelib.powers import powers_of
from chalicelib.ringing import seen_from_taker

MOST_RECOVERIES = 5
"""How often a call is led on after a talk that its target ended early."""


# A dial may begin so much later than it is decided, or be given up so much later than it is to be.
_UNSURE_SECONDS = 10
# Characters in a second; speech has about fifteen.
_SLOW_SPEECH = 8
# The carrier's words for what answered (Twilio, answering machine detection).
_MACHINES = ("machine", "fax")


class Evidence(StrEnum):
    """Which report the talk time rests on; `computed` is reckoned from the dial to the end, ringing
    included, where the carrier does not tell when the target answered."""

    LEG = "leg"
    DIAL = "dial"
    RECORD = "record"
    CALL = "call"
    COMPUTED = "computed"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the signals say so far.

    `ended` holds as soon as any report ends the call. `certain` holds when the talk time is known
    from the target's side, or known to be none; until then a later report may still tell it.
    `failed_attempt` says that the present attempt ended without a conversation.
    """

    ended: bool
    certain: bool
    talk_seconds: int
    evidence: Evidence
    failed_attempt: bool
    ended_at: datetime | None = None


def read_signals(call: Call, signals: tuple[Signal, ...], *, given_up: bool = False) -> Ending:
    """Read the state of `call` out of its signals; their order and repetition do not matter.

    Talk time counts from the target's answer, or from the end of what it heard before the caller.
    The leg's own report is trusted first, then the dial's, then the carrier's record of the leg,
    and last the caller's call, which under `answerOnBridge` counts from the bridge (Twilio, TwiML
    Dial) unless it was answered early. A record of the call without a conversation on its leg means
    that there was none. Where the carrier does not tell of answers, a talk is computed. A call
    `given_up` has nobody left to try and is over as soon as its attempt is. A talk after which the
    next target may be tried ends the call once the dial's report is kept, with which that is
    decided, or the caller has gone. Of several that rang at once the one counts that took the call;
    while nobody says which, a talk is not certain.
    """
    sight = seen_from_taker(call, signals)
    ending = _read(sight.call, sight.signals, given_up=given_up)
    doubtful = ending.talk_seconds and not sight.named
    return replace(ending, certain=False) if doubtful else ending


def _read(call: Call, signals: tuple[Signal, ...], *, given_up: bool) -> Ending:
    current = call.attempt.number if call.attempt else 0
    of_attempt = tuple(s for s in signals if current and s.attempt == current)
    told, together = _told(of_attempt), _let_together(call, of_attempt)
    call_over = [s for s in signals if s.attempt == 0 and s.status in ENDED]
    failed = _attempt_failed(signals, current)
    if told is not None and together:
        talk_seconds = max(0, told.seconds - _whisper_seconds(of_attempt))
        awaited = not call_over and _may_go_on(call, talk_seconds, of_attempt)
        return Ending(
            ended=not awaited,
            certain=not awaited,
            talk_seconds=talk_seconds,
            evidence=told.evidence,
            failed_attempt=False,
            ended_at=None if awaited else _first_end(signals, current),
        )
    unsure = told if together is None else None
    blind = not powers_of(call.carrier).tells_answer
    recorded = unsure is None and any(s.kind is SignalKind.RECORD for s in call_over)
    unheard_of = (recorded and not blind) or not current or _never_answered(call_over)
    nobody = failed or together is False or unheard_of
    otherwise = _computed(call, signals) if blind else _callers_own(call, call_over)
    talk = _NO_TALK if nobody else unsure or otherwise
    attempt_over = (together is not None and _unmeasured(signals, current)) or (given_up and failed)
    over = bool(call_over) or attempt_over
    return Ending(
        ended=over,
        certain=over and nobody,
        talk_seconds=talk.seconds if over or blind else 0,
        evidence=talk.evidence if talk.seconds and (over or blind) else Evidence.NONE,
        failed_attempt=failed,
        ended_at=_first_end(signals, current if attempt_over else 0) if over else None,
    )


def recovers(call: Call, dial: Signal, heard: tuple[Signal, ...]) -> bool:
    """Whether the target hung up so early that the next is tried for the caller, who is still
    there: within the attempt's `recover_seconds`, that second included.

    `dial` is the report of the attempt's end, `heard` are those of its whisper. Of several that
    rang at once the call is on the one that took it.
    """
    if dial.seconds is None or not dial.talked or dial.callers_status in ENDED:
        return False
    return _early(call, max(0, dial.seconds - _whisper_seconds(heard)))


def let_through(
    signals: tuple[Signal, ...], attempt: int, target_id: str | None = None, *, accepted: bool
) -> bool:
    """Whether the target of `attempt` gets the caller, as it has `accepted` or not: as was decided
    before, else unless a machine was heard. What is not known by then is taken for a person.
    `target_id` says which target, where several ring at once."""
    own = [s for s in signals if (s.attempt, s.target_id) == (attempt, target_id)]
    decided = [s.bridged is True for s in own if s.kind is SignalKind.BRIDGE]
    if decided:
        return decided[0]
    heard = (s.step or "" for s in own if s.kind is SignalKind.MACHINE)
    return accepted and not any(word.startswith(_MACHINES) for word in heard)


def _may_go_on(call: Call, talk_seconds: int, of_attempt: tuple[Signal, ...]) -> bool:
    """Whether it is not decided yet if another target follows the one that was talked with."""
    dialled = any(s.kind is SignalKind.DIAL and s.status in ENDED for s in of_attempt)
    return not dialled and _early(call, talk_seconds)


def _early(call: Call, talk_seconds: int) -> bool:
    attempt = call.attempt
    if attempt is None or not attempt.recover_seconds or call.recoveries >= MOST_RECOVERIES:
        return False
    return talk_seconds <= attempt.recover_seconds and talk_seconds < attempt.max_call_seconds


def _first_end(signals: tuple[Signal, ...], attempt: int) -> datetime:
    """When the first report came that ended the attempt or the caller's call.

    The end of an earlier attempt is not the end of the call.
    """
    ends = [s for s in signals if s.attempt in (0, attempt) and s.status in ENDED]
    return min(s.at for s in ends)


def unheard(ending: Ending, now: datetime) -> Ending:
    """The ending of a call whose end nobody reported: over now, with the talk that is known."""
    return replace(ending, ended=True, certain=True, ended_at=now)


def _never_answered(call_over: list[Signal]) -> bool:
    return bool(call_over) and all(s.status is not LegStatus.COMPLETED for s in call_over)


@dataclass(frozen=True, slots=True)
class _Talk:
    """How long a talk was, by whose word."""

    evidence: Evidence
    seconds: int


_NO_TALK = _Talk(Evidence.NONE, 0)
_SOURCES = (
    (SignalKind.LEG, Evidence.LEG),
    (SignalKind.DIAL, Evidence.DIAL),
    (SignalKind.RECORD, Evidence.RECORD),
)


def _told(of_attempt: tuple[Signal, ...]) -> _Talk | None:
    """How long the target was on the line; None when nobody reports that it was."""
    for kind, evidence in _SOURCES:
        completed = [s for s in of_attempt if s.kind is kind and s.status is LegStatus.COMPLETED]
        told = [s.seconds for s in completed if s.seconds is not None]
        if told:
            return _Talk(evidence, max(told))
    return None


def _let_together(call: Call, of_attempt: tuple[Signal, ...]) -> bool | None:
    """Whether caller and target were connected; None where the target heard something first, and
    nobody has told yet what became of it."""
    if any(s.bridged is False for s in of_attempt):
        return False
    if call.attempt is None or not call.attempt.introduction.whispers:
        return True
    dialled = (s.kind is SignalKind.DIAL and s.status is LegStatus.COMPLETED for s in of_attempt)
    return True if any(s.bridged for s in of_attempt) or any(dialled) else None


def _whisper_seconds(of_attempt: tuple[Signal, ...]) -> int:
    """How long the target listened before the caller was let through, in whole seconds; 0 where
    one of the two moments is not known."""
    begun = [s.received_at for s in of_attempt if s.kind is SignalKind.WHISPER]
    bridged = [s.received_at for s in of_attempt if s.kind is SignalKind.BRIDGE]
    if not begun or not bridged:
        return 0
    return max(0, int((min(bridged) - min(begun)).total_seconds() + 0.5))


def _callers_own(call: Call, call_over: list[Signal]) -> _Talk:
    """What the length of the caller's call tells of a talk: nothing, if it was answered early."""
    seconds = max((s.seconds or 0 for s in call_over), default=0)
    return _NO_TALK if call.answered_early else _Talk(Evidence.CALL, seconds)


def _computed(call: Call, signals: tuple[Signal, ...]) -> _Talk:
    """The talk on a line whose carrier tells when it was over, and seldom when it began.

    That there was one is certain where the target was heard to answer or to hang up, or where the
    call lasted longer than the target could have rung. Without the answer it counts from the dial.
    """
    attempt = call.attempt
    end = _end_or_latest(signals, attempt.number if attempt else 0)
    if attempt is None or end is None:
        return _NO_TALK
    own = [s for s in signals if s.attempt == attempt.number]
    answers = (s for s in own if s.kind is SignalKind.LEG and s.status is LegStatus.IN_PROGRESS)
    answered = min((s.at for s in answers), default=None)
    if answered is not None:
        return _Talk(Evidence.LEG, max(0, int((end - answered).total_seconds())))
    lasted = max(0, int((end - attempt.reserved_at).total_seconds()))
    rang = attempt.ring_seconds + _longest_said(attempt.introduction) + _UNSURE_SECONDS
    talked = lasted > rang or any(_hung_up(s) for s in own)
    return _Talk(Evidence.COMPUTED, lasted) if talked else _NO_TALK


def _end_or_latest(signals: tuple[Signal, ...], attempt: int) -> datetime | None:
    """When the call was first told to be over, else up to when the carrier's record knows that it
    went on."""
    ends = [s.at for s in signals if s.attempt == 0 and s.status in ENDED]
    ends += [s.at for s in signals if s.attempt == attempt and _hung_up(s)]
    if ends:
        return min(ends)
    records = (s for s in signals if s.attempt == 0 and s.kind is SignalKind.RECORD)
    return max((s.at for s in records), default=None)


def _hung_up(signal: Signal) -> bool:
    """Whether the report is that a dial ended in a talk."""
    return signal.kind is SignalKind.DIAL and signal.status is LegStatus.COMPLETED


def _longest_said(introduction: Introduction) -> int:
    """How long the lines before the dial may take, in seconds, read slowly."""
    return sum(len(line.text or "") // _SLOW_SPEECH + 1 for line in introduction.lines)


def _unmeasured(signals: tuple[Signal, ...], attempt: int) -> bool:
    """Whether a conversation is reported over without its length (Twilio leaves the length of a
    dial out when its leg was redirected)."""
    return any(
        s.attempt == attempt and s.status is LegStatus.COMPLETED and s.seconds is None
        for s in signals
        if attempt and s.bridged is not False
    )


def _attempt_failed(signals: tuple[Signal, ...], attempt: int) -> bool:
    """Whether the attempt is over and nobody talked."""
    over = [s for s in signals if attempt and s.attempt == attempt and s.status in ENDED]
    unanswered = any(s.status is not LegStatus.COMPLETED for s in over)
    return unanswered or any(s.bridged is False for s in over)
