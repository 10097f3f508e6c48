"""How do deposits with the tax office lie in the books?"""

from chalicelib import tax_deposits
from chalicelib.store import codec, once
from chalicelib.store.rows import BOOKS, Item, Key, Rows
from chalicelib.tax_deposits import TaxDeposit


def deposit_key(deposit_id: str) -> Key:
    """Where a deposit lies."""
    return Key(BOOKS, f"TAX_DEPOSIT#{deposit_id}")


def read_deposit(item: Item) -> TaxDeposit:
    """The deposit that a row holds."""
    return codec.from_json(TaxDeposit, item["doc"])


def find_deposit(rows: Rows, deposit_id: str) -> TaxDeposit | None:
    """The deposit; None when there is none."""
    item = once.find(rows, deposit_key(deposit_id))
    return read_deposit(item) if item else None


def record(rows: Rows, made: TaxDeposit) -> bool:
    """Keep a new deposit with its entry; False when it was recorded before."""
    return once.record(rows, deposit_key(made.id), "tax_deposit", made, tax_deposits.entry(made))
