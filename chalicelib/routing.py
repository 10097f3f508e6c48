"""Which targets may take this call, in which order, and why not the others?

Owns the order in which the rules of `eligibility` speak, and the trace of the decision. The order
among the eligible belongs to `ranking`; what taking one reserves, to `reserving`; keeping it, and
losing a race for it, to the store; who rings along with a choice, to `groups`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib import eligibility, limits
from chalicelib.answering import Voicemail
from chalicelib.campaigns import State
from chalicelib.gate import GateRefusal
from chalicelib.introducing import voicemail_of
from chalicelib.market import (
    CampaignFacts,
    Market,
    TargetFacts,
    campaign_settings,
    expired_leases,
)
from chalicelib.offers import CapEffect, PartnershipState, Strategy, earning_terms
from chalicelib.places import Area
from chalicelib.powers import EVERYTHING, Powers
from chalicelib.ranking import Contender, ranked
from chalicelib.reasons import Reason
from chalicelib.settings import InForce, RepeatCallers, narrowed

_UNKNOWN = Area()
_NONE: Mapping[str, str] = {}
_NEVER: Mapping[str, datetime] = {}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The eligible in the order they are to be tried, and every target with its reason.

    `refusal` is set when there is nobody to try, and `gate` when the caller was not let in.
    `earning_stopped` is the cap of the partnership for which the call earns nothing. `strategy` is
    the offer's, by which the targets were ordered; None when none was looked at. `voicemail` is
    where the caller may leave a message when nobody takes the call.
    """

    candidates: tuple[Candidate, ...] = ()
    considered: tuple[Considered, ...] = ()
    strategy: Strategy | None = None
    refusal: StrEnum | None = None
    gate: GateRefusal | None = None
    earning_stopped: Reason | None = None
    voicemail: Voicemail | None = None


def choose(
    market: Market,
    *,
    call_id: str,
    now: datetime,
    attempt: int = 1,
    tried: tuple[str, ...] = (),
    area: Area = _UNKNOWN,
    attributes: Mapping[str, str] = _NONE,
    talked_before: Mapping[str, datetime] = _NEVER,
    powers: Powers = EVERYTHING,
) -> Decision:
    """Decide who gets the call at `now`, as attempt number `attempt`, after the targets `tried`.

    `area` is where the caller seems to be, `attributes` all else that filters may look at,
    `talked_before` when the caller last talked with which target, `powers` those of the carrier
    that has the call. The same arguments give the same
    decision: the draw among weights comes from the call's id.
    """
    full = partnership_full(market, now)
    blocked = full if market.partnership.cap_effect is CapEffect.BLOCK_CALLS else None
    refusal = _market_closed(market) or blocked
    if refusal is not None:
        return Decision(refusal=refusal)
    asked = _Asked(
        now=now,
        attempt=attempt,
        tried=tried,
        area=area,
        attributes=attributes,
        talked_before=talked_before,
        powers=powers,
    )
    lots = _lots(market, ranked(market, call_id=call_id, now=now), asked)
    considered = tuple(_considered(lot, _outcome(lot, asked)) for lot in lots)
    candidates = tuple(
        Candidate(facts=_ringing(lot.facts, powers), campaign=lot.campaign)
        for lot, seen in zip(lots, considered, strict=True)
        if seen.reason is Reason.OUTRANKED
    )
    return Decision(
        candidates=candidates,
        considered=considered,
        strategy=market.offer.strategy,
        refusal=None if candidates else _why_nobody(considered, tried),
        earning_stopped=full,
        voicemail=voicemail_of(
            (lot.campaign.campaign, seen.reason) for lot, seen in zip(lots, considered, strict=True)
        ),
    )


def partnership_full(market: Market, now: datetime) -> Reason | None:
    """The partnership's cap that has no room for another earning; None while all have."""
    earning = earning_terms(market.offer, market.partnership)
    found = limits.partnership_limits(market.partnership, earning.earning_cents, now)
    return limits.first_reached(found, market.earned)


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
    """The call as the rules see it; `unfunded` is what was found of prices, by campaign."""

    now: datetime
    attempt: int
    tried: tuple[str, ...]
    area: Area
    attributes: Mapping[str, str]
    talked_before: Mapping[str, datetime]
    powers: Powers
    unfunded: dict[tuple[str, int], Reason | None] = field(default_factory=dict)


class _Lot(NamedTuple):
    """A target as the rules see it; `talked` is what counts of the caller's talks with those of
    its campaign."""

    contender: Contender
    settings: InForce
    talked: Mapping[str, datetime]

    @property
    def facts(self) -> TargetFacts:
        return self.contender.facts

    @property
    def campaign(self) -> CampaignFacts:
        return self.contender.campaign

    def again(self) -> float:
        """Sorts the target that the caller talked with last before all others."""
        if self.settings.repeat_callers is not RepeatCallers.SAME_TARGET_FIRST:
            return 0
        last = self.talked.get(self.facts.target.id)
        return -last.timestamp() if last else 0


def _lots(market: Market, contenders: list[Contender], asked: _Asked) -> list[_Lot]:
    """The contenders in their order, but for those whom a repeated caller is to reach first."""
    settings = {one.campaign.id: campaign_settings(market, one) for one in market.campaigns}
    talks = _talks(market, asked)
    lots = []
    for contender in contenders:
        campaign_id = contender.campaign.campaign.id
        holds = narrowed(settings[campaign_id], contender.facts.target)
        talked = talks.get(campaign_id, _NEVER)
        if talked:
            talked = eligibility.talked_recently(talked, holds.repeat_days, asked.now)
        lots.append(_Lot(contender, holds, talked))
    if talks:
        lots.sort(key=_Lot.again)
    return lots


def _talks(market: Market, asked: _Asked) -> dict[str, dict[str, datetime]]:
    """The caller's talks by the campaign of their target."""
    if not asked.talked_before:
        return {}
    talks: dict[str, dict[str, datetime]] = {}
    for campaign in market.campaigns:
        for facts in campaign.targets:
            at = asked.talked_before.get(facts.target.id)
            if at is not None:
                talks.setdefault(campaign.campaign.id, {})[facts.target.id] = at
    return talks


def _outcome(lot: _Lot, asked: _Asked) -> Reason:
    """The first rule that passes the target over; `outranked` for one that could take the call."""
    if lot.facts.target.id in asked.tried:
        return Reason.ALREADY_TRIED
    if asked.attempt > lot.settings.max_attempts:
        return Reason.ATTEMPTS_USED_UP
    return _kept_out(lot, asked) or _full(lot, asked.now) or _unpaid(lot, asked) or Reason.OUTRANKED


def _kept_out(lot: _Lot, asked: _Asked) -> Reason | None:
    """What rules the target out however little it is used."""
    contender, settings, talked = lot
    facts, target, now = contender.campaign, contender.facts.target, asked.now
    campaign = facts.campaign
    return (
        eligibility.paused(facts.advertiser, campaign, target)
        or eligibility.caller_blocked(facts.blocks, now)
        or eligibility.out_of_season(campaign, now)
        or eligibility.beyond_carrier(campaign, target, settings, asked.powers)
        or eligibility.closed(target, now)
        or eligibility.out_of_area(campaign, target, asked.area, settings.route_by_area)
        or eligibility.filtered(target, asked.attributes)
        or eligibility.repeated(target, talked, settings.repeat_callers)
        or eligibility.too_dear(campaign, contender.charge_cents)
    )


def _full(lot: _Lot, now: datetime) -> Reason | None:
    """Which of the target's caps has no room for another call."""
    contender = lot.contender
    facts = contender.facts
    caps = limits.target_limits(facts.target, contender.charge_cents, now)
    busy = len(facts.leases) - len(expired_leases(facts, now))
    return (
        limits.first_reached(caps, facts.used)
        or eligibility.all_slots_busy(facts.target, busy, now)
        or eligibility.too_soon(facts.taken_at, lot.settings.spacing_seconds, now)
    )


def _unpaid(lot: _Lot, asked: _Asked) -> Reason | None:
    """Whose money does not carry the charge: the campaign's budgets', then the advertiser's."""
    contender = lot.contender
    facts, price = contender.campaign, contender.charge_cents
    key = (facts.campaign.id, price)
    if key not in asked.unfunded:
        budgets = limits.budget_limits(facts.campaign, price, asked.now)
        asked.unfunded[key] = limits.first_reached(
            budgets, facts.spent
        ) or eligibility.without_funds(facts.available_cents, price)
    return asked.unfunded[key]


def _ringing(facts: TargetFacts, powers: Powers) -> TargetFacts:
    """The target, by itself where the carrier rings one at a time."""
    if powers.rings_together or facts.target.ring_group is None:
        return facts
    return replace(facts, target=replace(facts.target, ring_group=None))


def _considered(lot: _Lot, reason: Reason) -> Considered:
    contender = lot.contender
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
