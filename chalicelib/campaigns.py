"""What is bought, from whom, and on which terms?

Owns the catalog: advertisers, campaigns, targets, offers, publishers, partnerships, placements and
tracking numbers, with the rules that a single one must satisfy. Which target gets a call belongs to
`routing`; whether a call counts belongs to `validation`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from chalicelib.criteria import Filter, Geography, RouteByArea
from chalicelib.places import AreaEvidence, AreaFact, AreaSource, known_state
from chalicelib.times import Cycle, Hours

_ALWAYS = Hours()
_ANYWHERE = Geography()


class State(StrEnum):
    """Whether a thing of the catalog takes part; archived things keep their history."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Billing(StrEnum):
    """How an advertiser pays: from a balance beforehand, or by invoice within a credit limit."""

    PREPAID = "prepaid"
    NET = "net"


class PartnershipState(StrEnum):
    """The life of a partnership; only an approved one earns."""

    APPLIED = "applied"
    APPROVED = "approved"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertiser:
    """Who buys calls. `credit_limit_cents` counts only for net billing."""

    id: str
    name: str
    billing: Billing
    net_days: int = 30
    credit_limit_cents: int = 0
    billing_cycle: Cycle = Cycle.MONTHLY
    currency: str = "USD"
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutTerms:
    """When a publisher is paid.

    Earnings of a closed `cycle` fall due `net_days` after its end; each is held `hold_days` after
    approval; a sum below `minimum_cents` waits for the next run.
    """

    cycle: Cycle = Cycle.MONTHLY
    net_days: int = 15
    hold_days: int = 0
    minimum_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who brings callers."""

    id: str
    name: str
    payout_terms: PayoutTerms = PayoutTerms()
    currency: str = "USD"
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where a caller seems to be: the place that counts, and all the evidence about it.

    `source` is the one whose word for the state counts. What other sources say stays among the
    `evidence`, where a contradiction can be seen and nobody has settled it.
    """

    state: str | None = None
    zip: str | None = None
    area_code: str | None = None
    source: str = AreaSource.PREFIX.value
    evidence: tuple[AreaEvidence, ...] = ()

    @classmethod
    def told_by(cls, evidence: tuple[AreaEvidence, ...], area_code: str | None) -> Self:
        """The area in which each fact is that of the most trusted source that knows it.

        Where nobody knows the state, `source` is the least trusted.
        """
        said = {
            source: {one.what: one.value for one in evidence if one.source is source}
            for source in AreaSource
        }
        states = {
            source: known_state(facts.get(AreaFact.STATE), facts.get(AreaFact.COUNTRY))
            for source, facts in said.items()
        }
        source = next((source for source in states if states[source]), AreaSource.PREFIX)
        return cls(
            state=states[source],
            zip=next(
                (facts[AreaFact.ZIP] for facts in said.values() if AreaFact.ZIP in facts), None
            ),
            area_code=area_code,
            source=source.value,
            evidence=evidence,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeTerms:
    """What the advertiser pays for, and how much.

    `minimum_talk_seconds` is inclusive: 120 s of talk meets 120. `repeat_days` 0 lets the same
    caller count again at once.
    """

    charge_cents: int
    minimum_talk_seconds: int = 0
    repeat_days: int = 0
    geography: Geography = _ANYWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningTerms:
    """What the publisher earns for a charged call; no minimum of its own: the campaign's."""

    earning_cents: int
    minimum_talk_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What an advertiser buys. Budgets are in cents, over windows of `zone`; None is no limit.

    Calls are taken from `starts_at` on, and from `ends_at` on no more.
    """

    id: str
    advertiser_id: str
    name: str
    vertical: str
    terms: ChargeTerms
    zone: str = "UTC"
    daily_budget_cents: int | None = None
    monthly_budget_cents: int | None = None
    total_budget_cents: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    route_by_area: RouteByArea = RouteByArea.ANYWHERE
    max_attempts: int = 3
    max_call_seconds: int = 3600
    currency: str = "USD"
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One place a call can ring: an E.164 number or a `sip:` address in `destination`.

    Priority 1 rings first; weights share the calls of one priority. Caps count reserved and
    approved calls, or the cents that these are charged, over windows of the hours' zone; None is
    no limit. Every one of the `filters` must pass; a `geography` of None is the campaign's.
    """

    id: str
    campaign_id: str
    name: str
    destination: str
    priority: int = 1
    weight: int = 1
    hours: Hours = _ALWAYS
    geography: Geography | None = None
    filters: tuple[Filter, ...] = ()
    concurrency_cap: int | None = None
    hourly_cap: int | None = None
    daily_cap: int | None = None
    monthly_cap: int | None = None
    total_cap: int | None = None
    hourly_cap_cents: int | None = None
    daily_cap_cents: int | None = None
    monthly_cap_cents: int | None = None
    total_cap_cents: int | None = None
    ring_seconds: int = 25
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What publishers see: campaigns of a vertical that compete for its calls."""

    id: str
    name: str
    vertical: str
    campaign_ids: tuple[str, ...] = ()
    earning: EarningTerms
    currency: str = "USD"
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Partnership:
    """A publisher on an offer. `earning` None means the offer's."""

    id: str
    offer_id: str
    publisher_id: str
    earning: EarningTerms | None = None
    state: PartnershipState = PartnershipState.APPROVED
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a publisher shows a number of an offer."""

    id: str
    offer_id: str
    publisher_id: str
    name: str
    medium: str = "web"
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """A campaign on an offer's roster, with whose money it pays."""

    campaign_id: str
    advertiser_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A tracking number and where it leads.

    `roster` repeats the offer's campaigns, so that a call's first read names all that the second
    needs; it is written anew whenever the offer's campaigns change.
    """

    id: str
    e164: str
    offer_id: str
    publisher_id: str
    partnership_id: str
    placement_id: str
    roster: tuple[Buyer, ...] = ()
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


def earning_terms(offer: Offer, partnership: Partnership) -> EarningTerms:
    """The partnership's own terms, else the offer's."""
    return partnership.earning or offer.earning
