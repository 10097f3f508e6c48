"""What is known of a visit to a page?

Owns the visit, what a page tells of it, and how often. Which number it is lent belongs to
`leasing`; which visit a call belongs to, to `attribution`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.offers import Slot
from chalicelib.places import STATES, AreaEvidence, visit_evidence

HEARTBEATS_A_HOLD, LONGEST_HEARTBEAT_SECONDS, SHORTEST_HEARTBEAT_SECONDS = 3, 60, 10
"""How often a page tells of itself: so often within the hold, at least and at most once in so
long."""
_ZIP = re.compile(r"(\d{5})(?:-\d{4})?", re.ASCII)


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


def heartbeat_seconds(hold_seconds: int) -> int:
    """How often a page says that it is still there, so that one lost beat loses no number that is
    held for so many seconds (30 or more)."""
    beat = min(hold_seconds // HEARTBEATS_A_HOLD, LONGEST_HEARTBEAT_SECONDS)
    return max(beat, SHORTEST_HEARTBEAT_SECONDS)


def declared_place(visit: Visit) -> tuple[AreaEvidence, ...]:
    """Where the visitor is, as the page was told: the attributes `state` (a postal code of US or
    Canada) and `zip` (five digits, or nine). What has not this form is no evidence."""
    state = visit.attributes.get("state", "").strip().upper()
    zip_code = _ZIP.fullmatch(visit.attributes.get("zip", "").strip())
    return visit_evidence(state if state in STATES else None, zip_code[1] if zip_code else None)
