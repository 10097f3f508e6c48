"""What is a call, and what do its signals say of it?

Owns the call, the attempts to connect it, the signals a carrier sends about it, and the fold that
reads a state out of any set of signals. Which target is tried belongs to `routing`; whether the
call counts, to `validation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.campaigns import ChargeTerms
from chalicelib.ids import derived
from chalicelib.offers import EarningTerms
from chalicelib.places import Area
from chalicelib.recording import RecordingTerms
from chalicelib.settings import CapUse

_NOT_RECORDED = RecordingTerms()


class CallStatus(StrEnum):
    """What people see: live until a signal ends the call, pending until it is judged."""

    LIVE = "live"
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    DISPUTED = "disputed"
    RETURNED = "returned"


class SignalKind(StrEnum):
    """Who reports: the leg to a target, the end of a dial, the caller's call, the carrier asked."""

    LEG = "leg"
    DIAL = "dial"
    CALL = "call"
    RECORD = "record"


class LegStatus(StrEnum):
    """Where a leg or a call stands, in the carrier's words (Twilio, Call resource)."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"


class Attestation(StrEnum):
    """What the caller's carrier vouches for, and a verified signature shows (STIR/SHAKEN).

    A: the customer and the right to the number; B: the customer; C: where the call came in.
    """

    NONE = "none"
    C = "C"
    B = "B"
    A = "A"


ENDED = frozenset(
    {
        LegStatus.COMPLETED,
        LegStatus.BUSY,
        LegStatus.NO_ANSWER,
        LegStatus.FAILED,
        LegStatus.CANCELED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One report about a call. `attempt` 0 means the caller's own leg.

    `seconds` is the duration the carrier states: for a leg and a dial since the target's answer,
    for the caller's call since that was answered. `bridged` is None where the carrier is silent.
    """

    kind: SignalKind
    attempt: int
    status: LegStatus
    seconds: int | None = None
    bridged: bool | None = None
    received_at: datetime
    raw: dict[str, str]

    @property
    def key(self) -> str:
        """Equal for repetitions of one report, different for any two different ones."""
        return f"{self.kind}#{self.attempt}#{self.status}"


class Reached(StrEnum):
    """How far an attempt came: to no conversation, to one, or to a charge."""

    NOBODY = "nobody"
    CONVERSATION = "conversation"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What one attempt keeps reserved: a slot, a cap place in each window, budget and money.

    Without `partnership_windows` it keeps nothing of the partnership's caps, because the call is
    not to earn.
    """

    target_id: str
    campaign_id: str
    advertiser_id: str
    amount_cents: int
    target_windows: tuple[str, ...]
    campaign_windows: tuple[str, ...]
    lease_until: datetime
    cap_use: CapUse = CapUse.APPROVAL
    partnership_windows: tuple[str, ...] = ()
    earning_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to connect the caller: the terms in force when it was reserved, and its hold.

    `earning_stopped` is the cap of the partnership for which the call earns nothing, in the words
    of `reasons.Reason`.
    """

    number: int
    destination: str
    ring_seconds: int
    max_call_seconds: int
    reserved_at: datetime
    charge: ChargeTerms
    earning: EarningTerms
    hold: Hold
    send_digits: str | None = None
    earning_stopped: str | None = None
    recording: RecordingTerms = _NOT_RECORDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A caller's call. `attempt` is the one that holds something now; None when nothing is held.

    `refusal` says why a call was never offered to a target, in the words of `reasons.Reason` or
    `gate.GateReason`. `caller` is None for an anonymous one, `attestation` where it was not kept.
    `tags` are facts about the call by their names, such as those that its number has.
    `talked_before` maps targets to when this caller last talked with them.
    """

    id: str
    carrier: str
    carrier_call_id: str
    e164: str
    caller: str | None
    caller_hash: str | None
    area: Area
    arrived_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    number_id: str | None = None
    offer_id: str | None = None
    publisher_id: str | None = None
    partnership_id: str | None = None
    placement_id: str | None = None
    attestation: Attestation | None = None
    attempt: Attempt | None = None
    tried: tuple[str, ...] = ()
    refusal: str | None = None
    status: CallStatus = CallStatus.LIVE
    talk_seconds: int | None = None
    charge_cents: int = 0
    earning_cents: int = 0
    reasons: tuple[str, ...] = ()
    ended_at: datetime | None = None
    judged_at: datetime | None = None
    talked_before: Mapping[str, datetime] = field(default_factory=dict)


def call_id(carrier: str, carrier_call_id: str) -> str:
    """The id of the one call that a carrier's call id stands for."""
    return derived("call", carrier, carrier_call_id)


class Evidence(StrEnum):
    """Which report the talk time rests on."""

    LEG = "leg"
    DIAL = "dial"
    RECORD = "record"
    CALL = "call"
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

    Talk time counts from the target's answer. The leg's own report is trusted first, then the
    dial's, then the carrier's record of the leg, and last the caller's call, which under
    `answerOnBridge` counts from the bridge (Twilio, TwiML Dial). A record of the call without a
    conversation on its leg means that there was none. A call `given_up` has nobody left to try
    and is over as soon as its attempt is.
    """
    current = call.attempt.number if call.attempt else 0
    talked = _conversation(signals, current)
    call_over = [s for s in signals if s.attempt == 0 and s.status in ENDED]
    failed = _attempt_failed(signals, current)
    if talked is not None:
        evidence, seconds = talked
        return Ending(
            ended=True,
            certain=True,
            talk_seconds=seconds,
            evidence=evidence,
            failed_attempt=False,
            ended_at=_first_end(signals, current),
        )
    recorded = any(s.kind is SignalKind.RECORD for s in call_over)
    nobody = failed or recorded or call.attempt is None or _never_answered(call_over)
    seconds = 0 if nobody else max((s.seconds or 0 for s in call_over), default=0)
    attempt_over = _unmeasured(signals, current) or (given_up and failed)
    over = bool(call_over) or attempt_over
    return Ending(
        ended=over,
        certain=over and nobody,
        talk_seconds=seconds,
        evidence=Evidence.CALL if seconds else Evidence.NONE,
        failed_attempt=failed,
        ended_at=_first_end(signals, current if attempt_over else 0) if over else None,
    )


def _first_end(signals: tuple[Signal, ...], attempt: int) -> datetime:
    """When the first report came that ended the attempt or the caller's call.

    The end of an earlier attempt is not the end of the call.
    """
    ends = [s for s in signals if s.attempt in (0, attempt) and s.status in ENDED]
    return min(s.received_at for s in ends)


def unheard(ending: Ending, now: datetime) -> Ending:
    """The ending of a call whose end nobody reported: over now, with the talk that is known."""
    return replace(ending, ended=True, certain=True, ended_at=now)


def _never_answered(call_over: list[Signal]) -> bool:
    return bool(call_over) and all(s.status is not LegStatus.COMPLETED for s in call_over)


_SOURCES = (
    (SignalKind.LEG, Evidence.LEG),
    (SignalKind.DIAL, Evidence.DIAL),
    (SignalKind.RECORD, Evidence.RECORD),
)


def _conversation(signals: tuple[Signal, ...], attempt: int) -> tuple[Evidence, int] | None:
    """Who reports a conversation of this attempt, and how long it was; None when nobody does."""
    of_attempt = [s for s in signals if attempt and s.attempt == attempt]
    if any(s.bridged is False for s in of_attempt):
        return None
    for kind, evidence in _SOURCES:
        completed = [s for s in of_attempt if s.kind is kind and s.status is LegStatus.COMPLETED]
        told = [s.seconds for s in completed if s.seconds is not None]
        if told:
            return evidence, max(told)
    return None


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
