"""Do a pool and a site hold together, and fit the numbers and pools that they name?

Owns the rules that span more than one field of either, or reach to what they name. References,
fields that never change and the partnership belong to `consistency`.
"""

from collections.abc import Mapping, Sequence

from chalicelib.campaigns import State
from chalicelib.errors import Fault
from chalicelib.numbers import SearchKind
from chalicelib.offers import Number
from chalicelib.overlaps import repetitions
from chalicelib.places import NumberKind, kind_of
from chalicelib.pools import Overflow, Pool, Site, Swap

_ANY_LINE = "2000000"


def pool_faults(pool: Pool, numbers: Mapping[str, Number]) -> list[Fault]:
    """Everything wrong with the pool; `numbers` are those that it names, by their digits."""
    return [*_order_faults(pool), *_place_faults(pool), *_fallback_faults(pool, numbers)]


def site_faults(
    site: Site, pools: Mapping[str, Pool], numbers: Mapping[str, Number]
) -> list[Fault]:
    """Everything wrong with the site; `pools` and `numbers` are those that its swaps name. A pool
    that is not there is told as a reference."""
    wrong = _repeated("domains", list(site.domains))
    wrong += _repeated("swaps", [swap.find for swap in site.swaps], ".find")
    wrong += _repeated("swaps", [swap.pool_id for swap in site.swaps], ".pool_id")
    for at, swap in enumerate(site.swaps):
        wrong += _swap_faults(f"swaps.{at}", swap)
        pool = pools.get(swap.pool_id or "")
        if pool is not None and pool.publisher_id != site.publisher_id:
            reason = f"{swap.pool_id} is not a pool of {site.publisher_id}"
            wrong.append(Fault(field=f"swaps.{at}.pool_id", rule="pool_mismatch", reason=reason))
        if swap.e164 is not None:
            found = _shown_to_all(numbers.get(swap.e164), site.publisher_id)
            wrong += [Fault(field=f"swaps.{at}.e164", rule=r, reason=why) for r, why in found]
    return wrong


def _order_faults(pool: Pool) -> list[Fault]:
    wrong = []
    if pool.hold_seconds > pool.max_lease_seconds:
        reason = f"must not be more than max_lease_seconds, which is {pool.max_lease_seconds}"
        wrong.append(Fault(field="hold_seconds", rule="order", reason=reason))
    for name in ("minimum_numbers", "reserve"):
        if getattr(pool, name) > pool.maximum_numbers:
            reason = f"must not be more than maximum_numbers, which is {pool.maximum_numbers}"
            wrong.append(Fault(field=name, rule="order", reason=reason))
    return wrong


def _place_faults(pool: Pool) -> list[Fault]:
    """A toll-free number belongs to no place; every other place is one that numbers have."""
    if pool.kind is SearchKind.TOLL_FREE:
        said = [name for name in ("area_codes", "near_visitor") if getattr(pool, name)]
        reason = "a toll-free number belongs to no place"
        return [Fault(field=name, rule="exclusive", reason=reason) for name in said]
    return [
        *_repeated("area_codes", list(pool.area_codes)),
        *(
            Fault(
                field=f"area_codes.{at}",
                rule="choice",
                reason=f"no place has the area code {code}",
            )
            for at, code in enumerate(pool.area_codes)
            if kind_of(f"+1{code}{_ANY_LINE}") is not NumberKind.GEOGRAPHIC
        ),
    ]


def _fallback_faults(pool: Pool, numbers: Mapping[str, Number]) -> list[Fault]:
    e164 = pool.fallback_e164
    if e164 is None:
        if pool.overflow is not Overflow.FALLBACK_NUMBER:
            return []
        reason = "a pool that overflows to a fallback number names it"
        return [Fault(field="fallback_e164", rule="required", reason=reason)]
    number = numbers.get(e164)
    if number is not None and number.offer_id != pool.offer_id:
        reason = f"{e164} leads to {number.offer_id}, not to {pool.offer_id}"
        return [Fault(field="fallback_e164", rule="offer_mismatch", reason=reason)]
    found = _shown_to_all(number, pool.publisher_id)
    return [Fault(field="fallback_e164", rule=rule, reason=reason) for rule, reason in found]


def _shown_to_all(number: Number | None, publisher_id: str) -> list[tuple[str, str]]:
    """Rule and reason of what keeps the publisher from showing the number to everybody."""
    if number is None or number.publisher_id != publisher_id:
        return [("unknown_reference", f"is not a tracking number of {publisher_id}")]
    if number.state is State.ARCHIVED:
        return [("archived_reference", f"{number.e164} is archived")]
    if number.slot is not None:
        return [("in_pool", f"{number.e164} is lent by {number.slot.pool_id}")]
    return []


def _swap_faults(field: str, swap: Swap) -> list[Fault]:
    if (swap.pool_id is None) is not (swap.e164 is None):
        return []
    reason = "a number is replaced by one of a pool_id, or always by an e164: say one of the two"
    return [Fault(field=field, rule="exclusive", reason=reason)]


def _repeated(field: str, values: Sequence[str | None], inner: str = "") -> list[Fault]:
    return [
        Fault(field=f"{field}.{at}{inner}", rule="repeated", reason=f"{values[at]} is named before")
        for at in repetitions(values)
    ]
