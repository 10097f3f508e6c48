"""What is a call, and what is reported of it?

Owns the call, the attempts to connect it, and the signals a carrier sends about it. What a set of
signals says belongs to `endings`; which target is tried, to `routing`; whether the call counts, to
`validation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.answering import Heard, Introduction, Message
from chalicelib.attribution import Attribution
from chalicelib.dispositions import Disposition, ExternalId
from chalicelib.ids import derived
from chalicelib.lines import CallLookup
from chalicelib.places import Area
from chalicelib.recording import RecordingTerms
from chalicelib.settings import CapUse
from chalicelib.terms import ChargeTerms, EarningTerms, TermsVersion
from chalicelib.together import Together

_DIRECTLY = Introduction()
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
    """Who reports: the leg to a target, the end of a dial, the caller's call, the carrier asked.

    Or what was heard: keys that the caller pressed, the end of one stretch of waiting on hold, a
    whisper that began, whether the parties were let together after it, a message on voicemail, a
    machine or a person at the target's end.
    """

    LEG = "leg"
    DIAL = "dial"
    CALL = "call"
    RECORD = "record"
    ANSWER = "answer"
    WAIT = "wait"
    WHISPER = "whisper"
    BRIDGE = "bridge"
    MESSAGE = "message"
    MACHINE = "machine"


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


class HungUpBy(StrEnum):
    """Who ended a call: one of the two sides, the longest time allowed, or the platform, which had
    nobody for the caller."""

    CALLER = "caller"
    TARGET = "target"
    TIME_LIMIT = "time_limit"
    PLATFORM = "platform"
    UNKNOWN = "unknown"


ENDED = frozenset(
    {
        LegStatus.COMPLETED,
        LegStatus.BUSY,
        LegStatus.NO_ANSWER,
        LegStatus.FAILED,
        LegStatus.CANCELED,
    }
)


CHARGED = frozenset({CallStatus.APPROVED, CallStatus.DISPUTED, CallStatus.RETURNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One report about a call. `attempt` 0 means the caller's own leg.

    `seconds` is the duration the carrier states: for a leg and a dial since the target's answer,
    for the caller's call since that was answered. `bridged` is None where the carrier is silent.
    `step` tells apart reports that are alike otherwise; `keys` are those that were pressed.
    `callers_status` is how the caller's own call stood when a dial ended, `sip_code` the answer of
    the other network, both as far as the carrier says. `target_id` says whose leg is meant, where
    several ring at once; `leg_id` is the carrier's name of the leg, at the end of a dial that of
    the one that was answered. `happened_at` is the moment that the carrier itself states,
    `ended_by` who hung up by its word; None where it says nothing of it.
    """

    kind: SignalKind
    attempt: int
    status: LegStatus
    seconds: int | None = None
    bridged: bool | None = None
    received_at: datetime
    raw: dict[str, str]
    step: str | None = None
    keys: str | None = None
    callers_status: LegStatus | None = None
    sip_code: str | None = None
    target_id: str | None = None
    leg_id: str | None = None
    happened_at: datetime | None = None
    ended_by: HungUpBy | None = None

    @property
    def at(self) -> datetime:
        """When it happened: as the carrier states it, else when it was heard."""
        return self.happened_at or self.received_at

    @property
    def key(self) -> str:
        """Equal for repetitions of one report, different for any two different ones."""
        step = f"#{self.step}" if self.step else ""
        of = f"@{self.target_id}" if self.target_id else ""
        return f"{self.kind}#{self.attempt}#{self.status}{step}{of}"

    @property
    def talked(self) -> bool:
        """Of a dial's end: whether it was the end of a conversation."""
        return self.status is LegStatus.COMPLETED and self.bridged is not False


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

    Where several targets ring `together` it is on the first choice until one has taken the call,
    and then on that one; its hold keeps the highest charge among them. `earning_stopped` is the cap
    of the partnership for which the call earns nothing, in the words of `reasons.Reason`. `terms`
    names everybody who may say terms, with the version of what each says: campaign, target, offer,
    partnership.
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
    introduction: Introduction = _DIRECTLY
    recording: RecordingTerms = _NOT_RECORDED
    recover_seconds: int = 0
    together: Together | None = None
    terms: tuple[TermsVersion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A caller's call. `attempt` is the one that holds something now; None when nothing is held.

    `refusal` says why a call was never offered to a target, in the words of `reasons.Reason` or
    `gate.GateReason`. `caller` is None for an anonymous one, `attestation` where it was not kept.
    `tags` are facts about the call by their names, such as those that its number has. `attribution`
    tells which visit it belongs to, None on a number that is not of a pool.
    `talked_before` maps targets to when this caller last talked with them.

    A call `answered_early` was picked up before any target was dialled, so its own length tells
    nothing of a talk; nor does that of one which was led on after a talk, `recoveries` times.
    `heard` are the lines that the caller heard, `voicemail` is what was left. `lookup` is what is
    known of the caller's line, None where the offer does not want to know. `hung_up_by` and
    `hung_up_why` are read out of the reports of ends; None while it is live. `disposition` is the
    latest one, `external_id` the call's id in an advertiser's own system.

    Credits leave charge and earning as they were judged, and say beside them what they have come to
    and why, the latest reason.
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
    answered_early: bool = False
    recoveries: int = 0
    heard: tuple[Heard, ...] = ()
    voicemail: Message | None = None
    lookup: CallLookup | None = None
    attribution: Attribution | None = None
    hung_up_by: HungUpBy | None = None
    hung_up_why: str | None = None
    disposition: Disposition | None = None
    external_id: ExternalId | None = None
    credited_cents: int = 0
    clawed_back_cents: int = 0
    credit_reason: str | None = None


def introduced(call: Call, attempt: Attempt) -> Call:
    """The call on `attempt`, with what its caller hears before that is dialled."""
    introduction, campaign_id = attempt.introduction, attempt.hold.campaign_id
    said = (
        ("greeting", call.offer_id or "", introduction.greeting),
        ("consent", campaign_id, introduction.consent),
    )
    heard = tuple(Heard(part=part, of=of, version=line.version) for part, of, line in said if line)
    return replace(
        call,
        attempt=attempt,
        answered_early=call.answered_early or bool(heard),
        heard=(*call.heard, *heard),
    )


def call_id(carrier: str, carrier_call_id: str) -> str:
    """The id of the one call that a carrier's call id stands for."""
    return derived("call", carrier, carrier_call_id)
