"""Which rows does a reservation change, and how?

Owns the changes that take and give back what an attempt keeps reserved of target, campaign, funds
and partnership, merged so that no row is changed twice in one transaction. Which attempt is
reserved belongs to `routing`; the transaction, to whoever writes it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.calls import Hold, Reached
from chalicelib.limits import (
    Limit,
    budget_limits,
    given_back,
    kept_by,
    kept_of_partnership,
    partnership_limits,
    slots,
    target_limits,
)
from chalicelib.market import expired_leases
from chalicelib.reserving import Reservation
from chalicelib.store.rows import (
    BOOKS,
    CATALOG,
    AtLeast,
    AtMost,
    Change,
    Condition,
    Equals,
    FewerThan,
    Item,
    Key,
    Path,
)
from chalicelib.times import counts_money, window_is_over
from chalicelib.trials import is_over, names_of_a_trial

# An expression takes 4 KB; after an outage there can be more expired leases than fit. The sweep
# ends their calls and frees the rest.
_MOST_REAPED = 40
_TAKEN_AT: Path = ("taken_at",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How far the attempt came whose hold is released, and what is charged and earned for it.

    `earning_cents` None means that the call does not count for the partnership's caps.
    """

    reached: Reached = Reached.NOBODY
    charge_cents: int = 0
    earning_cents: int | None = None


NOBODY_REACHED = Ended()
TALKED = Ended(reached=Reached.CONVERSATION)


def target_key(campaign_id: str, target_id: str) -> Key:
    """Where a target lies: in its campaign's partition, so that one question reads them all."""
    return Key(CATALOG, f"CAMPAIGN#{campaign_id}", f"TARGET#{target_id}")


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
    release: Hold | None,
    take: Reservation | None,
    partnership_id: str | None,
    now: datetime,
    ended: Ended = NOBODY_REACHED,
) -> list[Change]:
    """The changes that give back `release`, all but what it `ended` with, and reserve `take`.

    Each holds only while what it takes is there: cap places, a free slot, budget, money. What is
    released is a trial of its target, and one that came to a charge succeeded.
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
            ended=ended,
        )
        for key in sorted(targets)
    ]
    for campaign_id in sorted(campaigns):
        change = _campaign_change(campaign_id, release, take, now=now, ended=ended)
        changes.extend([change] if change else [])
    for advertiser_id in sorted(advertisers):
        changes.extend(_funds_changes(advertiser_id, release, hold, ended))
    if partnership_id is not None:
        key = partnership_key(partnership_id)
        changes.extend(_partnership_changes(key, release, take, now=now, ended=ended))
    return changes


def _target_change(
    key: Key,
    call_id: str,
    release: Hold | None,
    take: Reservation | None,
    *,
    now: datetime,
    ended: Ended,
) -> Change:
    counts = _given_back(release, ended) if release else Counter()
    sets: dict[Path, int] = {}
    removes: list[Path] = [("leases", call_id)] if release and not take else []
    when: list[Condition] = []
    if take:
        hold = take.attempt.hold
        counts.update({window: kept_by(hold, window) for window in hold.target_windows})
        sets[("leases", call_id)] = int(hold.lease_until.timestamp())
        sets[_TAKEN_AT] = _milliseconds(now)
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
        trial = names_of_a_trial(approved=ended.reached is Reached.CHARGE, now=now)
        moved |= {(name,): 1 for name in trial}
    return Change(key=key, set=sets, add=moved, remove=removes, when=when)


def _given_back(hold: Hold, ended: Ended) -> Counter[str]:
    """What a hold's end takes from each of its target's windows."""
    given: Counter[str] = Counter()
    for window in hold.target_windows:
        given[window] -= given_back(
            hold, window, reached=ended.reached, charge_cents=ended.charge_cents
        )
    return given


def read_taken_at(item: Item) -> datetime | None:
    """When the latest call on a target's row was reserved; None before the first."""
    taken = item.get(_TAKEN_AT[0])
    return None if taken is None else datetime.fromtimestamp(taken / 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _target_conditions(take: Reservation, now: datetime, reaped: list[str]) -> list[Condition]:
    """A free slot, room under every cap, and the spacing; each slot taken for expired must still
    be it."""
    target, price = take.facts.target, take.attempt.hold.amount_cents
    conditions: list[Condition] = [
        Equals(("leases", call), int(take.facts.leases[call].timestamp())) for call in reaped
    ]
    most = slots(target, now)
    if most is not None:
        conditions.append(FewerThan(("leases",), most + len(reaped)))
    if take.spacing_seconds:
        latest = _milliseconds(now) - 1000 * take.spacing_seconds
        conditions.append(AtMost(_TAKEN_AT, latest))
    return conditions + [_room(limit) for limit in target_limits(target, price, now)]


def _room(limit: Limit) -> AtMost:
    return AtMost(("used", limit.key), limit.most - limit.takes)


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
