"""What happens when the operator moves its own money, to where publishers are paid from?"""

from datetime import datetime

from chalicelib import transfers
from chalicelib.errors import Busy
from chalicelib.store import transfers as store
from chalicelib.store.stores import Stores
from chalicelib.transfers import Cash, Transfer


def record_transfer(
    *,
    source: Cash,
    amount_cents: int,
    currency: str,
    reference: str,
    stores: Stores,
    now: datetime,
) -> Transfer:
    """Record that money went from this account to the other; the same reference with the same
    content gives the same transfer, with another it is a Conflict."""
    wanted = transfers.transfer(
        source=source, amount_cents=amount_cents, currency=currency, reference=reference, now=now
    )
    if store.record(stores.rows, wanted):
        return wanted
    known = store.find_transfer(stores.rows, wanted.id)
    if known is None:
        raise Busy(f"{wanted.id} is being recorded by others")
    transfers.confirm_same(known, wanted)
    return known
