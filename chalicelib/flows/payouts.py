"""What happens when a publisher is paid?

Joins released earnings into one payout per publisher and cutoff, and marks it settled once the bank
has paid. A publisher who is paused or archived is paid all the same: what was earned is owed.
"""

from collections.abc import Iterable
from datetime import datetime

from chalicelib import payouts
from chalicelib.errors import Busy, NotFound
from chalicelib.offers import Publisher
from chalicelib.payouts import Earning, Payout, PayoutState
from chalicelib.store import payouts as store
from chalicelib.store.stores import Stores

_TRIES = 8


def pay_out(
    publisher: Publisher,
    *,
    as_of: datetime,
    released: Iterable[Earning],
    stores: Stores,
    now: datetime,
) -> tuple[Payout, ...]:
    """Make the publisher's payout of what is past its terms at `as_of`, and finish those that an
    earlier run left unfinished; returns the payouts that became complete here.

    `released` are released earnings that an index may not show yet. A sum below the minimum, and
    what comes after the payout of its cutoff, waits for a later run.
    """
    wanted = payouts.draft(publisher, payouts.cutoff(publisher.payout_terms, as_of))
    known = store.find_payout(stores.rows, wanted.id)
    begun = {draft.id: draft for draft in store.payout_drafts(stores.rows, publisher.id)}
    if known and known.state is PayoutState.DRAFT:
        begun[known.id] = known
    elif known is None and payouts.worth_paying(
        publisher.payout_terms, _due(wanted, released, stores)
    ):
        begun[wanted.id] = wanted
    drafts = sorted(
        (payouts.reaching(draft, wanted.cutoff) for draft in begun.values()),
        key=lambda draft: draft.cutoff,
    )
    made = (_complete(draft, released, stores=stores, now=now) for draft in drafts)
    return tuple(payout for payout in made if payout)


def settle_payout(payout_id: str, *, stores: Stores, now: datetime) -> Payout:
    """Mark a payout as paid by the bank; one that is settled already stays as it is.

    NotFound when there is no such payout, or only a draft of it.
    """
    for _ in range(_TRIES):
        payout = store.find_payout(stores.rows, payout_id)
        if payout is None or payout.state is PayoutState.DRAFT:
            raise NotFound(f"there is no payout {payout_id}")
        if payout.state is PayoutState.SETTLED:
            return payout
        settled = store.settle(stores.rows, payout, now)
        if settled:
            return settled
    raise Busy(f"{payout_id} is being changed by others")


def _complete(
    draft: Payout, released: Iterable[Earning], *, stores: Stores, now: datetime
) -> Payout | None:
    """Claim all that is due under the draft's cutoff, and create the payout; None when another run
    did so, or while what was clawed back leaves nothing to pay."""
    for _ in range(_TRIES):
        due = _due(draft, released, stores)
        if not payouts.leaves_something(draft, due):
            return None
        stands = store.claim_earnings(stores.rows, draft, due)
        if stands is None or stands.amount_cents <= 0:
            return None
        created = store.create(stores.rows, stands, now)
        if created:
            return created
    raise Busy(f"{draft.id} is being changed by others")


def _due(draft: Payout, released: Iterable[Earning], stores: Stores) -> tuple[Earning, ...]:
    shown = store.released_earnings(stores.rows, draft.publisher_id, draft.cutoff)
    fresh = (
        earning
        for earning in released
        if earning.publisher_id == draft.publisher_id and earning.booked_at < draft.cutoff
    )
    return tuple({earning.id: earning for earning in (*shown, *fresh)}.values())
