"""How do batches for PayPal lie in the books?

Owns their rows and those of their items, from the first payout that is gathered: one that is in a
batch waits for none any more. How far a batch may go belongs to `chalicelib.paypal_batches`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import times
from chalicelib.offers import PayoutMethod
from chalicelib.paypal_batches import Batch, BatchState
from chalicelib.paypal_items import BatchItem
from chalicelib.store import codec
from chalicelib.store.claims import document_items, waiting_items
from chalicelib.store.payouts import payout_key, waiting_for
from chalicelib.store.rows import (
    BOOKS,
    Absent,
    Action,
    Change,
    Equals,
    Item,
    Key,
    NotWritten,
    Path,
    Put,
    Question,
    Rows,
)

_OPEN = "PAYPAL_BATCHES"
_A_BATCH = 45


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """Items of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[BatchItem, ...]
    mark: dict[str, str] | None


def batch_key(batch_id: str) -> Key:
    """Where a batch lies."""
    return Key(BOOKS, f"PAYPAL_BATCH#{batch_id}")


def item_key(payout_id: str) -> Key:
    """Where the item of a payout lies; it has one at most."""
    return Key(BOOKS, f"PAYPAL_ITEM#{payout_id}")


def read_batch(item: Item) -> Batch:
    """The batch that a row holds; what it has gathered lies beside its text."""
    return replace(
        codec.from_json(Batch, item["doc"]),
        count=item["count"],
        amount_cents=item["amount_cents"],
    )


def read_item(item: Item) -> BatchItem:
    """The item that a row holds."""
    return codec.from_json(BatchItem, item["doc"])


def find_batch(rows: Rows, batch_id: str) -> Batch | None:
    """The batch as it stands; None when there is none."""
    key = batch_key(batch_id)
    found, _ = rows.gather([key])
    return read_batch(found[key]) if key in found else None


def due_batches(rows: Rows, now: datetime) -> tuple[Batch, ...]:
    """Every batch that is to be looked at, as it stands."""
    items = waiting_items(rows, _OPEN, below=f"{times.written(now)}$")
    keys = [Key(BOOKS, item["pk"]) for item in items]
    found, _ = rows.gather(keys)
    return tuple(read_batch(found[key]) for key in keys if key in found)


def gather(rows: Rows, batch: Batch, items: Sequence[BatchItem]) -> Batch | None:
    """Put payouts that wait into the draft, and have it gather no more; a payout that waits no more
    is left to whoever took it. None when nothing was left to gather, or the draft is none now."""
    left = list(items)
    found, _ = rows.gather([batch_key(batch.id)])
    begun = bool(found)
    while left:
        part = left[:_A_BATCH]
        takes = [action for one in part for action in _take(one)]
        try:
            rows.write([_grow(batch, part, begun=begun), *takes])
        except NotWritten as refused:
            gone = {(place - 1) // 2 for place in refused.images if place}
            if 0 in refused.images and begun:
                return None
            begun = begun or 0 in refused.images
            left = [one for place, one in enumerate(part) if place not in gone] + left[_A_BATCH:]
            continue
        begun = True
        left = left[_A_BATCH:]
    return find_batch(rows, batch.id) if begun else None


def move(rows: Rows, before: Batch, after: Batch) -> bool:
    """Keep the batch as it is after a step; False when it has moved on since it was read."""
    due: dict[Path, str] = {("open",): _OPEN, ("open_key",): _order(after)}
    become = Change(
        key=batch_key(after.id),
        set={
            ("doc",): codec.to_json(after),
            ("state",): after.state.value,
            ("version",): after.version,
            **(due if after.due_at else {}),
        },
        remove=[] if after.due_at else list(due),
        when=[Equals(("version",), before.version), Equals(("count",), before.count)],
    )
    return _written(rows, [become])


def items_of(rows: Rows, batch_id: str) -> tuple[BatchItem, ...]:
    """Every item of the batch; the index may lag by a moment."""
    return tuple(read_item(item) for item in document_items(rows, batch_id))


def page_of_items(
    rows: Rows, batch_id: str, *, limit: int, after: Mapping[str, str] | None
) -> ItemsPage:
    """A page of the batch's items, in the order of their payouts' ids."""
    question = Question(
        table=BOOKS, index="by_document", partition=batch_id, limit=limit, after=after
    )
    page = rows.page(question)
    return ItemsPage(tuple(read_item(item) for item in page.items), page.mark)


def find_item(rows: Rows, payout_id: str) -> BatchItem | None:
    """The item of a payout; None when it is in no batch."""
    key = item_key(payout_id)
    found, _ = rows.gather([key])
    return read_item(found[key]) if key in found else None


def move_item(rows: Rows, before: BatchItem, after: BatchItem) -> bool:
    """Keep the item as it is now; False when it has moved on since it was read."""
    become = Change(
        key=item_key(after.payout_id),
        set={("doc",): codec.to_json(after), ("version",): after.version},
        when=[Equals(("version",), before.version)],
    )
    return _written(rows, [become])


def _grow(batch: Batch, part: Sequence[BatchItem], *, begun: bool) -> Change:
    return Change(
        key=batch_key(batch.id),
        set={
            ("kind",): "paypal_batch",
            ("id",): batch.id,
            ("created_key",): f"{times.written(batch.drafted_at)}#{batch.id}",
            ("state",): BatchState.DRAFT.value,
            ("version",): batch.version,
            ("doc",): codec.to_json(batch),
            ("open",): _OPEN,
            ("open_key",): _order(batch),
        },
        add={("count",): len(part), ("amount_cents",): sum(one.amount_cents for one in part)},
        when=[Equals(("state",), BatchState.DRAFT.value) if begun else Absent(("pk",))],
    )


def _take(item: BatchItem) -> list[Action]:
    """The new row of an item, whose payout waits no more."""
    key = item_key(item.payout_id)
    row: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "id": item.payout_id,
        "document_id": item.batch_id,
        "version": item.version,
        "doc": codec.to_json(item),
    }
    payout = Change(
        key=payout_key(item.payout_id),
        remove=[("open",), ("open_key",)],
        when=[Equals(("open",), waiting_for(PayoutMethod.PAYPAL))],
    )
    return [Put(BOOKS, row), payout]


def _order(batch: Batch) -> str:
    return f"{times.written(batch.due_at or batch.drafted_at)}#{batch.id}"


def _written(rows: Rows, actions: Sequence[Action]) -> bool:
    try:
        rows.write(actions)
    except NotWritten:
        return False
    return True
