"""Numbers that join and leave a pool at once: each in one slot, and everybody says the same."""

from concurrent.futures import ThreadPoolExecutor

from chalicelib.pools import Site
from chalicelib.store.dynamo import DynamoRows
from tests.flows.pooling import SITE, Yard

AT_ONCE = 8


def test_numbers_that_join_at_once_take_as_many_slots() -> None:
    yard = Yard.on(DynamoRows())
    ids = yard.numbers(AT_ONCE)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as threads:
        list(threads.map(yard.joins, ids))
    assert {one.number_id for one in yard.facts.filled} == set(ids)
    assert [one.slot.number for one in yard.facts.filled] == list(range(AT_ONCE))
    assert yard.lent_by_the_site == {"": AT_ONCE}


def test_numbers_that_leave_while_others_join_leave_no_slot_behind() -> None:
    yard = Yard.on(DynamoRows())
    ids = yard.numbers(AT_ONCE)
    leaving, joining = ids[: AT_ONCE // 2], ids[AT_ONCE // 2 :]
    yard.joins(*leaving)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as threads:
        gone = threads.map(yard.leaves, leaving)
        list(threads.map(yard.joins, joining))
        assert all(one.left for one in gone)
    assert {one.number_id for one in yard.facts.filled} == set(joining)
    site = yard.stores.catalog.find(Site, SITE)
    assert site is not None
    assert dict(site.lendings[0].sizes) == dict(yard.facts.sizes)
