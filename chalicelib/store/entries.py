"""How does an entry of the ledger lie in its table?

Owns the rows of an entry and of its legs, and reading them back. What an entry must hold belongs
to `ledger`; the transaction that an entry is part of, to whoever books it.
"""

from collections.abc import Iterator, Mapping
from zlib import crc32

from chalicelib import times
from chalicelib.ledger import Entry, House, Leg
from chalicelib.store import codec
from chalicelib.store.rows import LEDGER, Item, Key, Page, Put, Question, Rows

_HOUSE_SHARDS = 8
_HOUSE = frozenset(account.value for account in House)


def entry_puts(entry: Entry) -> list[Put]:
    """The new rows of an entry: the entry itself first, then one for each leg.

    The entry's row is refused when its key has been booked, whatever it said then.
    """
    booked = times.written(entry.booked_at)
    head: Item = {
        "pk": f"ENTRY#{entry.id}",
        "sk": "META",
        "month": booked[:7],
        "booked_key": f"{booked}#{entry.id}",
        "payload_hash": entry.payload_hash,
        "doc": codec.to_json(entry),
    }
    legs = [
        Put(
            LEDGER,
            {
                "pk": _account_partition(leg.account, entry.id),
                "sk": f"{booked}#{entry.id}#{position}",
                "amount_cents": leg.amount_cents,
                "entry_id": entry.id,
            },
        )
        for position, leg in enumerate(entry.legs)
    ]
    return [Put(LEDGER, head), *legs]


def entry_key(entry_id: str) -> Key:
    """Where an entry lies."""
    return Key(LEDGER, f"ENTRY#{entry_id}")


def read_entry(item: Item) -> Entry:
    """The entry that a row of `ENTRY#…` holds."""
    return codec.from_json(Entry, item["doc"])


def entries_of_month(
    rows: Rows, month: str, *, limit: int, after: Mapping[str, str] | None
) -> Page:
    """A page of the entries booked in a month (`2026-11`), in the order of booking."""
    return rows.page(
        Question(table=LEDGER, index="by_month", partition=month, limit=limit, after=after)
    )


def account_legs(rows: Rows, account: str) -> Iterator[Leg]:
    """Every leg ever booked to an account, read from the table itself, shard by shard."""
    for partition in account_partitions(account):
        mark: Mapping[str, str] | None = None
        while True:
            page = rows.page(Question(table=LEDGER, partition=partition, after=mark))
            yield from (Leg(account=account, amount_cents=i["amount_cents"]) for i in page.items)
            mark = page.mark
            if mark is None:
                break


def account_partitions(account: str) -> tuple[str, ...]:
    """The partitions of an account: several for the house's, which every call moves."""
    shards = _HOUSE_SHARDS if account in _HOUSE else 1
    return tuple(f"ACCOUNT#{account}#{shard}" for shard in range(shards))


def _account_partition(account: str, entry_id: str) -> str:
    partitions = account_partitions(account)
    return partitions[crc32(entry_id.encode()) % len(partitions)]
