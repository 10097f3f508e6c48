"""What does trying a target reserve, and on which terms is the call connected?

Owns the attempt that a candidate would become: the terms in force, and the hold. Whether there is
room for it belongs to `eligibility`; taking it, to the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import limits
from chalicelib.calls import Attempt, Call, Hold
from chalicelib.campaigns import Campaign, Target, charge_of, terms_of
from chalicelib.introducing import introduction, listen_seconds
from chalicelib.market import CampaignFacts, Market, TargetFacts, settings_of
from chalicelib.offers import Offer, Partnership, earning_terms
from chalicelib.powers import powers_of
from chalicelib.reasons import Reason
from chalicelib.recording import RecordingTerms, recording_terms
from chalicelib.ringing import Share, shares
from chalicelib.terms import EarningTerms, TermsVersion
from chalicelib.together import Ringing, Together

# How long after the longest possible call a slot frees itself.
_GRACE = timedelta(seconds=120)
# What caller and target may hear before they talk takes no longer than this.
_INTRODUCING = timedelta(seconds=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an attempt takes of one target, and the facts against which it is taken."""

    facts: TargetFacts
    share: Share
    spacing_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """An attempt with the facts against which it is held when it is written; one place for each
    target that rings, the first choice before the others."""

    places: tuple[Place, ...]
    campaign: CampaignFacts
    partnership: Partnership
    earned: Mapping[str, int]
    attempt: Attempt


def reservation(
    market: Market,
    campaign: CampaignFacts,
    target: TargetFacts,
    *,
    call: Call,
    number: int,
    now: datetime,
    earning_stopped: Reason | None = None,
    others: tuple[TargetFacts, ...] = (),
) -> Reservation:
    """Attempt `number` of the call on the target, as it would begin at `now`; with the `others` of
    its group, as they ring at once.

    With `earning_stopped`, a cap of the partnership, the call earns nothing and takes no place
    under its caps. A dial has one ringing time and one longest time, so they are the first choice's
    for all that ring.
    """
    ringing = (target, *others)
    earning = earning_terms(market.offer, market.partnership)
    hold = _hold(market, campaign, ringing, now=now, earning=None if earning_stopped else earning)
    settings = settings_of(market, campaign, target)
    attempt = Attempt(
        number=number,
        destination=target.target.destination,
        send_digits=target.target.send_digits,
        ring_seconds=settings.ring_seconds,
        max_call_seconds=settings.max_call_seconds,
        recover_seconds=settings.recover_seconds if powers_of(call.carrier).tells_answer else 0,
        reserved_at=now,
        charge=terms_of(campaign.campaign, target.target),
        terms=tuple(
            _version(one)
            for one in (campaign.campaign, target.target, market.offer, market.partnership)
        ),
        earning=EarningTerms(earning_cents=0) if earning_stopped else earning,
        earning_stopped=earning_stopped,
        recording=_recording(market, campaign.campaign),
        hold=hold,
        introduction=introduction(market, campaign.campaign, call, settings),
        together=_together(market, campaign, ringing, now) if others else None,
    )
    return Reservation(
        places=_places(market, campaign, ringing, attempt),
        campaign=campaign,
        partnership=market.partnership,
        earned=market.earned,
        attempt=attempt,
    )


def _places(
    market: Market, campaign: CampaignFacts, ringing: tuple[TargetFacts, ...], attempt: Attempt
) -> tuple[Place, ...]:
    return tuple(
        Place(
            facts=facts,
            share=share,
            spacing_seconds=settings_of(market, campaign, facts).spacing_seconds,
        )
        for facts, share in zip(ringing, shares(attempt), strict=True)
    )


def _speaks(campaign: Campaign) -> bool:
    return any((campaign.consent, campaign.whisper, campaign.acceptance))


def _version(owner: Campaign | Target | Offer | Partnership) -> TermsVersion:
    return TermsVersion(owner_id=owner.id, version=owner.terms_version, since=owner.terms_since)


def _together(
    market: Market, campaign: CampaignFacts, ringing: tuple[TargetFacts, ...], now: datetime
) -> Together:
    return Together(
        members=tuple(_member(market, campaign, facts, now) for facts in ringing),
        geography=campaign.campaign.terms.geography,
        steps=campaign.campaign.terms.steps,
    )


def _member(market: Market, campaign: CampaignFacts, facts: TargetFacts, now: datetime) -> Ringing:
    settings, target = settings_of(market, campaign, facts), facts.target
    return Ringing(
        target_id=target.id,
        destination=target.destination,
        send_digits=target.send_digits,
        charge_cents=charge_of(campaign.campaign, target),
        geography=target.geography,
        steps=target.steps,
        terms=_version(target),
        target_windows=limits.cap_windows(target.hours.zone, now),
        cap_use=settings.cap_use,
        listen_seconds=listen_seconds(settings),
        recover_seconds=settings.recover_seconds,
    )


def _hold(
    market: Market,
    facts: CampaignFacts,
    ringing: tuple[TargetFacts, ...],
    *,
    now: datetime,
    earning: EarningTerms | None,
) -> Hold:
    """What the first of those that ring holds, at the highest charge among them: whoever takes the
    call, the money is there."""
    first, of_each = ringing[0].target, [settings_of(market, facts, one) for one in ringing]
    settings = of_each[0]
    lasting = timedelta(seconds=settings.ring_seconds + settings.max_call_seconds)
    listens = any(map(listen_seconds, of_each))
    if listens or market.offer.answering or _speaks(facts.campaign):
        lasting += _INTRODUCING
    return Hold(
        target_id=first.id,
        campaign_id=facts.campaign.id,
        advertiser_id=facts.campaign.advertiser_id,
        amount_cents=max(charge_of(facts.campaign, one.target) for one in ringing),
        target_windows=limits.cap_windows(first.hours.zone, now),
        campaign_windows=limits.budget_windows(facts.campaign.zone, now),
        partnership_windows=(limits.cap_windows(market.partnership.zone, now) if earning else ()),
        earning_cents=earning.earning_cents if earning else 0,
        lease_until=now + lasting + _GRACE,
        cap_use=settings.cap_use,
    )


def _recording(market: Market, campaign: Campaign) -> RecordingTerms:
    return recording_terms(
        campaign.recording,
        vertical=campaign.vertical,
        agreement_on_file=campaign.agreement_on_file,
        rules=market.operator.verticals,
    )
