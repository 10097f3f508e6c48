"""Payouts become items of a batch, each of one alone, in memory and on DynamoDB."""

from dataclasses import replace

import pytest

from chalicelib import paypal_batches as batches
from chalicelib.offers import PayoutMethod
from chalicelib.paypal_batches import Batch, BatchState
from chalicelib.paypal_items import BatchItem, left_out
from chalicelib.store import paypal_batches as store
from chalicelib.store.payouts import payout_key, waiting_for
from chalicelib.store.rows import BOOKS, Put, Rows
from tests.builders import NOW


def waiting(rows: Rows, count: int) -> list[BatchItem]:
    """So many payouts that wait for PayPal, as items of the batch that begins with the first."""
    batch_id = batches.draft("po_000", "USD", NOW).id
    for number in range(count):
        key = payout_key(f"po_{number:03d}")
        item = {"pk": key.pk, "sk": key.sk, "id": f"po_{number:03d}", "state": "created",
                "open": waiting_for(PayoutMethod.PAYPAL), "open_key": f"{number:03d}"}  # fmt: skip
        rows.write([Put(BOOKS, item)])
    return [
        BatchItem(
            payout_id=f"po_{number:03d}", publisher_id=f"pub_{number}", batch_id=batch_id,
            receiver="ada@pub.example", amount_cents=100, currency="USD",
        )
        for number in range(count)
    ]  # fmt: skip


def draft() -> Batch:
    return batches.draft("po_000", "USD", NOW)


@pytest.mark.parametrize("count", [1, 45, 100])
def test_every_payout_that_waits_is_gathered(rows: Rows, count: int) -> None:
    items = waiting(rows, count)
    made = store.gather(rows, draft(), items)
    assert made is not None
    assert (made.count, made.amount_cents, made.state) == (count, 100 * count, BatchState.DRAFT)
    kept = store.items_of(rows, made.id)
    assert sorted(kept, key=lambda one: one.payout_id) == items


def test_a_payout_that_waits_no_more_is_left_to_whoever_took_it(rows: Rows) -> None:
    items = waiting(rows, 60)
    others = replace(draft(), id="ppb_other")
    theirs = [replace(one, batch_id=others.id) for one in (*items[:3], items[50])]
    assert store.gather(rows, others, theirs) is not None
    made = store.gather(rows, draft(), items)
    assert made is not None
    assert made.count == 56
    assert store.gather(rows, replace(draft(), id="ppb_third"), items) is None


def test_two_who_gather_the_same_batch_fill_it_together(rows: Rows) -> None:
    items = waiting(rows, 10)
    store.gather(rows, draft(), items[:6])
    made = store.gather(rows, draft(), items)
    assert made is not None
    assert made.count == 10


def test_a_batch_that_is_ready_takes_nothing_more(rows: Rows) -> None:
    items = waiting(rows, 10)
    made = store.gather(rows, draft(), items[:6])
    assert made is not None
    assert store.move(rows, made, batches.ready(made))
    assert store.gather(rows, draft(), items) is None
    found = store.find_batch(rows, made.id)
    assert found is not None
    assert (found.state, found.count) == (BatchState.READY, 6)


def test_a_draft_that_has_grown_since_it_was_read_is_not_finished(rows: Rows) -> None:
    items = waiting(rows, 2)
    made = store.gather(rows, draft(), items[:1])
    assert made is not None
    store.gather(rows, draft(), items)
    assert not store.move(rows, made, batches.ready(made))


def test_only_what_is_due_is_found(rows: Rows) -> None:
    made = store.gather(rows, draft(), waiting(rows, 1))
    assert made is not None
    assert store.due_batches(rows, NOW) == (made,)
    taken = batches.taken(made, NOW)
    assert store.move(rows, made, taken)
    assert store.due_batches(rows, NOW) == ()
    assert store.due_batches(rows, NOW + batches.A_TURN) == (taken,)
    ready = batches.ready(taken)
    assert store.move(rows, taken, ready)
    assert store.due_batches(rows, NOW + batches.A_TURN) == ()


def test_an_item_that_has_moved_on_is_not_changed_from_what_it_was(rows: Rows) -> None:
    (item,) = waiting(rows, 1)
    store.gather(rows, draft(), [item])
    out = left_out(item, "payout_ended", NOW)
    assert store.move_item(rows, item, out)
    assert not store.move_item(rows, item, left_out(item, "another", NOW))
    assert store.find_item(rows, item.payout_id) == out
    assert store.find_item(rows, "po_none") is None


def test_items_are_shown_page_by_page(rows: Rows) -> None:
    made = store.gather(rows, draft(), waiting(rows, 5))
    assert made is not None
    first = store.page_of_items(rows, made.id, limit=3, after=None)
    second = store.page_of_items(rows, made.id, limit=3, after=first.mark)
    assert [one.payout_id for one in (*first.items, *second.items)] == [
        f"po_{number:03d}" for number in range(5)
    ]
    assert second.mark is None
