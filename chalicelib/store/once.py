"""How does a thing that is booked once and never changed lie in the books?

Owns its row, which is written together with its entry. What the thing is belongs to the module of
its kind.
"""

from datetime import datetime
from typing import Protocol

from chalicelib import times
from chalicelib.ledger import Entry
from chalicelib.store import codec
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.rows import Item, Key, NotWritten, Put, Rows


class Booked(Protocol):
    """What is known of every such thing."""

    @property
    def id(self) -> str:
        """Its own."""

    @property
    def booked_at(self) -> datetime:
        """When it was booked."""


def record(rows: Rows, key: Key, kind: str, made: Booked, entry: Entry) -> bool:
    """Keep a new thing of this kind with its entry; False when it was recorded before."""
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": kind,
        "id": made.id,
        "created_key": f"{times.written(made.booked_at)}#{made.id}",
        "doc": codec.to_json(made),
    }
    try:
        book(rows, [Put(key.table, item), *entry_puts(entry)])
    except NotWritten:
        return False
    return True


def find(rows: Rows, key: Key) -> Item | None:
    """The row; None when there is none."""
    found, _ = rows.gather([key])
    return found.get(key)
