"""What happens when a day of the ledger is over?

Joins the legs of every account with the checkpoints before them, and seals each day that nothing
will be booked on any more, the earliest first. A run that dies is completed by the next one, and of
two at once both come to the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib import chains, ledger
from chalicelib.campaigns import Advertiser
from chalicelib.chains import GENESIS, Chain, DayDigests, Shard
from chalicelib.flows.parties import every
from chalicelib.offers import Publisher
from chalicelib.store import checkpoints
from chalicelib.store.entries import first_link, shard_links, shards_of
from chalicelib.store.rows import Rows
from chalicelib.store.stores import Stores

# A run over a long past that is cut short has sealed what came before.
_DAYS_AT_ONCE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingReport:
    """How many days this run has sealed, and the last day that is sealed now."""

    sealed: int
    sealed_through: str | None


def seal(*, stores: Stores, now: datetime) -> SealingReport:
    """Seal every day that has ended long enough before `now` and is not sealed yet.

    The first day is the first on which anything was booked. A day once sealed stays as it is.
    """
    rows = stores.rows
    shards = every_shard(chart(stores))
    latest = checkpoints.latest_seal(rows)
    first = chains.day_after(latest.day) if latest else first_day(rows, shards)
    last = chains.last_closed_day(now)
    if first is None or first > last:
        return SealingReport(sealed=0, sealed_through=latest.day if latest else None)
    head, days = latest.head if latest else GENESIS, tuple(chains.days_between(first, last))
    for start in range(0, len(days), _DAYS_AT_ONCE):
        head = _seal_days(rows, shards, days[start : start + _DAYS_AT_ONCE], head)
    return SealingReport(sealed=len(days), sealed_through=last)


def chart(stores: Stores) -> tuple[str, ...]:
    """Every account of the books, as the catalog stands."""
    advertisers = [one.id for one in every(Advertiser, stores)]
    return ledger.chart(advertisers, [one.id for one in every(Publisher, stores)])


def every_shard(accounts: Iterable[str]) -> tuple[Shard, ...]:
    """The shards of accounts in the order in which seals take them."""
    return tuple(sorted(shard for account in accounts for shard in shards_of(account)))


def first_day(rows: Rows, shards: Iterable[Shard]) -> str | None:
    """The first day on which anything was booked; None when nothing ever was."""
    firsts = (first_link(rows, shard) for shard in shards)
    return min((link.day for link in firsts if link), default=None)


def _seal_days(rows: Rows, shards: Iterable[Shard], days: Sequence[str], head: str) -> str:
    """Seal days that follow one another, after the seal `head`; returns the last of their heads."""
    digests = _check_all(rows, shards, days[0], days[-1])
    for day in days:
        head = checkpoints.keep_seal(rows, digests.seal(day, head)).head
    return head


def _check_all(rows: Rows, shards: Iterable[Shard], first: str, last: str) -> DayDigests:
    """Write the checkpoints of all shards for the days from `first` to `last`."""
    digests = DayDigests()
    for shard in shards:
        since: Chain | None = None
        links = shard_links(rows, shard, at_least=first, below=chains.day_after(last))
        for day, of_day in chains.by_day(links):
            since = since or _chain_before(rows, shard, first)
            made = chains.closing_day(shard, day, since, of_day)
            standing = checkpoints.keep_checkpoint(rows, made)
            digests.add(standing)
            since = standing.chain
    return digests


def _chain_before(rows: Rows, shard: Shard, day: str) -> Chain:
    before = checkpoints.latest_checkpoint(rows, shard, before=day)
    return before.chain if before else Chain()
