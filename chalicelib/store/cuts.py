"""How far has an advertiser been billed early, and what waits to be billed?

Owns the row of an advertiser's last cut, and the exact sum of the charges that wait. When a period
is cut belongs to `chalicelib.thresholds`.
"""

from datetime import datetime

from chalicelib import times
from chalicelib.store import codec
from chalicelib.store.charges import charge_key, charges_waiting, read_charge
from chalicelib.store.claims import walk_waiting
from chalicelib.store.rows import BOOKS, Key, Rows, chunks
from chalicelib.store.succeeding import succeed
from chalicelib.thresholds import Cut

_A_PAGE = 100


def find_cut(rows: Rows, advertiser_id: str) -> Cut | None:
    """The advertiser's last cut; None when there was none."""
    key = _cut_key(advertiser_id)
    found, _ = rows.gather([key])
    return codec.from_json(Cut, found[key]["doc"]) if key in found else None


def make_cut(rows: Rows, last: Cut | None, cut: Cut) -> bool:
    """Keep the cut that follows the `last`; False when another run has made one since."""
    return succeed(
        rows,
        _cut_key(cut.advertiser_id),
        before=last.n if last else None,
        after=cut.n,
        doc=codec.to_json(cut),
    )


def waiting_cents(rows: Rows, advertiser_id: str, end: datetime, *, enough: int) -> int:
    """What the charges booked before `end` come to that wait for a document, as they stand; no more
    are counted once there is `enough`. One that an index does not show yet is left out."""
    partition, waiting = charges_waiting(advertiser_id), 0
    for page in chunks(walk_waiting(rows, partition, below=times.written(end)), _A_PAGE):
        found, _ = rows.gather([charge_key(item["id"]) for item in page])
        waiting += sum(
            read_charge(item).charge.billed_cents
            for item in found.values()
            if item.get("open") == partition
        )
        if waiting >= enough:
            break
    return waiting


def _cut_key(advertiser_id: str) -> Key:
    return Key(BOOKS, f"CUT#{advertiser_id}")
