"""Which targets may take this call, in which order, and why not the others?

Owns the eligibility rules, the order among the eligible, and the trace of both. What a reservation
keeps is computed here; keeping it, and losing a race for it, belong to the store.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.calls import Attempt, Hold
from chalicelib.campaigns import (
    Advertiser,
    Campaign,
    Offer,
    Partnership,
    PartnershipState,
    Publisher,
    State,
    Target,
    earning_terms,
)
from chalicelib.reasons import Reason
from chalicelib.times import Window, window_key

_GRACE = timedelta(seconds=120)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One target in the order considered, and its one outcome."""

    target_id: str
    campaign_id: str
    priority: int
    weight: int
    charge_cents: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A target that may take the call, with the use it showed when it was judged."""

    facts: TargetFacts
    campaign: CampaignFacts
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The eligible in the order they are to be tried, and every target with its reason.

    `refusal` is set when there is nobody to try.
    """

    candidates: tuple[Candidate, ...] = ()
    considered: tuple[Considered, ...] = ()
    refusal: Reason | None = None


def choose(
    market: Market, *, call_id: str, now: datetime, attempt: int = 1, tried: tuple[str, ...] = ()
) -> Decision:
    """Decide who gets the call at `now`, as attempt number `attempt`, after the targets `tried`.

    The same arguments give the same decision: the draw among weights comes from the call's id.
    """
    closed = _market_closed(market)
    if closed is not None:
        return Decision(refusal=closed)
    pairs = [(campaign, target) for campaign in market.campaigns for target in campaign.targets]
    pairs.sort(key=lambda pair: _rank(pair[1].target, call_id))
    considered = tuple(
        _considered(campaign, target, _outcome(campaign, target, now, tried, attempt))
        for campaign, target in pairs
    )
    eligible = [
        pair
        for pair, seen in zip(pairs, considered, strict=True)
        if seen.reason is Reason.OUTRANKED
    ]
    candidates = tuple(
        Candidate(
            facts=target,
            campaign=campaign,
            attempt=_attempt(market, campaign, target.target, now, attempt),
        )
        for campaign, target in eligible
    )
    refusal = None if candidates else _why_nobody(considered, tried)
    return Decision(candidates=candidates, considered=considered, refusal=refusal)


def settled_on(decision: Decision, chosen: str | None, lost: tuple[str, ...]) -> Decision:
    """The decision as it went: `chosen` took the call after a race was lost for those in `lost`."""

    def reason(seen: Considered) -> Reason:
        if seen.target_id == chosen:
            return Reason.CHOSEN
        return Reason.LOST_RACE if seen.target_id in lost else seen.reason

    considered = tuple(replace(seen, reason=reason(seen)) for seen in decision.considered)
    refusal = None if chosen else decision.refusal or Reason.NO_TARGET
    return replace(decision, considered=considered, refusal=refusal)


def expired_leases(facts: TargetFacts, now: datetime) -> tuple[str, ...]:
    """The calls whose slot has run out: a lost hang-up frees itself."""
    return tuple(sorted(call for call, until in facts.leases.items() if until <= now))


def cap_windows(target: Target) -> Iterator[tuple[Window, int | None]]:
    """Each window in which a target's calls count, with its cap; None is no limit."""
    yield Window.HOUR, target.hourly_cap
    yield Window.DAY, target.daily_cap
    yield Window.TOTAL, target.total_cap


def budget_windows(campaign: Campaign) -> Iterator[tuple[Window, int | None]]:
    """Each window in which a campaign's money counts, with its budget in cents."""
    yield Window.DAY, campaign.daily_budget_cents
    yield Window.TOTAL, campaign.total_budget_cents


def _market_closed(market: Market) -> Reason | None:
    if market.offer.state is not State.ACTIVE:
        return Reason.OFFER_PAUSED
    if market.publisher.state is not State.ACTIVE:
        return Reason.PUBLISHER_PAUSED
    if market.partnership.state is not PartnershipState.APPROVED:
        return Reason.PARTNERSHIP_NOT_APPROVED
    return None


def _rank(target: Target, call_id: str) -> tuple[int, float, str]:
    """Priority first; within one, a draw in which weight 30 comes first three times as often as 10.

    The draw is u^(1/weight), highest first (Efraimidis and Spirakis, weighted random sampling).
    """
    digest = hashlib.sha256(f"{call_id}/{target.id}".encode()).digest()
    uniform = (int.from_bytes(digest[:7], "big") + 1) / 2**56
    return target.priority, -(uniform ** (1 / target.weight)), target.id


def _outcome(
    campaign: CampaignFacts,
    facts: TargetFacts,
    now: datetime,
    tried: tuple[str, ...],
    attempt: int,
) -> Reason:
    """The first rule that passes the target over; `outranked` for one that could take the call."""
    target = facts.target
    if target.id in tried:
        return Reason.ALREADY_TRIED
    if attempt > campaign.campaign.max_attempts:
        return Reason.ATTEMPTS_USED_UP
    return (
        _paused(campaign, target)
        or (None if target.hours.open_at(now) else Reason.CLOSED)
        or _capped(facts, now)
        or _unfunded(campaign, now)
        or Reason.OUTRANKED
    )


def _paused(campaign: CampaignFacts, target: Target) -> Reason | None:
    if campaign.advertiser.state is not State.ACTIVE:
        return Reason.ADVERTISER_PAUSED
    if campaign.campaign.state is not State.ACTIVE:
        return Reason.CAMPAIGN_PAUSED
    return None if target.state is State.ACTIVE else Reason.TARGET_PAUSED


_CAPPED = {
    Window.HOUR: Reason.CAPPED_HOUR,
    Window.DAY: Reason.CAPPED_DAY,
    Window.TOTAL: Reason.CAPPED_TOTAL,
}
_NO_BUDGET = {Window.DAY: Reason.NO_BUDGET_DAY, Window.TOTAL: Reason.NO_BUDGET_TOTAL}


def _capped(facts: TargetFacts, now: datetime) -> Reason | None:
    target = facts.target
    for window, cap in cap_windows(target):
        key = window_key(window, now, target.hours.zone)
        if cap is not None and facts.used.get(key, 0) >= cap:
            return _CAPPED[window]
    busy = len(facts.leases) - len(expired_leases(facts, now))
    if target.concurrency_cap is not None and busy >= target.concurrency_cap:
        return Reason.AT_CONCURRENCY
    return None


def _unfunded(facts: CampaignFacts, now: datetime) -> Reason | None:
    campaign = facts.campaign
    price = campaign.terms.charge_cents
    for window, budget in budget_windows(campaign):
        spent = facts.spent.get(window_key(window, now, campaign.zone), 0)
        if budget is not None and spent + price > budget:
            return _NO_BUDGET[window]
    return Reason.NO_FUNDS if facts.available_cents < price else None


def _considered(campaign: CampaignFacts, facts: TargetFacts, reason: Reason) -> Considered:
    return Considered(
        target_id=facts.target.id,
        campaign_id=campaign.campaign.id,
        priority=facts.target.priority,
        weight=facts.target.weight,
        charge_cents=campaign.campaign.terms.charge_cents,
        reason=reason,
    )


def _why_nobody(considered: tuple[Considered, ...], tried: tuple[str, ...]) -> Reason:
    if tried and any(seen.reason is Reason.ATTEMPTS_USED_UP for seen in considered):
        return Reason.ATTEMPTS_USED_UP
    reasons = {seen.reason for seen in considered}
    return reasons.pop() if len(reasons) == 1 else Reason.NO_TARGET


def _attempt(
    market: Market, facts: CampaignFacts, target: Target, now: datetime, number: int
) -> Attempt:
    """What trying this target would be, with the hold that it takes."""
    campaign = facts.campaign
    lasting = timedelta(seconds=target.ring_seconds + campaign.max_call_seconds)
    return Attempt(
        number=number,
        destination=target.destination,
        ring_seconds=target.ring_seconds,
        max_call_seconds=campaign.max_call_seconds,
        reserved_at=now,
        charge=campaign.terms,
        earning=earning_terms(market.offer, market.partnership),
        hold=Hold(
            target_id=target.id,
            campaign_id=campaign.id,
            advertiser_id=campaign.advertiser_id,
            amount_cents=campaign.terms.charge_cents,
            target_windows=tuple(
                window_key(window, now, target.hours.zone) for window, _ in cap_windows(target)
            ),
            campaign_windows=tuple(
                window_key(window, now, campaign.zone) for window, _ in budget_windows(campaign)
            ),
            lease_until=now + lasting + _GRACE,
        ),
    )
