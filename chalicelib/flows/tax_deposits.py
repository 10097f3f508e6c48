"""What happens when the operator has paid the tax office what was withheld?"""

from datetime import datetime

from chalicelib import tax_deposits
from chalicelib.errors import Busy
from chalicelib.store import tax_deposits as store
from chalicelib.store.stores import Stores
from chalicelib.tax_deposits import TaxDeposit


def record_deposit(
    *,
    year: int,
    amount_cents: int,
    currency: str,
    reference: str,
    stores: Stores,
    now: datetime,
) -> TaxDeposit:
    """Record that money went to the tax office, or came back when it is below zero; the same
    reference with the same content gives the same deposit, with another it is a Conflict."""
    wanted = tax_deposits.deposit(
        year=year, amount_cents=amount_cents, currency=currency, reference=reference, now=now
    )
    if store.record(stores.rows, wanted):
        return wanted
    known = store.find_deposit(stores.rows, wanted.id)
    if known is None:
        raise Busy(f"{wanted.id} is being recorded by others")
    tax_deposits.confirm_same(known, wanted)
    return known
