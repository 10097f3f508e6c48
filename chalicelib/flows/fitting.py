"""Does a thing of the catalog fit what it names, and what follows for it?

Owns completing a thing from the things it names (a number's partnership and roster, a pool's offer,
what a site repeats of its pools) under guards that they have not changed when it is written. The
rules belong to `consistency` and, where carriers differ, to `fitting_carriers`; writing to
`catalog`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

from chalicelib.campaigns import Campaign
from chalicelib.consistency import Thing, faults, numbers_named, partnership_faults, references
from chalicelib.errors import Fault, Invalid
from chalicelib.flows.fitting_carriers import carrier_faults
from chalicelib.offers import Buyer, Number, Offer, Placement
from chalicelib.pools import Lending, Pool, Site
from chalicelib.store.catalog import Catalog, unchanged
from chalicelib.store.filling import read_sizes, sizes_unchanged
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

T = TypeVar("T", bound=Thing)


@dataclass(frozen=True, slots=True)
class Vetted(Generic[T]):
    """A thing with what follows from the things it names, and what must not change meanwhile.

    `before` is what it comes in the place of, if anything.
    """

    thing: T
    guards: tuple[Action, ...] = ()
    before: T | None = None


def fit(thing: T, before: T | None, stores: Stores) -> Vetted[T]:
    """The thing completed from what it names; Invalid with every fault when it does not fit."""
    catalog = stores.catalog
    said = _of_its_placement(thing, catalog)
    found: dict[str, Thing] = dict(catalog.named(references(said)))
    found |= catalog.numbers(numbers_named(said))
    wrong = [*faults(said, found, before), *carrier_faults(said, before, stores)]
    fitted: Vetted[Any] = Vetted(said)
    if isinstance(said, Number | Pool):
        fitted, more = _on_its_offer(said, before, found, catalog)
        wrong += more
    elif isinstance(said, Site) and not wrong:
        fitted = _with_lendings(said, found, stores)
    if wrong:
        raise Invalid(tuple(wrong))
    return cast(Vetted[T], fitted)


def roster_of(offer: Offer, catalog: Catalog) -> tuple[Buyer, ...]:
    """The offer's campaigns with their advertisers, in the offer's order."""
    found = catalog.named(references(offer))
    campaigns = (found.get(campaign_id) for campaign_id in offer.campaign_ids)
    return tuple(
        Buyer(campaign_id=campaign.id, advertiser_id=campaign.advertiser_id)
        for campaign in campaigns
        if isinstance(campaign, Campaign)
    )


def relent(site: Site, stores: Stores) -> Vetted[Site]:
    """The site with its pools and their sizes as they stand now."""
    return _with_lendings(site, stores.catalog.named(references(site)), stores)


def _of_its_placement(thing: T, catalog: Catalog) -> T:
    """A pool on the offer and with the publisher of its placement; any other thing as it is."""
    if not isinstance(thing, Pool):
        return thing
    placement = catalog.find(Placement, thing.placement_id)
    if placement is None:
        return thing
    pool = replace(thing, offer_id=placement.offer_id, publisher_id=placement.publisher_id)
    return cast(T, pool)


def _on_its_offer(
    thing: Number | Pool, before: Thing | None, found: Mapping[str, Thing], catalog: Catalog
) -> tuple[Vetted[Any], list[Fault]]:
    """The number or pool with its partnership, and what keeps the publisher from it; a number has
    its offer's roster as well."""
    offer = found.get(thing.offer_id)
    if not isinstance(offer, Offer):
        return Vetted(thing), []
    partnership = catalog.partnership(offer.id, thing.publisher_id)
    known = isinstance(before, Number | Pool) and before.partnership_id
    wrong = []
    if thing.publisher_id in found and not (partnership and known == partnership.id):
        wrong = partnership_faults(thing, partnership)
    partnership_id = partnership.id if partnership else ""
    if isinstance(thing, Pool):
        return Vetted(replace(thing, partnership_id=partnership_id)), wrong
    roster = roster_of(offer, catalog)
    return Vetted(
        replace(thing, partnership_id=partnership_id, roster=roster), (unchanged(offer),)
    ), wrong


def _with_lendings(site: Site, found: Mapping[str, Thing], stores: Stores) -> Vetted[Site]:
    """The site with its pools and their sizes, while these stand as they were read."""
    named = dict.fromkeys(swap.pool_id for swap in site.swaps if swap.pool_id)
    pools = [pool for id in named if isinstance(pool := found.get(id), Pool)]
    sizes = read_sizes([pool.id for pool in pools], stores.rows)
    lendings = tuple(
        Lending(
            pool=pool,
            sizes={area: count for area, count in sizes[pool.id].sizes.items() if count},
        )
        for pool in pools
    )
    guards: list[Action] = [unchanged(pool) for pool in pools]
    guards += [sizes_unchanged(pool.id, sizes[pool.id].version) for pool in pools]
    return Vetted(replace(site, lendings=lendings), tuple(guards))
