"""What happens when PayPal is asked to pay a batch?

Before it is asked, every payout is in PayPal's hands as far as the platform is concerned, and the
batch is one that PayPal may have: whatever breaks afterwards, nobody pays them in another way. Only
a refusal that is certain takes a payout out again.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib import paypal_batches as batches
from chalicelib import paypal_payouts
from chalicelib.errors import Conflict
from chalicelib.flows.clearing import clearance
from chalicelib.flows.holding import keep_held
from chalicelib.flows.payouts import submit_payout
from chalicelib.flows.paypal_batches import Errand, change, leave_out, whole
from chalicelib.offers import PayoutMethod, Publisher
from chalicelib.paypal_batches import Batch, BatchState
from chalicelib.paypal_items import BatchItem
from chalicelib.providers.paypal import Unnamed
from chalicelib.providers.paypal_rest import PayPalAway, PayPalRefused
from chalicelib.store.payees import find_payee
from chalicelib.store.stores import Stores

SUBJECT = "You have been paid"
REFUSED = "paypal_refused"
ENDED = "payout_ended"
MOVED = "details_changed"

_MOST_ROUNDS = 5


def send(batch: Batch, errand: Errand) -> Batch:
    """Ask PayPal for a released batch; returns it as it stands then, with the problem where PayPal
    did not take it.

    Items that PayPal certainly refuses fail, and the rest is asked for again. A batch of which
    nothing is left is withdrawn. Nothing is asked once PayPal may have forgotten that it has it.
    """
    stores, now = errand.stores, errand.now
    for _ in range(_MOST_ROUNDS):
        if batches.is_forgotten(batch, now):
            return _forgotten(batch, stores, now)
        items = _submitted(batch, errand)
        if not items:
            return change(batch.id, lambda one: batches.emptied(one, now), stores)
        again = _ask(batch, items, errand)
        if again.round == batch.round:
            return again
        batch = again
    return batch


def _forgotten(batch: Batch, stores: Stores, now: datetime) -> Batch:
    """Nobody but people can find out whether PayPal has the batch: they hear of it once a day."""
    stands = change(batch.id, lambda one: batches.forgotten(one, now), stores)
    raise Conflict(stands.problem or "", code="batch_unsure")


def _submitted(batch: Batch, errand: Errand) -> list[BatchItem]:
    """The items to ask for, each of which PayPal pays and nobody else."""
    items = [one for one in whole(batch, errand.stores) if not one.out]
    if batch.unsure_since:
        # The same request as before: what PayPal may have is not to be changed.
        return items
    return [one for one in items if _submit(one, errand)]


def _submit(item: BatchItem, errand: Errand) -> bool:
    """Whether the payout is PayPal's to make now."""
    stores, now = errand.stores, errand.now
    stop = _stop(item, errand)
    if stop:
        leave_out(item, stop, stores=stores, now=now)
        return False
    try:
        submit_payout(
            item.payout_id,
            method=PayoutMethod.PAYPAL,
            reference=item.batch_id,
            stores=stores,
            now=now,
        )
    except Conflict:
        # Since it was gathered it was paid by hand, or has failed.
        leave_out(item, ENDED, stores=stores, now=now)
        return False
    return True


def _stop(item: BatchItem, errand: Errand) -> str | None:
    """Why the item is not to be paid now. Whoever is paid in another way by now is paid by this
    payout as it was made, but never at an address that is theirs no more."""
    stores, now = errand.stores, errand.now
    receiver = find_payee(stores.rows, item.publisher_id).paypal
    if receiver and receiver.email != item.receiver:
        return MOVED
    publisher = stores.catalog.find(Publisher, item.publisher_id)
    if publisher is None:
        return None
    payee = replace(publisher, payout_method=PayoutMethod.PAYPAL)
    cleared = clearance(payee, stores=stores, documents=errand.documents, now=now)
    return f"obstacle_{cleared.obstacles[0].code}" if cleared.obstacles else None


def _ask(batch: Batch, items: list[BatchItem], errand: Errand) -> Batch:
    stores, now = errand.stores, errand.now
    tried = change(batch.id, lambda one: batches.sending(one, now), stores)
    request = paypal_payouts.request(tried.sender_id, SUBJECT, [one.asked for one in items])
    try:
        payout_batch_id = errand.paypal.create(request)
    except PayPalRefused as refused:
        return _refused(batch, items, refused, errand)
    except (PayPalAway, Unnamed) as unknown:
        return _not_sent(batch, unknown.detail, errand, certain=False)
    return change(batch.id, lambda one: batches.sent(one, payout_batch_id, now), stores)


def _not_sent(batch: Batch, problem: str, errand: Errand, *, certain: bool) -> Batch:
    def step(tried: Batch) -> Batch | None:
        return batches.not_sent(batch, tried, problem=problem, certain=certain, now=errand.now)

    return change(batch.id, step, errand.stores)


def _refused(batch: Batch, items: list[BatchItem], refused: PayPalRefused, errand: Errand) -> Batch:
    """PayPal has not taken the batch now; whether it has it from before is another question."""
    stores, now = errand.stores, errand.now
    stands = _not_sent(batch, refused.detail, errand, certain=refused.certain)
    blamed = paypal_payouts.named(refused.details, len(items))
    if stands.state is not BatchState.RELEASED or stands.unsure_since or not blamed:
        return stands
    for place, issue in blamed.items():
        item = items[place]
        reason = f"PayPal refuses {item.receiver}: {issue}"[:200]
        keep_held(item.publisher_id, reason=reason, cause=item.payout_id, stores=stores, now=now)
        leave_out(item, REFUSED, stores=stores, now=now)
    return change(batch.id, lambda one: batches.another_round(one, now), stores)
