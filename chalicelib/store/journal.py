"""What was booked, one entry after the other?

Owns walking through all entries of a stretch of time, month by month, as their rows stand. What
they must say belongs to `auditing_entries`; the accounts' side of them, to `entries`.
"""

from collections.abc import Iterator

from chalicelib import times
from chalicelib.auditing_entries import Kept
from chalicelib.errors import Broken
from chalicelib.store.entries import read_entry
from chalicelib.store.rows import LEDGER, Item, Question, Rows, walk


def kept_entries(rows: Rows, first_month: str, until: str) -> Iterator[Kept]:
    """Every entry from a month (`2026-11`) on, in the order of booking, up to and without those
    whose instant is `until` (written) or later; the index may lag by a moment."""
    for month in times.months_between(first_month, until[:7]):
        question = Question(table=LEDGER, index="by_month", partition=month, below=until)
        yield from map(_read, walk(rows, question))


def _read(item: Item) -> Kept:
    entry_id = str(item["pk"]).removeprefix("ENTRY#")
    try:
        entry, fault = read_entry(item), None
    except Broken as broken:
        entry, fault = None, str(broken)
    return Kept(
        entry_id=entry_id,
        booked_key=item["booked_key"],
        payload_hash=item["payload_hash"],
        entry=entry,
        fault=fault,
    )
