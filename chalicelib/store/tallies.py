"""How many visits came to a pool, hour by hour?

Owns the counts of arrivals and of those for whom there was no number. Each hour's are spread over
rows by the visit, so that none of them is written by everybody; they expire after 35 days.
"""

from datetime import UTC, datetime, timedelta
from zlib import crc32

from chalicelib.loads import HourTally
from chalicelib.store.rows import VISITS, Change, Key, Question, Rows

SHARDS = 16
_TALLY = "TALLY#"
_HOUR = 3_600
_KEPT = timedelta(days=35)


def tally_change(pool_id: str, visit_id: str, at: datetime, *, overflowed: bool) -> Change:
    """One more visit that wanted a number of the pool; it never conflicts in a plain update."""
    hour = _hour(at)
    counts: dict[tuple[str, ...], int] = (
        {("arrivals",): 1, ("overflows",): 1} if overflowed else {("arrivals",): 1}
    )
    shard = crc32(visit_id.encode()) % SHARDS
    expires = int((at + _KEPT).timestamp())
    return Change(
        key=Key(VISITS, f"POOL#{pool_id}", f"{_TALLY}{hour:010d}#{shard:02d}"),
        add=counts,
        set={("expires_at",): expires},
    )


def read_tallies(pool_id: str, rows: Rows, *, since: datetime) -> tuple[HourTally, ...]:
    """What came in each hour from that of `since` on, hours in which nobody came left out."""
    start = f"{_TALLY}{_hour(since):010d}"
    question = Question(
        table=VISITS, partition=f"POOL#{pool_id}", starts_with=_TALLY, at_least=start
    )
    _, (items,) = rows.gather([], [question])
    hours: dict[int, list[int]] = {}
    for item in items:
        counts = hours.setdefault(int(item["sk"].split("#")[1]), [0, 0])
        counts[0] += item.get("arrivals", 0)
        counts[1] += item.get("overflows", 0)
    return tuple(
        HourTally(at=datetime.fromtimestamp(hour, UTC), arrivals=arrivals, overflows=overflows)
        for hour, (arrivals, overflows) in sorted(hours.items())
    )


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // _HOUR * _HOUR
