"""Do the accounts hold what was booked, and what was sealed?

Joins the entries, the legs in every account, the checkpoints and the seals with the laws of
`auditing_entries`. Of entries and of legs alike one chain per shard is remembered; where the two
chains of a shard differ, both sides are read again to name the leg.
"""

from collections.abc import Callable, Iterable, Iterator

from chalicelib import auditing_entries, chains, times
from chalicelib.auditing import Difference
from chalicelib.auditing_calls import APPROVAL
from chalicelib.chains import Break, Chain, DayDigests, DaySeal, Link, Shard
from chalicelib.flows.findings import Findings
from chalicelib.flows.sealing import every_shard, first_day
from chalicelib.ledger import Entry
from chalicelib.store.books import CHARGES, Books
from chalicelib.store.checkpoints import checkpoints_of, latest_seal, seals
from chalicelib.store.entries import links_of, shard_links
from chalicelib.store.journal import kept_entries
from chalicelib.store.rows import Rows

_BREAKS_A_SHARD = 4
_SHARDS_LOOKED_INTO = 8


def _first_day(rows: Rows, shards: tuple[Shard, ...], today: str) -> str:
    """The day of the first entry. One of nothing has legs in no shard, yet it has its charge."""
    charges = Books(rows).list(CHARGES, limit=1).items
    charged = [times.written(one.charge.booked_at)[:10] for one in charges]
    return min(*charged, first_day(rows, shards) or today, today)


class LedgerAudit:
    """The ledger of these accounts, up to and without the instant `until` (written). `watch` looks
    at every entry that is no approval."""

    def __init__(
        self,
        rows: Rows,
        accounts: Iterable[str],
        until: str,
        findings: Findings,
        watch: Callable[[Entry], Iterable[Difference]],
    ) -> None:
        self._watch = watch
        self._rows, self._until, self._findings = rows, until, findings
        self._accounts = tuple(accounts)
        self._shards = every_shard(self._accounts)
        self._future = chains.day_after(chains.day_after(until[:10]))
        self._told: dict[Shard, Chain] = {}
        self._breaks: list[Break] = []
        self.first_day = _first_day(rows, self._shards, until[:10])
        self.seal: DaySeal | None = None

    def approvals(self) -> Iterator[Entry]:
        """The approvals among all entries; of every entry the chains of its shards are kept."""
        for kept in self._findings.counting("entries", self._entries()):
            self._findings.add(auditing_entries.row_differences(kept))
            if kept.entry is None:
                continue
            for shard, link in links_of(kept.entry):
                self._told[shard] = self._told.get(shard, Chain()).with_link(link)
            if kept.entry.template == APPROVAL:
                yield kept.entry
            else:
                self._findings.add(self._watch(kept.entry))

    def balances(self) -> dict[str, int]:
        """The balance of every account, summed from its legs, once all entries have passed by."""
        self.seal = latest_seal(self._rows)
        balances, digests = dict.fromkeys(self._accounts, 0), DayDigests()
        suspects = []
        for shard in self._shards:
            chain = self._follow(shard, digests)
            balances[shard.account] += chain.balance_cents
            if chain != self._told.pop(shard, Chain()):
                suspects.append(shard)
        self._findings.add(auditing_entries.break_differences(self._breaks))
        self._findings.add(auditing_entries.seal_differences(digests, seals(self._rows)))
        self._findings.add(auditing_entries.stray_differences(self._told))
        for shard in suspects[:_SHARDS_LOOKED_INTO]:
            self._look_into(shard)
        return balances

    def _follow(self, shard: Shard, digests: DayDigests) -> Chain:
        """The chain of a shard's legs, held against its checkpoints."""
        checkpoints = checkpoints_of(self._rows, shard)
        for _, checkpoint in sorted(checkpoints.items()):
            digests.add(checkpoint)
        links = self._findings.counting("legs", self._past(shard))
        sealed_through = self.seal.day if self.seal else None
        followed = chains.follow(shard, links, checkpoints, sealed_through)
        self._breaks += followed.breaks[:_BREAKS_A_SHARD]
        return followed.chain

    def _past(self, shard: Shard) -> Iterator[Link]:
        """The legs up to `until`; one that lies beyond the next day was not booked by anybody."""
        for link in shard_links(self._rows, shard):
            if link.order < self._until:
                yield link
            elif link.order >= self._future:
                self._findings.add(auditing_entries.future_differences(shard, link))

    def _look_into(self, shard: Shard) -> None:
        told = (
            link
            for kept in self._entries()
            if kept.entry
            for one, link in links_of(kept.entry)
            if one == shard
        )
        lying = shard_links(self._rows, shard, below=self._until)
        self._findings.add(auditing_entries.leg_differences(shard, told, lying))

    def _entries(self) -> Iterator[auditing_entries.Kept]:
        return kept_entries(self._rows, self.first_day[:7], self._until)
