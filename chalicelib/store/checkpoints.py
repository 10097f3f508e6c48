"""How do checkpoints and seals lie in the ledger, and what does an account come to by them?

Owns their rows, which are written once like everything else in the ledger, and the balance of an
account as its last checkpoint and the legs after it. What a checkpoint says belongs to `chains`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chalicelib.chains import Chain, Checkpoint, DaySeal, Shard, day_after
from chalicelib.store.entries import shard_links, shards_of
from chalicelib.store.rows import LEDGER, Item, NotWritten, Page, Put, Question, Rows, walk

_SEALS = "SEALS"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """What an account comes to: what its checkpoints say, and what was booked after them.

    `sealed_day` is the last day that moved the account and is closed; None before the first.
    """

    account: str
    sealed_day: str | None
    sealed_cents: int
    tail_cents: int

    @property
    def balance_cents(self) -> int:
        """Debits are positive, credits negative."""
        return self.sealed_cents + self.tail_cents


def balance_of(rows: Rows, account: str) -> AccountBalance:
    """The balance of an account, of which only what was booked since its last checkpoints is
    read."""
    sealed, tail, days = 0, 0, []
    for shard in shards_of(account):
        checkpoint = latest_checkpoint(rows, shard)
        if checkpoint:
            sealed += checkpoint.chain.balance_cents
            days.append(checkpoint.day)
        after = day_after(checkpoint.day) if checkpoint else None
        tail += sum(link.amount_cents for link in shard_links(rows, shard, at_least=after))
    return AccountBalance(
        account=account, sealed_day=max(days, default=None), sealed_cents=sealed, tail_cents=tail
    )


def latest_checkpoint(rows: Rows, shard: Shard, *, before: str | None = None) -> Checkpoint | None:
    """The shard's last checkpoint, or its last of a day before another."""
    question = Question(
        table=LEDGER, partition=_partition(shard), below=before, descending=True, limit=1
    )
    items = rows.page(question).items
    return _read_checkpoint(shard, items[0]) if items else None


def checkpoints_of(rows: Rows, shard: Shard) -> dict[str, Checkpoint]:
    """Every checkpoint of a shard, by day."""
    _, (items,) = rows.gather([], [Question(table=LEDGER, partition=_partition(shard))])
    return {item["sk"]: _read_checkpoint(shard, item) for item in items}


def keep_checkpoint(rows: Rows, checkpoint: Checkpoint) -> Checkpoint:
    """Write a checkpoint, unless there is one of that day; returns the one that stands."""
    item: Item = {
        "pk": _partition(checkpoint.shard),
        "sk": checkpoint.day,
        "amount_cents": checkpoint.chain.balance_cents,
        "legs": checkpoint.chain.legs,
        "head": checkpoint.chain.head,
    }
    return _read_checkpoint(checkpoint.shard, _standing(rows, item))


def latest_seal(rows: Rows) -> DaySeal | None:
    """The last seal; None when no day has been sealed."""
    items = rows.page(Question(table=LEDGER, partition=_SEALS, descending=True, limit=1)).items
    return read_seal(items[0]) if items else None


def seals(rows: Rows) -> Iterator[DaySeal]:
    """Every seal, the first day's first."""
    return map(read_seal, walk(rows, Question(table=LEDGER, partition=_SEALS)))


def seals_page(rows: Rows, *, limit: int, after: Mapping[str, str] | None) -> Page:
    """A page of the seals, the first day's first."""
    return rows.page(Question(table=LEDGER, partition=_SEALS, limit=limit, after=after))


def keep_seal(rows: Rows, seal: DaySeal) -> DaySeal:
    """Write a seal, unless its day is sealed; returns the one that stands."""
    item: Item = {
        "pk": _SEALS,
        "sk": seal.day,
        "checkpoints": seal.checkpoints,
        "head": seal.head,
    }
    return read_seal(_standing(rows, item))


def read_seal(item: Item) -> DaySeal:
    """The seal that a row holds."""
    return DaySeal(day=item["sk"], checkpoints=item["checkpoints"], head=item["head"])


def _standing(rows: Rows, item: Item) -> Item:
    """The row as it lies after the attempt to write it: what was there before stays."""
    try:
        rows.write([Put(LEDGER, item)])
    except NotWritten as refused:
        return refused.images[0] or item
    return item


def _partition(shard: Shard) -> str:
    return f"CHECKPOINT#{shard}"


def _read_checkpoint(shard: Shard, item: Item) -> Checkpoint:
    chain = Chain(item["head"], item["legs"], item["amount_cents"])
    return Checkpoint(shard=shard, day=item["sk"], chain=chain)
