"""How many visits came, and how many may still come?

Owns the counts of a pool by hour (arrivals, visits that went without a number, collisions) and
those that limit how many visits a site begins in a minute, and how many of them one address. All
of them count in the transaction that lends, so a visit that is refused counts nowhere. They are
spread over rows by the visit's id: a row meets few visits a second, and they keep out of each
other's way.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from chalicelib.pools import Site
from chalicelib.store.rows import VISITS, AtMost, Change, Key, Question, Rows

TALLY_SHARDS = 32
TALLY_KEPT = timedelta(days=35)
_VISITS_A_SHARD = 150
"""For how many visits a minute a site's limit has one row."""
_LIMIT_KEPT_SECONDS = 300
_COUNTS = ("arrivals", "overflows", "collisions")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTally:
    """What one hour brought a pool: visits that asked for a number, how many of them went without,
    and how many were lent one whose last visit could still call."""

    arrivals: int = 0
    overflows: int = 0
    collisions: int = 0


def tally_change(
    pool_id: str, visit_id: str, now: datetime, *, arrived: bool, overflowed: bool, collided: bool
) -> Change | None:
    """Counts what a visit was to a pool in the hour of `now`; None when it was nothing."""
    said = dict(zip(_COUNTS, (arrived, overflowed, collided), strict=True))
    counted: dict[tuple[str, ...], int] = {(name,): 1 for name, is_so in said.items() if is_so}
    if not counted:
        return None
    shard = _mixed(visit_id) % TALLY_SHARDS
    return Change(
        key=Key(VISITS, f"POOL#{pool_id}", f"TALLY#{_hour(now)}#{shard:02d}"),
        set={("expires_at",): int((now + TALLY_KEPT).timestamp())},
        add=counted,
    )


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
        sums.setdefault(hour, Counter()).update({name: item.get(name, 0) for name in _COUNTS})
    return {
        datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC): PoolTally(**counts)
        for hour, counts in sums.items()
    }


def site_limit(site: Site, visit_id: str, now: datetime) -> Change:
    """Counts a visit in its minute, refused once the site's limit is reached.

    Each of the rows takes its share and a quarter more, because chance does not spread visits
    evenly: the limit is never missed by more than that quarter.
    """
    shards = -(-site.visits_per_minute // _VISITS_A_SHARD)
    share = max(1, -(-5 * site.visits_per_minute // (4 * shards))) if shards else 0
    shard = _mixed(visit_id) % max(shards, 1)
    return _limit(
        Key(VISITS, f"LIMIT#{site.id}#{shard:03d}", f"MINUTE#{minute_of(now)}"), share, now
    )


def address_limit(site: Site, address_hash: str, now: datetime) -> Change:
    """Counts a visit of an address in its minute, refused once its limit on the site is reached."""
    return _limit(Key(VISITS, f"ADDRESS#{address_hash}"), site.visits_per_address, now)


def minute_of(now: datetime) -> int:
    """The number of the minute since the beginning of 1970."""
    return int(now.timestamp()) // 60


def next_minute_in(now: datetime) -> int:
    """In how many seconds the next minute begins."""
    return 60 - int(now.timestamp()) % 60


def _limit(key: Key, most: int, now: datetime) -> Change:
    return Change(
        key=key,
        set={("expires_at",): (minute_of(now) + 1) * 60 + _LIMIT_KEPT_SECONDS},
        add={("begun",): 1},
        when=[AtMost(("begun",), most - 1)],
    )


def _hour(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H")


def _mixed(visit_id: str) -> int:
    return crc32(visit_id.encode())


def limits_of(
    site: Site, visit_id: str, address_hash: str | None, now: datetime
) -> Mapping[Key, Change]:
    """Every limit that a visit counts in, by its row."""
    changes = [site_limit(site, visit_id, now)]
    if address_hash is not None and site.visits_per_address:
        changes.append(address_limit(site, address_hash, now))
    return {change.key: change for change in changes}
