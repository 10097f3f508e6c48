"""May a publisher be paid now, and if not, why?

Gathers what stands in the way from wherever it is kept. A payday asks before it makes a payout, and
whoever looks ahead asks the same.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib import holding
from chalicelib.offers import Publisher
from chalicelib.payouts import Clearance, Obstacle
from chalicelib.store.holding import holds_on
from chalicelib.store.stores import Stores


def clearance(publisher: Publisher, *, stores: Stores, now: datetime) -> Clearance:
    """Every obstacle to paying the publisher at `now`, and what is withheld once there is none."""
    del now
    found: tuple[Sequence[Obstacle], ...] = (_holds(publisher, stores),)
    return Clearance(obstacles=tuple(one for several in found for one in several))


def _holds(publisher: Publisher, stores: Stores) -> Sequence[Obstacle]:
    standing = holds_on(stores.rows, publisher.id)
    return [holding.obstacle(one) for one in standing if one.call_id is None]
