"""Who is lent the number in which slot?

Owns the sites as a process knows them, the read of slots, and the two transactions of lending: a
number lent anew, and a lease that goes on. Each rests on conditions on the slot as it stands, so
that no number has two visits at a time. Which slot it is to be belongs to `leasing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from chalicelib.leasing import Lendable, Loan, Stretch
from chalicelib.offers import Slot
from chalicelib.pools import Site
from chalicelib.store import codec
from chalicelib.store.rows import (
    CATALOG,
    VISITS,
    Absent,
    Action,
    AtLeast,
    AtMost,
    Change,
    Condition,
    Equals,
    Item,
    Key,
    NotWritten,
    Path,
    Question,
    Rows,
    key_of,
)
from chalicelib.store.slots import lent_key, slot_key
from chalicelib.store.tallies import tally_change
from chalicelib.store.visit_limits import limits_of
from chalicelib.store.visits import visit_change
from chalicelib.visits import Visit

_SITE_KEPT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """What one transaction writes: a visit with the numbers that it is lent, by pool.

    None among the `loans` says that nothing was free; pools in `arrived` the visit had not asked
    before. `counted` says that limits count it, `address` which address it came from.
    """

    site: Site
    visit: Visit
    forgotten_at: int
    loans: Mapping[str, Loan | None]
    arrived: frozenset[str]
    counted: bool
    address: str | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a transaction: nothing was written where a slot was `lost` to others, by
    pool, or the visit is `limited`."""

    lost: frozenset[str] = frozenset()
    limited: bool = False

    @property
    def written(self) -> bool:
        """Whether all of it was written."""
        return not self.lost and not self.limited


@dataclass(frozen=True, slots=True, kw_only=True)
class Longer:
    """A lease that goes on until `until` (epoch seconds, exclusive)."""

    slot: Slot
    e164: str
    until: int


class Leases:
    """The lending of numbers. One object serves one process and remembers sites for it."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._sites: dict[str, tuple[Site, datetime]] = {}

    def kept_site(self, site_id: str, now: datetime) -> Site | None:
        """The site, when this process has read it within the last minute."""
        kept = self._sites.get(site_id)
        return kept[0] if kept is not None and now - kept[1] < _SITE_KEPT else None

    def site(self, site_id: str, now: datetime) -> Site | None:
        """The site, at most a minute old; None when there is none."""
        kept = self.kept_site(site_id, now)
        if kept is not None:
            return kept
        key = Key(CATALOG, f"SITE#{site_id}")
        found, _ = self.rows.gather([key])
        if key not in found:
            return None
        site = codec.from_json(Site, found[key]["doc"])
        self._sites[site_id] = (site, now)
        return site

    def look(
        self, stretches: Sequence[Stretch], slots: Sequence[Slot]
    ) -> dict[str, list[Lendable]]:
        """All slots of the stretches and those named, by pool, in one round trip."""
        found, answers = self.rows.gather(
            [slot_key(slot) for slot in slots], [_question(stretch) for stretch in stretches]
        )
        by_pool: dict[str, list[Lendable]] = {}
        for item in (*found.values(), *(item for items in answers for item in items)):
            one = read_slot(item)
            by_pool.setdefault(one.slot.pool_id, []).append(one)
        return by_pool

    def lend(self, lent: Lent) -> Outcome:
        """Lend all of it, or nothing."""
        slots = {slot_key(loan.found.slot): pool for pool, loan in lent.loans.items() if loan}
        address = lent.address
        limits = limits_of(lent.site, lent.visit.id, address, lent.now) if lent.counted else {}
        actions = [
            visit_change(lent.visit, lent.forgotten_at),
            *(change for loan in lent.loans.values() if loan for change in _lending(loan, lent)),
            *_tallies(lent),
            *limits.values(),
        ]
        try:
            self.rows.write(actions)
        except NotWritten as refused:
            keys = {key_of(actions[position]) for position in refused.images}
            if keys & limits.keys():
                return Outcome(limited=True)
            return Outcome(lost=frozenset(slots[key] for key in keys))
        return Outcome()

    def prolong(
        self,
        visit_id: str,
        leases: Sequence[Longer],
        now: datetime,
        *,
        told: tuple[Visit, int] | None = None,
    ) -> bool:
        """Let the leases of a visit go on, all of them; False, with nothing written, when one has
        ended. `told` is the visit with what its page says by now, and until when it is remembered.
        """
        seconds = int(now.timestamp())
        actions: list[Action] = [_prolonging(visit_id, lease, seconds) for lease in leases]
        if told is not None:
            actions += [visit_change(*told), *(_known(one.slot, told[0]) for one in leases)]
        try:
            self.rows.write(actions)
        except NotWritten:
            return False
        return True


@cache
def leases() -> Leases:
    """The deployment's lending, made once per process."""
    from chalicelib.store.dynamo import DynamoRows

    return Leases(DynamoRows())


def read_slot(item: Item) -> Lendable:
    """The slot that a row holds."""
    _, area, number = item["sk"].split("#")
    return Lendable(
        slot=Slot(pool_id=item["pk"].removeprefix("POOL#"), area=area, number=int(number)),
        e164=item.get("e164"),
        visit_id=item.get("visit_id"),
        since=item.get("since", 0),
        seen_at=item.get("seen_at", 0),
        until=item.get("until", 0),
        kept_until=item.get("kept_until", 0),
        before_visit_id=item.get("before_visit_id"),
        leaving="leaving_at" in item,
    )


def _question(stretch: Stretch) -> Question:
    first, last = slot_key(stretch.first), slot_key(stretch.last)
    # No slot's key begins with another's, so that this bound includes the last and nothing after.
    return Question(table=VISITS, partition=first.pk, at_least=first.sk, below=last.sk + "!")


def _lending(loan: Loan, lent: Lent) -> list[Change]:
    """The slot with its new visit, under the condition that it stands as it was read, and what is
    known of the visit beside it, in place of the one before the last."""
    one, visit, now = loan.found, lent.visit, int(lent.now.timestamp())
    sets: dict[Path, str | int] = {
        ("visit_id",): visit.id,
        ("since",): loan.since,
        ("seen_at",): now,
        ("until",): loan.until,
    }
    adds: dict[Path, int] = {}
    forgotten: list[Path] = []
    if loan.fresh:
        adds = {("lends",): 1, ("collisions",): 1} if loan.collides else {("lends",): 1}
        if one.visit_id is not None:
            sets |= {
                ("before_visit_id",): one.visit_id,
                ("before_since",): one.since,
                ("before_seen_at",): one.seen_at,
            }
        if one.before_visit_id not in (None, visit.id):
            forgotten = [("visits", str(one.before_visit_id))]
    change = Change(key=slot_key(one.slot), set=sets, add=adds, when=_as_read(loan, now))
    return [change, replace(_known(one.slot, visit), remove=forgotten)]


def _as_read(loan: Loan, now: int) -> list[Condition]:
    """The number is still there, and still free for the visit."""
    one = loan.found
    path = ("visit_id",)
    tenant: Condition = Absent(path) if one.visit_id is None else Equals(path, one.visit_id)
    conditions = [Equals(("e164",), loan.e164), tenant]
    if loan.fresh:
        conditions += [AtMost(("until",), now), AtMost(("kept_until",), now)]
    if not one.leaving:
        conditions.append(Absent(("leaving_at",)))
    return conditions


def _known(slot: Slot, visit: Visit) -> Change:
    """What is known of the visit, beside the slot that it has."""
    doc = codec.to_json(replace(visit, leases=()))
    return Change(key=lent_key(slot), set={("visits", visit.id): doc})


def _tallies(lent: Lent) -> list[Change]:
    changes = (
        tally_change(
            pool,
            lent.visit.id,
            lent.now,
            arrived=pool in lent.arrived,
            overflowed=pool in lent.arrived and loan is None,
            collided=loan is not None and loan.collides,
        )
        for pool, loan in lent.loans.items()
    )
    return [change for change in changes if change is not None]


def _prolonging(visit_id: str, lease: Longer, now: int) -> Change:
    return Change(
        key=slot_key(lease.slot),
        set={("seen_at",): now, ("until",): lease.until},
        when=[
            Equals(("visit_id",), visit_id),
            Equals(("e164",), lease.e164),
            AtLeast(("until",), now + 1),
        ],
    )
