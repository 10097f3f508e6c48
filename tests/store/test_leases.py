"""Lending as transactions. One contract, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.leasing import Stretch, loan
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.pools import Site
from chalicelib.store.leases import Leases, Lent, Longer, Outcome
from chalicelib.store.rows import VISITS, Item, Key, Rows
from chalicelib.store.tallies import PoolTally, tallies_by_hour
from chalicelib.store.visits import find_visit, page_of_visits
from chalicelib.visits import Visit
from tests.builders import NOW
from tests.pools import POOL, SITE, a_pool, a_site, change_slot, lay_pool, lay_site, slot_row

SECONDS = int(NOW.timestamp())


def slot(number: int = 0) -> Slot:
    return Slot(pool_id=POOL, area=ANYWHERE, number=number)


def laid(rows: Rows, numbers: int = 2, **site: Any) -> Site:
    return lay_site(rows, a_site(lay_pool(rows, sizes={ANYWHERE: numbers}), **site))


def a_visit(id: str = "visit_1") -> Visit:
    return Visit(
        id=id, site_id=SITE, publisher_id="pub_1", began_at=NOW, seen_at=NOW,
        attributes={"source": "google"},
    )  # fmt: skip


def lent(rows: Rows, site: Site, number: int = 0, id: str = "visit_1", **overrides: Any) -> Lent:
    """The number of a slot for a visit, as the slot stands."""
    found = Leases(rows).look([], [slot(number)])[POOL][0]
    values: dict[str, Any] = {
        "site": site,
        "visit": a_visit(id),
        "forgotten_at": SECONDS + 100_000,
        "loans": {POOL: loan(found, id, pool=a_pool(), now=SECONDS)},
        "arrived": frozenset({POOL}),
        "counted": True,
        "address": None,
        "now": NOW,
    }
    return Lent(**(values | overrides))


def everything(rows: Rows) -> list[Item]:
    """The rows that a visit of these tests might leave, as they lie."""
    keys = [Key(VISITS, f"VISIT#visit_{n}") for n in range(4)]
    slots = [slot_row(rows, number) for number in range(2)]
    return [*rows.gather(keys)[0].values(), *slots]


class TestLending:
    def test_a_stretch_is_read_with_both_its_ends_and_nothing_else(self, rows: Rows) -> None:
        lay_pool(rows, sizes={"CA": 3, "NY": 4, ANYWHERE: 2})
        stretch = Stretch(
            first=Slot(pool_id=POOL, area="CA", number=1),
            last=Slot(pool_id=POOL, area="NY", number=2),
        )
        found = Leases(rows).look([stretch], [slot(1)])[POOL]
        places = [(one.slot.area, one.slot.number) for one in found]
        assert places == [("", 1), ("CA", 1), ("CA", 2), ("NY", 0), ("NY", 1), ("NY", 2)]
        assert all(one.e164 for one in found)

    def test_a_lent_number_is_read_back_as_it_was_lent(self, rows: Rows) -> None:
        site = laid(rows)
        assert Leases(rows).lend(lent(rows, site)).written
        (found,) = Leases(rows).look([], [slot()])[POOL]
        assert (found.visit_id, found.since, found.until) == ("visit_1", SECONDS, SECONDS + 300)
        assert find_visit(rows, "visit_1", NOW) == a_visit()

    def test_of_two_that_read_the_same_one_is_lent_the_number(self, rows: Rows) -> None:
        site = laid(rows)
        first, second = lent(rows, site), lent(rows, site, id="visit_2")
        assert Leases(rows).lend(first).written
        before = everything(rows)
        assert Leases(rows).lend(second) == Outcome(lost=frozenset({POOL}))
        assert everything(rows) == before

    @pytest.mark.parametrize(
        "meanwhile",
        [
            {"until": SECONDS + 1, "visit_id": "visit_x"},
            {"kept_until": SECONDS + 1},
            {"leaving_at": SECONDS},
            {"e164": "+12125559999"},
            {"e164": None},
        ],
    )
    def test_a_slot_that_is_another_by_now_is_lost(
        self, rows: Rows, meanwhile: dict[str, Any]
    ) -> None:
        site = laid(rows)
        one = lent(rows, site)
        change_slot(rows, slot(), **meanwhile)
        assert Leases(rows).lend(one).lost == {POOL}

    def test_one_lost_slot_keeps_every_pool_from_lending(self, rows: Rows) -> None:
        other = lay_pool(rows, a_pool(id="pool_02"), {ANYWHERE: 1}, position=1)
        site = lay_site(rows, a_site(lay_pool(rows), other))
        elsewhere = Slot(pool_id="pool_02", area=ANYWHERE, number=0)
        (found,) = Leases(rows).look([], [elsewhere])["pool_02"]
        loans = dict(lent(rows, site).loans) | {
            "pool_02": loan(found, "visit_1", pool=other.pool, now=SECONDS)
        }
        change_slot(rows, elsewhere, kept_until=SECONDS + 5)
        refused = Leases(rows).lend(lent(rows, site, loans=loans))
        assert refused.lost == {"pool_02"}
        assert "visit_id" not in slot_row(rows)

    def test_a_limit_refuses_all_of_it(self, rows: Rows) -> None:
        site = laid(rows, visits_per_address=1)
        assert Leases(rows).lend(lent(rows, site, address="hash")).written
        before = everything(rows)
        again = lent(rows, site, 1, "visit_2", address="hash")
        assert Leases(rows).lend(again) == Outcome(limited=True)
        assert everything(rows) == before
        hour = tallies_by_hour(rows, POOL, NOW, NOW + timedelta(hours=1))
        assert hour == {NOW: PoolTally(arrivals=1)}

    def test_a_lease_goes_on_while_it_runs_and_is_its_visits(self, rows: Rows) -> None:
        site, leases = laid(rows), Leases(rows)
        leases.lend(lent(rows, site))
        e164 = slot_row(rows)["e164"]
        longer = Longer(slot=slot(), e164=e164, until=SECONDS + 400)
        last = NOW + timedelta(seconds=299)
        assert not leases.prolong("visit_2", [longer], last)
        assert not leases.prolong("visit_1", [replace(longer, e164="+12125559999")], last)
        assert leases.prolong("visit_1", [longer], last)
        assert slot_row(rows)["until"] == SECONDS + 400
        assert not leases.prolong("visit_1", [longer], NOW + timedelta(seconds=400))

    def test_of_several_leases_all_go_on_or_none(self, rows: Rows) -> None:
        site, leases = laid(rows), Leases(rows)
        leases.lend(lent(rows, site))
        e164s = [slot_row(rows, number)["e164"] for number in range(2)]
        both = [
            Longer(slot=slot(n), e164=e164, until=SECONDS + 400) for n, e164 in enumerate(e164s)
        ]
        told = (replace(a_visit(), attributes={"cart": "7"}), SECONDS + 200_000)
        assert not leases.prolong("visit_1", both, NOW, told=told)
        assert find_visit(rows, "visit_1", NOW) == a_visit()
        assert leases.prolong("visit_1", both[:1], NOW, told=told)
        assert find_visit(rows, "visit_1", NOW) == told[0]

    def test_a_site_is_read_once_a_minute(self, rows: Rows) -> None:
        leases = Leases(rows)
        assert leases.site(SITE, NOW) is None
        site = laid(rows)
        assert leases.site(SITE, NOW) == site == leases.kept_site(SITE, NOW)
        assert leases.kept_site(SITE, NOW + timedelta(seconds=60)) is None

    def test_visits_of_a_site_are_listed_until_they_expire(self, rows: Rows) -> None:
        site, leases = laid(rows), Leases(rows)
        leases.lend(lent(rows, site, 0, "visit_1"))
        leases.lend(lent(rows, site, 1, "visit_2"))
        first = page_of_visits(rows, SITE, limit=1, after=None, now=NOW)
        rest = page_of_visits(rows, SITE, limit=1, after=first.mark, now=NOW)
        assert [one.id for one in (*first.items, *rest.items)] == ["visit_2", "visit_1"]
        late = NOW + timedelta(seconds=100_000)
        assert page_of_visits(rows, SITE, limit=9, after=None, now=late).items == ()
        assert find_visit(rows, "visit_1", late) is None
