"""May this target take a call now?

Owns the eligibility rules, one function each, over nothing but their arguments: every answer is the
reason that passes the target over, or None. Caps and budgets are `limits`; in which order the rules
speak and the targets ring belongs to `routing`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from chalicelib.beyond import out_of_reach
from chalicelib.campaigns import Advertiser, Campaign, State, Target
from chalicelib.criteria import Geography, Places, RouteByArea, passes
from chalicelib.gate import BlockFacts
from chalicelib.limits import slots
from chalicelib.places import Area
from chalicelib.powers import EVERYTHING, Powers
from chalicelib.reasons import Reason
from chalicelib.settings import InForce, RepeatCallers


def paused(advertiser: Advertiser, campaign: Campaign, target: Target) -> Reason | None:
    """Whether anybody concerned is out of business; the widest is named."""
    if advertiser.state is not State.ACTIVE:
        return Reason.ADVERTISER_PAUSED
    if campaign.state is not State.ACTIVE:
        return Reason.CAMPAIGN_PAUSED
    return None if target.state is State.ACTIVE else Reason.TARGET_PAUSED


def caller_blocked(blocks: Iterable[BlockFacts], now: datetime) -> Reason | None:
    """Whether one of the advertiser's entries about the caller is in force at `now`."""
    return Reason.CALLER_BLOCKED if any(block.in_force(now) for block in blocks) else None


def out_of_season(campaign: Campaign, now: datetime) -> Reason | None:
    """Whether the campaign runs at `now`: its start included, its end excluded."""
    if campaign.starts_at is not None and now < campaign.starts_at:
        return Reason.NOT_STARTED
    ended = campaign.ends_at is not None and now >= campaign.ends_at
    return Reason.ENDED if ended else None


def beyond_carrier(
    campaign: Campaign, target: Target, settings: InForce, powers: Powers
) -> Reason | None:
    """Whether the carrier of the call cannot connect it with the target as it is to be."""
    if powers == EVERYTHING:
        return None
    return Reason.BEYOND_CARRIER if out_of_reach(campaign, target, settings, powers) else None


def closed(target: Target, now: datetime) -> Reason | None:
    """Whether the target's hours exclude `now`."""
    return None if target.hours.open_at(now) else Reason.CLOSED


def covers(geography: Geography, area: Area) -> bool:
    """Whether a caller in `area` is inside.

    An unknown place is inside only where no place is named, and is not excluded.
    """
    named = bool(geography.states or geography.area_codes or geography.zips)
    return (not named or _lies_in(geography, area)) and not _lies_in(geography.exclude, area)


def out_of_area(
    campaign: Campaign, target: Target, area: Area, route_by_area: RouteByArea
) -> Reason | None:
    """Whether a caller in `area` is not even to be routed to the target."""
    if route_by_area is RouteByArea.ANYWHERE:
        return None
    own = target.geography
    inside = covers(campaign.terms.geography if own is None else own, area)
    return None if inside else Reason.OUT_OF_AREA


def filtered(target: Target, attributes: Mapping[str, str]) -> Reason | None:
    """Whether a filter of the target does not let the call pass; all of them must."""
    for one in target.filters:
        if not passes(one, attributes):
            return Reason.FILTERED
    return None


def talked_recently(
    talked_before: Mapping[str, datetime], repeat_days: int, now: datetime
) -> Mapping[str, datetime]:
    """Those of the targets that the caller talked with less than `repeat_days` times 24 hours
    ago."""
    since = now - timedelta(days=repeat_days)
    return {target: at for target, at in talked_before.items() if at > since}


def repeated(
    target: Target, talked: Mapping[str, datetime], policy: RepeatCallers
) -> Reason | None:
    """Whether the target is not for a caller who has talked with these of its campaign."""
    if policy is RepeatCallers.REJECT and talked:
        return Reason.REPEAT_CALLER
    if policy is RepeatCallers.NEVER_SAME_TARGET and target.id in talked:
        return Reason.TALKED_BEFORE
    return None


def too_soon(taken_at: datetime | None, spacing_seconds: int, now: datetime) -> Reason | None:
    """Whether the latest call was reserved less than the spacing ago; exactly that is enough."""
    if taken_at is None or now - taken_at >= timedelta(seconds=spacing_seconds):
        return None
    return Reason.TOO_SOON


def all_slots_busy(target: Target, busy: int, now: datetime) -> Reason | None:
    """Whether a target that has `busy` live calls takes no further one at once."""
    most = slots(target, now)
    return Reason.AT_CONCURRENCY if most is not None and busy >= most else None


def too_dear(campaign: Campaign, charge_cents: int) -> Reason | None:
    """Whether the charge is above what the campaign pays for any call; exactly that is paid."""
    most = campaign.maximum_charge_cents
    return Reason.OVER_MAXIMUM_CHARGE if most is not None and charge_cents > most else None


def without_funds(available_cents: int, charge_cents: int) -> Reason | None:
    """Whether the advertiser's money does not reach for the charge; to the cent is enough."""
    return Reason.NO_FUNDS if available_cents < charge_cents else None


def _lies_in(places: Places, area: Area) -> bool:
    return (
        area.state in places.states
        or area.area_code in places.area_codes
        or area.zip in places.zips
    )
