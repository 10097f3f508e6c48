"""What does the API show of calls?

Owns the documents of a call, its decisions, its verdict and the carrier's reports. They describe
and check what is answered. The one request is a call that might come.
"""

from typing import Annotated, Any

from pydantic import Field

from chalicelib import (
    attribution,
    calls,
    credits,
    gate,
    offers,
    places,
    reasons,
    recording,
)
from chalicelib.channels.fields import E164, Document, KnownState, Moment, Tags, Zip
from chalicelib.channels.schemas_answering import HeardView, MessageView
from chalicelib.channels.schemas_lines import CallLookupView

Reason = Annotated[reasons.Reason, Field(strict=False)]
GateReason = Annotated[gate.GateReason, Field(strict=False)]
CreditReason = Annotated[credits.CreditReason, Field(strict=False)]
HungUpBy = Annotated[calls.HungUpBy, Field(strict=False)]
Strategy = Annotated[offers.Strategy, Field(strict=False)]


class AreaEvidenceView(Document):
    """One thing that one source says of the caller's place, whether or not it counts."""

    what: Annotated[places.AreaFact, Field(strict=False)]
    value: str
    source: Annotated[places.AreaSource, Field(strict=False)]
    provenance: Annotated[places.Provenance, Field(strict=False)]


class AreaView(Document):
    """Where the caller seems to be; `source` is whose word for the state counts."""

    state: str | None
    zip: str | None
    area_code: str | None
    source: str
    evidence: list[AreaEvidenceView]


class CandidateView(Document):
    """A visit that may have called, and how sure that is."""

    visit_id: str
    confidence_percent: int


class AttributionView(Document):
    """Which visit the call belongs to, and how sure that is; where two may have called, both are
    `candidates`. A `live` visit had the number when the call came. Without a visit, `why_none`
    tells why."""

    visit_id: str | None
    confidence_percent: int | None
    live: bool
    candidates: list[CandidateView]
    why_none: Annotated[attribution.NoVisit, Field(strict=False)] | None


class CallRecordingView(Document):
    """Whether the present attempt is recorded, and why it is not."""

    state: Annotated[recording.RecordingState, Field(strict=False)]
    reason: Annotated[recording.RecordingReason, Field(strict=False)] | None


class CallDispositionView(Document):
    """What the advertiser who has the call says that it came to, and when it did."""

    value: str
    note: str | None
    at: Moment


class CallView(Document):
    """A call. `number` was dialled; `tried` are the targets of all attempts; `reasons` say why a
    call was denied; `tags` are what filters know as `tag.` and their name; `heard` are the
    lines that its caller heard. Of targets that ring at once `target_id` is the first choice, until
    one has taken the call."""

    id: str
    carrier: str
    carrier_call_id: str
    status: Annotated[calls.CallStatus, Field(strict=False)]
    number: str
    number_id: str | None
    offer_id: str | None
    advertiser_id: str | None
    campaign_id: str | None
    target_id: str | None
    publisher_id: str | None
    partnership_id: str | None
    placement_id: str | None
    caller: Annotated[str | None, Field(description="null for an anonymous caller")]
    area: AreaView
    attestation: Annotated[
        Annotated[calls.Attestation, Field(strict=False)] | None,
        Field(description="what a verified signature shows (STIR/SHAKEN); null where not kept"),
    ]
    tags: dict[str, str]
    attempts: int
    tried: list[str]
    recording: Annotated[CallRecordingView | None, Field(description="null without an attempt")]
    talk_seconds: Annotated[int | None, Field(description="from the target's answer")]
    charge_cents: int
    earning_cents: int
    credited_cents: Annotated[int, Field(description="given back of the charge since")]
    clawed_back_cents: Annotated[int, Field(description="taken back of the earning since")]
    credit_reason: Annotated[CreditReason | None, Field(description="why, of the latest credit")]
    disposition: CallDispositionView | None
    external_id: Annotated[
        str | None, Field(description="the call's id in the advertiser's system")
    ]
    refusal: Reason | GateReason | None
    reasons: list[str]
    heard: list[HeardView]
    voicemail: Annotated[MessageView | None, Field(description="null without a message")]
    lookup: Annotated[
        CallLookupView | None,
        Field(description="the caller's line; null where the offer does not want to know it"),
    ]
    attribution: Annotated[
        AttributionView | None,
        Field(description="the visit it belongs to; null where the number is not of a pool"),
    ]
    hung_up_by: HungUpBy | None
    hung_up_why: Annotated[str | None, Field(description="the report that tells, or the reason")]
    arrived_at: Moment
    ended_at: Moment | None
    judged_at: Moment | None


class ConsideredView(Document):
    """One target in the order considered, and its one outcome. `expected_cents` is the charge times
    the probability of approval; an `explored` target came early because it was new to the
    publisher."""

    target_id: str
    campaign_id: str
    priority: int
    weight: int
    charge_cents: int
    expected_cents: int | None
    explored: bool
    reason: Reason


class GateRefusalView(Document):
    """What kept the caller out: what the gate saw, what it asked for, and the entry if one of the
    block list decided."""

    reason: GateReason
    saw: str
    asked: str
    block_id: str | None


class DecisionView(Document):
    """The trace of one attempt; `target_id`, the first choice, is null when nobody was had, `gate`
    when the caller was let in, `strategy` when no target was looked at."""

    attempt: int
    target_id: str | None
    refusal: Reason | GateReason | None
    gate: GateRefusalView | None
    strategy: Strategy | None
    considered: list[ConsideredView]


class DecisionsView(Document):
    """Why the call went where it went, attempt by attempt."""

    call_id: str
    decisions: list[DecisionView]


class DryRunBody(Document):
    """A call that might come: `caller` null is an anonymous one, `at` null is now. `tags` come
    before the number's; `state` and `zip` are what the caller has declared."""

    number: E164
    caller: E164 | None = None
    attestation: Annotated[calls.Attestation, Field(strict=False)] = calls.Attestation.A
    at: Moment | None = None
    tags: Tags = Field(default_factory=dict)
    state: KnownState | None = None
    zip: Zip | None = None


class DryRunView(Document):
    """Who would get the call; `target_id` is null when nobody would, and `refusal` says why, with
    `gate` where the caller was not let in."""

    number: str
    at: Moment
    target_id: str | None
    refusal: Reason | GateReason | None
    gate: GateRefusalView | None
    strategy: Strategy | None
    considered: list[ConsideredView]


class SignalView(Document):
    """One report of the carrier, as it came; attempt 0 is the caller's own leg."""

    kind: Annotated[calls.SignalKind, Field(strict=False)]
    attempt: int
    status: Annotated[calls.LegStatus, Field(strict=False)]
    seconds: int | None
    bridged: bool | None
    received_at: Moment
    step: Annotated[str | None, Field(description="of an answer: the question, and the try")]
    keys: Annotated[str | None, Field(description="what the caller pressed")]
    callers_status: Annotated[
        Annotated[calls.LegStatus, Field(strict=False)] | None,
        Field(description="of a dial's end: how the caller's own call stood"),
    ]
    sip_code: str | None
    target_id: Annotated[str | None, Field(description="whose leg, where several ring at once")]
    leg_id: Annotated[str | None, Field(description="the carrier's name of the leg")]
    happened_at: Annotated[
        Moment | None, Field(description="when it happened, where the carrier says so")
    ] = None
    ended_by: Annotated[
        Annotated[calls.HungUpBy, Field(strict=False)] | None,
        Field(description="who hung up, where the carrier says so"),
    ] = None
    raw: dict[str, Any]


class SignalsView(Document):
    """The reports that are still kept."""

    call_id: str
    signals: list[SignalView]
