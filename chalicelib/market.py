"""What does one decision look at?

Owns the facts of a market: every campaign that competes for an offer's calls, with its targets,
their use and the money behind them, as they were read. What follows from them belongs to
`eligibility`, `ranking` and `routing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.offers import Offer, Partnership, Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """A target and its use: `leases` maps a call to its slot's end, `used` a window to calls."""

    target: Target
    leases: Mapping[str, datetime]
    used: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFacts:
    """A campaign, its advertiser's money, what it spent by window (cents), and its targets."""

    campaign: Campaign
    advertiser: Advertiser
    available_cents: int
    spent: Mapping[str, int]
    targets: tuple[TargetFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """All that one decision looks at."""

    offer: Offer
    publisher: Publisher
    partnership: Partnership
    campaigns: tuple[CampaignFacts, ...]


def expired_leases(facts: TargetFacts, now: datetime) -> tuple[str, ...]:
    """The calls whose slot has run out: a lost hang-up frees itself."""
    return tuple(sorted(call for call, until in facts.leases.items() if until <= now))
