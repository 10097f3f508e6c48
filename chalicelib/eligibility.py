"""May this target take a call now, and how much of each limit would the call use?

Owns the eligibility rules, one function each, over nothing but their arguments: every answer is the
reason that passes the target over, or None. In which order the rules speak and the targets ring
belongs to `routing`; holding a limit against other calls, to the store.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from chalicelib.calls import Hold
from chalicelib.campaigns import Advertiser, Campaign, State, Target
from chalicelib.criteria import Geography, Places, RouteByArea, passes
from chalicelib.places import Area
from chalicelib.reasons import Reason
from chalicelib.times import Window, counts_money, money_window, window_keys

_CAPPED = (
    Reason.CAPPED_HOUR,
    Reason.CAPPED_DAY,
    Reason.CAPPED_MONTH,
    Reason.CAPPED_TOTAL,
    Reason.CAPPED_MONEY_HOUR,
    Reason.CAPPED_MONEY_DAY,
    Reason.CAPPED_MONEY_MONTH,
    Reason.CAPPED_MONEY_TOTAL,
)
_NO_BUDGET = (Reason.NO_BUDGET_DAY, Reason.NO_BUDGET_MONTH, Reason.NO_BUDGET_TOTAL)


class Limit(NamedTuple):
    """At most `most` may be counted under `key`, calls or cents; one call `takes` some of it."""

    key: str
    most: int
    takes: int
    reason: Reason


@lru_cache(maxsize=64)
def target_windows(zone: str, now: datetime) -> tuple[str, ...]:
    """All under which a call on a target counts, capped or not: a cap set later finds them.

    Calls before money, the shortest window first; kept for the targets of one decision.
    """
    keys = tuple(window_keys(now, zone).values())
    return (*keys, *map(money_window, keys))


def budget_windows(zone: str, now: datetime) -> tuple[str, ...]:
    """All under which a campaign's money counts, budgeted or not, the shortest window first."""
    keys = window_keys(now, zone)
    return keys[Window.DAY], keys[Window.MONTH], keys[Window.TOTAL]


def target_limits(target: Target, charge_cents: int, now: datetime) -> Iterator[Limit]:
    """Every cap that the target has, in the order of `target_windows`."""
    caps = (
        target.hourly_cap,
        target.daily_cap,
        target.monthly_cap,
        target.total_cap,
        target.hourly_cap_cents,
        target.daily_cap_cents,
        target.monthly_cap_cents,
        target.total_cap_cents,
    )
    windows = target_windows(target.hours.zone, now)
    for key, cap, reason in zip(windows, caps, _CAPPED, strict=True):
        if cap is not None:
            yield Limit(key, cap, charge_cents if counts_money(key) else 1, reason)


def budget_limits(campaign: Campaign, now: datetime) -> Iterator[Limit]:
    """Every budget that the campaign has, in cents, in the order of `budget_windows`."""
    budgets = (
        campaign.daily_budget_cents,
        campaign.monthly_budget_cents,
        campaign.total_budget_cents,
    )
    windows = budget_windows(campaign.zone, now)
    for key, budget, reason in zip(windows, budgets, _NO_BUDGET, strict=True):
        if budget is not None:
            yield Limit(key, budget, campaign.terms.charge_cents, reason)


def kept_by(hold: Hold, key: str) -> int:
    """What a hold keeps of a target under one of its windows: cents or one call."""
    return hold.amount_cents if counts_money(key) else 1


def reached(limits: Iterable[Limit], used: Mapping[str, int]) -> Reason | None:
    """The first limit that a further call would go beyond; to reach it exactly is allowed."""
    for limit in limits:
        if used.get(limit.key, 0) + limit.takes > limit.most:
            return limit.reason
    return None


def paused(advertiser: Advertiser, campaign: Campaign, target: Target) -> Reason | None:
    """Whether anybody concerned is out of business; the widest is named."""
    if advertiser.state is not State.ACTIVE:
        return Reason.ADVERTISER_PAUSED
    if campaign.state is not State.ACTIVE:
        return Reason.CAMPAIGN_PAUSED
    return None if target.state is State.ACTIVE else Reason.TARGET_PAUSED


def out_of_season(campaign: Campaign, now: datetime) -> Reason | None:
    """Whether the campaign runs at `now`: its start included, its end excluded."""
    if campaign.starts_at is not None and now < campaign.starts_at:
        return Reason.NOT_STARTED
    ended = campaign.ends_at is not None and now >= campaign.ends_at
    return Reason.ENDED if ended else None


def closed(target: Target, now: datetime) -> Reason | None:
    """Whether the target's hours exclude `now`."""
    return None if target.hours.open_at(now) else Reason.CLOSED


def covers(geography: Geography, area: Area) -> bool:
    """Whether a caller in `area` is inside.

    An unknown place is inside only where no place is named, and is not excluded.
    """
    named = bool(geography.states or geography.area_codes or geography.zips)
    return (not named or _lies_in(geography, area)) and not _lies_in(geography.exclude, area)


def out_of_area(campaign: Campaign, target: Target, area: Area) -> Reason | None:
    """Whether a caller in `area` is not even to be routed to the target."""
    if campaign.route_by_area is RouteByArea.ANYWHERE:
        return None
    own = target.geography
    inside = covers(campaign.terms.geography if own is None else own, area)
    return None if inside else Reason.OUT_OF_AREA


def filtered(target: Target, attributes: Mapping[str, str]) -> Reason | None:
    """Whether a filter of the target does not let the call pass; all of them must."""
    every = all(passes(one, attributes) for one in target.filters)
    return None if every else Reason.FILTERED


def all_slots_busy(target: Target, busy: int) -> Reason | None:
    """Whether a target that has `busy` live calls takes no further one at once."""
    full = target.concurrency_cap is not None and busy >= target.concurrency_cap
    return Reason.AT_CONCURRENCY if full else None


def without_funds(available_cents: int, charge_cents: int) -> Reason | None:
    """Whether the advertiser's money does not reach for the charge; to the cent is enough."""
    return Reason.NO_FUNDS if available_cents < charge_cents else None


def _lies_in(places: Places, area: Area) -> bool:
    return (
        area.state in places.states
        or area.area_code in places.area_codes
        or area.zip in places.zips
    )
