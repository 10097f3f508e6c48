"""How do transfers between the operator's own accounts lie in the books?

Owns their rows, each of which is written once with its entry and never changed.
"""

from chalicelib import times, transfers
from chalicelib.store import codec
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.rows import BOOKS, Item, Key, NotWritten, Put, Rows
from chalicelib.transfers import Transfer


def transfer_key(transfer_id: str) -> Key:
    """Where a transfer lies."""
    return Key(BOOKS, f"TRANSFER#{transfer_id}")


def read_transfer(item: Item) -> Transfer:
    """The transfer that a row holds."""
    return codec.from_json(Transfer, item["doc"])


def find_transfer(rows: Rows, transfer_id: str) -> Transfer | None:
    """The transfer; None when there is none."""
    key = transfer_key(transfer_id)
    found, _ = rows.gather([key])
    return read_transfer(found[key]) if key in found else None


def record(rows: Rows, made: Transfer) -> bool:
    """Keep a new transfer with its entry; False when it was recorded before."""
    key = transfer_key(made.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "transfer",
        "id": made.id,
        "created_key": f"{times.written(made.booked_at)}#{made.id}",
        "doc": codec.to_json(made),
    }
    try:
        book(rows, [Put(BOOKS, item), *entry_puts(transfers.entry(made))])
    except NotWritten:
        return False
    return True
