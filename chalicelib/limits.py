"""How much may be taken, in which windows, and how much does one call take?

Owns the caps of targets and partnerships and the budgets of campaigns as limits on counts, and what
the end of a call gives back. Whether a limit passes a target over belongs to `eligibility`; holding
it against other calls, to the store.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from chalicelib.calls import Hold, Reached
from chalicelib.campaigns import Campaign, Caps, Matrix, Target
from chalicelib.offers import Partnership
from chalicelib.reasons import Reason
from chalicelib.settings import CapUse
from chalicelib.times import Window, counts_money, local_time, money_window, window_keys
from chalicelib.together import Ringing

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
_PARTNERSHIP_CAPPED = (
    Reason.PARTNERSHIP_CAPPED_HOUR,
    Reason.PARTNERSHIP_CAPPED_DAY,
    Reason.PARTNERSHIP_CAPPED_MONTH,
    Reason.PARTNERSHIP_CAPPED_TOTAL,
    Reason.PARTNERSHIP_CAPPED_MONEY_HOUR,
    Reason.PARTNERSHIP_CAPPED_MONEY_DAY,
    Reason.PARTNERSHIP_CAPPED_MONEY_MONTH,
    Reason.PARTNERSHIP_CAPPED_MONEY_TOTAL,
)
_NO_BUDGET = (Reason.NO_BUDGET_DAY, Reason.NO_BUDGET_MONTH, Reason.NO_BUDGET_TOTAL)
_CONSUMED_BY = {
    CapUse.ATTEMPT: frozenset(Reached),
    CapUse.CONNECT: frozenset({Reached.CONVERSATION, Reached.CHARGE}),
    CapUse.APPROVAL: frozenset({Reached.CHARGE}),
}


class Limit(NamedTuple):
    """At most `most` may be counted under `key`, calls or cents; one call `takes` some of it."""

    key: str
    most: int
    takes: int
    reason: Reason


@lru_cache(maxsize=64)
def cap_windows(zone: str, now: datetime) -> tuple[str, ...]:
    """All under which a call counts for caps, set or not: a cap set later finds the calls.

    Calls before money, the shortest window first; kept for the targets of one decision.
    """
    keys = tuple(window_keys(now, zone).values())
    return (*keys, *map(money_window, keys))


def budget_windows(zone: str, now: datetime) -> tuple[str, ...]:
    """All under which a campaign's money counts, budgeted or not, the shortest window first."""
    keys = window_keys(now, zone)
    return keys[Window.DAY], keys[Window.MONTH], keys[Window.TOTAL]


def target_limits(target: Target, charge_cents: int, now: datetime) -> list[Limit]:
    """Every cap of the target that a call at `now` meets, in the order of `cap_windows`."""
    zone = target.hours.zone
    hourly = _of_the_hour(target.hourly_cap_matrix, target.hourly_cap, zone, now)
    return _limits(target, hourly, cap_windows(zone, now), charge_cents, _CAPPED)


def partnership_limits(partnership: Partnership, earning_cents: int, now: datetime) -> list[Limit]:
    """Every cap of the partnership that a call at `now` meets, in the order of `cap_windows`."""
    windows = cap_windows(partnership.zone, now)
    hourly = partnership.hourly_cap
    return _limits(partnership, hourly, windows, earning_cents, _PARTNERSHIP_CAPPED)


def budget_limits(campaign: Campaign, charge_cents: int, now: datetime) -> list[Limit]:
    """Every budget of the campaign that a charge at `now` meets, in the order of
    `budget_windows`."""
    budgets = (
        campaign.daily_budget_cents,
        campaign.monthly_budget_cents,
        campaign.total_budget_cents,
    )
    windows = budget_windows(campaign.zone, now)
    return [
        Limit(key, budget, charge_cents, reason)
        for key, budget, reason in zip(windows, budgets, _NO_BUDGET, strict=True)
        if budget is not None
    ]


def slots(target: Target, now: datetime) -> int | None:
    """How many calls the target takes at once at `now`; None is no limit."""
    return _of_the_hour(target.concurrency_matrix, target.concurrency_cap, target.hours.zone, now)


def first_reached(limits: Iterable[Limit], used: Mapping[str, int]) -> Reason | None:
    """The first limit that a further call would go beyond; to reach it exactly is allowed."""
    for limit in limits:
        if used.get(limit.key, 0) + limit.takes > limit.most:
            return limit.reason
    return None


def kept_by(share: Hold | Ringing, key: str) -> int:
    """What is kept of a target under one of its windows: cents or one call."""
    return share.amount_cents if counts_money(key) else 1


def given_back(share: Hold | Ringing, key: str, *, reached: Reached, charge_cents: int = 0) -> int:
    """What the end of a target's attempt gives back under one of its windows.

    Money goes back but for what is charged; a place in calls does not when the attempt came as far
    as the `cap_use` says.
    """
    if counts_money(key):
        return share.amount_cents - charge_cents
    return 0 if reached in _CONSUMED_BY[share.cap_use] else 1


def kept_of_partnership(hold: Hold, key: str) -> int:
    """What a hold keeps of its partnership under one of the windows: cents or one call."""
    return hold.earning_cents if counts_money(key) else 1


def _limits(
    caps: Caps,
    hourly: int | None,
    windows: tuple[str, ...],
    cents: int,
    reasons: tuple[Reason, ...],
) -> list[Limit]:
    said = (
        hourly,
        caps.daily_cap,
        caps.monthly_cap,
        caps.total_cap,
        caps.hourly_cap_cents,
        caps.daily_cap_cents,
        caps.monthly_cap_cents,
        caps.total_cap_cents,
    )
    takes = (1, 1, 1, 1, cents, cents, cents, cents)
    return [
        Limit(key, cap, taken, reason)
        for key, cap, taken, reason in zip(windows, said, takes, reasons, strict=True)
        if cap is not None
    ]


def _of_the_hour(matrix: Matrix | None, plain: int | None, zone: str, now: datetime) -> int | None:
    """The matrix' value for the hour, else the plain cap."""
    if matrix is None:
        return plain
    local = local_time(now, zone)
    own = matrix[local.weekday()][local.hour]
    return plain if own is None else own
