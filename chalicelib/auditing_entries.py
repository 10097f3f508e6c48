"""Do entries, the legs in the accounts, the checkpoints and the seals agree?

Owns the laws between what was booked and what was sealed. Both sides pass by once, and every shard
of an account is remembered as one chain on either side. The laws of calls and documents belong to
`auditing`; how a chain is made, to `chains`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib import chains, times
from chalicelib.auditing import Difference, Law
from chalicelib.chains import GENESIS, Break, Chain, DayDigests, DaySeal, Link, Shard
from chalicelib.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry as its row keeps it, with what lies beside its text; `fault` says why the text is
    no entry, if it is none."""

    entry_id: str
    booked_key: str
    payload_hash: str
    entry: Entry | None
    fault: str | None


def row_differences(kept: Kept) -> Iterator[Difference]:
    """What lies beside the text of an entry follows from the text."""
    if kept.entry is None:
        yield _entry_difference(kept.entry_id, "an entry", kept.fault or "none")
        return
    entry = kept.entry
    expected = (entry.id, f"{times.written(entry.booked_at)}#{entry.id}", entry.payload_hash)
    found = (kept.entry_id, kept.booked_key, kept.payload_hash)
    if expected != found:
        yield _entry_difference(kept.entry_id, " ".join(expected), " ".join(found))


def leg_differences(
    shard: Shard, told: Iterable[Link], lying: Iterable[Link]
) -> Iterator[Difference]:
    """The first leg of a shard that its entry does not tell, or tells otherwise."""
    for one, other in chains.differing(told, lying):
        entry_id = next(link.entry_id for link in (one, other) if link)
        yield _entry_difference(entry_id, _told(shard, one), _told(shard, other))
        return


def future_differences(shard: Shard, link: Link) -> Iterator[Difference]:
    """A leg that lies where time has not come to yet."""
    yield _entry_difference(link.entry_id, "no leg of the future", _told(shard, link))


def stray_differences(told: Mapping[Shard, Chain]) -> Iterator[Difference]:
    """Accounts that entries tell of and the chart does not have."""
    for shard in sorted(told):
        yield _entry_difference(str(shard), "an account of the chart", str(told[shard]))


def break_differences(breaks: Iterable[Break]) -> Iterator[Difference]:
    """Where the legs are not those that were sealed, the earliest day first."""
    for one in sorted(breaks, key=lambda one: (one.day, one.shard)):
        yield Difference(
            law=Law.CHAIN,
            subject=f"{one.shard} on {one.day}",
            expected=str(one.sealed) if one.sealed else "no legs",
            found=str(one.found),
        )


def seal_differences(digests: DayDigests, seals: Iterable[DaySeal]) -> Iterator[Difference]:
    """Each seal is over the checkpoints of its day and the seal of the day before, and no day is
    left out. After a difference the seals go on from the one that was kept."""
    previous, expected_day = GENESIS, ""
    for kept in seals:
        made = digests.seal(kept.day, previous)
        if expected_day and kept.day != expected_day:
            yield Difference(law=Law.SEAL, subject=expected_day, expected="a seal", found="no seal")
        elif made != kept:
            yield Difference(
                law=Law.SEAL, subject=kept.day, expected=_sealed(made), found=_sealed(kept)
            )
        previous, expected_day = kept.head, chains.day_after(kept.day)


def _entry_difference(subject: str, expected: str, found: str) -> Difference:
    return Difference(law=Law.ENTRY, subject=subject, expected=expected, found=found)


def _told(shard: Shard, link: Link | None) -> str:
    if link is None:
        return f"no leg in {shard}"
    return (
        f"{shard} {link.amount_cents:+d} of {link.entry_id} at {link.order[:24]},"
        f" content {link.payload_hash[:12] or 'unknown'}"
    )


def _sealed(seal: DaySeal) -> str:
    return f"{seal.checkpoints} checkpoints, hash {seal.head[:12]}"
