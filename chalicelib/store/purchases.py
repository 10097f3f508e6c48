"""Which numbers are being bought for a pool?

Owns the row of a purchase: the numbers that were chosen, kept before the first of them is bought,
so that one that was cut short goes on with the same numbers. Buying belongs to the flow.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.store import codec
from chalicelib.store.rows import (
    VISITS,
    Change,
    Item,
    Key,
    Present,
    Put,
    Question,
    Rows,
)

_PURCHASE = "PURCHASE#"
_KEPT = timedelta(days=35)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Numbers chosen for a pool; `wanted` so many. Once it is `finished`, each is a number of the
    pool or was not to be had."""

    id: str
    pool_id: str
    wanted: int
    e164s: tuple[str, ...]
    begun_at: datetime
    finished_at: datetime | None = None


def purchase_put(purchase: Purchase) -> Put:
    """A new purchase; refused when it has begun already."""
    key = _key(purchase.pool_id, purchase.id)
    doc = codec.to_json(purchase)
    return Put(VISITS, {"pk": key.pk, "sk": key.sk, "doc": doc})


def finish(purchase: Purchase, rows: Rows) -> None:
    """Keep that nothing of the purchase is left to do; it expires."""
    done = purchase.finished_at or purchase.begun_at
    sets: dict[tuple[str, ...], Any] = {
        ("doc",): codec.to_json(purchase),
        ("expires_at",): int((done + _KEPT).timestamp()),
    }
    key = _key(purchase.pool_id, purchase.id)
    rows.write([Change(key=key, set=sets, when=[Present(("pk",))])])


def find_purchase(pool_id: str, id: str, rows: Rows) -> Purchase | None:
    """The purchase; None when it never began."""
    key = _key(pool_id, id)
    found, _ = rows.gather([key])
    return _read(found[key]) if key in found else None


def unfinished(pool_id: str, rows: Rows) -> tuple[Purchase, ...]:
    """The purchases of the pool that were cut short, the earliest first."""
    question = Question(table=VISITS, partition=f"POOL#{pool_id}", starts_with=_PURCHASE)
    _, (items,) = rows.gather([], [question])
    begun = (_read(item) for item in items)
    open_ones = (one for one in begun if one.finished_at is None)
    return tuple(sorted(open_ones, key=lambda one: one.begun_at))


def _key(pool_id: str, id: str) -> Key:
    return Key(VISITS, f"POOL#{pool_id}", f"{_PURCHASE}{id}")


def _read(item: Item) -> Purchase:
    return codec.from_json(Purchase, item["doc"])
