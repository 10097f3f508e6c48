"""Tags of a tracking number, from the number to the call and to the target they choose."""

from typing import Any

import pytest

from chalicelib.criteria import Filter, FilterTest
from chalicelib.reasons import Reason
from chalicelib.store import codec
from chalicelib.store.markets import Markets
from chalicelib.store.rows import CATALOG, Change, Key
from tests import builders
from tests.builders import TRACKING_NUMBER
from tests.fakes import Crash, FakeRows
from tests.world import World

RADIO = {"source": "radio", "market": "dallas"}


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    """Two targets: the first for radio alone, the second for all but television."""
    world = World(rows)
    world.opens(
        builders.a_target(id="tgt_radio", filters=(a_filter("^radio$"),)),
        builders.a_target(id="tgt_rest", priority=2, filters=(a_filter("(?i)^tv", negated=True),)),
    )
    return world


def a_filter(pattern: str, **more: Any) -> Filter:
    return Filter(attribute="tag.source", test=FilterTest.MATCHES, values=(pattern,), **more)


def tag(world: World, **tags: str) -> None:
    """The number says this from now on, to processes that have not read it yet as well."""
    number = builders.a_number(tags=tags)
    key = Key(CATALOG, f"NUMBER#{TRACKING_NUMBER}")
    world.rows.write([Change(key=key, set={("doc",): codec.to_json(number)})])
    world.stores.markets = Markets(world.rows)


def taker(answer: object) -> str:
    attempt = getattr(answer, "attempt", None)
    return attempt.hold.target_id if attempt else "nobody"


@pytest.mark.parametrize(
    ("tags", "target"),
    [
        (RADIO, "tgt_radio"),
        ({"source": "web"}, "tgt_rest"),
        ({}, "tgt_rest"),
        ({"source": "TV-6"}, "nobody"),
        ({"medium": "radio"}, "tgt_rest"),
    ],
)
def test_a_numbers_tags_choose_its_target_and_stay_with_the_call(
    world: World, tags: dict[str, str], target: str
) -> None:
    tag(world, **tags)
    assert taker(world.arrives()) == target
    assert world.call().tags == tags


def test_a_call_that_nobody_takes_keeps_its_tags(world: World) -> None:
    tag(world, source="tv")
    assert world.arrives().refusal is Reason.FILTERED
    assert world.call().tags == {"source": "tv"}


def test_the_next_attempt_goes_by_the_tags_that_the_call_came_with(world: World) -> None:
    tag(world, **RADIO)
    assert taker(world.arrives()) == "tgt_radio"
    tag(world, source="tv")
    assert taker(world.fails()) == "tgt_rest"
    assert world.call().tags == RADIO


def test_a_repeated_webhook_after_new_tags_gets_the_same_answer(world: World) -> None:
    tag(world, **RADIO)
    first = world.arrives()
    tag(world, source="web")
    assert world.arrives() == first
    assert world.call().tags == RADIO


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_around_the_reservation_leaves_the_call_with_its_tags_or_no_call(
    world: World, rows: FakeRows, moment: str
) -> None:
    tag(world, **RADIO)
    getattr(rows, f"crash_{moment}_write")(1)
    with pytest.raises(Crash):
        world.arrives()
    assert taker(world.arrives()) == "tgt_radio"
    assert world.call().tags == RADIO
    assert len(world.target("tgt_radio")["leases"]) == 1


def test_numbers_and_calls_stored_before_there_were_tags_still_read(
    world: World, rows: FakeRows
) -> None:
    number = codec.to_plain(builders.a_number())
    del number["tags"]
    key = Key(CATALOG, f"NUMBER#{TRACKING_NUMBER}")
    rows.write([Change(key=key, set={("doc",): codec.to_json(number)})])
    assert taker(world.arrives()) == "tgt_rest"
    older = codec.to_plain(world.call())
    del older["tags"]
    assert codec.from_plain(type(world.call()), older) == world.call()


def test_a_stored_pattern_that_compiles_no_more_keeps_calls_from_its_target_alone(
    rows: FakeRows,
) -> None:
    world = World(rows)
    world.opens(
        builders.a_target(id="tgt_broken", filters=(a_filter("(radio"),)),
        builders.a_target(id="tgt_rest", priority=2),
    )
    tag(world, **RADIO)
    assert taker(world.arrives()) == "tgt_rest"
