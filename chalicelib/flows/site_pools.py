"""Does every site know its pools as they stand?

Owns writing a pool, and how many slots it has, to each site that shows its numbers: a visit reads
the site alone. One that was cut short is completed by any later change of the pool or its numbers.
"""

from dataclasses import replace

from chalicelib.errors import Busy
from chalicelib.flows.fitting import relent
from chalicelib.pools import Site
from chalicelib.store.catalog import thing_changes
from chalicelib.store.stores import Stores

_TRIES = 8


def hand_out(pool_id: str, stores: Stores) -> None:
    """Write the pool to each of its sites that knows it otherwise.

    Every write holds only while the pools stand as they were read, so that a slower change never
    overwrites a later one.
    """
    for _ in range(_TRIES):
        sites = stores.catalog.sites_of(pool_id)
        if all(_written(site, stores) for site in sites):
            return
    raise Busy(f"the sites of {pool_id} keep changing; send the change again")


def _written(site: Site, stores: Stores) -> bool:
    """Whether the site knows its pools now."""
    fitted = relent(site, stores)
    if fitted.thing == site:
        return True
    after = replace(fitted.thing, version=site.version + 1)
    return stores.catalog.write([*thing_changes(site, after), *fitted.guards])
