"""What is a pool of numbers, and on which sites are its numbers shown?

Owns the pool and the site as an operator sets them up. Who is lent which number belongs to
`leasing`; which visit a call belongs to, to `attribution`; how many numbers a pool should have, to
`sizing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.campaigns import State
from chalicelib.numbers import SearchKind
from chalicelib.offers import TWILIO


class Overflow(StrEnum):
    """What a visit is shown when all numbers are lent: one number that everybody shares, or the
    page's own."""

    FALLBACK_NUMBER = "fallback_number"
    NONE = "none"


class Touch(StrEnum):
    """Which of a visitor's sources counts: that of the first visit within 30 days, or that of the
    latest that says where it comes from."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """When a pool buys numbers, and how much it may spend.

    Once `above_percent` of the numbers are lent at the busiest, `step_percent` more are bought, as
    long as all its numbers together cost no more than `monthly_limit_micros` (millionths of a US
    dollar).
    """

    above_percent: int = 75
    step_percent: int = 20
    monthly_limit_micros: int = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Numbers of one placement that are lent to visits.

    A number stays lent `hold_seconds` after the last heartbeat, never longer than
    `max_lease_seconds` from its beginning; for `attribution_seconds` after that, a call on it still
    leads back to the visit. Such a call keeps the number from being lent to another visit for
    `keep_seconds`. `reserve` numbers more than the load asks for are kept. `carrier` lends
    its numbers; `area_codes` say where local ones are bought; `near_visitor` lends one of the
    visitor's own state first. `growth` None means that the pool never buys.
    """

    id: str
    name: str
    offer_id: str
    publisher_id: str
    partnership_id: str
    placement_id: str
    kind: SearchKind = SearchKind.LOCAL
    carrier: str = TWILIO
    area_codes: tuple[str, ...] = ()
    near_visitor: bool = False
    minimum_numbers: int = 0
    maximum_numbers: int = 50
    reserve: int = 1
    hold_seconds: int = 300
    max_lease_seconds: int = 14_400
    attribution_seconds: int = 86_400
    keep_seconds: int = 1_800
    overflow: Overflow = Overflow.NONE
    fallback_e164: str | None = None
    growth: Growth | None = None
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lending:
    """A pool as a site knows it, with how many slots it has in each area."""

    pool: Pool
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """The number `find` on a page is replaced: by one of a pool, or always by `e164`."""

    find: str
    pool_id: str | None = None
    e164: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a publisher's numbers are shown: the domains, and which numbers are replaced there.

    A domain stands for itself and all under it. `visits_per_minute` bounds the new visits of the
    whole site, `visits_per_address` those of one IP address (0 bounds nothing), so that abuse of
    one site empties no pool of another. `lendings` repeats the pools that `swaps` name, so that one
    read tells all that lending needs; it is written anew whenever a pool or its numbers change.
    `touch`, `consent_required`, `privacy_signals` (Global Privacy Control and Do Not Track count as
    a refusal), `tag_names` (of query parameters that are kept) and `frames` (numbers are replaced
    in frames of the page's own origin, too) are settings of the snippet's tag.
    """

    id: str
    name: str
    publisher_id: str
    domains: tuple[str, ...]
    swaps: tuple[Swap, ...]
    lendings: tuple[Lending, ...] = ()
    touch: Touch = Touch.LAST
    consent_required: bool = False
    privacy_signals: bool = True
    tag_names: tuple[str, ...] = ()
    frames: bool = False
    visits_per_minute: int = 600
    visits_per_address: int = 30
    state: State = State.ACTIVE
    version: int = 1
    created_at: datetime
