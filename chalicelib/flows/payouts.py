"""What happens when a publisher is paid?

Joins released earnings into one payout per publisher and cutoff, and takes it from there, step by
step, to its end: whoever pays, by hand, by file or by PayPal, reports what became of it here. A
publisher who is paused or archived is paid all the same: what was earned is owed. What stands in
the way of a payout belongs to `clearing`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from chalicelib import payout_steps, payouts
from chalicelib.errors import Busy, NotFound
from chalicelib.flows.carrying import confirm_not_carried
from chalicelib.offers import PayoutMethod, Publisher
from chalicelib.payout_steps import Step
from chalicelib.payouts import Clearance, Earning, Payout, PayoutState
from chalicelib.store import payouts as store
from chalicelib.store.rows import Rows
from chalicelib.store.stores import Stores

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """Who is paid, whether that may be, and with what a run works."""

    publisher: Publisher
    clearance: Clearance
    stores: Stores
    now: datetime


def pay_out(
    publisher: Publisher,
    *,
    as_of: datetime,
    released: Iterable[Earning],
    clearance: Clearance,
    stores: Stores,
    now: datetime,
) -> tuple[Payout, ...]:
    """Make the publisher's payout of what is past its terms at `as_of`, and finish those that an
    earlier run left unfinished; returns the payouts that became complete here.

    `released` are released earnings that an index may not show yet. A sum below the minimum, and
    what comes after the payout of its cutoff, waits for a later run; so does everything while the
    `clearance` names an obstacle. Of a payout that was not paid, what is released is paid again.
    """
    store.finish_giving_back(stores.rows, publisher.id)
    if clearance.obstacles:
        return ()
    hand = _Hand(publisher=publisher, clearance=clearance, stores=stores, now=now)
    cutoff = payouts.cutoff(publisher.payout_terms, as_of)
    begun = _begun(cutoff, released, hand)
    drafts = sorted(
        (payouts.reaching(draft, cutoff) for draft in begun), key=lambda draft: draft.cutoff
    )
    made = (_complete(draft, released, hand) for draft in drafts)
    return tuple(payout for payout in made if payout)


def submit_payout(
    payout_id: str, *, method: PayoutMethod, reference: str | None, stores: Stores, now: datetime
) -> Payout:
    """Mark a created payout as handed to whoever pays, who knows it by `reference`.

    One that was submitted so already stays as it is. Every step: NotFound when there is no such
    payout, or only a draft of it; Conflict when its state does not allow the step.
    """

    def step(payout: Payout) -> Step | None:
        return payout_steps.submitted(payout, method=method, reference=reference, now=now)

    return _take(payout_id, step, stores)


def settle_payout(
    payout_id: str,
    *,
    reference: str | None = None,
    fee_cents: int = 0,
    by_hand: bool = False,
    stores: Stores,
    now: datetime,
) -> Payout:
    """Mark a created or submitted payout as paid; `fee_cents` is what the paying has cost.

    A `reference` takes the place of the one before. One that is settled stays as it is. By hand,
    this and what follows is a Conflict while the bank or PayPal carries the payout.
    """

    def step(payout: Payout) -> Step | None:
        return payout_steps.settled(payout, reference=reference, fee_cents=fee_cents, now=now)

    return _take(payout_id, step, stores, by_hand=by_hand)


def fail_payout(
    payout_id: str, *, reason: str, by_hand: bool = False, stores: Stores, now: datetime
) -> Payout:
    """Mark a created or submitted payout as one that will not be paid, with the code of why; its
    earnings may be paid by a later one. One that failed so already stays as it is."""

    def step(payout: Payout) -> Step | None:
        return payout_steps.failed(payout, reason=reason, now=now)

    return _emptied(_take(payout_id, step, stores, by_hand=by_hand), stores)


def drop_payout(
    payout_id: str, *, reason: str, carrier: str | None = None, stores: Stores, now: datetime
) -> Payout:
    """Fail a payout that certainly is not made by whoever was to make it, who knows it by
    `carrier`. One that was handed to somebody else meanwhile, or has ended, stays as it is."""

    def step(payout: Payout) -> Step | None:
        handed = payout.state is PayoutState.SUBMITTED
        ours = handed and carrier is not None and payout.reference == carrier
        if not ours and payout.state is not PayoutState.CREATED:
            return None
        return payout_steps.failed(payout, reason=reason, now=now)

    payout = _take(payout_id, step, stores)
    return _emptied(payout, stores) if payout.gives_back else payout


def return_payout(
    payout_id: str,
    *,
    reason: str,
    fee_cents: int = 0,
    by_hand: bool = False,
    stores: Stores,
    now: datetime,
) -> Payout:
    """Mark a submitted or settled payout as come back, with the code of why and what that has cost;
    the money waits for `release_payout`. One that was returned so already stays as it is."""

    def step(payout: Payout) -> Step | None:
        return payout_steps.returned(payout, reason=reason, fee_cents=fee_cents, now=now)

    return _take(payout_id, step, stores, by_hand=by_hand)


def release_payout(payout_id: str, *, stores: Stores, now: datetime) -> Payout:
    """Let the earnings of a returned payout be paid by a later one; once."""

    def step(payout: Payout) -> Step | None:
        return payout_steps.released(payout, now)

    return _emptied(_take(payout_id, step, stores), stores)


def _take(
    payout_id: str,
    step: Callable[[Payout], Step | None],
    stores: Stores,
    *,
    by_hand: bool = False,
) -> Payout:
    """The payout after the step, taken now or before."""
    for _ in range(_TRIES):
        before = store.find_payout(stores.rows, payout_id)
        if before is None or before.state is PayoutState.DRAFT:
            raise NotFound(f"there is no payout {payout_id}")
        next_step = step(before)
        if next_step is None:
            return before
        if by_hand:
            confirm_not_carried(before, stores)
        after = store.take(stores.rows, before, next_step)
        if after:
            return after
    raise Busy(f"{payout_id} is being changed by others")


def _emptied(payout: Payout, stores: Stores) -> Payout:
    """The payout, whose earnings wait for another."""
    store.give_back(stores.rows, payout)
    return payout


def _begun(cutoff: datetime, released: Iterable[Earning], hand: _Hand) -> Iterable[Payout]:
    """What earlier runs left unfinished, and the payout of the cutoff if it is worth one."""
    rows, publisher = hand.stores.rows, hand.publisher
    begun = {draft.id: draft for draft in store.payout_drafts(rows, publisher.id)}
    wanted, known = standing(publisher, cutoff, rows)
    if known and known.state is PayoutState.DRAFT:
        begun[known.id] = known
    elif known is None and payouts.worth_paying(
        publisher.payout_terms, _due(wanted, released, hand.stores)
    ):
        begun[wanted.id] = wanted
    return begun.values()


def standing(publisher: Publisher, cutoff: datetime, rows: Rows) -> tuple[Payout, Payout | None]:
    """The payout of the cutoff, passing over those that ended without being paid: the empty draft
    of it, and what is kept of it."""
    for unpaid in count():
        wanted = payouts.draft(publisher, cutoff, unpaid)
        known = store.find_payout(rows, wanted.id)
        if known is None or not known.unpaid:
            break
    return wanted, known


def _complete(draft: Payout, released: Iterable[Earning], hand: _Hand) -> Payout | None:
    """Claim all that is due under the draft's cutoff, and create the payout; None when another run
    did so, or while what was clawed back leaves nothing to pay."""
    rows = hand.stores.rows
    for _ in range(_TRIES):
        due = _due(draft, released, hand.stores)
        if not payouts.leaves_something(draft, due):
            return None
        stands = store.claim_earnings(rows, draft, due)
        if stands is None or stands.amount_cents <= 0:
            return None
        step = payout_steps.created(stands, hand.publisher, hand.clearance, hand.now)
        created = store.create(rows, stands, step)
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
