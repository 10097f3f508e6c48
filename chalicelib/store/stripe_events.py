"""What is remembered of Stripe's events?

Owns the row of an event, written once it is through. What an event does belongs to the flow.
"""

import contextlib

from chalicelib import times
from chalicelib.store import codec
from chalicelib.store.rows import BOOKS, Item, Key, NotWritten, Put, Rows
from chalicelib.stripe_events import TakenEvent


def find_event(rows: Rows, event_id: str) -> TakenEvent | None:
    """What became of the event; None when it never came."""
    key = _key(event_id)
    found, _ = rows.gather([key])
    return read_stripe_event(found[key]) if key in found else None


def keep_event(rows: Rows, taken: TakenEvent) -> None:
    """Keep what became of an event; what was kept first stays."""
    key = _key(taken.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "stripe_event",
        "id": taken.id,
        "created_key": f"{times.written(taken.received_at)}#{taken.id}",
        "doc": codec.to_json(taken),
    }
    with contextlib.suppress(NotWritten):
        rows.write([Put(BOOKS, item)])


def read_stripe_event(item: Item) -> TakenEvent:
    """What a row says of an event."""
    return codec.from_json(TakenEvent, item["doc"])


def _key(event_id: str) -> Key:
    return Key(BOOKS, f"STRIPE#{event_id}")
