"""How do deposits with the tax office lie in the books?

Owns their rows, each of which is written once with its entry and never changed.
"""

from chalicelib import tax_deposits, times
from chalicelib.store import codec
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.rows import BOOKS, Item, Key, NotWritten, Put, Rows
from chalicelib.tax_deposits import TaxDeposit


def deposit_key(deposit_id: str) -> Key:
    """Where a deposit lies."""
    return Key(BOOKS, f"TAX_DEPOSIT#{deposit_id}")


def read_deposit(item: Item) -> TaxDeposit:
    """The deposit that a row holds."""
    return codec.from_json(TaxDeposit, item["doc"])


def find_deposit(rows: Rows, deposit_id: str) -> TaxDeposit | None:
    """The deposit; None when there is none."""
    key = deposit_key(deposit_id)
    found, _ = rows.gather([key])
    return read_deposit(found[key]) if key in found else None


def record(rows: Rows, made: TaxDeposit) -> bool:
    """Keep a new deposit with its entry; False when it was recorded before."""
    key = deposit_key(made.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "tax_deposit",
        "id": made.id,
        "created_key": f"{times.written(made.booked_at)}#{made.id}",
        "doc": codec.to_json(made),
    }
    try:
        book(rows, [Put(BOOKS, item), *entry_puts(tax_deposits.entry(made))])
    except NotWritten:
        return False
    return True
