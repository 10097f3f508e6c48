"""How many visits may still begin?

Owns the counts that limit how many visits a site begins in a minute, and how many of them one
address. They count in the transaction that lends, so a visit that is refused counts nowhere, and
are spread over rows by the visit's id: a row meets few visits a second, and they keep out of each
other's way.
"""

from collections.abc import Mapping
from datetime import datetime
from zlib import crc32

from chalicelib.pools import Site
from chalicelib.store.rows import VISITS, AtMost, Change, Key

_VISITS_A_SHARD = 150
"""For how many visits a minute a site's limit has one row."""
_LIMIT_KEPT_SECONDS = 300


def site_limit(site: Site, visit_id: str, now: datetime) -> Change:
    """Counts a visit in its minute, refused once the site's limit is reached.

    Each of the rows takes its share and a quarter more, because chance does not spread visits
    evenly: the limit is never missed by more than that quarter.
    """
    shards = -(-site.visits_per_minute // _VISITS_A_SHARD)
    share = max(1, -(-5 * site.visits_per_minute // (4 * shards))) if shards else 0
    shard = crc32(visit_id.encode()) % max(shards, 1)
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


def limits_of(
    site: Site, visit_id: str, address_hash: str | None, now: datetime
) -> Mapping[Key, Change]:
    """Every limit that a visit counts in, by its row."""
    changes = [site_limit(site, visit_id, now)]
    if address_hash is not None and site.visits_per_address:
        changes.append(address_limit(site, address_hash, now))
    return {change.key: change for change in changes}


def _limit(key: Key, most: int, now: datetime) -> Change:
    return Change(
        key=key,
        set={("expires_at",): (minute_of(now) + 1) * 60 + _LIMIT_KEPT_SECONDS},
        add={("begun",): 1},
        when=[AtMost(("begun",), most - 1)],
    )
