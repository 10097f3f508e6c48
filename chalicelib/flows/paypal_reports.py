"""What happens when PayPal says what became of a payout?

Takes it from PayPal's own answer alone: a webhook is a hint to ask, and what no webhook told is
asked about by the clock. The payout moves first and its item afterwards, so that what a dead
process left is seen anew.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib import paypal_batches as batches
from chalicelib import runtime
from chalicelib.errors import Busy, Conflict
from chalicelib.flows.holding import keep_held
from chalicelib.flows.payouts import fail_payout, return_payout, settle_payout
from chalicelib.flows.paypal_batches import Errand, change, leave_out, name, whole
from chalicelib.payouts import Payout
from chalicelib.paypal_batches import Batch
from chalicelib.paypal_items import BatchItem, reported
from chalicelib.paypal_payouts import Fate, ItemReport
from chalicelib.providers.paypal_rest import NotAtPayPal
from chalicelib.store import paypal_batches as store
from chalicelib.store.payouts import find_payout
from chalicelib.store.stores import Stores

STOPPED = "paypal_batch_denied"

_TRIES = 4
_RECEIVER = "RECEIVER_"
_MOST_REASON = 40


def look(batch: Batch, errand: Errand) -> Batch:
    """Ask PayPal about every item of a batch that it has, and move what has moved.

    Conflict, once all that can be moved is, when PayPal says of an item what cannot be.
    """
    paypal, stores, now = errand.paypal, errand.stores, errand.now
    payout_batch_id = batch.payout_batch_id or ""
    report = paypal.batch(payout_batch_id)
    if not batches.is_ours(batch, report):
        raise Conflict(f"{payout_batch_id} is not {batch.id}", code="paypal_batch_differs")
    items = {one.payout_id: one for one in whole(batch, stores) if not one.out}
    told = {one.sender_item_id: one for one in paypal.items(payout_batch_id)}
    wrong = _take_all(items, told.values(), errand)
    if report.stopped:
        for payout_id in items.keys() - told.keys():
            leave_out(items[payout_id], STOPPED, stores=stores, now=now)
    in_flight = sum(not one.ended for one in whole(batch, stores))
    after = change(batch.id, lambda one: batches.looked(one, in_flight=in_flight, now=now), stores)
    if wrong:
        raise Conflict("; ".join(wrong)[:1000], code="paypal_item_differs")
    return after


def take_hint(event: Mapping[str, Any], errand: Errand) -> str | None:
    """Ask PayPal about what an event names, and move that: the id of our batch, or None when the
    event is not about one of ours. Conflict, which alarms, when PayPal says what cannot be."""
    resource = event.get("resource")
    said: Mapping[str, Any] = resource if isinstance(resource, dict) else {}
    header = said.get("batch_header")
    item_id = said.get("payout_item_id")
    batch_id = header.get("payout_batch_id") if isinstance(header, dict) else None
    try:
        if isinstance(item_id, str):
            return _hinted_item(item_id, errand)
        if isinstance(batch_id, str):
            return _hinted_batch(batch_id, errand)
    except NotAtPayPal:
        # Of another account, or not to be seen yet: what is ours is asked about by the clock.
        return None
    except Conflict as differs:
        _log(item_id or batch_id, differs)
        raise
    return None


def _hinted_item(item_id: str, errand: Errand) -> str | None:
    report, rows = errand.paypal.item(item_id), errand.stores.rows
    item = store.find_item(rows, report.sender_item_id) if report.sender_item_id else None
    if item is None:
        return None
    batch = store.find_batch(rows, item.batch_id)
    if item.out and report.fate is not Fate.FAILED:
        raise Conflict(f"PayPal pays {item.payout_id}, which {item.batch_id} leaves out")
    if batch is None or item.out or not _is_of(batch, report, errand):
        return None
    _take_again(item, report, errand)
    return batch.id


def _hinted_batch(payout_batch_id: str, errand: Errand) -> str | None:
    paypal, stores, now = errand.paypal, errand.stores, errand.now
    report = paypal.batch(payout_batch_id)
    batch = store.find_batch(stores.rows, report.sender_batch_id.partition("-")[0])
    if batch is None or not batches.is_ours(batch, report):
        return None
    if batch.payout_batch_id is None:
        name(batch.id, payout_batch_id, paypal=paypal, stores=stores, now=now)
    else:
        change(batch.id, lambda one: batches.hinted(one, now), stores)
    return batch.id


def _is_of(batch: Batch, report: ItemReport, errand: Errand) -> bool:
    """Whether the item is of this batch; one that PayPal has, unknown to us, is known by this."""
    paypal, stores, now = errand.paypal, errand.stores, errand.now
    if batch.payout_batch_id is None:
        if not batches.is_ours(batch, paypal.batch(report.payout_batch_id)):
            return False
        name(batch.id, report.payout_batch_id, paypal=paypal, stores=stores, now=now)
        return True
    return batch.payout_batch_id == report.payout_batch_id


def _take_all(
    items: Mapping[str, BatchItem], reports: Iterable[ItemReport], errand: Errand
) -> list[str]:
    """Move every item that PayPal says something new of; what is wrong with those that cannot."""
    wrong = []
    for report in reports:
        item = items.get(report.sender_item_id)
        try:
            if item is None:
                raise Conflict(f"PayPal pays {report.item_id}, which nobody has asked for")
            _take_again(item, report, errand)
        except Conflict as differs:
            _log(report.item_id, differs)
            wrong.append(differs.detail)
    return wrong


def _take_again(item: BatchItem, report: ItemReport, errand: Errand) -> None:
    """Take the report; where others move the item meanwhile, ask PayPal anew."""
    stores, now = errand.stores, errand.now
    for attempt in range(_TRIES):
        try:
            if _take(item, report, stores, now):
                return
        except Conflict:
            if attempt:
                raise
        report = errand.paypal.item(report.item_id)
        item = store.find_item(stores.rows, item.payout_id) or item
    raise Busy(f"{item.payout_id} is being changed by others")


def _take(item: BatchItem, report: ItemReport, stores: Stores, now: datetime) -> bool:
    """Move the payout as the report says, and then its item; False when others have moved it."""
    after = reported(item, report, now)
    if after is None:
        return True
    payout = find_payout(stores.rows, item.payout_id)
    if payout is None:
        raise Conflict(f"there is no payout {item.payout_id}")
    _move(payout, report, stores, now)
    return store.move_item(stores.rows, item, after)


def _move(payout: Payout, report: ItemReport, stores: Stores, now: datetime) -> None:
    """Conflict when PayPal has paid what nobody was to be paid: that is for people to sort out."""
    became = report.fate
    if became is Fate.IN_FLIGHT:
        return
    if became is Fate.SETTLED:
        settle_payout(
            payout.id,
            reference=report.item_id,
            fee_cents=report.fee_cents,
            stores=stores,
            now=now,
        )
        return
    if payout.unpaid:
        return
    reason = f"paypal_{(report.error or report.status).lower()}"[:_MOST_REASON]
    if became is Fate.RETURNED or payout.settled_at:
        return_payout(payout.id, reason=reason, stores=stores, now=now)
        return
    fail_payout(payout.id, reason=reason, stores=stores, now=now)
    if report.error.startswith(_RECEIVER):
        detail = f"PayPal: {report.error}; a new address is needed before the hold is lifted"
        keep_held(payout.publisher_id, reason=detail, cause=payout.id, stores=stores, now=now)


def _log(named: object, differs: Conflict) -> None:
    runtime.logger().error(
        "PayPal says what cannot be", extra={"named": named, "detail": differs.detail}
    )
