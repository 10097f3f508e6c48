"""What happens when numbers are bought for a pool?

Joins the carrier's stock with the pool: numbers are chosen, the choice is kept, then each is bought
and joins. Whoever comes next goes on with a purchase that was cut short, and buys none twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import runtime
from chalicelib.errors import Busy, Conflict, Invalid
from chalicelib.filling import PoolFacts, choose, fewest_first
from chalicelib.flows import numbers as number_flow
from chalicelib.flows.pool_numbers import existing, room_for, take_in
from chalicelib.flows.site_pools import hand_out
from chalicelib.ids import derived
from chalicelib.numbers import NumberSearch, SearchKind
from chalicelib.offers import Number
from chalicelib.pools import Pool
from chalicelib.providers.carriers import Carrier, CarrierRefused
from chalicelib.store.catalog import PREFIXES
from chalicelib.store.filling import read_slots
from chalicelib.store.purchases import Purchase, find_purchase, finish, purchase_put
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

_SPREAD = 5
"""Over so many area codes a purchase is spread; more are asked for only while numbers lack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How many numbers, and where: of one area code, near a ZIP, or as the pool says."""

    count: int
    area_code: str | None = None
    zip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The numbers that joined the pool, and how many of those wanted were not to be had."""

    numbers: tuple[Number, ...]
    missing: int


def buy(
    pool_id: str,
    wish: Wish,
    *,
    id: str,
    stores: Stores,
    carrier: Carrier,
    now: datetime,
    claim: RequestClaim | None = None,
) -> Bought:
    """Buy numbers for the pool, as the purchase `id`; with a claim, the same request buys once.

    Conflict when the pool may not have so many. CarrierAway leaves a purchase that the next
    delivery of the request, or the hourly schedule, completes.
    """
    pool = existing(pool_id, stores)
    begun = _begun(pool_id, claim, stores)
    if begun is None:
        facts = read_slots(pool_id, stores.rows)
        room_for(pool, wish.count, facts)
        e164s = chosen(pool, wish, facts, stores=stores, carrier=carrier, now=now)
        begun = Purchase(id=id, pool_id=pool_id, wanted=wish.count, e164s=e164s, begun_at=now)
        claims: list[Action] = [claim.put(id)] if claim else []
        if not stores.catalog.write([purchase_put(begun), *claims]):
            raise Busy("the same request is being answered; send it again")
    return complete(begun, stores=stores, carrier=carrier, now=now)


def chosen(
    pool: Pool,
    wish: Wish,
    facts: PoolFacts,
    *,
    stores: Stores,
    carrier: Carrier,
    now: datetime,
) -> tuple[str, ...]:
    """Numbers that the carrier would lend, at most as many as wished, spread over the area codes;
    a number that rests, or is known here, is none of them."""
    stock: dict[str, tuple[str, ...]] = {}
    for name, search in _searches(pool, wish, facts).items():
        found = number_flow.available(search, stores=stores, carrier=carrier, now=now)
        stock[name] = tuple(one.e164 for one in found)
        spread = len(stock) >= min(wish.count, _SPREAD)
        if spread and sum(map(len, stock.values())) >= wish.count:
            break
    return choose(stock, facts, wish.count)


def complete(purchase: Purchase, *, stores: Stores, carrier: Carrier, now: datetime) -> Bought:
    """Buy what is left of the purchase, and have it join; what is gone meanwhile is missing."""
    pool = existing(purchase.pool_id, stores)
    joined = [
        number
        for e164 in purchase.e164s
        if (number := _had(pool, e164, purchase, stores=stores, carrier=carrier)) is not None
    ]
    hand_out(pool.id, stores)
    if purchase.finished_at is None:
        finish(replace(purchase, finished_at=now), stores.rows)
    return Bought(numbers=tuple(joined), missing=purchase.wanted - len(joined))


def _begun(pool_id: str, claim: RequestClaim | None, stores: Stores) -> Purchase | None:
    """The purchase that the same request began before."""
    made = stores.catalog.claimed(claim) if claim else None
    return find_purchase(pool_id, made, stores.rows) if made else None


def _had(
    pool: Pool, e164: str, purchase: Purchase, *, stores: Stores, carrier: Carrier
) -> Number | None:
    """The number, bought and in the pool; None when somebody else has it, or it left again."""
    about = {"pool_id": pool.id, "e164": e164}
    try:
        standing = stores.catalog.number(e164)
        if purchase.finished_at is not None:
            return standing if _lies_in(standing, pool) else None
        if standing is None or standing.released_at is not None:
            room_for(pool, 1, read_slots(pool.id, stores.rows))
            number_flow.buy(_draft(pool, e164, purchase), stores=stores, carrier=carrier)
        return take_in(pool.id, e164, stores=stores)
    except (CarrierRefused, Conflict, Invalid) as refused:
        # It is not to be had, or the pool is full: the rest of the purchase goes on.
        runtime.logger().warning("a number did not join", extra=about | {"fault": repr(refused)})
        return None


def _lies_in(number: Number | None, pool: Pool) -> bool:
    return number is not None and number.slot is not None and number.slot.pool_id == pool.id


def _draft(pool: Pool, e164: str, purchase: Purchase) -> Number:
    return Number(
        id=derived(PREFIXES[Number], e164),
        e164=e164,
        offer_id=pool.offer_id,
        publisher_id=pool.publisher_id,
        partnership_id="",
        placement_id=pool.placement_id,
        created_at=purchase.begun_at,
    )


def _searches(pool: Pool, wish: Wish, facts: PoolFacts) -> Mapping[str, NumberSearch]:
    """What the carrier is asked, by area code where that is said; those of which the pool has
    fewest numbers first."""
    if pool.kind is SearchKind.TOLL_FREE:
        return {"": NumberSearch(kind=SearchKind.TOLL_FREE)}
    if wish.zip is not None:
        return {"": NumberSearch(zip=wish.zip, area_code=wish.area_code)}
    codes = (wish.area_code,) if wish.area_code else fewest_first(pool.area_codes, facts)
    if not codes:
        return {"": NumberSearch()}
    return {code: NumberSearch(area_code=code) for code in codes}
