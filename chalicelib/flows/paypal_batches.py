"""What happens to payouts that are to be made by PayPal, until the operator's people let them go?

Gathers them into batches, has one of the people approve each and another release it, or somebody
withdraw it, and finds out which batch of
PayPal's one is whose answer was lost. Sending belongs to `paypal_sending`, what PayPal reports to
`paypal_reports`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib import paypal_batches as batches
from chalicelib import paypal_payouts
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.flows.holding import keep_held
from chalicelib.flows.payouts import drop_payout
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import Payout, PayoutState
from chalicelib.paypal_batches import Batch, BatchState
from chalicelib.paypal_items import BatchItem, left_out
from chalicelib.paypal_payouts import MOST_ITEMS
from chalicelib.providers.documents import Documents
from chalicelib.providers.paypal import PayPal
from chalicelib.signatures import Signature
from chalicelib.store import paypal_batches as store
from chalicelib.store.payees import find_payees
from chalicelib.store.payouts import find_payout, waiting_payouts
from chalicelib.store.stores import Stores

_TRIES = 8
UNPAYABLE = "paypal_unpayable"
WITHDRAWN = "paypal_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """With what PayPal is asked: its account, what is remembered, the documents, and when it is."""

    paypal: PayPal
    stores: Stores
    documents: Documents
    now: datetime


def gather(*, stores: Stores, now: datetime) -> tuple[Batch, ...]:
    """Put every payout that waits for PayPal into a batch, one for each currency, and return those
    that are ready now. A draft that an earlier run left unfinished becomes ready as it stands.

    What PayPal would not take fails at once, and its publisher is held with the reason.
    """
    left = [one for one in store.due_batches(stores.rows, now) if one.state is BatchState.DRAFT]
    done = [_finished(one, stores) for one in left]
    waiting = waiting_payouts(stores.rows, PayoutMethod.PAYPAL)
    fit = _payable(waiting, stores, now)
    for currency in sorted({one.currency for one in fit}):
        same = [one for one in fit if one.currency == currency]
        parts = (same[first : first + MOST_ITEMS] for first in range(0, len(same), MOST_ITEMS))
        done += [_gathered(part, stores, now) for part in parts]
    return tuple(one for one in done if one)


def approve(batch_id: str, *, by: Signature, stores: Stores) -> Batch:
    """Keep who has looked at the batch. Every step: NotFound when there is no such batch, Conflict
    when it is not for this step; Forbidden for the deployment's own key, which is nobody's."""
    return change(batch_id, lambda one: batches.approved(one, by), stores)


def release(batch_id: str, *, by: Signature, stores: Stores) -> Batch:
    """Let the batch be paid: the next run sends it. Forbidden for whoever approved it."""
    return change(batch_id, lambda one: batches.released(one, by), stores)


def withdraw(batch_id: str, *, by: Signature, not_at_paypal: bool, stores: Stores) -> Batch:
    """Have nobody paid by a batch: its payouts fail, and what they were made of may be paid anew.

    Conflict once PayPal has the batch, or may have it and nobody says that it is `not_at_paypal`;
    Forbidden for the deployment's own key to say so, which is nobody's.
    """
    batch = change(
        batch_id, lambda one: batches.withdrawn(one, by, not_at_paypal=not_at_paypal), stores
    )
    return finish_withdrawing(batch, stores=stores, now=by.at)


def finish_withdrawing(batch: Batch, *, stores: Stores, now: datetime) -> Batch:
    """Fail what a withdrawn batch still holds."""
    if batch.due_at is None:
        return batch
    for item in whole(batch, stores):
        if not item.ended:
            leave_out(item, WITHDRAWN, stores=stores, now=now)
    return change(batch.id, batches.closed, stores)


def name(
    batch_id: str, payout_batch_id: str, *, paypal: PayPal, stores: Stores, now: datetime
) -> Batch:
    """Take PayPal's batch for ours, if PayPal says that it is: for one whose answer was lost."""
    report = paypal.batch(payout_batch_id)

    def step(batch: Batch) -> Batch | None:
        if not batches.is_ours(batch, report):
            known = report.sender_batch_id
            detail = f"PayPal knows {payout_batch_id} as {known}, not as {batch.sender_id}"
            raise Conflict(detail, code="paypal_batch_differs")
        return batches.sent(batch, report.payout_batch_id, now)

    return change(batch_id, step, stores)


def change(batch_id: str, step: Callable[[Batch], Batch | None], stores: Stores) -> Batch:
    """The batch after the step, taken now or before; NotFound when there is no such batch."""
    for _ in range(_TRIES):
        before = store.find_batch(stores.rows, batch_id)
        if before is None or before.state is BatchState.DRAFT:
            raise NotFound(f"there is no batch {batch_id}")
        after = step(before)
        if after is None:
            return before
        if store.move(stores.rows, before, after):
            return after
    raise Busy(f"{batch_id} is being changed by others")


def whole(batch: Batch, stores: Stores) -> tuple[BatchItem, ...]:
    """Every item of the batch; Busy while the index does not show all of them."""
    items = store.items_of(stores.rows, batch.id)
    if len(items) != batch.count:
        raise Busy(f"{batch.id} has {batch.count} items, of which {len(items)} can be seen yet")
    return items


def leave_out(item: BatchItem, reason: str, *, stores: Stores, now: datetime) -> None:
    """Fail a payout that PayPal certainly does not make, and keep that with its item; one that is
    made in another way stays as it is."""
    drop_payout(item.payout_id, reason=reason, carrier=item.batch_id, stores=stores, now=now)
    store.move_item(stores.rows, item, left_out(item, reason, now))


def _finished(draft: Batch, stores: Stores) -> Batch | None:
    """The draft, which gathers no more; None when another run has finished it."""
    after = batches.ready(draft)
    return after if store.move(stores.rows, draft, after) else None


def _gathered(payouts: Sequence[Payout], stores: Stores, now: datetime) -> Batch | None:
    batch = batches.draft(payouts[0].id, payouts[0].currency, now)
    receivers = _receivers(payouts, stores)
    items = [_item(one, receivers, batch.id) for one in payouts]
    stands = store.gather(stores.rows, batch, items)
    return _finished(stands, stores) if stands and stands.state is BatchState.DRAFT else None


def _payable(waiting: Iterable[Payout], stores: Stores, now: datetime) -> list[Payout]:
    """The payouts that PayPal would take; the others fail, and say why."""
    payouts = list(waiting)
    receivers = _receivers(payouts, stores)
    fit: list[Payout] = []
    for payout in payouts:
        wrong = paypal_payouts.faults(_item(payout, receivers, "").asked)
        if not wrong:
            fit.append(payout)
            continue
        stands = find_payout(stores.rows, payout.id)
        if stands is None or stands.state is not PayoutState.CREATED:
            # Somebody has it in hand, which the index does not show yet.
            continue
        reason = f"PayPal: {wrong[0].field} {wrong[0].reason}"
        keep_held(payout.publisher_id, reason=reason, cause=payout.id, stores=stores, now=now)
        drop_payout(payout.id, reason=UNPAYABLE, stores=stores, now=now)
    return fit


def _receivers(payouts: Iterable[Payout], stores: Stores) -> dict[str, str]:
    """To whom PayPal is to pay, by publisher."""
    payees = find_payees(stores.rows, (one.publisher_id for one in payouts))
    return {id: one.paypal.email for id, one in payees.items() if one.paypal}


def _item(payout: Payout, receivers: dict[str, str], batch_id: str) -> BatchItem:
    return BatchItem(
        payout_id=payout.id,
        publisher_id=payout.publisher_id,
        batch_id=batch_id,
        receiver=receivers.get(payout.publisher_id, ""),
        amount_cents=payout.sent_cents,
        currency=payout.currency,
    )
