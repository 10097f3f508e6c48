"""What happens when the cost of a placement is entered or corrected, and what did it bring?

Joins a placement's costs with the calls that came to its numbers. Who may see which placement
belongs to the channel.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

from chalicelib.calls import CallStatus
from chalicelib.errors import Busy, Conflict, Fault, Invalid, NotFound
from chalicelib.offers import Placement, Publisher
from chalicelib.returns import (
    Brought,
    Cost,
    Days,
    Return,
    currency_faults,
    days_faults,
    placement_return,
)
from chalicelib.store.arrivals import arrived
from chalicelib.store.costs import cost_change, cost_put, costs_of, find_cost
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

_TRIES = 8
_MOST_CALLS = 20_000
_COUNTS = frozenset({CallStatus.APPROVED, CallStatus.DISPUTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A cost as it was entered; `repeated` when an earlier delivery of the request had done so."""

    cost: Cost
    repeated: bool = False


def enter(draft: Cost, *, stores: Stores, claim: RequestClaim | None = None) -> Entered:
    """Keep the cost; with a claim, the same request enters it once. Invalid names every fault."""
    for _ in range(_TRIES):
        made = stores.catalog.claimed(claim) if claim else None
        earlier = find_cost(draft.placement_id, made, stores.rows) if made else None
        if earlier is not None:
            return Entered(cost=earlier, repeated=True)
        _check(draft, stores)
        claims: list[Action] = [claim.put(draft.id)] if claim else []
        if stores.catalog.write([cost_put(draft), *claims]):
            return Entered(cost=draft)
    raise Busy("the same request is being answered; send it again")


def correct(
    placement_id: str,
    id: str,
    edit: Callable[[Cost], Cost],
    *,
    stores: Stores,
    version: int | None = None,
) -> Cost:
    """Put `edit(cost)` in the cost's place, as its next version; repeating it changes nothing.

    NotFound for a removed one; with a `version`, Conflict when it has moved on from it.
    """
    for _ in range(_TRIES):
        before = find_cost(placement_id, id, stores.rows)
        if before is None or before.removed:
            raise NotFound(f"{placement_id} has no cost {id}")
        if version is not None and before.version != version:
            raise Conflict(f"{id} is at version {before.version}", code="version_mismatch")
        edited = edit(before)
        _check(edited, stores)
        if edited == before:
            return before
        after = replace(edited, version=before.version + 1)
        if stores.catalog.write([cost_change(before, after)]):
            return after
    raise Busy(f"{id} keeps changing; send it again")


def remove(placement_id: str, id: str, *, stores: Stores) -> Cost:
    """Have the cost count no more; once is enough. NotFound when there never was one."""
    for _ in range(_TRIES):
        before = find_cost(placement_id, id, stores.rows)
        if before is None:
            raise NotFound(f"{placement_id} has no cost {id}")
        if before.removed:
            return before
        after = replace(before, removed=True, version=before.version + 1)
        if stores.catalog.write([cost_change(before, after)]):
            return after
    raise Busy(f"{id} keeps changing; send it again")


def returned(placement: Placement, days: Days, *, stores: Stores) -> Return:
    """What the placement brought and cost on these days.

    Invalid for days on which the publisher had more calls than are counted at once.
    """
    wrong = days_faults(days, "from", "to")
    if wrong:
        raise Invalid(tuple(wrong))
    return placement_return(
        placement.id,
        days,
        _brought(placement, days, stores),
        costs_of(placement.id, stores.rows),
        _currency(placement, stores),
    )


def _brought(placement: Placement, days: Days, stores: Stores) -> Brought:
    came = arrived(placement.publisher_id, days.begins_at, days.ends_at, stores.rows)
    calls = approved = earned = 0
    for count, call in enumerate(islice(came, _MOST_CALLS + 1)):
        if count == _MOST_CALLS:
            reason = f"the publisher has more than {_MOST_CALLS} calls then; ask for fewer days"
            raise Invalid((Fault(field="to", rule="range", reason=reason),))
        if call.placement_id == placement.id:
            calls += 1
            approved += call.status in _COUNTS
            earned += call.earning_cents if call.status in _COUNTS else 0
    return Brought(calls=calls, approved=approved, earnings_cents=earned)


def _check(cost: Cost, stores: Stores) -> None:
    placement = stores.catalog.find(Placement, cost.placement_id)
    if placement is None:
        raise NotFound(f"there is no placement {cost.placement_id}")
    wrong = days_faults(cost.days, "from", "to")
    wrong += currency_faults(cost.currency, _currency(placement, stores))
    if wrong:
        raise Invalid(tuple(wrong))


def _currency(placement: Placement, stores: Stores) -> str:
    publisher = stores.catalog.find(Publisher, placement.publisher_id)
    if publisher is None:
        raise NotFound(f"there is no publisher {placement.publisher_id}")
    return publisher.currency
