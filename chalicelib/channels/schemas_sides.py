"""What does the API take and show of keys, and of what publishers and advertisers see?

Owns the documents of keys and open offers, and of calls and decisions as each side sees them.
Import it inside handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import calls, gate, keys, sides, told
from chalicelib.channels.fields import Document, Moment, Name
from chalicelib.channels.schemas import PartnershipState
from chalicelib.channels.schemas_calls import (
    AreaView,
    CallDispositionView,
    CreditReason,
    HungUpBy,
    Reason,
)
from chalicelib.channels.schemas_terms import EarningTerms

PublisherReason = Annotated[told.PublisherReason, Field(strict=False)]
GateReason = Annotated[gate.GateReason, Field(strict=False)]
CallStatus = Annotated[calls.CallStatus, Field(strict=False)]


class KeyBody(Document):
    """What a key is called, so that it is known when it is to be revoked."""

    name: Name


class HolderView(Document):
    """Whose key it is."""

    kind: Annotated[keys.PartyKind, Field(strict=False)]
    id: str


class KeyView(Document):
    """A key of a publisher, an advertiser, or one of the operator's people, whose holder has no id.
    A revoked one opens nothing any more."""

    id: str
    holder: HolderView
    name: str
    created_at: Moment
    revoked_at: Moment | None


class IssuedKeyView(KeyView):
    """A key as it is issued. Its secret is shown this once; a repeated request shows null."""

    secret: str | None


class OpenOfferView(Document):
    """An offer that a publisher may apply to: what it would earn there, and its own partnership
    where it has, or had, one."""

    id: str
    name: str
    vertical: str
    earning: EarningTerms
    currency: str
    partnership_id: str | None
    partnership_state: PartnershipState | None


class PublisherCallView(Document):
    """A call as its publisher sees it. `number` was dialled; `state` is where the caller seems to
    be; `reasons` say why a call was denied."""

    id: str
    status: CallStatus
    number: str
    number_id: str | None
    offer_id: str | None
    partnership_id: str | None
    placement_id: str | None
    caller: Annotated[
        str | None,
        Field(description="the last digits are hidden; null for an anonymous caller"),
    ]
    state: str | None
    talk_seconds: Annotated[int | None, Field(description="from the target's answer")]
    earning_cents: int
    clawed_back_cents: Annotated[int, Field(description="taken back of the earning since")]
    credit_reason: Annotated[CreditReason | None, Field(description="why, of the latest credit")]
    disposition: Annotated[str | None, Field(description="what the buyer says that it came to")]
    refusal: PublisherReason | GateReason | None
    reasons: list[str]
    visit_id: Annotated[str | None, Field(description="the visit that the call belongs to")]
    confidence_percent: Annotated[int | None, Field(description="how sure that is")]
    hung_up_by: HungUpBy | None
    hung_up_why: Annotated[str | None, Field(description="the report that tells, or the reason")]
    arrived_at: Moment
    ended_at: Moment | None
    judged_at: Moment | None


class PublisherDecisionView(Document):
    """One attempt: whether a buyer took it, how many buyers were considered, and how many of their
    targets met each outcome; a buyer may have several targets. `earning_stopped` is the cap of the
    partnership for which the call earns nothing."""

    attempt: int
    taken: bool
    buyers: int
    reasons: dict[PublisherReason, int]
    refusal: PublisherReason | GateReason | None
    earning_stopped: PublisherReason | None


class PublisherDecisionsView(Document):
    """Why the call went as it went, attempt by attempt, without who buys and for how much."""

    call_id: str
    decisions: list[PublisherDecisionView]


class AdvertiserCallView(Document):
    """A call as the advertiser who has it sees it. `publisher` is an alias: the same publisher has
    the same one in all calls of this advertiser, and another for every other advertiser."""

    id: str
    status: CallStatus
    campaign_id: str
    target_id: str
    publisher: str | None
    caller: Annotated[str | None, Field(description="null for an anonymous caller")]
    area: AreaView
    talk_seconds: Annotated[int | None, Field(description="from the target's answer")]
    charge_cents: int
    credited_cents: Annotated[int, Field(description="given back of the charge since")]
    credit_reason: Annotated[CreditReason | None, Field(description="why, of the latest credit")]
    disposition: CallDispositionView | None
    external_id: Annotated[str | None, Field(description="the call's id in your own system")]
    reasons: list[str]
    hung_up_by: HungUpBy | None
    hung_up_why: Annotated[str | None, Field(description="the report that tells, or the reason")]
    arrived_at: Moment
    ended_at: Moment | None
    judged_at: Moment | None


class OwnTargetView(Document):
    """One of the advertiser's own targets in the order considered, and its one outcome.
    `expected_cents` is the charge times the probability of approval."""

    target_id: str
    campaign_id: str
    priority: int
    weight: int
    charge_cents: int
    expected_cents: int | None
    reason: Reason


class AdvertiserDecisionView(Document):
    """One attempt: who took it, and the advertiser's own targets."""

    attempt: int
    taken_by: Annotated[sides.TakenBy, Field(strict=False)]
    considered: list[OwnTargetView]


class AdvertiserDecisionsView(Document):
    """Why the call went where it went, attempt by attempt, without the targets of others."""

    call_id: str
    decisions: list[AdvertiserDecisionView]
