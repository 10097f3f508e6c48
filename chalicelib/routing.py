"""Which targets may take this call, in which order, and why not the others?

Owns the order in which the rules of `eligibility` speak, and the trace of a decision. The order of
the targets belongs to `ranking`. What a reservation keeps is computed here; keeping it, and losing
a race for it, belong to the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import eligibility
from chalicelib.calls import Attempt, Hold
from chalicelib.campaigns import Campaign, ChargeTerms, State, Target
from chalicelib.gate import GateRefusal
from chalicelib.market import CampaignFacts, Market, TargetFacts, expired_leases
from chalicelib.offers import PartnershipState, Strategy, earning_terms
from chalicelib.places import Area
from chalicelib.ranking import Contender, ranked
from chalicelib.reasons import Reason

_GRACE = timedelta(seconds=120)
_UNKNOWN = Area()
_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One target in the order considered, and its one outcome.

    `expected_cents` is the charge times the probability of approval, None in what was stored before
    it was known; an `explored` target came early because it was new to the publisher.
    """

    target_id: str
    campaign_id: str
    priority: int
    weight: int
    charge_cents: int
    expected_cents: int | None = None
    explored: bool = False
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

    `refusal` is set when there is nobody to try, and `gate` when the caller was not let in.
    `strategy` is the offer's, by which the targets were ordered; None when none was looked at.
    """

    candidates: tuple[Candidate, ...] = ()
    considered: tuple[Considered, ...] = ()
    strategy: Strategy | None = None
    refusal: StrEnum | None = None
    gate: GateRefusal | None = None


def choose(
    market: Market,
    *,
    call_id: str,
    now: datetime,
    attempt: int = 1,
    tried: tuple[str, ...] = (),
    area: Area = _UNKNOWN,
    attributes: Mapping[str, str] = _NONE,
) -> Decision:
    """Decide who gets the call at `now`, as attempt number `attempt`, after the targets `tried`.

    `area` is where the caller seems to be, `attributes` all else that filters may look at. The same
    arguments give the same decision: the draw among weights comes from the call's id.
    """
    asked = _Asked(
        now=now,
        attempt=attempt,
        tried=tried,
        area=area,
        attributes=attributes,
        unfunded={facts.campaign.id: _unfunded(facts, now) for facts in market.campaigns},
    )
    closed = _market_closed(market)
    if closed is not None:
        return Decision(refusal=closed)
    contenders = ranked(market, call_id=call_id, now=now)
    considered = tuple(
        _considered(one, _outcome(one.campaign, one.facts, asked)) for one in contenders
    )
    eligible = [
        one
        for one, seen in zip(contenders, considered, strict=True)
        if seen.reason is Reason.OUTRANKED
    ]
    candidates = tuple(
        Candidate(
            facts=one.facts,
            campaign=one.campaign,
            attempt=_attempt(market, one.campaign, one.facts.target, now, attempt),
        )
        for one in eligible
    )
    return Decision(
        candidates=candidates,
        considered=considered,
        strategy=market.offer.strategy,
        refusal=None if candidates else _why_nobody(considered, tried),
    )


def settled_on(decision: Decision, chosen: str | None, lost: tuple[str, ...]) -> Decision:
    """The decision as it went: `chosen` took the call after a race was lost for those in `lost`."""

    def reason(seen: Considered) -> Reason:
        if seen.target_id == chosen:
            return Reason.CHOSEN
        return Reason.LOST_RACE if seen.target_id in lost else seen.reason

    considered = tuple(replace(seen, reason=reason(seen)) for seen in decision.considered)
    refusal = None if chosen else decision.refusal or Reason.NO_TARGET
    return replace(decision, considered=considered, refusal=refusal)


def _market_closed(market: Market) -> Reason | None:
    if market.offer.state is not State.ACTIVE:
        return Reason.OFFER_PAUSED
    if market.publisher.state is not State.ACTIVE:
        return Reason.PUBLISHER_PAUSED
    if market.partnership.state is not PartnershipState.APPROVED:
        return Reason.PARTNERSHIP_NOT_APPROVED
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The call as the rules see it, and what speaks against its price, campaign by campaign."""

    now: datetime
    attempt: int
    tried: tuple[str, ...]
    area: Area
    attributes: Mapping[str, str]
    unfunded: Mapping[str, Reason | None]


def _outcome(campaign: CampaignFacts, facts: TargetFacts, asked: _Asked) -> Reason:
    """The first rule that passes the target over; `outranked` for one that could take the call."""
    if facts.target.id in asked.tried:
        return Reason.ALREADY_TRIED
    if asked.attempt > campaign.campaign.max_attempts:
        return Reason.ATTEMPTS_USED_UP
    return (
        _kept_out(campaign, facts.target, asked)
        or _full(campaign.campaign, facts, asked.now)
        or asked.unfunded[campaign.campaign.id]
        or Reason.OUTRANKED
    )


def _kept_out(facts: CampaignFacts, target: Target, asked: _Asked) -> Reason | None:
    """What rules the target out however little it is used."""
    return (
        eligibility.paused(facts.advertiser, facts.campaign, target)
        or eligibility.out_of_season(facts.campaign, asked.now)
        or eligibility.closed(target, asked.now)
        or eligibility.out_of_area(facts.campaign, target, asked.area)
        or eligibility.filtered(target, asked.attributes)
    )


def _full(campaign: Campaign, facts: TargetFacts, now: datetime) -> Reason | None:
    """Which of the target's caps has no room for another call."""
    limits = eligibility.target_limits(facts.target, campaign.terms.charge_cents, now)
    busy = len(facts.leases) - len(expired_leases(facts, now))
    return eligibility.reached(limits, facts.used) or eligibility.all_slots_busy(facts.target, busy)


def _unfunded(facts: CampaignFacts, now: datetime) -> Reason | None:
    """Whose money does not carry another charge: the campaign's budgets', then the advertiser's."""
    return eligibility.reached(
        eligibility.budget_limits(facts.campaign, now), facts.spent
    ) or eligibility.without_funds(facts.available_cents, facts.campaign.terms.charge_cents)


def _considered(contender: Contender, reason: Reason) -> Considered:
    target = contender.facts.target
    return Considered(
        target_id=target.id,
        campaign_id=contender.campaign.campaign.id,
        priority=target.priority,
        weight=target.weight,
        charge_cents=contender.charge_cents,
        expected_cents=contender.expected_cents,
        explored=contender.explored,
        reason=reason,
    )


def _why_nobody(considered: tuple[Considered, ...], tried: tuple[str, ...]) -> Reason:
    if tried and any(seen.reason is Reason.ATTEMPTS_USED_UP for seen in considered):
        return Reason.ATTEMPTS_USED_UP
    reasons = {seen.reason for seen in considered}
    return reasons.pop() if len(reasons) == 1 else Reason.NO_TARGET


def _terms(campaign: Campaign, target: Target) -> ChargeTerms:
    """The terms by which a call on the target is judged: a geography of its own goes with it."""
    if target.geography is None:
        return campaign.terms
    return replace(campaign.terms, geography=target.geography)


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
        charge=_terms(campaign, target),
        earning=earning_terms(market.offer, market.partnership),
        hold=Hold(
            target_id=target.id,
            campaign_id=campaign.id,
            advertiser_id=campaign.advertiser_id,
            amount_cents=campaign.terms.charge_cents,
            target_windows=eligibility.target_windows(target.hours.zone, now),
            campaign_windows=eligibility.budget_windows(campaign.zone, now),
            lease_until=now + lasting + _GRACE,
        ),
    )
