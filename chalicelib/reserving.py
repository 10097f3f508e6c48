"""What does trying a target reserve, and on which terms is the call connected?

Owns the attempt that a candidate would become: the terms in force, and the hold. Whether there is
room for it belongs to `eligibility`; taking it, to the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib import limits
from chalicelib.calls import Attempt, Call, Hold
from chalicelib.campaigns import Campaign, ChargeTerms, Target, charge_of
from chalicelib.introducing import introduction
from chalicelib.market import CampaignFacts, Market, TargetFacts, settings_of
from chalicelib.offers import EarningTerms, Partnership, earning_terms
from chalicelib.reasons import Reason
from chalicelib.recording import RecordingTerms, recording_terms
from chalicelib.settings import MachineDetection

# How long after the longest possible call a slot frees itself.
_GRACE = timedelta(seconds=120)
# What caller and target may hear before they talk takes no longer than this.
_INTRODUCING = timedelta(seconds=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """An attempt with the facts against which it is held when it is written."""

    facts: TargetFacts
    campaign: CampaignFacts
    partnership: Partnership
    earned: Mapping[str, int]
    spacing_seconds: int
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
) -> Reservation:
    """Attempt `number` of the call on the target, as it would begin at `now`.

    With `earning_stopped`, a cap of the partnership, the call earns nothing and takes no place
    under its caps.
    """
    earning = earning_terms(market.offer, market.partnership)
    if earning_stopped is not None:
        earning = EarningTerms(earning_cents=0)
    settings = settings_of(market, campaign, target)
    attempt = Attempt(
        number=number,
        destination=target.target.destination,
        send_digits=target.target.send_digits,
        ring_seconds=settings.ring_seconds,
        max_call_seconds=settings.max_call_seconds,
        recover_seconds=settings.recover_seconds,
        reserved_at=now,
        charge=_terms(campaign.campaign, target.target),
        earning=earning,
        earning_stopped=earning_stopped,
        recording=_recording(market, campaign.campaign),
        hold=_hold(market, campaign, target, now=now, earning=None if earning_stopped else earning),
        introduction=introduction(market, campaign.campaign, call, settings),
    )
    return Reservation(
        facts=target,
        campaign=campaign,
        partnership=market.partnership,
        earned=market.earned,
        spacing_seconds=settings.spacing_seconds,
        attempt=attempt,
    )


def _speaks(campaign: Campaign) -> bool:
    return any((campaign.consent, campaign.whisper, campaign.acceptance))


def _hold(
    market: Market,
    facts: CampaignFacts,
    target: TargetFacts,
    *,
    now: datetime,
    earning: EarningTerms | None,
) -> Hold:
    settings = settings_of(market, facts, target)
    lasting = timedelta(seconds=settings.ring_seconds + settings.max_call_seconds)
    listens = settings.machine_detection is MachineDetection.REFUSE
    if listens or market.offer.answering or _speaks(facts.campaign):
        lasting += _INTRODUCING
    return Hold(
        target_id=target.target.id,
        campaign_id=facts.campaign.id,
        advertiser_id=facts.campaign.advertiser_id,
        amount_cents=charge_of(facts.campaign, target.target),
        target_windows=limits.cap_windows(target.target.hours.zone, now),
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


def _terms(campaign: Campaign, target: Target) -> ChargeTerms:
    """The terms by which the call is judged: a price or a geography of the target's own goes with
    it."""
    return replace(
        campaign.terms,
        charge_cents=charge_of(campaign, target),
        geography=campaign.terms.geography if target.geography is None else target.geography,
    )
