"""Pools, sites and slots as rows, for tests that lend from them or lead a call back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.offers import ANYWHERE, Number, Slot
from chalicelib.pools import Lending, Pool, Site, Swap
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, VISITS, Change, Item, Key, Path, Put, Rows
from chalicelib.store.slots import lent_key, size_key, slot_key
from tests import builders
from tests.builders import NOW
from tests.world import head

POOL, SITE = "pool_01", "site_01"
FIND = "+18005550100"
ORIGIN = "https://www.example.com"
_ACTIONS_A_WRITE = 90


def a_pool(**overrides: Any) -> Pool:
    """Active, of the one placement, without a number for everybody."""
    values: dict[str, Any] = {
        "id": POOL,
        "name": "Search ads",
        "offer_id": "off_1",
        "publisher_id": "pub_1",
        "partnership_id": "par_1",
        "placement_id": "plc_1",
        "created_at": NOW,
    }
    return Pool(**(values | overrides))


def a_site(*lendings: Lending, **overrides: Any) -> Site:
    """Active, on example.com, with a number to find for each pool: `FIND`, and those after it."""
    values: dict[str, Any] = {
        "id": SITE,
        "name": "Example",
        "publisher_id": "pub_1",
        "domains": ("example.com",),
        "swaps": tuple(
            Swap(find=found(position), pool_id=lending.pool.id)
            for position, lending in enumerate(lendings)
        ),
        "lendings": lendings,
        "created_at": NOW,
    }
    return Site(**(values | overrides))


def found(position: int) -> str:
    """The number that a page shows for the site's pool at this position."""
    return f"+1800555{100 + position:04d}"


def number_in(slot: Slot, position: int = 0) -> str:
    """The number that lies in a slot; numbers of pools at different positions differ."""
    spread = sum(ord(letter) for letter in slot.area) % 100
    return f"+1{212 + position}{200 + spread}{slot.number:04d}"


def lay_pool(
    rows: Rows,
    pool: Pool | None = None,
    sizes: Mapping[str, int] | None = None,
    *,
    position: int = 0,
) -> Lending:
    """The rows of a pool whose every slot holds a number, and what a site knows of it."""
    pool, sizes = pool or a_pool(), sizes or {ANYWHERE: 3}
    size = size_key(pool.id)
    puts = [
        head("pool", pool),
        Put(VISITS, {"pk": size.pk, "sk": size.sk, "sizes": {a or "*": n for a, n in sizes.items()},
                     "version": 1}),
    ]  # fmt: skip
    for area, count in sizes.items():
        for number in range(count):
            slot = Slot(pool_id=pool.id, area=area, number=number)
            puts += _slot_puts(pool, slot, number_in(slot, position))
    for first in range(0, len(puts), _ACTIONS_A_WRITE):
        rows.write(puts[first : first + _ACTIONS_A_WRITE])
    return Lending(pool=pool, sizes=dict(sizes))


def lay_site(rows: Rows, site: Site) -> Site:
    """The row of a site."""
    rows.write([head("site", site)])
    return site


def a_number_in(slot: Slot, e164: str, pool: Pool) -> Number:
    """The tracking number that lies in a slot."""
    return builders.a_number(
        id=f"num_{e164[1:]}", e164=e164, slot=slot, offer_id=pool.offer_id,
        publisher_id=pool.publisher_id, partnership_id=pool.partnership_id,
        placement_id=pool.placement_id,
    )  # fmt: skip


def change_slot(rows: Rows, slot: Slot, **values: Any) -> None:
    """What somebody else does to a slot: sets attributes, takes away those that are None."""
    sets: dict[Path, Any] = {(name,): value for name, value in values.items() if value is not None}
    removed = [(name,) for name, value in values.items() if value is None]
    rows.write([Change(key=slot_key(slot), set=sets, remove=removed)])


def change_site(rows: Rows, site: Site, **values: Any) -> Site:
    """The site is set up otherwise from now on."""
    after = replace(site, version=site.version + 1, **values)
    key = Key(CATALOG, f"SITE#{site.id}")
    doc = codec.to_json(after)
    rows.write([Change(key=key, set={("doc",): doc, ("version",): after.version})])
    return after


def slot_row(rows: Rows, number: int = 0, *, area: str = ANYWHERE, pool_id: str = POOL) -> Item:
    """A slot's row as it lies; empty when there is none."""
    key = slot_key(Slot(pool_id=pool_id, area=area, number=number))
    return rows.gather([key])[0].get(key, {})


def _slot_puts(pool: Pool, slot: Slot, e164: str) -> list[Put]:
    key, lent = slot_key(slot), lent_key(slot)
    number = head("number", a_number_in(slot, e164, pool), offer_id=pool.offer_id)
    number.item["pk"] = f"NUMBER#{e164}"
    return [
        Put(VISITS, {"pk": key.pk, "sk": key.sk, "e164": e164, "id": number.item["id"]}),
        Put(VISITS, {"pk": lent.pk, "sk": lent.sk, "visits": {}}),
        number,
    ]
