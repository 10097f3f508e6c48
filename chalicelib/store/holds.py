"""How does a reservation change the rows of target, campaign and funds?

Owns the changes that take and give back what an attempt keeps reserved, merged so that no row is
changed twice in one transaction. Which attempt is reserved belongs to `routing`; the transaction,
to whoever writes it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.calls import Hold
from chalicelib.eligibility import budget_limits, kept_by, target_limits
from chalicelib.market import expired_leases
from chalicelib.routing import Candidate
from chalicelib.store.rows import (
    BOOKS,
    CATALOG,
    AtLeast,
    AtMost,
    Change,
    Condition,
    Equals,
    FewerThan,
    Key,
    Path,
)
from chalicelib.times import counts_money, window_is_over
from chalicelib.trials import is_over, names_of_a_trial

# An expression takes 4 KB; after an outage there can be more expired leases than fit. The sweep
# ends their calls and frees the rest.
_MOST_REAPED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What stays of a released hold: the places and the money of an approved call."""

    charge_cents: int


def target_key(campaign_id: str, target_id: str) -> Key:
    """Where a target lies: in its campaign's partition, so that one question reads them all."""
    return Key(CATALOG, f"CAMPAIGN#{campaign_id}", f"TARGET#{target_id}")


def campaign_key(campaign_id: str) -> Key:
    """Where a campaign lies."""
    return Key(CATALOG, f"CAMPAIGN#{campaign_id}")


def funds_key(advertiser_id: str) -> Key:
    """Where an advertiser's funds lie."""
    return Key(BOOKS, f"FUNDS#{advertiser_id}")


def hold_changes(
    call_id: str,
    *,
    release: Hold | None,
    take: Candidate | None,
    now: datetime,
    kept: Kept | None = None,
) -> list[Change]:
    """The changes that give back `release` (all but what is `kept`) and reserve `take`.

    What is released is a trial of its target, and one that is kept succeeded.
    Each holds only while what it takes is there: cap places, a free slot, budget, money.
    """
    hold = take.attempt.hold if take else None
    targets = {(h.campaign_id, h.target_id) for h in (release, hold) if h}
    campaigns = {h.campaign_id for h in (release, hold) if h}
    advertisers = {h.advertiser_id for h in (release, hold) if h}
    changes = [
        _target_change(
            target_key(*key),
            call_id,
            release if release and release.target_id == key[1] else None,
            take if take and take.attempt.hold.target_id == key[1] else None,
            now=now,
            kept=kept,
        )
        for key in sorted(targets)
    ]
    for campaign_id in sorted(campaigns):
        change = _campaign_change(campaign_id, release, take, now=now, kept=kept)
        changes.extend([change] if change else [])
    for advertiser_id in sorted(advertisers):
        changes.extend(_funds_changes(advertiser_id, release, hold, kept))
    return changes


def _target_change(
    key: Key,
    call_id: str,
    release: Hold | None,
    take: Candidate | None,
    *,
    now: datetime,
    kept: Kept | None,
) -> Change:
    counts = _given_back(release, kept) if release else Counter()
    sets: dict[Path, int] = {}
    removes: list[Path] = [("leases", call_id)] if release and not take else []
    when: list[Condition] = []
    if take:
        hold = take.attempt.hold
        counts.update({window: kept_by(hold, window) for window in hold.target_windows})
        sets[("leases", call_id)] = int(hold.lease_until.timestamp())
        expired = [call for call in expired_leases(take.facts, now) if call != call_id]
        reaped = expired[:_MOST_REAPED]
        removes += [("leases", call) for call in reaped]
        removes += [("used", w) for w in take.facts.used if window_is_over(w, now)]
        removes += [(name,) for name in take.facts.trials if is_over(name, now)]
        when += _target_conditions(take, now, reaped)
    moved: dict[Path, int] = {
        ("used", w): n for w, n in counts.items() if n and ("used", w) not in removes
    }
    if release:
        trial = names_of_a_trial(approved=kept is not None, now=now)
        moved |= {(name,): 1 for name in trial}
    return Change(key=key, set=sets, add=moved, remove=removes, when=when)


def _given_back(hold: Hold, kept: Kept | None) -> Counter[str]:
    """What a hold's end takes from each of its windows: all, or the money not charged."""
    given: Counter[str] = Counter()
    for window in hold.target_windows:
        if kept is None:
            given[window] -= kept_by(hold, window)
        elif counts_money(window):
            given[window] -= kept_by(hold, window) - kept.charge_cents
    return given


def _target_conditions(take: Candidate, now: datetime, reaped: list[str]) -> list[Condition]:
    """A free slot and room under every cap; each slot taken for expired must still be it."""
    target, price = take.facts.target, take.attempt.hold.amount_cents
    conditions: list[Condition] = [
        Equals(("leases", call), int(take.facts.leases[call].timestamp())) for call in reaped
    ]
    if target.concurrency_cap is not None:
        conditions.append(FewerThan(("leases",), target.concurrency_cap + len(reaped)))
    return conditions + [
        AtMost(("used", limit.key), limit.most - limit.takes)
        for limit in target_limits(target, price, now)
    ]


def _campaign_change(
    campaign_id: str,
    release: Hold | None,
    take: Candidate | None,
    *,
    now: datetime,
    kept: Kept | None,
) -> Change | None:
    moved: Counter[str] = Counter()
    if release and release.campaign_id == campaign_id:
        given_back = release.amount_cents - (kept.charge_cents if kept else 0)
        moved.subtract(dict.fromkeys(release.campaign_windows, given_back))
    when: list[Condition] = []
    if take and take.attempt.hold.campaign_id == campaign_id:
        hold = take.attempt.hold
        moved.update(dict.fromkeys(hold.campaign_windows, hold.amount_cents))
        when = [
            AtMost(("spent", limit.key), limit.most - moved[limit.key])
            for limit in budget_limits(take.campaign.campaign, now)
            if moved[limit.key] > 0
        ]
    adds: Mapping[Path, int] = {("spent", key): cents for key, cents in moved.items() if cents}
    return Change(key=campaign_key(campaign_id), add=adds, when=when) if adds else None


def _funds_changes(
    advertiser_id: str, release: Hold | None, take: Hold | None, kept: Kept | None
) -> list[Change]:
    released = release.amount_cents if release and release.advertiser_id == advertiser_id else 0
    taken = take.amount_cents if take and take.advertiser_id == advertiser_id else 0
    charged = kept.charge_cents if kept and released else 0
    if (taken, charged) == (released, 0):
        return []
    return [funds_change(advertiser_id, taken=taken, released=released, charged=charged)]


def funds_change(
    advertiser_id: str, *, taken: int = 0, released: int = 0, charged: int = 0
) -> Change:
    """Hold `taken` cents, end a hold of `released`, and spend `charged` of what that freed.

    Refused when less than it takes is available, and when less than it frees is held, which never
    happens while each hold ends once.
    """
    more = taken - released
    adds: dict[Path, int] = {("held_cents",): more, ("available_cents",): -more - charged}
    room = AtLeast(("available_cents",), more) if more > 0 else AtLeast(("held_cents",), -more)
    return Change(
        key=funds_key(advertiser_id),
        add={path: cents for path, cents in adds.items() if cents},
        when=[room],
    )
