"""What does one decision look at?

Owns the facts of a market: every campaign that competes for an offer's calls, with its targets,
their use and the money behind them, as they were read. What follows from them belongs to
`eligibility`, `ranking` and `routing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.gate import BlockFacts
from chalicelib.offers import Offer, Partnership, Publisher
from chalicelib.settings import InForce, OperatorSettings, in_force, narrowed

_NOTHING_SAID = OperatorSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """A target and its use.

    `leases` maps a call to its slot's end, `used` a window to calls or cents; `taken_at` is when
    the latest call was reserved. `trials` counts how its calls of all publishers ended, under the
    names of `trials`.
    """

    target: Target
    leases: Mapping[str, datetime]
    used: Mapping[str, int]
    taken_at: datetime | None = None
    trials: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFacts:
    """A campaign, its advertiser's money, what it spent by window (cents), its targets, and the
    advertiser's entries of the block list about the caller.

    `trials` counts how the partnership's calls on these ended, each name led by the target's id.
    """

    campaign: Campaign
    advertiser: Advertiser
    available_cents: int
    spent: Mapping[str, int]
    targets: tuple[TargetFacts, ...]
    trials: Mapping[str, int] = field(default_factory=dict)
    blocks: tuple[BlockFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """All that one decision looks at; `earned` maps a window to calls or cents that earned, or may
    yet, for the partnership."""

    offer: Offer
    publisher: Publisher
    partnership: Partnership
    campaigns: tuple[CampaignFacts, ...]
    earned: Mapping[str, int] = field(default_factory=dict)
    operator: OperatorSettings = _NOTHING_SAID

    def publishers_trials(self, campaign_id: str) -> Mapping[str, int]:
        """What is counted of the partnership's trials on the campaign; nothing when it has left."""
        found = (facts.trials for facts in self.campaigns if facts.campaign.id == campaign_id)
        return next(found, {})


def campaign_settings(market: Market, facts: CampaignFacts) -> InForce:
    """What holds for a target of the campaign that says nothing itself."""
    return in_force(market.operator, facts.advertiser, facts.campaign)


def settings_of(market: Market, campaign: CampaignFacts, facts: TargetFacts) -> InForce:
    """What holds for the target."""
    return narrowed(campaign_settings(market, campaign), facts.target)


def expired_leases(facts: TargetFacts, now: datetime) -> tuple[str, ...]:
    """The calls whose slot has run out: a lost hang-up frees itself."""
    if not facts.leases:
        return ()
    return tuple(sorted(call for call, until in facts.leases.items() if until <= now))
