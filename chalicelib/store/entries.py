"""How does an entry of the ledger lie in its table?

Owns the rows of an entry and of its legs, in which shard of its account a leg lies, and the write
of whatever books an entry. What an entry must hold belongs to `ledger`; what else its transaction
does, to whoever books it.
"""

from collections.abc import Iterator, Mapping, Sequence
from zlib import crc32

from chalicelib import times
from chalicelib.chains import Link, Shard
from chalicelib.errors import Broken, Conflict
from chalicelib.ledger import Entry, House, Leg
from chalicelib.store import codec
from chalicelib.store.rows import (
    LEDGER,
    Action,
    Item,
    Key,
    NotWritten,
    Page,
    Put,
    Question,
    Rows,
    key_of,
    walk,
)

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
                "pk": partition_of(shard),
                "sk": link.order,
                "amount_cents": link.amount_cents,
                "entry_id": link.entry_id,
                "payload_hash": link.payload_hash,
            },
        )
        for shard, link in links_of(entry)
    ]
    return [Put(LEDGER, head), *legs]


def book(rows: Rows, actions: Sequence[Action]) -> None:
    """Write a transaction that books entries; NotWritten when what else it changes has moved on.

    Where all else stands as it was read, and yet an entry is there: Conflict when it has other
    content under the same key, for that is never the same event once more, and Broken when it has
    the same, for then the rest of its transaction is missing.
    """
    try:
        rows.write(actions)
    except NotWritten as refused:
        if any(key_of(actions[position]).table != LEDGER for position in refused.images):
            raise
        key, same = _booked_before(actions, refused.images)
        if same:
            raise Broken(f"{key} has been booked before, without what belongs to it") from refused
        raise Conflict(f"{key} has been booked with other content") from refused


def links_of(entry: Entry) -> Iterator[tuple[Shard, Link]]:
    """Each leg of the entry as a link, and the shard of its account that it is appended to."""
    booked, entry_id, content = times.written(entry.booked_at), entry.id, entry.payload_hash
    for position, leg in enumerate(entry.legs):
        shards = shards_of(leg.account)
        link = Link(
            order=f"{booked}#{entry_id}#{position}",
            entry_id=entry_id,
            amount_cents=leg.amount_cents,
            payload_hash=content,
        )
        yield shards[crc32(entry_id.encode()) % len(shards)], link


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


def shard_links(
    rows: Rows, shard: Shard, *, at_least: str | None = None, below: str | None = None
) -> Iterator[Link]:
    """The legs of a shard in the order of booking, within bounds of that order (`below` is
    excluded), page by page from the table itself."""
    question = Question(table=LEDGER, partition=partition_of(shard), at_least=at_least, below=below)
    return map(_read_link, walk(rows, question))


def account_legs(rows: Rows, account: str) -> Iterator[Leg]:
    """Every leg ever booked to an account, read from the table itself, shard by shard."""
    for shard in shards_of(account):
        for link in shard_links(rows, shard):
            yield Leg(account=account, amount_cents=link.amount_cents)


def first_link(rows: Rows, shard: Shard) -> Link | None:
    """The first leg that was booked in a shard."""
    items = rows.page(Question(table=LEDGER, partition=partition_of(shard), limit=1)).items
    return _read_link(items[0]) if items else None


def shards_of(account: str) -> tuple[Shard, ...]:
    """The shards of an account: several for the house's, which every call moves."""
    return tuple(Shard(account, number) for number in range(_shard_count(account)))


def partition_of(shard: Shard) -> str:
    """The partition that holds the legs of a shard."""
    return f"ACCOUNT#{shard}"


def _shard_count(account: str) -> int:
    return _HOUSE_SHARDS if account in _HOUSE else 1


def _read_link(item: Item) -> Link:
    return Link(
        order=item["sk"],
        entry_id=item["entry_id"],
        amount_cents=item["amount_cents"],
        payload_hash=item.get("payload_hash", ""),
    )


def _booked_before(
    actions: Sequence[Action], images: Mapping[int, Item | None]
) -> tuple[str, bool]:
    """The key of the first refused row, and whether it says what was to be written."""
    position = min(images)
    action, image = actions[position], images[position] or {}
    wanted = action.item if isinstance(action, Put) else {}
    name = codec.from_json(Entry, wanted["doc"]).key if "doc" in wanted else str(wanted.get("sk"))
    return name, wanted.get("payload_hash") == image.get("payload_hash")
