"""What happens to what was kept back of payouts, and to what a publisher will never pay back?

Joins reserves whose days are over with their release, and a publisher's debt with its end.
"""

from datetime import datetime

from chalicelib import adjustments, ledger
from chalicelib.errors import Busy, NotFound
from chalicelib.ledger import PublisherAccount
from chalicelib.offers import Publisher
from chalicelib.payouts import Earning
from chalicelib.store import adjustments as store
from chalicelib.store.checkpoints import balance_of
from chalicelib.store.stores import Stores


def release_reserves(
    publisher_id: str, *, as_of: datetime, stores: Stores, now: datetime
) -> tuple[Earning, ...]:
    """Release every reserve of the publisher whose days are over at `as_of` (inclusive)."""
    due = store.reserves_due(stores.rows, publisher_id, as_of)
    return store.release_reserves(stores.rows, due, now)


def write_off_debt(publisher_id: str, *, cause: str, stores: Stores, now: datetime) -> Earning:
    """Give up what the publisher owes: the line that makes up for it, so that what is payable to it
    comes to nothing.

    The same `cause` gives the same line, however often. NotFound without the publisher; Conflict
    when it owes nothing.
    """
    publisher = stores.catalog.find(Publisher, publisher_id)
    if publisher is None:
        raise NotFound(f"there is no publisher {publisher_id}")
    known = store.find_line(stores.rows, adjustments.write_off_id(publisher_id, cause))
    if known:
        return known
    # Before the balance: what another request gives up meanwhile is not given up here too.
    last = store.last_write_off(stores.rows, publisher_id)
    payable = ledger.publisher_account(PublisherAccount.PAYABLE, publisher_id)
    owed = balance_of(stores.rows, payable).balance_cents
    line = adjustments.write_off(
        publisher_id, cause, cents=owed, currency=publisher.currency, now=now
    )
    if store.write_off(stores.rows, line, last):
        return line
    raise Busy(f"the debt of {publisher_id} is being written off by others")
