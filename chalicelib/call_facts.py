"""What may the rules look at of an ended call?

Owns the facts of a call as they are kept beside its verdict, each with who told it and when, and
what is derived from them alone. What the rules make of them belongs to `validation`.

No number is among them: a caller known again is known by the calls found under a keyed hash.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.attributes import attributes_of, of_steps
from chalicelib.calls import Attestation, Call, LegStatus, Signal, SignalKind
from chalicelib.dispositions import Disposition, Postback, conversion, current
from chalicelib.endings import Ending, Evidence
from chalicelib.places import Area
from chalicelib.reviews import Review, standing
from chalicelib.terms import Clock, Otherwise, RepeatScope, Since


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCall:
    """Another call of the same caller, as the mark of a scope tells it; `arrived_at` may lie later,
    where that call was judged first."""

    scope: RepeatScope
    since: Since
    call_id: str
    arrived_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """All that the rules may look at.

    `offered` is whether anybody was dialled for the call. `answered_at` is when the talk began: as
    a report of it tells (`answer_told`), else reckoned back from the end. `attributes` are what
    steps may filter by, `answers` what the caller keyed, by the names of the questions.
    `blocked_by` is whose block list named the caller when the call was judged first, `advertiser`
    `offer`, `publisher` or `deployment`. `earning_stopped` is the partnership's cap that was full.
    """

    offered: bool
    arrived_at: datetime
    dialled_at: datetime | None = None
    answered_at: datetime | None = None
    answer_told: bool = False
    ended_at: datetime
    talk_seconds: int
    evidence: Evidence
    area: Area
    anonymous: bool = False
    attestation: Attestation | None = None
    blocked_by: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[EarlierCall, ...] = ()
    advertiser_id: str = ""
    dispositions: tuple[Disposition, ...] = ()
    postbacks: tuple[Postback, ...] = ()
    reviews: tuple[Review, ...] = ()
    earning_stopped: str | None = None

    @property
    def connected(self) -> bool:
        """Whether there was a conversation: a second of talk is one."""
        return self.offered and self.talk_seconds > 0


_QUESTION = "question."


def facts_of(call: Call, ending: Ending, signals: Iterable[Signal], *, now: datetime) -> CallFacts:
    """What the call itself and its reports tell, as they stand `now`; what is found elsewhere (its
    caller's other calls, block lists, what advertiser and operator say) is not among it yet."""
    attempt = call.attempt
    ended_at = ending.ended_at or now
    told = _answered_at(signals, attempt.number) if attempt else None
    reckoned = ended_at - timedelta(seconds=ending.talk_seconds)
    return CallFacts(
        offered=attempt is not None,
        arrived_at=call.arrived_at,
        dialled_at=attempt.reserved_at if attempt else None,
        answered_at=(told or reckoned) if attempt and ending.talk_seconds else None,
        answer_told=told is not None,
        ended_at=ended_at,
        talk_seconds=ending.talk_seconds,
        evidence=ending.evidence,
        area=call.area,
        anonymous=call.caller is None,
        attestation=call.attestation,
        attributes={name: it for name, it in attributes_of(call).items() if of_steps(name)},
        answers=_answers(call),
        advertiser_id=attempt.hold.advertiser_id if attempt else "",
        earning_stopped=attempt.earning_stopped if attempt else None,
    )


def _answered_at(signals: Iterable[Signal], attempt: int) -> datetime | None:
    """When the parties were let together, else when the target picked up; None if nobody says."""
    own = [one for one in signals if one.attempt == attempt and one.status is LegStatus.IN_PROGRESS]
    for kind in (SignalKind.BRIDGE, SignalKind.LEG):
        told = [one.at for one in own if one.kind is kind and one.bridged is not False]
        if told:
            return min(told)
    return None


def _answers(call: Call) -> dict[str, str]:
    """What the call's tags hold under the names of the questions that its caller was asked."""
    asked = (one.part for one in call.heard if one.part.startswith(_QUESTION))
    names = [part.removeprefix(_QUESTION) for part in asked]
    return {name: call.tags[name] for name in names if name in call.tags}


@dataclass(frozen=True, slots=True)
class Awaited:
    """What stands at a deadline: whether it has passed, and what holds if nothing came by then."""

    deadline: datetime
    over: bool
    otherwise: Otherwise


def awaited(facts: CallFacts, hours: int, otherwise: Otherwise, now: datetime) -> Awaited:
    """The deadline so many hours after the call's end; it is in time itself."""
    deadline = facts.ended_at + timedelta(hours=hours)
    return Awaited(deadline, now > deadline, otherwise)


def disposition_by(facts: CallFacts, deadline: datetime) -> Disposition | None:
    """The disposition that stands, of those that came by the deadline."""
    in_time = (one for one in facts.dispositions if one.received_at <= deadline)
    return current(in_time, facts.advertiser_id)


def conversion_by(facts: CallFacts, deadline: datetime) -> Postback | None:
    """The conversion that counts, of those that came by the deadline."""
    in_time = (one for one in facts.postbacks if one.received_at <= deadline)
    return conversion(in_time, facts.advertiser_id)


def review_by(facts: CallFacts, deadline: datetime) -> Review | None:
    """The review that stands, of those decided by the deadline."""
    return standing(one for one in facts.reviews if one.decided_at <= deadline)


def seconds_on(facts: CallFacts, clock: Clock) -> int:
    """The talk in whole seconds, with what lies before it from the clock's start on."""
    begun = facts.arrived_at if clock is Clock.ARRIVAL else facts.dialled_at
    if clock is Clock.ANSWER or begun is None or facts.answered_at is None:
        return facts.talk_seconds
    before = int((facts.answered_at - begun).total_seconds())
    return facts.talk_seconds + max(0, before)
