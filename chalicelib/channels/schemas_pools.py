"""What does the API take and show of pools and sites?

Owns the documents of pools, their numbers and their load, and of sites. Import it inside handlers
only, as the other schemas.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import campaigns, growth, numbers, pools
from chalicelib.channels.fields import (
    E164,
    AreaCode,
    Carrier,
    Document,
    Domain,
    MicroDollars,
    Moment,
    Name,
    PlacementId,
    PoolId,
    PublisherId,
    TagName,
    Zip,
)
from chalicelib.channels.schemas import State

SearchKind = Annotated[numbers.SearchKind, Field(strict=False)]
Overflow = Annotated[pools.Overflow, Field(strict=False)]
Touch = Annotated[pools.Touch, Field(strict=False)]
GrowthReason = Annotated[growth.GrowthReason, Field(strict=False)]
Move = Annotated[growth.Move, Field(strict=False)]
MostNumbers = Annotated[int, Field(ge=1, le=10_000)]
FewNumbers = Annotated[int, Field(ge=0, le=10_000)]
Percent = Annotated[int, Field(ge=1, le=100)]
Lasting = Annotated[int, Field(ge=30, le=86_400, description="whole seconds")]
Window = Annotated[int, Field(ge=0, le=30 * 86_400, description="whole seconds")]
NumberId = Annotated[str, Field(pattern=r"^num_[0-9A-HJKMNP-TV-Z]{26}$")]


class Growth(Document):
    """When numbers are bought: `step_percent` more once `above_percent` of them are lent at the
    busiest, as long as all together cost no more than the limit a month."""

    above_percent: Percent = 75
    step_percent: Percent = 20
    monthly_limit_micros: MicroDollars = 50_000_000


class PoolBody(Document):
    """Numbers of a placement that are lent to visits. A number stays lent `hold_seconds` after the
    last heartbeat, at most `max_lease_seconds`; for `attribution_seconds` after that a call on it
    still leads back to the visit, and keeps the number for `keep_seconds`. `area_codes` say where
    local numbers are bought, of the `carrier` (the deployment's usual one, unless it is named);
    `near_visitor` lends one of the visitor's own state first. Once all
    are lent, visits are shown the page's own number, or the `fallback_e164`. Without `growth` the
    platform neither buys nor gives back."""

    placement_id: PlacementId
    name: Name
    kind: SearchKind = numbers.SearchKind.LOCAL
    carrier: Carrier | None = None
    area_codes: Annotated[list[AreaCode], Field(max_length=50)] = Field(default_factory=list)
    near_visitor: bool = False
    minimum_numbers: FewNumbers = 0
    maximum_numbers: MostNumbers = 50
    reserve: FewNumbers = 1
    hold_seconds: Lasting = 300
    max_lease_seconds: Lasting = 14_400
    attribution_seconds: Window = 86_400
    keep_seconds: Window = 1_800
    overflow: Overflow = pools.Overflow.NONE
    fallback_e164: E164 | None = None
    growth: Growth | None = None
    state: State = campaigns.State.ACTIVE


class PoolView(PoolBody):
    """A pool as it stands; offer, publisher and partnership are those of its placement."""

    id: str
    carrier: Carrier
    offer_id: str
    publisher_id: str
    partnership_id: str
    version: int
    created_at: Moment


class PublisherPoolView(Document):
    """A pool as its publisher sees it: what is lent, and for how long."""

    id: str
    name: str
    offer_id: str
    partnership_id: str
    placement_id: str
    kind: SearchKind
    area_codes: list[AreaCode]
    near_visitor: bool
    hold_seconds: int
    max_lease_seconds: int
    attribution_seconds: int
    keep_seconds: int
    overflow: Overflow
    fallback_e164: E164 | None
    state: State
    version: int
    created_at: Moment


class Swap(Document):
    """The number `find` on a page is replaced: by one of a pool, or always by `e164`."""

    find: E164
    pool_id: PoolId | None = None
    e164: E164 | None = None


class SiteBody(Document):
    """Where a publisher's numbers are shown. A domain stands for itself and all under it. The site
    takes so many new visits a minute in all, and from one IP address (0 bounds nothing). `touch`,
    `consent_required`, `privacy_signals` (Global Privacy Control and Do Not Track count as a
    refusal), `tag_names` (of query parameters that are kept) and `frames` (numbers are replaced in
    frames of the page's own origin, too) are settings of its tag."""

    publisher_id: PublisherId
    name: Name
    domains: Annotated[list[Domain], Field(min_length=1, max_length=50)]
    swaps: Annotated[list[Swap], Field(max_length=20)] = Field(default_factory=list)
    touch: Touch = pools.Touch.LAST
    consent_required: bool = False
    privacy_signals: bool = True
    tag_names: Annotated[list[TagName], Field(max_length=40)] = Field(default_factory=list)
    frames: bool = False
    visits_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600
    visits_per_address: Annotated[int, Field(ge=0, le=100_000)] = 30
    state: State = campaigns.State.ACTIVE


class SiteView(SiteBody):
    """A site as it stands."""

    id: str
    version: int
    created_at: Moment


class TagView(Document):
    """The element that the pages of a site carry, with the site's settings in it, and what it
    loads."""

    tag: str
    version: str
    integrity: str
    service_url: str


class Purchase(Document):
    """How many numbers are bought: of one area code, near a ZIP, or as the pool says."""

    count: Annotated[int, Field(ge=1, le=25)]
    area_code: AreaCode | None = None
    zip: Zip | None = None


class PoolNumbersBody(Document):
    """Which numbers a pool lends from now on: some of its placement's own, or new ones."""

    number_ids: Annotated[list[NumberId], Field(min_length=1, max_length=25)] | None = None
    buy: Purchase | None = None


class PoolNumberView(Document):
    """A number of a pool. It is lent until `lent_until`, and kept until `kept_until` because a call
    came over it; while `leaving_at` is said it is lent no more, and leaves once both are over."""

    id: str
    e164: E164
    area: str
    number: int
    lent_until: Moment | None
    kept_until: Moment | None
    leaving_at: Moment | None


class LeftNumberView(Document):
    """A number that is taken out of its pool: `left` at once, or as soon as `bound_until` is
    over."""

    id: str
    e164: E164
    left: bool
    bound_until: Moment | None


class PoolNumbersView(Document):
    """The numbers of a pool, in the order of their slots."""

    data: list[PoolNumberView]


class FilledPoolView(Document):
    """The numbers that joined, and how many could not be had."""

    data: list[PoolNumberView]
    missing: int


class Busiest(Document):
    """The hour with most arrivals; its load is that of the numbers there are now."""

    at: Moment
    arrivals: int
    overflows: int
    load_percent: float


class HourView(Document):
    """What came in an hour: visits that wanted a number, those for whom there was none, those who
    were lent one whose last visit could still call, and calls that kept a number."""

    at: Moment
    arrivals: int
    overflows: int
    collisions: int
    calls: int


class SizingView(Document):
    """How many numbers the arrivals ask for, with the working, a sentence a step."""

    arrivals_per_hour: int
    visit_seconds: int
    visits_measured: int
    hold_seconds: int
    lent_on_average: float
    calls_per_hour: int
    keep_seconds: int
    kept_on_average: float
    by_littles_law: int
    overflow_share: float
    against_overflow: int
    reserve: int
    advised: int
    working: list[str]


class GrowthStepView(Document):
    """What was decided about the number of numbers, from which facts."""

    at: Moment
    move: Move
    count: int
    reason: GrowthReason
    numbers: int
    lent: int
    load_percent: float
    wanted: int
    monthly_cost_micros: MicroDollars


class PoolLoadView(Document):
    """How a pool does; what came is that of the past seven days. `collision_percent` is the share
    of leases that began while a call could still lead back to the visit before. `next` is what
    would be decided now, `decided` what was, the latest first."""

    pool_id: str
    at: Moment
    numbers: int
    leaving: int
    lent: int
    lent_percent: float
    busiest: Busiest | None
    arrivals: int
    overflows: int
    overflow_percent: float
    collisions: int
    collision_percent: float
    monthly_cost_micros: MicroDollars
    sizing: SizingView
    next: GrowthStepView
    decided: list[GrowthStepView]
    hours: list[HourView]
