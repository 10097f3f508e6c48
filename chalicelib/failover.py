"""How does a market look to a call whose own attempt has failed?

Owns giving back, in the facts of a decision, what that attempt still holds: otherwise the last
budget, money or place of an advertiser would be refused to the very call that holds it. Giving it
back in the rows belongs to the store.
"""

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.calls import Attempt, Hold, Reached
from chalicelib.limits import given_back, kept_of_partnership
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.ringing import Share, is_freed, shares


def without_hold(market: Market, attempt: Attempt, call_id: str) -> Market:
    """The market as it will be in the transaction that moves the call on."""
    hold = attempt.hold
    kept = {one.target_id: one for one in shares(attempt) if not is_freed(attempt, one)}
    campaigns = tuple(_campaign(facts, hold, kept, call_id) for facts in market.campaigns)
    earned = {key: kept_of_partnership(hold, key) for key in hold.partnership_windows}
    return replace(market, campaigns=campaigns, earned=_less(market.earned, earned))


def _campaign(
    facts: CampaignFacts, hold: Hold, kept: Mapping[str, Share], call_id: str
) -> CampaignFacts:
    if facts.advertiser.id == hold.advertiser_id:
        facts = replace(facts, available_cents=facts.available_cents + hold.amount_cents)
    if facts.campaign.id != hold.campaign_id:
        return facts
    spent = _less(facts.spent, dict.fromkeys(hold.campaign_windows, hold.amount_cents))
    targets = tuple(
        _target(one, kept[one.target.id], call_id) if one.target.id in kept else one
        for one in facts.targets
    )
    return replace(facts, spent=spent, targets=targets)


def _target(facts: TargetFacts, share: Share, call_id: str) -> TargetFacts:
    leases = {call: until for call, until in facts.leases.items() if call != call_id}
    returned = {key: given_back(share, key, reached=Reached.NOBODY) for key in share.target_windows}
    return replace(facts, leases=leases, used=_less(facts.used, returned))


def _less(counted: Mapping[str, int], returned: Mapping[str, int]) -> dict[str, int]:
    return {key: n - returned.get(key, 0) for key, n in counted.items()}
