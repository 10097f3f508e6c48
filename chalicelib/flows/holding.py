"""What happens when the operator holds what a publisher has earned, and lets it go?

Joins holds with the publishers they are about. What is held is payable still; it waits.
"""

from datetime import datetime

from chalicelib import holding
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.holding import Hold
from chalicelib.offers import Publisher
from chalicelib.store import holding as store
from chalicelib.store.stores import Stores

_TRIES = 8


def place_hold(
    publisher_id: str, *, reason: str, cause: str, stores: Stores, now: datetime
) -> Hold:
    """Pay the publisher nothing until the hold is lifted.

    The same `cause` gives the same hold, however often; Conflict when it comes again with another
    reason. NotFound without the publisher.
    """
    if stores.catalog.find(Publisher, publisher_id) is None:
        raise NotFound(f"there is no publisher {publisher_id}")
    wanted = holding.hold(publisher_id, cause, reason=reason, now=now)
    if store.place(stores.rows, wanted):
        return wanted
    known = store.find_hold(stores.rows, wanted.id)
    if known is None or known.reason != reason:
        raise Conflict(f"{wanted.id} was placed for another reason", code="hold_differs")
    return known


def lift_hold(hold_id: str, *, stores: Stores, now: datetime) -> Hold:
    """Let the next run pay what the hold kept back; one that was lifted stays as it is. NotFound
    when there is no such hold."""
    for _ in range(_TRIES):
        known = store.find_hold(stores.rows, hold_id)
        if known is None:
            raise NotFound(f"there is no hold {hold_id}")
        if known.lifted_at:
            return known
        lifted = store.lift(stores.rows, known, now)
        if lifted:
            return lifted
    raise Busy(f"{hold_id} is being changed by others")
