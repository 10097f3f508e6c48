"""How do transfers between the operator's own accounts lie in the books?"""

from chalicelib import transfers
from chalicelib.store import codec, once
from chalicelib.store.rows import BOOKS, Item, Key, Rows
from chalicelib.transfers import Transfer


def transfer_key(transfer_id: str) -> Key:
    """Where a transfer lies."""
    return Key(BOOKS, f"TRANSFER#{transfer_id}")


def read_transfer(item: Item) -> Transfer:
    """The transfer that a row holds."""
    return codec.from_json(Transfer, item["doc"])


def find_transfer(rows: Rows, transfer_id: str) -> Transfer | None:
    """The transfer; None when there is none."""
    item = once.find(rows, transfer_key(transfer_id))
    return read_transfer(item) if item else None


def record(rows: Rows, made: Transfer) -> bool:
    """Keep a new transfer with its entry; False when it was recorded before."""
    return once.record(rows, transfer_key(made.id), "transfer", made, transfers.entry(made))
