"""Which numbers lie in the slots of a pool?

Owns the row of a pool's sizes, and what making, filling and emptying slots writes. Where the rows
lie belongs to `slots`, who is lent the number in one to `leases`. The version of the sizes grows
with every number that comes or goes, so that of two who change the numbers of a pool at once one
reads anew.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.filling import PoolFacts, SlotFacts, size_without
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.store.rows import (
    VISITS,
    Absent,
    Action,
    AtMost,
    Change,
    Check,
    Condition,
    Equals,
    Item,
    Put,
    Question,
    Rows,
)
from chalicelib.store.slots import lent_key, size_key, slot_key

_SLOT = "SLOT#"
_ANY = "*"
# The database takes no empty name in a map, and no area of the United States is called so.
_OF_A_LEASE = (
    "visit_id", "since", "seen_at", "until", "kept_until",
    "before_visit_id", "before_since", "before_seen_at",
)  # fmt: skip
_LEAVING = ("leaving_at", "releases")


def sizes_put(pool_id: str) -> Put:
    """The sizes of a new pool, which has no number yet."""
    key = size_key(pool_id)
    return Put(VISITS, {"pk": key.pk, "sk": key.sk, "sizes": {}, "version": 0})


def sizes_unchanged(pool_id: str, version: int) -> Check:
    """Holds while no number has come or gone since the version was read."""
    return Check(size_key(pool_id), [_at(version)])


def read_sizes(pool_ids: Iterable[str], rows: Rows) -> dict[str, PoolFacts]:
    """How many slots each of the pools has in each area, without the slots."""
    keys = {size_key(pool_id): pool_id for pool_id in pool_ids}
    found = rows.gather(list(keys))[0] if keys else {}
    return {pool_id: _sizes(found.get(key)) for key, pool_id in keys.items()}


def read_slots(pool_id: str, rows: Rows) -> PoolFacts:
    """The pool's sizes and all its slots, in one round trip."""
    key = size_key(pool_id)
    question = Question(table=VISITS, partition=key.pk, starts_with=_SLOT)
    found, (items,) = rows.gather([key], [question])
    sizes = _sizes(found.get(key))
    slots = tuple(_slot(pool_id, item) for item in items)
    return PoolFacts(sizes=sizes.sizes, version=sizes.version, slots=slots)


def filled(slot: Slot, e164: str, number_id: str, facts: PoolFacts, *, made: bool) -> list[Action]:
    """The number lies in the slot, which is `made` already or comes with it."""
    size = max(facts.sizes.get(slot.area, 0), slot.number + 1)
    number = {"e164": e164, "id": number_id}
    if made:
        vacant = [Absent(("e164",)), Absent(("releasing",))]
        left_over = [(name,) for name in _OF_A_LEASE]
        change = Change(key=slot_key(slot), set=_paths(number), remove=left_over, when=vacant)
        return [_sized(slot, size, facts), change]
    key, lent = slot_key(slot), lent_key(slot)
    return [
        _sized(slot, size, facts),
        Put(VISITS, {"pk": key.pk, "sk": key.sk, **number}),
        Put(VISITS, {"pk": lent.pk, "sk": lent.sk, "visits": {}}),
    ]


def leaving(one: SlotFacts, now: int, *, releases: bool) -> Change:
    """The number is lent no more, and leaves as soon as it may."""
    said = {"leaving_at": now, "releases": 1 if releases else None}
    when = [Equals(("id",), one.number_id or "")]
    return Change(key=slot_key(one.slot), set=_paths(said), when=when)


def staying(one: SlotFacts) -> Change:
    """The number does not leave after all."""
    when = [Equals(("id",), one.number_id or "")]
    return Change(key=slot_key(one.slot), remove=[(name,) for name in _LEAVING], when=when)


def vacated(one: SlotFacts, facts: PoolFacts, now: int) -> list[Action]:
    """The slot is vacant, if neither a lease nor a keeping runs on then; a number that goes back to
    the carrier is named until it has."""
    when: list[Condition] = [
        Equals(("id",), one.number_id or ""),
        AtMost(("until",), now),
        AtMost(("kept_until",), now),
    ]
    gone = Change(
        key=slot_key(one.slot),
        set=_paths({"releasing": one.number_id if one.releases else None}),
        remove=[(name,) for name in ("e164", "id", *_OF_A_LEASE, *_LEAVING)],
        when=when,
    )
    forgotten = Change(key=lent_key(one.slot), set={("visits",): {}})
    return [_sized(one.slot, size_without(one.slot, facts), facts), gone, forgotten]


def given_back(one: SlotFacts) -> Change:
    """The number that lay in the slot is the carrier's again, and the slot may be filled."""
    when = [Equals(("releasing",), one.releasing or "")]
    return Change(key=slot_key(one.slot), remove=[("releasing",)], when=when)


def _sized(slot: Slot, size: int, facts: PoolFacts) -> Change:
    sizes = {**facts.sizes, slot.area: size}
    kept = {area or _ANY: count for area, count in sizes.items()}
    sets = _paths({"sizes": kept, "version": facts.version + 1})
    return Change(key=size_key(slot.pool_id), set=sets, when=[_at(facts.version)])


def _at(version: int) -> Condition:
    return Equals(("version",), version)


def _paths(values: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    return {(name,): value for name, value in values.items()}


def _sizes(item: Item | None) -> PoolFacts:
    if item is None:
        return PoolFacts()
    sizes = {area if area != _ANY else ANYWHERE: count for area, count in item["sizes"].items()}
    return PoolFacts(sizes=sizes, version=item.get("version", 0))


def _slot(pool_id: str, item: Item) -> SlotFacts:
    area, _, number = item["sk"].removeprefix(_SLOT).rpartition("#")
    return SlotFacts(
        slot=Slot(pool_id=pool_id, area=area, number=int(number)),
        e164=item.get("e164"),
        number_id=item.get("id"),
        visit_id=item.get("visit_id"),
        since=item.get("since"),
        seen_at=item.get("seen_at"),
        until=item.get("until", 0),
        kept_until=item.get("kept_until", 0),
        before_since=item.get("before_since"),
        before_seen_at=item.get("before_seen_at"),
        leaving_at=item.get("leaving_at"),
        releases=bool(item.get("releases")),
        releasing=item.get("releasing"),
    )
