"""What happens when the operator holds what a publisher has earned, and lets it go?

Joins holds with the publishers and the earnings they are about. What is held is owed still; it
waits.
"""

from datetime import datetime

from chalicelib import holding
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.holding import Hold
from chalicelib.offers import Publisher
from chalicelib.payouts import BookedEarning
from chalicelib.store import holding as store
from chalicelib.store.holding import Holdable
from chalicelib.store.stores import Stores

_TRIES = 8


def hold_publisher(
    publisher_id: str, *, reason: str, cause: str, stores: Stores, now: datetime
) -> Hold:
    """Pay the publisher nothing until the hold is lifted.

    The same `cause` gives the same hold, however often; Conflict when it comes again with another
    reason. NotFound without the publisher.
    """
    held = keep_held(publisher_id, reason=reason, cause=cause, stores=stores, now=now)
    return _same(held, reason)


def keep_held(publisher_id: str, *, reason: str, cause: str, stores: Stores, now: datetime) -> Hold:
    """The same for a run that goes on where another died: the hold of the cause as it stands, for
    whichever reason was found first."""
    if stores.catalog.find(Publisher, publisher_id) is None:
        raise NotFound(f"there is no publisher {publisher_id}")
    wanted = holding.hold(publisher_id, cause, reason=reason, now=now)
    if store.place(stores.rows, wanted):
        return wanted
    known = store.find_hold(stores.rows, wanted.id)
    if known is None:
        raise Busy(f"{publisher_id} is being held by others")
    return known


def hold_earning(call_id: str, *, reason: str, cause: str, stores: Stores, now: datetime) -> Hold:
    """Keep what a call has earned out of payouts until the hold is lifted, once for each `cause` as
    a publisher is. NotFound when it has earned nothing; Conflict when it is in a payout or held
    already."""
    for _ in range(_TRIES):
        stood = _earned(call_id, stores)
        earning = stood.booked.earning
        wanted = holding.hold(earning.publisher_id, cause, reason=reason, call_id=call_id, now=now)
        known = store.find_hold(stores.rows, wanted.id)
        if known:
            return _same(known, reason)
        holding.confirm_open(stood.booked, stood.hold_id)
        if store.place(stores.rows, wanted, stood.booked):
            return wanted
    raise Busy(f"the earning of {call_id} is being changed by others")


def lift_hold(hold_id: str, *, stores: Stores, now: datetime) -> Hold:
    """Let the next run pay what the hold kept back; one that was lifted stays as it is. NotFound
    when there is no such hold."""
    for _ in range(_TRIES):
        known = store.find_hold(stores.rows, hold_id)
        if known is None:
            raise NotFound(f"there is no hold {hold_id}")
        if known.lifted_at:
            return known
        lifted = store.lift(stores.rows, known, _on(known, stores), now)
        if lifted:
            return lifted
    raise Busy(f"{hold_id} is being changed by others")


def _same(known: Hold, reason: str) -> Hold:
    if known.reason != reason:
        raise Conflict(f"{known.id} was placed for another reason", code="hold_differs")
    return known


def _on(hold: Hold, stores: Stores) -> BookedEarning | None:
    return _earned(hold.call_id, stores).booked if hold.call_id else None


def _earned(call_id: str, stores: Stores) -> Holdable:
    found = store.find_holdable(stores.rows, call_id)
    if found is None:
        raise NotFound(f"{call_id} has earned nothing")
    return found
