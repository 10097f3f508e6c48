"""Which changes does a target's row see when an attempt takes a place in it, or gives it back?

Owns slot, caps, spacing and trials of targets, for one that rings alone and for each of a group.
Budget, money and the partnership's caps belong to `holds`.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.calls import Attempt, Reached
from chalicelib.limits import given_back, kept_by, slots, target_limits
from chalicelib.market import expired_leases
from chalicelib.reserving import Place, Reservation
from chalicelib.ringing import Share, is_freed, on_trial, shares
from chalicelib.store.rows import (
    CATALOG,
    AtMost,
    Change,
    Condition,
    Equals,
    FewerThan,
    Item,
    Key,
    Path,
)
from chalicelib.times import window_is_over
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


def freeing_changes(call_id: str, attempt: Attempt, taker: str) -> list[Change]:
    """The changes that give back what was kept of the others of a group, while the call goes on
    with the `taker`. They are no trial of theirs: that is told by the end."""
    return [
        Change(
            key=target_key(attempt.hold.campaign_id, share.target_id),
            add={("used", w): n for w, n in _given_back(share, NOBODY_REACHED).items() if n},
            remove=[("leases", call_id)],
        )
        for share in shares(attempt)
        if share.target_id != taker
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Release:
    """What one target gets back; `trial` where the attempt counts for it, `ended` how it ended on
    this one. What is `freed` was given back before, as if nobody had been reached."""

    share: Share
    ended: Ended
    trial: bool
    freed: bool


def target_changes(
    call_id: str,
    release: Attempt | None,
    take: Reservation | None,
    *,
    now: datetime,
    ended: Ended,
) -> list[Change]:
    """One change for each target that is given back or taken, or both."""
    released = {one.share.target_id: one for one in _releases(release, ended)}
    taken = {one.share.target_id: one for one in take.places} if take else {}
    campaign_of = dict.fromkeys(released, release.hold.campaign_id) if release else {}
    if take:
        campaign_of |= dict.fromkeys(taken, take.attempt.hold.campaign_id)
    return [
        _target_change(
            target_key(campaign_id, target_id),
            call_id,
            released.get(target_id),
            (take.attempt, taken[target_id]) if take and target_id in taken else None,
            now=now,
        )
        for target_id, campaign_id in sorted(campaign_of.items(), key=lambda one: one[::-1])
    ]


def _releases(release: Attempt | None, ended: Ended) -> list[_Release]:
    if release is None:
        return []
    tried = on_trial(release, ended.reached)
    found = [
        _Release(
            share=share,
            ended=ended if share.target_id == release.hold.target_id else NOBODY_REACHED,
            trial=share.target_id in tried,
            freed=is_freed(release, share),
        )
        for share in shares(release)
    ]
    return [one for one in found if one.trial or not one.freed]


def _target_change(
    key: Key,
    call_id: str,
    release: _Release | None,
    take: tuple[Attempt, Place] | None,
    *,
    now: datetime,
) -> Change:
    counts: Counter[str] = Counter()
    if release:
        counts.update(_given_back(release.share, release.ended))
        if release.freed:
            counts.subtract(_given_back(release.share, NOBODY_REACHED))
    sets: dict[Path, int] = {}
    removes: list[Path] = [("leases", call_id)] if release and not take else []
    when: list[Condition] = []
    if take:
        attempt, place = take
        share, facts = place.share, place.facts
        counts.update({window: kept_by(share, window) for window in share.target_windows})
        sets[("leases", call_id)] = int(attempt.hold.lease_until.timestamp())
        sets[_TAKEN_AT] = _milliseconds(now)
        expired = [call for call in expired_leases(facts, now) if call != call_id]
        reaped = expired[:_MOST_REAPED]
        removes += [("leases", call) for call in reaped]
        removes += [("used", w) for w in facts.used if window_is_over(w, now)]
        removes += [(name,) for name in facts.trials if is_over(name, now)]
        when += _target_conditions(place, now, reaped)
    moved: dict[Path, int] = {
        ("used", w): n for w, n in counts.items() if n and ("used", w) not in removes
    }
    if release and release.trial:
        trial = names_of_a_trial(approved=release.ended.reached is Reached.CHARGE, now=now)
        moved |= {(name,): 1 for name in trial}
    return Change(key=key, set=sets, add=moved, remove=removes, when=when)


def _given_back(share: Share, ended: Ended) -> Counter[str]:
    """What the end of an attempt takes from each window of one of its targets."""
    given: Counter[str] = Counter()
    for window in share.target_windows:
        given[window] -= given_back(
            share, window, reached=ended.reached, charge_cents=ended.charge_cents
        )
    return given


def read_taken_at(item: Item) -> datetime | None:
    """When the latest call on a target's row was reserved; None before the first."""
    taken = item.get(_TAKEN_AT[0])
    return None if taken is None else datetime.fromtimestamp(taken / 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _target_conditions(place: Place, now: datetime, reaped: list[str]) -> list[Condition]:
    """A free slot, room under every cap, and the spacing; each slot taken for expired must still
    be it."""
    target, price = place.facts.target, place.share.amount_cents
    conditions: list[Condition] = [
        Equals(("leases", call), int(place.facts.leases[call].timestamp())) for call in reaped
    ]
    most = slots(target, now)
    if most is not None:
        conditions.append(FewerThan(("leases",), most + len(reaped)))
    if place.spacing_seconds:
        latest = _milliseconds(now) - 1000 * place.spacing_seconds
        conditions.append(AtMost(_TAKEN_AT, latest))
    return conditions + [
        AtMost(("used", limit.key), limit.most - limit.takes)
        for limit in target_limits(target, price, now)
    ]
