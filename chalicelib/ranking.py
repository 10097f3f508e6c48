"""Which of the targets is tried first?

Owns the order among targets: priority, then the offer's strategy, then a draw by weight. A strategy
is one entry of a table: it sees a contender with all its facts and answers a key, lower first. Who
could take the call at all belongs to `eligibility`.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.campaigns import Target, charge_of
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.offers import Offer, Strategy
from chalicelib.trials import expected_cents, is_new, recent


class Contender(NamedTuple):
    """A target as a strategy sees it.

    `charge_cents` is what an approved call on it costs, `expected_cents` what one call is worth.
    It is `explored` when the call is one of those on which targets new to the publisher come first,
    and it is one of these.
    """

    campaign: CampaignFacts
    facts: TargetFacts
    charge_cents: int
    expected_cents: int
    explored: bool


def ranked(market: Market, *, call_id: str, now: datetime) -> list[Contender]:
    """Every target of the market, eligible or not, in the order considered.

    The draws are made from the call's id, so the order is the same whenever it is asked for.
    """
    exploring = _explores(market.offer, call_id)
    contenders = [
        _contender(campaign, facts, now, exploring=exploring)
        for campaign in market.campaigns
        for facts in campaign.targets
    ]
    strategy = _STRATEGIES[market.offer.strategy]
    contenders.sort(
        key=lambda one: (
            one.facts.target.priority,
            strategy(one),
            _drawn(one.facts.target, call_id),
            one.facts.target.id,
        )
    )
    return contenders


def _contender(
    campaign: CampaignFacts, facts: TargetFacts, now: datetime, *, exploring: bool
) -> Contender:
    charge_cents = charge_of(campaign.campaign, facts.target)
    publishers = recent(campaign.trials, now, of=facts.target.id)
    expected = expected_cents(
        charge_cents, everyones=recent(facts.trials, now), publishers=publishers
    )
    explored = exploring and is_new(publishers)
    return Contender(campaign, facts, charge_cents, expected, explored)


_Key = tuple[int, ...]


def _by_weight(contender: Contender) -> _Key:
    """No one before another: the draw decides."""
    del contender
    return ()


def _by_charge(contender: Contender) -> _Key:
    return (-contender.charge_cents,)


def _by_expected_revenue(contender: Contender) -> _Key:
    """By the whole cents that the decision shows; the explored before all others, as equals."""
    return (0, 0) if contender.explored else (1, -contender.expected_cents)


_STRATEGIES: Mapping[Strategy, Callable[[Contender], _Key]] = {
    Strategy.WEIGHT: _by_weight,
    Strategy.HIGHEST_CHARGE: _by_charge,
    Strategy.EXPECTED_REVENUE: _by_expected_revenue,
}


def _explores(offer: Offer, call_id: str) -> bool:
    """Whether the call is one of the share on which new targets come first."""
    if offer.strategy is not Strategy.EXPECTED_REVENUE:
        return False
    return _hashed(f"{call_id}/explore") * 100 < offer.explore_percent * 2**56


def _drawn(target: Target, call_id: str) -> float:
    """A draw, lower first, in which weight 30 comes first three times as often as 10.

    It is u^(1/weight), highest first (Efraimidis and Spirakis, weighted random sampling).
    """
    uniform = (_hashed(f"{call_id}/{target.id}") + 1) / 2**56
    drawn: float = uniform ** (1 / target.weight)
    return -drawn


def _hashed(text: str) -> int:
    """A whole number from 0 up to 2^56, that excluded."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
