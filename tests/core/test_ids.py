"""Ids: later ones sort later, and an effect's id follows from its cause."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import ids
from tests.builders import NOW

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=20_000)).map(lambda since: NOW + since)
ENTROPY = st.binary(min_size=10, max_size=10)
FACTS = st.lists(st.text(max_size=8), max_size=4)


def test_an_id_is_a_ulid_with_a_prefix() -> None:
    moment = datetime.fromtimestamp(1469918176, UTC) + timedelta(milliseconds=385)
    assert ids.new("call", now=moment, entropy=bytes(10)) == "call_01ARYZ6S41" + "0" * 16
    assert ids.new("call", now=moment, entropy=b"\xff" * 10) == "call_01ARYZ6S41" + "Z" * 16


@pytest.mark.parametrize("size", [0, 9, 11])
def test_an_id_takes_exactly_ten_bytes_of_entropy(size: int) -> None:
    with pytest.raises(ValueError, match="10 bytes"):
        ids.new("call", now=NOW, entropy=bytes(size))


def test_a_time_without_a_zone_makes_no_id() -> None:
    with pytest.raises(TypeError):
        ids.new("call", now=NOW.replace(tzinfo=None), entropy=bytes(10))


@given(MOMENTS, st.integers(1, 10**9), ENTROPY, ENTROPY)
def test_ids_made_a_millisecond_later_sort_later(
    moment: datetime, milliseconds: int, early: bytes, late: bytes
) -> None:
    after = moment + timedelta(milliseconds=milliseconds)
    first = ids.new("call", now=moment, entropy=early)
    assert first < ids.new("call", now=after, entropy=late)


@given(MOMENTS, ENTROPY, ENTROPY)
def test_different_entropy_makes_different_ids(moment: datetime, one: bytes, two: bytes) -> None:
    same = ids.new("call", now=moment, entropy=one) == ids.new("call", now=moment, entropy=two)
    assert same == (one == two)


@given(FACTS, FACTS)
def test_the_same_facts_give_the_same_id_and_others_another(one: list[str], two: list[str]) -> None:
    assert (ids.derived("ent", *one) == ids.derived("ent", *two)) == (one == two)


@pytest.mark.parametrize(
    ("one", "two"),
    [(("ab", "c"), ("a", "bc")), (("a", ""), ("a",)), ((), ("",)), (("1:a",), ("a",))],
)
def test_facts_are_told_apart_by_where_they_end(one: tuple[str], two: tuple[str]) -> None:
    assert ids.derived("ent", *one) != ids.derived("ent", *two)


def test_the_kind_is_part_of_a_derived_id() -> None:
    charge, earning = ids.derived("chg", "call_1"), ids.derived("ern", "call_1")
    assert (charge[:4], earning[:4]) == ("chg_", "ern_")


def test_a_derived_id_never_changes() -> None:
    """Stored effects are found again by it: another value here loses them."""
    assert ids.derived("call", "twilio", "CA1") == "call_03796VKS020T72JTXTMTKRAK4H"
