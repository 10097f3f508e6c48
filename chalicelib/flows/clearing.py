"""May a publisher be paid now, and if not, why?

Gathers what stands in the way from wherever it is kept. A payday asks before it makes a payout, and
whoever looks ahead asks the same.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from chalicelib import clearing, holding
from chalicelib.clearing import PayeeRules
from chalicelib.flows.screening import Lookout, look
from chalicelib.offers import Publisher
from chalicelib.payees import Payee
from chalicelib.payouts import Clearance, Obstacle
from chalicelib.providers.documents import Documents
from chalicelib.store.holding import holds_on
from chalicelib.store.payees import find_payee
from chalicelib.store.settings import find_operator
from chalicelib.store.stores import Stores


def clearance(
    publisher: Publisher, *, stores: Stores, documents: Documents, now: datetime
) -> Clearance:
    """Every obstacle to paying the publisher at `now`, and what is withheld once there is none."""
    payee = find_payee(stores.rows, publisher.id)
    lookout = Lookout(stores=stores, documents=documents, now=now)
    found: tuple[Sequence[Obstacle], ...] = (
        _holds(publisher, stores),
        clearing.currency_obstacles(publisher.currency, publisher.payout_method),
        _of_payee(publisher, payee, lookout),
    )
    return Clearance(
        obstacles=tuple(one for several in found for one in several),
        withheld=partial(clearing.withheld, payee),
    )


def _of_payee(publisher: Publisher, payee: Payee, lookout: Lookout) -> Sequence[Obstacle]:
    """What follows from what is known of the payee, looked for on the list as it stands now."""
    said = find_operator(lookout.stores.rows)
    return clearing.obstacles(
        payee,
        look([publisher], lookout=lookout).get(publisher.id),
        method=publisher.payout_method,
        rules=PayeeRules(
            tax_form_required=said.tax_form_required, cooldown_days=said.payee_cooldown_days
        ),
        now=lookout.now,
    )


def _holds(publisher: Publisher, stores: Stores) -> Sequence[Obstacle]:
    standing = holds_on(stores.rows, publisher.id)
    return [holding.obstacle(one) for one in standing if one.call_id is None]
