"""Which rows does a reservation change, and how?

Owns the changes that take and give back what an attempt keeps reserved of campaign, funds and
partnership, merged with those of `target_holds` so that no row is changed twice in one transaction.
Which attempt is reserved belongs to `routing`; the transaction, to whoever writes it.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from chalicelib.calls import Attempt, Hold
from chalicelib.limits import budget_limits, kept_of_partnership, partnership_limits
from chalicelib.reserving import Reservation
from chalicelib.store.rows import (
    BOOKS,
    CATALOG,
    AtLeast,
    AtMost,
    Change,
    Condition,
    Key,
    Path,
)
from chalicelib.store.target_holds import NOBODY_REACHED, Ended, target_changes
from chalicelib.times import counts_money, window_is_over


def campaign_key(campaign_id: str) -> Key:
    """Where a campaign lies."""
    return Key(CATALOG, f"CAMPAIGN#{campaign_id}")


def partnership_key(partnership_id: str) -> Key:
    """Where a partnership lies, with the use of its caps."""
    return Key(CATALOG, f"PARTNERSHIP#{partnership_id}")


def funds_key(advertiser_id: str) -> Key:
    """Where an advertiser's funds lie."""
    return Key(BOOKS, f"FUNDS#{advertiser_id}")


def hold_changes(
    call_id: str,
    *,
    release: Attempt | None,
    take: Reservation | None,
    partnership_id: str | None,
    now: datetime,
    ended: Ended = NOBODY_REACHED,
) -> list[Change]:
    """The changes that give back what `release` holds, all but what it `ended` with, and reserve
    `take`.

    Each holds only while what it takes is there: cap places, a free slot, budget, money. Of several
    that rang at once the one that the attempt is on `ended` so, the others with nobody reached.
    """
    held, hold = release.hold if release else None, take.attempt.hold if take else None
    campaigns = {h.campaign_id for h in (held, hold) if h}
    advertisers = {h.advertiser_id for h in (held, hold) if h}
    changes = target_changes(call_id, release, take, now=now, ended=ended)
    for campaign_id in sorted(campaigns):
        change = _campaign_change(campaign_id, held, take, now=now, ended=ended)
        changes.extend([change] if change else [])
    for advertiser_id in sorted(advertisers):
        changes.extend(_funds_changes(advertiser_id, held, hold, ended))
    if partnership_id is not None:
        key = partnership_key(partnership_id)
        changes.extend(_partnership_changes(key, held, take, now=now, ended=ended))
    return changes


def _campaign_change(
    campaign_id: str,
    release: Hold | None,
    take: Reservation | None,
    *,
    now: datetime,
    ended: Ended,
) -> Change | None:
    moved: Counter[str] = Counter()
    if release and release.campaign_id == campaign_id:
        returned = release.amount_cents - ended.charge_cents
        moved.subtract(dict.fromkeys(release.campaign_windows, returned))
    when: list[Condition] = []
    if take and take.attempt.hold.campaign_id == campaign_id:
        hold = take.attempt.hold
        moved.update(dict.fromkeys(hold.campaign_windows, hold.amount_cents))
        when = [
            AtMost(("spent", limit.key), limit.most - moved[limit.key])
            for limit in budget_limits(take.campaign.campaign, hold.amount_cents, now)
            if moved[limit.key] > 0
        ]
    adds: Mapping[Path, int] = {("spent", key): cents for key, cents in moved.items() if cents}
    return Change(key=campaign_key(campaign_id), add=adds, when=when) if adds else None


def _funds_changes(
    advertiser_id: str, release: Hold | None, take: Hold | None, ended: Ended
) -> list[Change]:
    released = release.amount_cents if release and release.advertiser_id == advertiser_id else 0
    taken = take.amount_cents if take and take.advertiser_id == advertiser_id else 0
    charged = ended.charge_cents if released else 0
    if (taken, charged) == (released, 0):
        return []
    return [funds_change(advertiser_id, taken=taken, released=released, charged=charged)]


def _partnership_changes(
    key: Key, release: Hold | None, take: Reservation | None, *, now: datetime, ended: Ended
) -> list[Change]:
    """What moves between the two under the partnership's caps; nothing in most failovers."""
    moved: Counter[str] = Counter()
    if release:
        for window in release.partnership_windows:
            moved[window] -= _unearned(release, window, ended)
    when: list[Condition] = []
    forgotten: list[Path] = []
    if take and take.attempt.hold.partnership_windows:
        hold = take.attempt.hold
        moved.update(
            {window: kept_of_partnership(hold, window) for window in hold.partnership_windows}
        )
        caps = partnership_limits(take.partnership, hold.earning_cents, now)
        when = [
            AtMost(("used", limit.key), limit.most - moved[limit.key])
            for limit in caps
            if moved[limit.key] > 0
        ]
        forgotten = [("used", window) for window in take.earned if window_is_over(window, now)]
    adds: dict[Path, int] = {
        ("used", w): n for w, n in moved.items() if n and ("used", w) not in forgotten
    }
    return [Change(key=key, add=adds, remove=forgotten, when=when)] if adds else []


def _unearned(hold: Hold, window: str, ended: Ended) -> int:
    """What a hold's end gives back under one window of the partnership's caps."""
    if ended.earning_cents is None:
        return kept_of_partnership(hold, window)
    return hold.earning_cents - ended.earning_cents if counts_money(window) else 0


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
