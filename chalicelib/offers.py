"""What do publishers see and earn, and where do their numbers lead?

Owns the selling side of the catalog: publishers, offers, partnerships, placements and tracking
numbers, with the rules that a single one must satisfy. What is bought belongs to `campaigns`; which
target gets a call, to `routing`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.answering import Answering
from chalicelib.campaigns import Caps, State
from chalicelib.lines import Lookup
from chalicelib.terms import EarningTerms
from chalicelib.times import Cycle

TAG_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
TWILIO = "twilio"
CONNECT = "connect"
CARRIERS = (TWILIO, CONNECT)
"""Who lends numbers, the usual one first."""

ANYWHERE = ""
"""The area of numbers that are lent without regard to where a visitor is."""


class Strategy(StrEnum):
    """How an offer orders targets of one priority; a draw by weight decides among equals."""

    WEIGHT = "weight"
    HIGHEST_CHARGE = "highest_charge"
    EXPECTED_REVENUE = "expected_revenue"


class PartnershipState(StrEnum):
    """The life of a partnership; only an approved one earns."""

    APPLIED = "applied"
    APPROVED = "approved"
    PAUSED = "paused"
    ENDED = "ended"


class PayoutMethod(StrEnum):
    """By what a publisher is paid: by hand (a wire, a check), by an ACH file, by PayPal."""

    MANUAL = "manual"
    ACH = "ach"
    PAYPAL = "paypal"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutTerms:
    """When a publisher is paid.

    Earnings of a closed `cycle` fall due `net_days` after its end; each is held `hold_days` after
    approval; a sum below `minimum_cents` waits for the next run. Of each payout `reserve_percent`
    is kept back for `reserve_days`.
    """

    cycle: Cycle = Cycle.MONTHLY
    net_days: int = 15
    hold_days: int = 0
    minimum_cents: int = 0
    reserve_percent: int = 0
    reserve_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who brings callers."""

    id: str
    name: str
    payout_terms: PayoutTerms = PayoutTerms()
    payout_method: PayoutMethod = PayoutMethod.MANUAL
    currency: str = "USD"
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What publishers see: campaigns of a vertical that compete for its calls, by `strategy`.

    By expected revenue, targets new to a publisher come first on `explore_percent` of its calls. An
    `open` one may be seen and applied to by publishers that are not on it yet. `answering` is what
    its callers hear and are asked before anybody is chosen for them, `lookup` what it wants to know
    of their lines.
    """

    id: str
    name: str
    vertical: str
    campaign_ids: tuple[str, ...] = ()
    earning: EarningTerms
    strategy: Strategy = Strategy.WEIGHT
    explore_percent: int = 5
    open: bool = True
    answering: Answering | None = None
    lookup: Lookup | None = None
    currency: str = "USD"
    state: State = State.ACTIVE
    version: int = 1
    terms_version: int = 1
    terms_since: datetime | None = None
    created_at: datetime


class CapEffect(StrEnum):
    """What a reached cap of a partnership means: its calls are refused, or they are routed and
    earn nothing."""

    BLOCK_CALLS = "block_calls"
    STOP_EARNING = "stop_earning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partnership(Caps):
    """A publisher on an offer. `earning` None means the offer's.

    Caps count the calls that earn, or the cents that they earn, over windows of `zone`; what
    happens at a cap is the `cap_effect`.
    """

    id: str
    offer_id: str
    publisher_id: str
    earning: EarningTerms | None = None
    zone: str = "UTC"
    cap_effect: CapEffect = CapEffect.BLOCK_CALLS
    state: PartnershipState = PartnershipState.APPROVED
    version: int = 1
    terms_version: int = 1
    terms_since: datetime | None = None
    created_at: datetime


class Medium(StrEnum):
    """Where people meet a number."""

    WEB = "web"
    SEARCH = "search"
    SOCIAL = "social"
    EMAIL = "email"
    TEXT = "text"
    DIRECTORY = "directory"
    RADIO = "radio"
    TV = "tv"
    PODCAST = "podcast"
    PRINT = "print"
    MAIL = "mail"
    OUTDOOR = "outdoor"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a publisher shows a number of an offer; `medium` is one of `Medium`, or a word of
    before there were such."""

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
class Slot:
    """A place of a pool that a number fills: the `number`th of the area, from 0 on.

    The area is a state of the United States (`NY`) in a pool that lends near the visitor, and
    `ANYWHERE` in any other.
    """

    pool_id: str
    area: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A tracking number and where it leads.

    `tags` are facts about every call to it, such as the station that names it, under names of the
    form of `TAG_NAME`. `roster` repeats the offer's campaigns, so that a call's first read names
    all that the second needs; it is written anew whenever the offer's campaigns change. From
    `released_at` on its `carrier` lends it no more. `slot` is where it lies in a pool, None for a
    static number. `vanity` is how it is written for people, such as 1-800-FLOWERS.
    `monthly_cost_micros` are millionths of a US dollar; None where the price is not known.
    """

    id: str
    e164: str
    offer_id: str
    publisher_id: str
    partnership_id: str
    placement_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    roster: tuple[Buyer, ...] = ()
    carrier: str = TWILIO
    monthly_cost_micros: int | None = None
    released_at: datetime | None = None
    slot: Slot | None = None
    vanity: str | None = None
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


def earning_terms(offer: Offer, partnership: Partnership | None) -> EarningTerms:
    """The partnership's own terms, else the offer's."""
    return (partnership and partnership.earning) or offer.earning


def open_to(publisher: Publisher) -> dict[str, object]:
    """What an offer must say of itself for the publisher to see it and apply."""
    return {"open": True, "state": State.ACTIVE, "currency": publisher.currency}
