"""How does it show that nothing in the ledger was taken out, changed or slipped in?

Owns the hash chain of an account, the checkpoint that closes a day of it, the seal over all
checkpoints of a day, and where a chain is broken. Reading and keeping them belongs to the store.

Every leg is hashed together with the hash of the leg before it in its shard of the account, in the
order of booking, and with the content of its entry. The hash is not kept in the leg but computed
once the day is over, for all of its legs, and closed by a checkpoint that is written once. A hash
kept in the leg would have to be read before the leg can be written: every call moves revenue and
cost, so all calls would queue for one row, and two at once would refuse each other. What money may
be spent is checked under a condition on the advertiser's funds, which needs no chain to be safe;
what was booked since the last seal is compared with its entry, leg by leg. So a tampering shows
at once where entry and leg differ, and after the seal whatever was rewritten together with them.

A day is sealed an hour after its end. An entry is booked at the time its writer began, and no
function runs that long, so that no leg comes after the checkpoint of its day.
"""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from chalicelib import times

GENESIS = "0" * 64
STRAGGLING = timedelta(hours=1)


class Shard(NamedTuple):
    """One of the parts in which an account's legs lie; most accounts have one, number 0."""

    account: str
    number: int

    def __str__(self) -> str:
        return f"{self.account}#{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A leg as it lies in its shard; `order` begins with the instant of booking."""

    order: str
    entry_id: str
    amount_cents: int
    payload_hash: str

    @property
    def day(self) -> str:
        """The day of booking in UTC, such as `2026-11-10`."""
        return self.order[:10]


@dataclass(frozen=True, slots=True)
class Chain:
    """What the legs of a shard come to, up to some leg: last hash, how many, and their sum."""

    head: str = GENESIS
    legs: int = 0
    balance_cents: int = 0

    def with_link(self, link: Link) -> "Chain":
        """The chain, longer by one leg."""
        said = f"{self.head}|{link.order}|{link.entry_id}|{link.amount_cents}|{link.payload_hash}"
        head = hashlib.sha256(said.encode()).hexdigest()
        return Chain(head, self.legs + 1, self.balance_cents + link.amount_cents)

    def __str__(self) -> str:
        return f"{self.legs} legs, {self.balance_cents:+d}, hash {self.head[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A shard's whole chain up to the end of a day; only days that moved it have one."""

    shard: Shard
    day: str
    chain: Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySeal:
    """All checkpoints of a day in one hash, which holds that of the day before."""

    day: str
    checkpoints: int
    head: str


class DayDigests:
    """The checkpoints of each day, in the order in which they are added: by account and shard.

    It grows with the days, not with what was booked on them.
    """

    def __init__(self) -> None:
        self._hashes: dict[str, Any] = {}
        self._counts: dict[str, int] = {}

    def add(self, checkpoint: Checkpoint) -> None:
        """Take a checkpoint into its day."""
        chain = checkpoint.chain
        said = f"{checkpoint.shard}|{chain.head}|{chain.legs}|{chain.balance_cents}\n"
        self._hashes.setdefault(checkpoint.day, hashlib.sha256()).update(said.encode())
        self._counts[checkpoint.day] = self._counts.get(checkpoint.day, 0) + 1

    def seal(self, day: str, previous_head: str) -> DaySeal:
        """The seal of a day; one without checkpoints has a seal as well."""
        digest = self._hashes[day].hexdigest() if day in self._hashes else ""
        head = hashlib.sha256(f"{previous_head}|{day}|{digest}".encode()).hexdigest()
        return DaySeal(day=day, checkpoints=self._counts.get(day, 0), head=head)

    @property
    def days(self) -> tuple[str, ...]:
        """The days that have checkpoints."""
        return tuple(sorted(self._hashes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A day on which a shard's legs are not those that were sealed; None is nothing at all."""

    shard: Shard
    day: str
    sealed: Chain | None
    found: Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The chain of all legs of a shard, and where it departs from its checkpoints.

    After a break the chain goes on from the checkpoint, so that each break is told once.
    """

    chain: Chain
    breaks: tuple[Break, ...]


def last_closed_day(now: datetime) -> str:
    """The last day whose entries have all been written at `now`."""
    return (times.utc(now - STRAGGLING).date() - timedelta(days=1)).isoformat()


def day_after(day: str) -> str:
    """The day after a day."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def days_between(first: str, last: str) -> Iterator[str]:
    """Every day from `first` to `last`, both included; none when `last` is earlier."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    for offset in range((end - start).days + 1):
        yield (start + timedelta(days=offset)).isoformat()


def closing_day(shard: Shard, day: str, since: Chain, links: Iterable[Link]) -> Checkpoint:
    """The checkpoint of a day with these links, going on from the chain before it."""
    chain = since
    for link in links:
        chain = chain.with_link(link)
    return Checkpoint(shard=shard, day=day, chain=chain)


def by_day(links: Iterable[Link]) -> Iterator[tuple[str, Iterator[Link]]]:
    """Links in order, parted by their day of booking."""
    return groupby(links, key=lambda link: link.day)


def follow(
    shard: Shard,
    links: Iterable[Link],
    checkpoints: Mapping[str, Checkpoint],
    sealed_through: str | None,
) -> Followed:
    """Compute the chain of a shard anew, and hold it against the shard's checkpoints by day."""
    whole = since = Chain()
    left, breaks = dict(checkpoints), list[Break]()
    for day, of_day in by_day(links):
        for emptied in sorted(one for one in left if one < day):
            kept = left.pop(emptied).chain
            breaks.append(Break(shard=shard, day=emptied, sealed=kept, found=since))
            since = kept
        before = since
        whole, since = _advance(whole, since, of_day)
        if day in left:
            kept = left.pop(day).chain
            if kept != since:
                breaks.append(Break(shard=shard, day=day, sealed=kept, found=since))
            since = kept
        elif sealed_through and day <= sealed_through:
            breaks.append(Break(shard=shard, day=day, sealed=None, found=since))
            since = before
    for emptied in sorted(left):
        kept = left[emptied].chain
        breaks.append(Break(shard=shard, day=emptied, sealed=kept, found=since))
        since = kept
    return Followed(chain=whole, breaks=tuple(breaks))


def differing(
    told: Iterable[Link], lying: Iterable[Link]
) -> Iterator[tuple[Link | None, Link | None]]:
    """Where what entries tell is not what lies in a shard: the link on either side, None where
    there is none. Both come in order."""
    ordered = heapq.merge(
        ((link.order, 0, link) for link in told),
        ((link.order, 1, link) for link in lying),
        key=lambda one: one[:2],
    )
    for _, together in groupby(ordered, key=lambda one: one[0]):
        sides: list[Link | None] = [None, None]
        for _, side, link in together:
            sides[side] = link
        if sides[0] != sides[1]:
            yield sides[0], sides[1]


def _advance(whole: Chain, since: Chain, links: Iterable[Link]) -> tuple[Chain, Chain]:
    """Both chains, longer by the links; as long as they are one chain it is hashed once."""
    one = since == whole
    for link in links:
        whole = whole.with_link(link)
        since = whole if one else since.with_link(link)
    return whole, since
