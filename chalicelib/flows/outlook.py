"""When will a publisher be paid, and what for?

Joins everything that a publisher has earned and not been paid with the rule that says what it waits
for. It reads, and changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import ledger, outlook, payouts
from chalicelib.errors import NotFound
from chalicelib.flows.clearing import clearance
from chalicelib.flows.payouts import standing
from chalicelib.ledger import PublisherAccount
from chalicelib.offers import Publisher
from chalicelib.outlook import Sum, Waiting, WaitsFor
from chalicelib.payouts import EarningState, Obstacle, PayoutState
from chalicelib.providers.documents import Documents
from chalicelib.store.adjustments import reserves_of
from chalicelib.store.charges import (
    earnings_awaiting,
    earnings_held,
    earnings_payable,
    read_earning,
)
from chalicelib.store.checkpoints import balance_of
from chalicelib.store.claims import waiting_items
from chalicelib.store.holding import holds_on
from chalicelib.store.payouts import returned_payouts
from chalicelib.store.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What stands in the way, what waits for which thing, and the earnings behind the sums. What
    waits for collection or for a payout's release is told as a sum alone."""

    publisher: Publisher
    obstacles: tuple[Obstacle, ...]
    sums: tuple[Sum, ...]
    lines: tuple[Waiting, ...]


def look_ahead(
    publisher_id: str, *, stores: Stores, documents: Documents, now: datetime
) -> Outlook:
    """All that the publisher has earned and not been paid; NotFound without the publisher."""
    publisher = stores.catalog.find(Publisher, publisher_id)
    if publisher is None:
        raise NotFound(f"there is no publisher {publisher_id}")
    rows, terms = stores.rows, publisher.payout_terms
    found = [
        read_earning(item)
        for partition in (earnings_awaiting, earnings_held, reserves_of, earnings_payable)
        for item in waiting_items(rows, partition(publisher_id))
    ]
    obstacles = clearance(publisher, stores=stores, documents=documents, now=now).obstacles
    held = frozenset(one.call_id for one in holds_on(rows, publisher_id) if one.call_id)
    cutoff = payouts.cutoff(terms, now)
    _, made = standing(publisher, cutoff, rows)
    lines = outlook.waiting(
        found,
        held,
        terms=terms,
        obstacles=obstacles,
        cutoff=cutoff,
        paid=made is not None and made.state is not PayoutState.DRAFT,
        now=now,
    )
    approved = ledger.publisher_account(PublisherAccount.APPROVED, publisher_id)
    awaited = -balance_of(rows, approved).balance_cents - sum(
        one.earning.due_cents for one in found if one.state is EarningState.APPROVED
    )
    back = sum(one.amount_cents for one in returned_payouts(rows, publisher_id))
    others = ((WaitsFor.COLLECTION, awaited), (WaitsFor.RETURNED, back))
    told = [Sum(waits_for=what, amount_cents=cents, until=None) for what, cents in others if cents]
    return Outlook(
        publisher=publisher,
        obstacles=obstacles,
        sums=(*told, *outlook.sums(lines)),
        lines=lines,
    )
