"""How many visits and calls came to a pool?

Owns the counts of a pool by hour: arrivals, visits that went without a number, collisions, and
calls that kept a number. They count in the transaction that lends or that keeps the call, so what
is refused counts nowhere. They are spread over rows by id: a row meets few transactions a second,
and they keep out of each other's way; calls have rows of their own, so that no visit delays one.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from chalicelib.store.rows import VISITS, Change, Key, Question, Rows

TALLY_SHARDS = 32
TALLY_KEPT = timedelta(days=35)
_CALL_SHARDS = 16
_OF_VISITS = ("arrivals", "overflows", "collisions")
_CALLS = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTally:
    """What one hour brought a pool: visits that asked for a number, how many of them went without,
    how many were lent one whose last visit could still call, and calls that kept a number."""

    arrivals: int = 0
    overflows: int = 0
    collisions: int = 0
    calls: int = 0


def tally_change(
    pool_id: str, visit_id: str, now: datetime, *, arrived: bool, overflowed: bool, collided: bool
) -> Change | None:
    """Counts what a visit was to a pool in the hour of `now`; None when it was nothing."""
    said = dict(zip(_OF_VISITS, (arrived, overflowed, collided), strict=True))
    counted: dict[tuple[str, ...], int] = {(name,): 1 for name, is_so in said.items() if is_so}
    if not counted:
        return None
    shard = crc32(visit_id.encode()) % TALLY_SHARDS
    return _counted(pool_id, f"{shard:02d}", now, counted)


def call_tally(pool_id: str, call_id: str, now: datetime) -> Change:
    """Counts a call that keeps a number of the pool in the hour of `now`."""
    shard = crc32(call_id.encode()) % _CALL_SHARDS
    return _counted(pool_id, f"CALLS{shard:02d}", now, {(_CALLS,): 1})


def tallies_by_hour(
    rows: Rows, pool_id: str, start: datetime, end: datetime
) -> dict[datetime, PoolTally]:
    """The counts of a pool for each hour that anything came in, from the hour of `start` on, up to
    the hour of `end`, which is excluded; at most `TALLY_KEPT` back."""
    question = Question(
        table=VISITS,
        partition=f"POOL#{pool_id}",
        at_least=f"TALLY#{_hour(start)}",
        below=f"TALLY#{_hour(end)}",
    )
    _, (items,) = rows.gather([], [question])
    sums: dict[str, Counter[str]] = {}
    for item in items:
        hour = item["sk"].split("#")[1]
        sums.setdefault(hour, Counter()).update(
            {name: item.get(name, 0) for name in (*_OF_VISITS, _CALLS)}
        )
    return {
        datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC): PoolTally(**counts)
        for hour, counts in sums.items()
    }


def _counted(pool_id: str, part: str, now: datetime, counts: dict[tuple[str, ...], int]) -> Change:
    return Change(
        key=Key(VISITS, f"POOL#{pool_id}", f"TALLY#{_hour(now)}#{part}"),
        set={("expires_at",): int((now + TALLY_KEPT).timestamp())},
        add=counts,
    )


def _hour(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H")
