"""What does the API take and show of the catalog?

Owns the documents of advertisers, campaigns, targets, offers, publishers, partnerships, placements
and tracking numbers. A body holds what the operator may say; a view adds what the platform says.
When, from where and by which attributes calls are wanted is in `schemas_rules`.
Import it inside handlers only: no other function shall pay for it.
"""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from chalicelib import answering, campaigns, offers
from chalicelib.channels.fields import (
    E164,
    AdvertiserId,
    CampaignId,
    Cap,
    Carrier,
    Cents,
    Currency,
    Days,
    Destination,
    Document,
    MicroDollars,
    Moment,
    Name,
    OfferId,
    PlacementId,
    PositiveCents,
    PublisherId,
    RingGroup,
    SendDigits,
    Tags,
    Zone,
    plain_text,
)
from chalicelib.channels.schemas_answering import (
    Acceptance,
    Answering,
    Consent,
    Line,
    ShownNumber,
    Voicemail,
)
from chalicelib.channels.schemas_billing import BillTo
from chalicelib.channels.schemas_lines import Lookup
from chalicelib.channels.schemas_payouts import PayoutMethod, PayoutTerms
from chalicelib.channels.schemas_rules import Filter, Geography, Hours
from chalicelib.channels.schemas_settings import Caps, Matrix, Settings
from chalicelib.channels.schemas_terms import ChargeTerms, EarningTerms, Step
from chalicelib.times import Cycle

State = Annotated[campaigns.State, Field(strict=False)]
Strategy = Annotated[offers.Strategy, Field(strict=False)]
PartnershipState = Annotated[offers.PartnershipState, Field(strict=False)]
CapEffect = Annotated[offers.CapEffect, Field(strict=False)]
BillingCycle = Annotated[Cycle, Field(strict=False)]


def _medium(word: str, info: ValidationInfo) -> str:
    """One of the media, or the word that stands."""
    stood = info.context or {}
    if word != stood.get("medium") and word not in set(offers.Medium):
        reason = f"must be one of {', '.join(offers.Medium)}"
        raise PydanticCustomError("choice", reason)
    return word


Medium = Annotated[
    str,
    Field(max_length=200, json_schema_extra={"examples": [one.value for one in offers.Medium]}),
    AfterValidator(_medium),
]
Vanity = Annotated[str, Field(min_length=4, max_length=40), AfterValidator(plain_text)]


class AdvertiserBody(Settings):
    """Who buys calls. `billing` and `currency` are said once; a prepaid advertiser has no credit
    limit. Without a `bill_to` its invoices are made out to its name. `bank_references` are
    texts by which its money is known on a bank's statement. A prepaid one is asked for
    `top_up_cents` while it may spend less than `top_up_below_cents`. One on terms is invoiced as
    soon as `bill_at_cents` are unbilled, beside the end of its billing cycle."""

    name: Name
    billing: Annotated[campaigns.Billing, Field(strict=False)]
    net_days: Days = 30
    credit_limit_cents: Cents = 0
    billing_cycle: BillingCycle = Cycle.MONTHLY
    bill_to: BillTo | None = None
    bank_references: Annotated[list[Name], Field(max_length=20, default_factory=list)]
    top_up_below_cents: PositiveCents | None = None
    top_up_cents: PositiveCents | None = None
    bill_at_cents: PositiveCents | None = None
    currency: Currency = "USD"
    state: State = campaigns.State.ACTIVE


class PublisherBody(Document):
    """Who brings callers. `currency` is said once."""

    name: Name
    payout_terms: PayoutTerms = PayoutTerms()
    payout_method: PayoutMethod = offers.PayoutMethod.MANUAL
    currency: Currency = "USD"
    state: State = campaigns.State.ACTIVE


class CampaignRecording(Document):
    """Whether calls are recorded; with `delete_at_carrier` the carrier's copy goes once the
    platform has its own."""

    record: bool = False
    delete_at_carrier: bool = False


class CampaignBody(Settings):
    """What an advertiser buys. Budgets count over days and months of `zone`; null is no limit. No
    call costs more than the maximum charge. Calls are taken from `starts_at` on, and from
    `ends_at` on no more. `agreement_on_file` names the signed agreement that the vertical may
    demand of recordings, such as its date. `consent` is said to the caller, `whisper` to the
    target; in this `{offer}`, `{campaign}`, `{state}`, `{zip}`, `{area_code}` and, if it is shown,
    `{caller}` are filled in."""

    advertiser_id: AdvertiserId
    name: Name
    vertical: Name
    terms: ChargeTerms
    zone: Zone = "UTC"
    daily_budget_cents: Cents | None = None
    monthly_budget_cents: Cents | None = None
    total_budget_cents: Cents | None = None
    maximum_charge_cents: Cents | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    consent: Consent | None = None
    whisper: Line | None = None
    acceptance: Acceptance | None = None
    caller_id: ShownNumber = answering.CALLER
    voicemail: Voicemail | None = None
    recording: CampaignRecording = CampaignRecording()
    agreement_on_file: Name | None = None
    currency: Currency = "USD"
    state: State = campaigns.State.ACTIVE


class TargetBody(Settings, Caps):
    """One place a call can ring. `send_digits` are played once it answers. Priority 1 rings first;
    weights share the calls of one priority. Targets of one campaign with the same `ring_group` ring
    at once. Caps count calls or the cents charged for them, on the
    clock of the hours' zone; a matrix says them by the hour of the week. Every filter must pass;
    without a charge, steps or a geography of its own the campaign's hold."""

    name: Name
    destination: Destination
    send_digits: SendDigits | None = None
    charge_cents: Cents | None = None
    priority: Annotated[int, Field(ge=1, le=1000)] = 1
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    ring_group: RingGroup | None = None
    hours: Hours = Hours()
    geography: Geography | None = None
    steps: Annotated[list[Step], Field(min_length=1, max_length=20)] | None = None
    filters: Annotated[list[Filter], Field(max_length=50)] = Field(default_factory=list)
    concurrency_cap: Cap | None = None
    hourly_cap_matrix: Matrix | None = None
    concurrency_matrix: Matrix | None = None
    state: State = campaigns.State.ACTIVE


class OfferBody(Document):
    """What publishers see: campaigns that compete for its calls. `strategy` orders the targets of
    one priority; by expected revenue, targets new to a publisher come first on `explore_percent` of
    its calls. Publishers that are not on it may see an `open` one, and apply. Callers hear and are
    asked what `answering` says before anybody is chosen; with a `lookup` the carrier is asked about
    their lines."""

    name: Name
    vertical: Name
    campaign_ids: Annotated[list[CampaignId], Field(max_length=50)] = Field(default_factory=list)
    earning: EarningTerms
    strategy: Strategy = offers.Strategy.WEIGHT
    explore_percent: Annotated[int, Field(ge=0, le=100)] = 5
    open: bool = True
    answering: Answering | None = None
    lookup: Lookup | None = None
    currency: Currency = "USD"
    state: State = campaigns.State.ACTIVE


class PartnershipBody(Caps):
    """A publisher on an offer, once. Without an `earning` of its own the offer's holds. Caps count
    the calls that earn, or the cents that they earn, on the clock of `zone`."""

    offer_id: OfferId
    publisher_id: PublisherId
    earning: EarningTerms | None = None
    zone: Zone = "UTC"
    cap_effect: CapEffect = offers.CapEffect.BLOCK_CALLS
    state: PartnershipState = offers.PartnershipState.APPROVED


class PlacementBody(Document):
    """Where a publisher shows numbers of an offer. A `medium` that stands may stay as it is."""

    offer_id: OfferId
    publisher_id: PublisherId
    name: Name
    medium: Medium = "web"
    state: State = campaigns.State.ACTIVE


class NumberBody(Document):
    """A tracking number: what callers dial, where that leads, and the tags of every call to it.
    `vanity` is how it is written for people, such as 1-800-FLOWERS; its letters spell the digits,
    and the word may be longer by up to four. Without a `carrier` the deployment's usual one lends
    it: Twilio, where that is set up."""

    e164: E164
    carrier: Carrier | None = None
    offer_id: OfferId
    publisher_id: PublisherId
    placement_id: PlacementId
    tags: Tags = Field(default_factory=dict)
    vanity: Vanity | None = None
    state: State = campaigns.State.ACTIVE


class _Kept(Document):
    id: str
    version: Annotated[int, Field(description="grows by one with every change")]
    created_at: Annotated[datetime, Field(strict=False)]


class _KeptWithTerms(_Kept):
    terms_version: Annotated[int, Field(description="grows by one when the terms change")]
    terms_since: Annotated[Moment | None, Field(description="null since it was made")]


class AdvertiserView(AdvertiserBody, _Kept):
    """An advertiser as it stands."""


class PublisherView(PublisherBody, _Kept):
    """A publisher as it stands."""


class CampaignView(CampaignBody, _KeptWithTerms):
    """A campaign as it stands."""


class TargetView(TargetBody, _KeptWithTerms):
    """A target as it stands."""

    campaign_id: CampaignId


class OfferView(OfferBody, _KeptWithTerms):
    """An offer as it stands."""


class PartnershipView(PartnershipBody, _KeptWithTerms):
    """A partnership as it stands."""


class PlacementView(PlacementBody, _Kept):
    """A placement as it stands."""


class Buyer(Document):
    """A campaign on the roster, with whose money it pays."""

    campaign_id: CampaignId
    advertiser_id: AdvertiserId


class SlotView(Document):
    """Where a number lies in its pool: the `number`th of the area, from 0 on."""

    pool_id: str
    area: str
    number: int


class NumberView(NumberBody, _Kept):
    """A tracking number as it stands; its roster repeats the offer's campaigns. From `released_at`
    on the carrier lends it no more."""

    carrier: Carrier
    partnership_id: str
    roster: list[Buyer]
    monthly_cost_micros: MicroDollars | None
    released_at: Moment | None
    slot: SlotView | None
