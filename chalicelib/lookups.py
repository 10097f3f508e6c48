"""Is a call worth looking up its caller's line?

Owns the rule: only where somebody could take the call, if the line were the right one, at a price
that the offer names. What is looked up belongs to `lines`; who could take the call, to `routing`.
"""

from dataclasses import replace

from chalicelib.attributes import LINE_ATTRIBUTES
from chalicelib.lines import Lookup
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.routing import Decision


def at_any_line(market: Market) -> Market:
    """The market without the filters that look at what is known of the line alone."""
    return replace(market, campaigns=tuple(map(_campaign, market.campaigns)))


def worth_asking(lookup: Lookup, supposed: Decision) -> bool:
    """Whether anybody who could take the call pays enough, `supposed` being the decision in the
    market at any line; `from_charge_cents` itself is enough."""
    could = {one.facts.target.id for one in supposed.candidates}
    return any(
        seen.target_id in could and seen.charge_cents >= lookup.from_charge_cents
        for seen in supposed.considered
    )


def _campaign(facts: CampaignFacts) -> CampaignFacts:
    return replace(facts, targets=tuple(map(_target, facts.targets)))


def _target(facts: TargetFacts) -> TargetFacts:
    filters = facts.target.filters
    others = tuple(one for one in filters if one.attribute not in LINE_ATTRIBUTES)
    if len(others) == len(filters):
        return facts
    return replace(facts, target=replace(facts.target, filters=others))
