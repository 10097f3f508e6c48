"""Which number of a pool is lent to a visit, and until when?

Owns the order in which slots are looked at, whether one is free, which of the free ones is taken,
and the terms of a lease. What a lease writes belongs to the store, which visit a call belongs to,
to `attribution`.

A pool of up to `WHOLE` slots is read whole. Of a larger one, `PROBED` slots are read that follow
one another from a place that the visit's id draws: where 80 of 100 are lent, all of them are taken
less than once in a thousand visits. Then up to `FURTHER` more are looked at before a visit goes
without.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zlib import crc32

from chalicelib.offers import Slot
from chalicelib.pools import Lending, Pool

WHOLE = 100
PROBED = 64
FURTHER = 400
_NEVER_LENT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Slots of a pool that follow one another by area and number, both ends included."""

    first: Slot
    last: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Lendable:
    """A slot as it stands; times are epoch seconds, zero where nothing happened.

    `e164` is None in a vacant one. The visit `visit_id` has the number until `until` (exclusive),
    or had it last; nobody else gets it before `kept_until`, nor at all once it is `leaving`.
    """

    slot: Slot
    e164: str | None
    visit_id: str | None = None
    since: int = 0
    seen_at: int = 0
    until: int = 0
    kept_until: int = 0
    before_visit_id: str | None = None
    leaving: bool = False

    def free_for(self, visit_id: str, now: int) -> bool:
        """Whether the visit may have the number at `now`; its own it may keep, or take back while
        nobody else has it."""
        if self.e164 is None:
            return False
        if self.visit_id == visit_id:
            return now < self.until or not self.leaving
        return not self.leaving and self.until <= now and self.kept_until <= now

    def leads_back(self, pool: Pool, now: int) -> bool:
        """Whether a call would still lead back to the visit that had the free number last: keeping
        it moves the window on for nobody."""
        return self.visit_id is not None and now < self.until + pool.attribution_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A slot's number lent to a visit from `since` until `until`, at the latest `ends` (all
    exclusive ends, epoch seconds).

    It is `fresh` when the visit did not have the number before. It `collides` when the window still
    runs in which a call leads back to the visit that had it last.
    """

    found: Lendable
    e164: str
    since: int
    until: int
    ends: int
    fresh: bool
    collides: bool


def probes(lending: Lending, visit_id: str, home: str | None) -> tuple[Stretch, ...]:
    """Where a visit looks first; with `home`, the visitor's state, also there in a pool that lends
    near the visitor."""
    sizes, total = _filled(lending.sizes), sum(lending.sizes.values())
    if total <= WHOLE:
        return _stretches(lending, sizes, 0, total)
    drawn = _stretches(lending, sizes, _drawn(visit_id, total), PROBED)
    near = sizes.get(home or "", 0) if lending.pool.near_visitor else 0
    if not near or home is None:
        return drawn
    start = _drawn(visit_id, near) if near > PROBED else 0
    return (*_stretches(lending, {home: near}, start, min(near, PROBED)), *drawn)


def further(lending: Lending, visit_id: str) -> tuple[Stretch, ...]:
    """Where a visit looks next when nothing was free: up to `FURTHER` slots after the first ones;
    nowhere in a pool that has been read whole."""
    sizes, total = _filled(lending.sizes), sum(lending.sizes.values())
    if total <= WHOLE:
        return ()
    start = _drawn(visit_id, total) + PROBED
    return _stretches(lending, sizes, start, min(total - PROBED, FURTHER))


def ranked(
    found: Iterable[Lendable], visit_id: str, *, pool: Pool, home: str | None, now: int
) -> list[Lendable]:
    """Those that the visit may have, the best first.

    Its own; then, in a pool that lends near the visitor, those of its `home`; then those whose last
    visit no call can lead back to; then the longest rested. Rests of similar length count alike,
    and the visit's id draws among them, so that a crowd does not run for one slot.
    """

    def worth(one: Lendable) -> tuple[bool, bool, bool, int, int]:
        rest = now - max(one.until, one.kept_until) if one.visit_id else None
        return (
            one.visit_id != visit_id,
            pool.near_visitor and one.slot.area != home,
            one.leads_back(pool, now),
            -_NEVER_LENT if rest is None else -max(rest, 0).bit_length(),
            _mixed(visit_id, f"{one.slot.area}#{one.slot.number}"),
        )

    distinct = {one.slot: one for one in found if one.free_for(visit_id, now)}
    return sorted(distinct.values(), key=worth)


def loan(one: Lendable, visit_id: str, *, pool: Pool, now: int) -> Loan:
    """The terms on which the visit has the number of a slot that is free for it.

    A lease that runs goes on, up to its longest; any other begins now.
    """
    own = one.visit_id == visit_id
    runs = own and now < min(one.until, one.since + pool.max_lease_seconds)
    since = one.since if runs else now
    ends = since + pool.max_lease_seconds
    return Loan(
        found=one,
        e164=one.e164 or "",
        since=since,
        until=prolonged(now, pool.hold_seconds, ends),
        ends=ends,
        fresh=not own,
        collides=not own and one.leads_back(pool, now),
    )


def prolonged(now: int, hold_seconds: int, ends: int) -> int:
    """Until when a lease runs (exclusive) whose page was seen at `now`."""
    return min(now + hold_seconds, ends)


def remembered_until(pools: Iterable[Pool], now: int) -> int:
    """Until when a visit is remembered that is lent numbers of `pools` at `now`: no call can lead
    back to it from then on, not even one for which the last call of its window kept the number."""
    return now + max(
        pool.max_lease_seconds + pool.attribution_seconds + pool.keep_seconds for pool in pools
    )


def _filled(sizes: Mapping[str, int]) -> dict[str, int]:
    """The areas that have slots, in the order of the rows."""
    return {area: sizes[area] for area in sorted(sizes) if sizes[area] > 0}


def _stretches(
    lending: Lending, sizes: Mapping[str, int], start: int, count: int
) -> tuple[Stretch, ...]:
    """`count` slots from the place `start` on, counted around; at most two stretches."""
    total = sum(sizes.values())
    if not total or not count:
        return ()
    start %= total
    parts = [(start, min(start + count, total))]
    if start + count > total:
        parts.append((0, start + count - total))
    return tuple(
        Stretch(
            first=_slot_at(lending.pool.id, sizes, first),
            last=_slot_at(lending.pool.id, sizes, end - 1),
        )
        for first, end in parts
    )


def _slot_at(pool_id: str, sizes: Mapping[str, int], place: int) -> Slot:
    """The slot at a place, all areas counted through in their order."""
    for area, size in sizes.items():
        if place < size:
            return Slot(pool_id=pool_id, area=area, number=place)
        place -= size
    raise ValueError("the pool has fewer slots")


def _drawn(visit_id: str, total: int) -> int:
    return _mixed(visit_id, "start") % total


def _mixed(visit_id: str, word: str) -> int:
    """A whole number that looks drawn, and is the same for the same visit and word."""
    return crc32(word.encode(), crc32(visit_id.encode()))
