"""What leads from a call to its visit, and from a visit to its calls?

Owns the reading of a place of a pool with the visits that have and had its number, the mark that a
call leaves on the place, and the row that names the call beside its visit. Who is lent a number
belongs to lending; which visit is the call's, to `attribution`.

Neither change has a condition, so neither can refuse a call. The mark is only made on a place that
was read a moment ago; where that has been lent to another visit meanwhile, it is kept a little
longer for that one. Both changes may meet a heartbeat on the same row: the transaction is tried
again, as with every conflict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib import times
from chalicelib.attribution import Held, SlotLeases, Windows
from chalicelib.offers import Slot
from chalicelib.store import codec
from chalicelib.store.calls import CallsPage, call_key, read_call
from chalicelib.store.rows import CATALOG, VISITS, Change, Item, Key, Question, Rows
from chalicelib.store.slots import lent_key, slot_key
from chalicelib.store.visits import visit_key
from chalicelib.visits import Visit

_CALL = "CALL#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """The slot of a number, with the leases of it; `windows` are None where its pool is not known.

    `visits` are those that have and had the number, by id, as they are stored.
    """

    slot: Slot
    leases: SlotLeases
    windows: Windows | None
    visits: Mapping[str, str] = field(default_factory=dict)

    def visit(self, visit_id: str) -> Visit | None:
        """What is known of a visit that has or had the number."""
        stored = self.visits.get(visit_id)
        return codec.from_json(Visit, stored) if stored else None


def pool_key(pool_id: str) -> Key:
    """Where a pool lies."""
    return Key(CATALOG, f"POOL#{pool_id}")


def lent_keys(slot: Slot) -> list[Key]:
    """All that a call on the slot's number looks at to find its visit."""
    return [pool_key(slot.pool_id), slot_key(slot), lent_key(slot)]


def read_lent(slot: Slot, found: Mapping[Key, Item]) -> Lent:
    """The slot out of the rows found under `lent_keys`; one that is not there is vacant."""
    pool, place = found.get(pool_key(slot.pool_id)), found.get(slot_key(slot), {})
    return Lent(
        slot=slot,
        leases=SlotLeases(
            # A place whose number has left may still tell which it was, but not by its id.
            e164=place.get("e164") if "id" in place else None,
            present=_held(place, ""),
            before=_held(place, "before_"),
            kept_until=_moment(place.get("kept_until")),
        ),
        windows=codec.from_json(Windows, pool["doc"]) if pool else None,
        visits=found.get(lent_key(slot), {}).get("visits", {}),
    )


def kept_change(slot: Slot, until: datetime) -> Change:
    """Keep the slot's number for the visit that called over it."""
    return Change(key=slot_key(slot), set={("kept_until",): int(until.timestamp())})


def call_of_visit(visit_id: str, call_id: str, arrived_at: datetime) -> Change:
    """Name the call beside its visit. It stays there when what is known of the visit expires."""
    part = f"{_CALL}{times.written(arrived_at)}#{call_id}"
    return Change(key=visit_key(visit_id, part), set={("call_id",): call_id})


def calls_of_visit(
    rows: Rows, visit_id: str, *, limit: int, after: Mapping[str, str] | None = None
) -> CallsPage:
    """The calls that belong to the visit, newest first."""
    page = rows.page(
        Question(
            table=VISITS,
            partition=visit_key(visit_id).pk,
            starts_with=_CALL,
            descending=True,
            limit=limit,
            after=after,
        )
    )
    keys = [call_key(item["call_id"]) for item in page.items]
    found, _ = rows.gather(keys) if keys else ({}, ())
    return CallsPage(items=tuple(read_call(found[key]) for key in keys), mark=page.mark)


def _held(place: Item, which: str) -> Held | None:
    """The visit that has the number, or that one `before_` it; when a lease before ended is not
    kept."""
    if f"{which}visit_id" not in place:
        return None
    return Held(
        visit_id=place[f"{which}visit_id"],
        since=datetime.fromtimestamp(place[f"{which}since"], UTC),
        seen_at=datetime.fromtimestamp(place[f"{which}seen_at"], UTC),
        until=None if which else _moment(place.get("until")),
    )


def _moment(seconds: int | None) -> datetime | None:
    """The moment; None for 0 as well, which stands for never."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
