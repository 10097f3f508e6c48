"""A pool and a site as an operator has them, made by the flows alone."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

from chalicelib.filling import PoolFacts, SlotFacts
from chalicelib.flows import growing, pool_numbers, pool_purchases
from chalicelib.flows.catalog import change, create
from chalicelib.flows.pool_numbers import Left
from chalicelib.flows.pool_purchases import Bought, Wish
from chalicelib.growth import GrowthStep
from chalicelib.offers import Number, Slot
from chalicelib.pools import Growth, Pool, Site, Swap
from chalicelib.store.filling import read_slots
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Change
from chalicelib.store.slots import lent_key, slot_key
from chalicelib.store.stores import Stores
from chalicelib.store.tallies import call_tally, tally_change
from tests import builders
from tests.builders import NOW
from tests.carriers import FakeCarrier
from tests.fakes import FakeRows

POOL, SITE = "pool_1", "site_1"
FIND = "+18005550199"


def a_pool(**overrides: Any) -> Pool:
    """Active, of the one placement, of which it is all that is said."""
    values: dict[str, Any] = {
        "id": POOL, "name": "Search ads", "offer_id": "", "publisher_id": "", "partnership_id": "",
        "placement_id": "plc_1", "created_at": NOW,
    }  # fmt: skip
    return Pool(**(values | overrides))


def a_site(**overrides: Any) -> Site:
    """Active, showing numbers of the pool."""
    values: dict[str, Any] = {
        "id": SITE, "name": "Roofs", "publisher_id": "pub_1", "domains": ("example.com",),
        "swaps": (Swap(find=FIND, pool_id=POOL),), "created_at": NOW,
    }  # fmt: skip
    return Site(**(values | overrides))


class Yard:
    """An operator with an offer, a publisher, a placement, a pool, a site and a carrier; over rows
    in memory, unless it is opened on others."""

    def __init__(self, **pool: Any) -> None:
        self.rows = FakeRows()
        self._open(pool)

    @classmethod
    def on(cls, rows: Any, **pool: Any) -> Self:
        """The same over these rows."""
        yard = cls.__new__(cls)
        yard.rows = rows
        yard._open(pool)
        return yard

    def _open(self, pool: Mapping[str, Any]) -> None:
        self.stores = Stores(self.rows)
        self.carrier = FakeCarrier()
        self.now = NOW
        self.counter = itertools.count(1)
        for thing in (
            builders.an_advertiser(), builders.a_publisher(),
            builders.a_campaign(terms=builders.FROM_THE_DIAL), builders.an_offer(),
            builders.a_partnership(), builders.a_placement(),
            a_pool(**pool), a_site(),
        ):  # fmt: skip
            create(thing, stores=self.stores)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def numbers(self, count: int, area_code: str = "415") -> list[str]:
        """So many numbers of the placement; their ids."""
        made = [
            builders.a_number(id=f"num_{area_code}{n}", e164=f"+1{area_code}555{n:04d}",
                              roster=(), partnership_id="", created_at=self.now)
            for n in range(count)
        ]  # fmt: skip
        return [create(number, stores=self.stores).thing.id for number in made]

    def joins(self, *ids: str, pool_id: str = POOL) -> tuple[Number, ...]:
        return pool_numbers.join(pool_id, ids, stores=self.stores)

    def leaves(self, id: str) -> Left:
        return pool_numbers.leave(POOL, id, stores=self.stores, now=self.now)

    def buys(self, count: int, *, key: str = "", **where: Any) -> Bought:
        claim = RequestClaim(scope="buy", name=key, content=str(count)) if key else None
        return pool_purchases.buy(
            POOL, Wish(count=count, **where), id=f"buy_{next(self.counter)}",
            stores=self.stores, carrier=self.carrier, now=self.now, claim=claim,
        )  # fmt: skip

    def grows(self) -> GrowthStep | None:
        return growing.grow(
            POOL, stores=self.stores, carrier=lambda _name: self.carrier, now=self.now
        )

    def report(self) -> growing.LoadReport:
        return growing.report(POOL, stores=self.stores, now=self.now)

    def changes(self, **said: Any) -> Pool:
        return change(Pool, POOL, lambda pool: replace(pool, **said), stores=self.stores)

    def lends(self, one: SlotFacts, *, seconds: int = 300, visit_id: str = "vst_1") -> None:
        """A visit has the number, for so long from now on."""
        second = int(self.now.timestamp())
        self.sets(one.slot, visit_id=visit_id, since=second, seen_at=second, until=second + seconds)
        lent: Mapping[tuple[str, ...], Any] = {("visits", visit_id): "{}"}
        self.rows.write([Change(key=lent_key(one.slot), set=lent)])

    def keeps(self, one: SlotFacts, *, seconds: int) -> None:
        """A call came over the number."""
        self.sets(one.slot, kept_until=int(self.now.timestamp()) + seconds)

    def sets(self, slot: Slot, **values: Any) -> None:
        sets: Mapping[tuple[str, ...], Any] = {(name,): one for name, one in values.items()}
        self.rows.write([Change(key=slot_key(slot), set=sets)])

    def arrive(self, count: int, *, overflowed: int = 0, collided: int = 0) -> None:
        """So many visits come now, of which some find no number, or one that may still ring for
        another."""
        for n in range(count):
            tally = tally_change(
                POOL, f"vst_{self.now.timestamp()}_{n}", self.now, arrived=True,
                overflowed=n < overflowed, collided=n >= count - collided,
            )  # fmt: skip
            assert tally is not None
            self.rows.write([tally])

    def call(self, count: int) -> None:
        """So many calls keep a number now."""
        self.rows.write([call_tally(POOL, f"call_{n}", self.now) for n in range(count)])

    @property
    def facts(self) -> PoolFacts:
        return read_slots(POOL, self.rows)

    @property
    def slots(self) -> Sequence[SlotFacts]:
        return self.facts.slots

    @property
    def lent_by_the_site(self) -> dict[str, int]:
        """How many slots each area of the pool has, as the site knows it."""
        site = self.stores.catalog.find(Site, SITE)
        assert site is not None
        return dict(site.lendings[0].sizes)

    def number(self, id: str) -> Number:
        found = self.stores.catalog.find(Number, id)
        assert found is not None
        return found


GROWING = Growth(above_percent=75, step_percent=20, monthly_limit_micros=50_000_000)
