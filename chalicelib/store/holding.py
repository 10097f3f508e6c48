"""How do holds lie in the books?

Owns their rows. A hold that stands lies in a partition of its publisher's, so that one question
finds all of them. What a hold means belongs to `chalicelib.holding`.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib import times
from chalicelib.holding import Hold
from chalicelib.store import codec
from chalicelib.store.claims import waiting_items
from chalicelib.store.rows import BOOKS, Change, Equals, Item, Key, NotWritten, Put, Rows

_STANDS, _LIFTED = "stands", "lifted"


def hold_key(hold_id: str) -> Key:
    """Where a hold lies."""
    return Key(BOOKS, f"HOLD#{hold_id}")


def read_hold(item: Item) -> Hold:
    """The hold that a row keeps."""
    return codec.from_json(Hold, item["doc"])


def find_hold(rows: Rows, hold_id: str) -> Hold | None:
    """The hold; None when there is none."""
    key = hold_key(hold_id)
    found, _ = rows.gather([key])
    return read_hold(found[key]) if key in found else None


def holds_on(rows: Rows, publisher_id: str) -> tuple[Hold, ...]:
    """The holds that stand, the oldest first; the index may lag by a moment."""
    return tuple(read_hold(item) for item in waiting_items(rows, _holds(publisher_id)))


def place(rows: Rows, hold: Hold) -> bool:
    """Keep a new hold; False when it has been placed before."""
    key = hold_key(hold.id)
    order = f"{times.written(hold.placed_at)}#{hold.id}"
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "hold",
        "id": hold.id,
        "created_key": order,
        "open": _holds(hold.publisher_id),
        "open_key": order,
        "state": _STANDS,
        "doc": codec.to_json(hold),
    }
    return _written(rows, Put(BOOKS, item))


def lift(rows: Rows, hold: Hold, now: datetime) -> Hold | None:
    """The hold, lifted; None when it stands no more."""
    lifted = replace(hold, lifted_at=now)
    change = Change(
        key=hold_key(hold.id),
        set={("state",): _LIFTED, ("doc",): codec.to_json(lifted)},
        remove=[("open",), ("open_key",)],
        when=[Equals(("state",), _STANDS)],
    )
    return lifted if _written(rows, change) else None


def _holds(publisher_id: str) -> str:
    return f"HOLDS#{publisher_id}"


def _written(rows: Rows, action: Put | Change) -> bool:
    try:
        rows.write([action])
    except NotWritten:
        return False
    return True
