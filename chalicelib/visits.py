"""What is known of a visit to a page?

Owns the visit and what a page tells of it. Which number it is lent belongs to `leasing`; which
visit a call belongs to, to `attribution`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.offers import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A number lent to one visit, until `until` (exclusive), from `since` on."""

    slot: Slot
    e164: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit to a site, with what the page told.

    `attributes` are facts by names of the form of `offers.TAG_NAME`: `source`, `keyword`, `utm_*`,
    click ids and those of the page's own; a call that is led back to the visit has them as tags.
    `leases` are the numbers that it has been lent.
    """

    id: str
    site_id: str
    publisher_id: str
    began_at: datetime
    seen_at: datetime
    page: str | None = None
    landing_page: str | None = None
    referrer: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    leases: tuple[Lease, ...] = ()
