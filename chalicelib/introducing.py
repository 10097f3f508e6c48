"""How are caller and target brought together, and what hears a caller whom nobody takes?

Owns the choice among the lines of offer and campaign for one attempt, what a target may be told of
the call, and whose voicemail takes a message. The lines themselves belong to `answering`; reserving
the attempt, to `reserving`.
"""

from collections.abc import Iterable

from chalicelib.answering import (
    CALLER,
    TRACKING_NUMBER,
    Introduction,
    Line,
    Voicemail,
    consent_due,
    filled,
)
from chalicelib.calls import Attempt, Call
from chalicelib.campaigns import Campaign
from chalicelib.market import Market
from chalicelib.powers import powers_of
from chalicelib.reasons import Reason
from chalicelib.settings import InForce, MachineDetection

PLACEHOLDERS = frozenset({"offer", "campaign", "state", "zip", "area_code", CALLER})
"""What a whisper may tell."""

# Attempts are kept with what a decision looked at, where no caller's number lies.
_CALLER_LATER = f"{{{CALLER}}}"
_OUT_OF_BUSINESS = frozenset(
    {
        Reason.ADVERTISER_PAUSED,
        Reason.CAMPAIGN_PAUSED,
        Reason.CALLER_BLOCKED,
        Reason.NOT_STARTED,
        Reason.ENDED,
    }
)


def introduction(market: Market, campaign: Campaign, call: Call, settings: InForce) -> Introduction:
    """How the call's caller and a target of the campaign are brought together by the settings in
    force; what the caller has heard already is not said again, and a target hears nothing where the
    carrier cannot speak to it."""
    answering, consent = market.offer.answering, consent_due(campaign.consent, call.area.state)
    greeted = any(heard.part == "greeting" for heard in call.heard)
    told = consent is not None and any(
        (heard.part, heard.of, heard.version) == ("consent", campaign.id, consent.version)
        for heard in call.heard
    )
    shown = {CALLER: None, TRACKING_NUMBER: call.e164}
    whispers = powers_of(call.carrier).whispers
    return Introduction(
        greeting=None if answering is None or greeted else answering.greeting,
        consent=None if told else consent,
        whisper=_whisper(market, campaign, call) if whispers else None,
        acceptance=campaign.acceptance if whispers else None,
        caller_id=shown.get(campaign.caller_id, campaign.caller_id),
        listen_seconds=listen_seconds(settings) if whispers else 0,
    )


def listen_seconds(settings: InForce) -> int:
    """How long whoever answers is listened to lest it be a machine; 0 where machines may answer."""
    refuses = settings.machine_detection is MachineDetection.REFUSE
    return settings.machine_detection_seconds if refuses else 0


def _whisper(market: Market, campaign: Campaign, call: Call) -> Line | None:
    """What the target hears: nothing of who brought the call, and of the caller's number only what
    the target is shown anyway."""
    if campaign.whisper is None:
        return None
    facts = {
        "offer": market.offer.name,
        "campaign": campaign.name,
        "state": call.area.state,
        "zip": " ".join(call.area.zip or ""),
        "area_code": " ".join(call.area.area_code or ""),
    }
    if campaign.caller_id == CALLER:
        facts[CALLER] = _CALLER_LATER
    return filled(campaign.whisper, facts)


def whisper_of(call: Call, attempt: Attempt) -> Line | None:
    """The attempt's whisper as it is said, with the caller's number where the target is shown that
    anyway."""
    introduction = attempt.introduction
    if introduction.whisper is None or introduction.caller_id is not None:
        return introduction.whisper
    return filled(introduction.whisper, {CALLER: " ".join((call.caller or "").lstrip("+"))})


def voicemail_of(seen: Iterable[tuple[Campaign, Reason]]) -> Voicemail | None:
    """That of the first campaign considered which has one and is in business for this caller."""
    found = (campaign.voicemail for campaign, why in seen if why not in _OUT_OF_BUSINESS)
    return next(filter(None, found), None)
