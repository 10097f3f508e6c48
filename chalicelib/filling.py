"""Which slot does a number of a pool take, and how does it leave again?

Owns the slots of a pool as they stand: which one is filled next, in which area, how many are left
when one is emptied at the end, and what their latest visits tell of how long one lasts. Who is lent
a number belongs to `leasing`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.offers import ANYWHERE, Slot
from chalicelib.places import area_code_of, place_of
from chalicelib.pools import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFacts:
    """A slot as it stands; times are epoch seconds, absent where nothing happened.

    A vacant one has no number. It is lent `until` (exclusive) and then kept, when a call came,
    `kept_until`. Once `leaving_at` is said it is lent no more; a number that
    `releases` goes back to the carrier, and until it has, the slot names it as `releasing`.
    """

    slot: Slot
    e164: str | None = None
    number_id: str | None = None
    visit_id: str | None = None
    since: int | None = None
    seen_at: int | None = None
    until: int = 0
    kept_until: int = 0
    before_since: int | None = None
    before_seen_at: int | None = None
    leaving_at: int | None = None
    releases: bool = False
    releasing: str | None = None

    def lent_at(self, now: int) -> bool:
        """Whether a visit has the number now."""
        return self.e164 is not None and self.visit_id is not None and now < self.until

    @property
    def bound_until(self) -> int:
        """When its lease and its keeping are over, exclusive."""
        return max(self.until, self.kept_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """All slots of a pool, in their order; `sizes` says how many of them each area has, `version`
    which state of them this is. Slots beyond the size are left over, and vacant."""

    sizes: Mapping[str, int] = field(default_factory=dict)
    version: int = 0
    slots: Sequence[SlotFacts] = ()

    @property
    def filled(self) -> tuple[SlotFacts, ...]:
        """The slots with a number in them."""
        return tuple(one for one in self.slots if one.e164 is not None)

    @property
    def staying(self) -> tuple[SlotFacts, ...]:
        """The slots with a number that does not leave."""
        return tuple(one for one in self.filled if one.leaving_at is None)

    def of(self, number_id: str) -> SlotFacts | None:
        """The slot that the number lies in."""
        return next((one for one in self.filled if one.number_id == number_id), None)


def area_of(pool: Pool, e164: str) -> str:
    """The area in which the pool lends the number: its state where that counts, else anywhere."""
    if not pool.near_visitor:
        return ANYWHERE
    place = place_of(e164)
    return (place and place.state) or ANYWHERE


def next_slot(pool_id: str, area: str, facts: PoolFacts) -> tuple[Slot, bool]:
    """The slot that a number of the area takes, the lowest vacant one first, and whether it is
    there already. One whose last number is not given back yet is passed over."""
    ours = {one.slot.number: one for one in facts.slots if one.slot.area == area}
    number = 0
    while number in ours and not _fillable(ours[number]):
        number += 1
    return Slot(pool_id=pool_id, area=area, number=number), number in ours


def size_without(slot: Slot, facts: PoolFacts) -> int:
    """How many slots the area has once this one is vacant: those at its end that are vacant count
    no more, so that no visit tries them."""
    others = (
        one.slot.number
        for one in facts.filled
        if one.slot.area == slot.area and one.slot.number != slot.number
    )
    return max(others, default=-1) + 1


def last_first(facts: PoolFacts, now: int, attribution_seconds: int) -> Iterator[SlotFacts]:
    """The numbers that leave without being missed, those of the highest slots first: no lease, no
    keeping, and the window of the latest visit is over."""
    ours = sorted(facts.staying, key=lambda one: (one.slot.number, one.slot.area), reverse=True)
    return (
        one
        for one in ours
        if one.kept_until <= now
        and (one.visit_id is None or one.until + attribution_seconds <= now)
    )


def visit_lengths(slots: Iterable[SlotFacts], now: int) -> tuple[int, ...]:
    """How many seconds the latest visits lasted that are over: from the first look to the last."""
    spans = (
        span
        for one in slots
        for span in (
            (one.before_since, one.before_seen_at),
            (one.since, one.seen_at) if one.until <= now else (None, None),
        )
    )
    return tuple(last - first for first, last in spans if first is not None and last is not None)


def fewest_first(area_codes: Sequence[str], facts: PoolFacts) -> tuple[str, ...]:
    """The area codes, those first of which the pool has fewest numbers."""
    have = _by_area_code(facts)
    return tuple(sorted(area_codes, key=lambda code: have[code]))


def choose(stock: Mapping[str, Sequence[str]], facts: PoolFacts, count: int) -> tuple[str, ...]:
    """At most `count` numbers of a stock by area code, each of the area code of which the pool then
    has fewest, the first in order among equals."""
    have = _by_area_code(facts)
    left = {code: list(dict.fromkeys(numbers)) for code, numbers in stock.items()}
    chosen: dict[str, None] = {}
    while len(chosen) < count and any(left.values()):
        code = min((code for code in left if left[code]), key=lambda code: have[code])
        e164 = left[code].pop(0)
        if e164 not in chosen:
            chosen[e164] = None
            have[code] += 1
    return tuple(chosen)


def _by_area_code(facts: PoolFacts) -> Counter[str | None]:
    return Counter(area_code_of(one.e164) for one in facts.filled)


def _fillable(one: SlotFacts) -> bool:
    return one.e164 is None and one.releasing is None
