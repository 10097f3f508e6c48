"""Which entries moved an account, in the order of booking?

Owns reading an account's legs page by page across its shards. Sums of whole accounts belong to
`entries` and `checkpoints`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.ledger import Entry
from chalicelib.store.entries import entry_key, partition_of, read_entry, shards_of
from chalicelib.store.rows import LEDGER, Question, Rows


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """Entries of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[Entry, ...]
    mark: dict[str, str] | None


def entries_of_account(
    rows: Rows, account: str, *, limit: int, after: Mapping[str, str] | None
) -> EntriesPage:
    """A page of the entries that moved the account, the earliest booked first.

    Every shard is asked for as many as the page takes, and the earliest of them all make the page.
    """
    legs: list[tuple[str, str]] = []
    for shard in shards_of(account):
        partition = partition_of(shard)
        mark = {"pk": partition, "sk": after["sk"]} if after else None
        question = Question(table=LEDGER, partition=partition, limit=limit + 1, after=mark)
        legs += [(item["sk"], item["entry_id"]) for item in rows.page(question).items]
    legs.sort()
    shown = legs[:limit]
    found, _ = rows.gather([entry_key(entry_id) for _, entry_id in shown])
    entries = tuple(read_entry(found[entry_key(entry_id)]) for _, entry_id in shown)
    return EntriesPage(entries, {"sk": shown[-1][0]} if len(legs) > limit else None)
