"""What happens to payouts by PayPal by the clock?

Joins gathering, sending and asking in one run. Each batch is in the hands of one run at a time, and
one that fails does not keep the others from going on.
"""

from dataclasses import dataclass, field
from datetime import datetime

from chalicelib import paypal_batches as batches
from chalicelib import runtime
from chalicelib.errors import Refused
from chalicelib.flows.paypal_batches import Errand, finish_withdrawing, gather
from chalicelib.flows.paypal_reports import look
from chalicelib.flows.paypal_sending import send
from chalicelib.offers import PayoutMethod
from chalicelib.paypal_batches import Batch, BatchState
from chalicelib.store import paypal_batches as store
from chalicelib.store.payouts import waiting_payouts
from chalicelib.store.stores import Stores


@dataclass(slots=True)
class PayPalRun:
    """The batches that became ready, and how many were sent, asked about, or failed."""

    ready: list[str] = field(default_factory=list)
    sent: int = 0
    unsent: int = 0
    looked: int = 0
    withdrawn: int = 0
    failed: int = 0


def run(errand: Errand) -> PayPalRun:
    """Gather what waits, send what was released, and ask about what PayPal has, as far as due."""
    done, stores, now = PayPalRun(), errand.stores, errand.now
    for batch in store.due_batches(stores.rows, now):
        if batch.state is not BatchState.DRAFT:
            _go_on(batch, done, errand)
    done.ready = [batch.id for batch in gather(stores=stores, now=now)]
    return done


def is_waiting(*, stores: Stores, now: datetime) -> bool:
    """Whether anything waits for PayPal."""
    rows = stores.rows
    return bool(waiting_payouts(rows, PayoutMethod.PAYPAL) or store.due_batches(rows, now))


def _go_on(batch: Batch, done: PayPalRun, errand: Errand) -> None:
    """Do what comes next for the batch, unless another run does."""
    mine = batches.taken(batch, errand.now)
    if not store.move(errand.stores.rows, batch, mine):
        return
    try:
        after = _next(mine, errand)
    except Refused as refused:
        # Of another batch it may be true that PayPal answers; this one is due again by itself.
        runtime.logger().exception(
            "a batch for PayPal could not go on",
            extra={"batch_id": batch.id, "detail": refused.detail},
        )
        done.failed += 1
        return
    if batch.state is BatchState.RELEASED:
        done.sent += after.payout_batch_id is not None
        done.unsent += after.state is BatchState.RELEASED
    done.looked += batch.payout_batch_id is not None
    done.withdrawn += after.state is BatchState.WITHDRAWN


def _next(batch: Batch, errand: Errand) -> Batch:
    if batch.state is BatchState.RELEASED:
        return send(batch, errand)
    if batch.state is BatchState.WITHDRAWN:
        return finish_withdrawing(batch, stores=errand.stores, now=errand.now)
    return look(batch, errand)
