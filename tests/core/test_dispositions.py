"""Dispositions and postbacks: how a value is read, and which of several counts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispositions import (
    Disposition,
    Postback,
    Source,
    conversion,
    current,
    read_value,
    supersedes,
)
from tests.builders import NOW


def a_disposition(**overrides: Any) -> Disposition:
    """Sold, said by the API just when it was."""
    values: dict[str, Any] = {
        "id": "dsp_1", "call_id": "call_1", "advertiser_id": "adv_1", "value": "sold",
        "at": NOW, "received_at": NOW, "source": Source.API,
    }  # fmt: skip
    return Disposition(**(values | overrides))


def a_postback(**overrides: Any) -> Postback:
    """A conversion of 25 dollars."""
    values: dict[str, Any] = {
        "id": "pbk_1", "call_id": "call_1", "advertiser_id": "adv_1", "event_id": "e1",
        "amount_cents": 2500, "currency": "USD", "converted": True, "at": NOW,
        "received_at": NOW, "source": Source.POSTBACK,
    }  # fmt: skip
    return Postback(**(values | overrides))


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("sold", "sold"),
        ("Not interested!", "not_interested"),
        ("  Call-back  2 ", "call_back_2"),
        ("SOLD - Premium", "sold_premium"),
        ("a" * 32, "a" * 32),
        ("a" * 33, None),
        ("2nd call", None),
        ("=SUM(A1)", "sum_a1"),
        ("cédé", None),
        ("sold ✓", "sold"),
        ("", None),
        ("!!", None),
    ],
)
def test_a_disposition_is_said_in_the_advertisers_own_words(words: str, value: str | None) -> None:
    assert read_value(words) == value


@given(st.text(max_size=60))
def test_reading_a_value_again_changes_nothing(words: str) -> None:
    value = read_value(words)
    assert value is None or read_value(value) == value


def test_the_latest_disposition_counts_and_not_the_last_to_come() -> None:
    early = a_disposition(id="dsp_1", value="callback", at=NOW, received_at=NOW)
    late = a_disposition(id="dsp_2", value="sold", at=NOW + timedelta(seconds=1))
    assert current([late, early], "adv_1") == late
    assert supersedes(late, early) and not supersedes(early, late)


def test_of_one_file_the_later_row_counts() -> None:
    rows = [a_disposition(id=f"dsp_{9 - row}", row=row, source=Source.CSV) for row in (2, 3)]
    assert current(rows, "adv_1") == rows[1]


def test_what_another_advertiser_said_who_had_the_call_before_does_not_count() -> None:
    theirs = a_disposition(id="dsp_2", advertiser_id="adv_2", at=NOW + timedelta(hours=1))
    ours = a_disposition()
    assert current([theirs, ours], "adv_1") == ours
    assert current([theirs], "adv_1") is None
    assert supersedes(ours, theirs)


MOMENTS = st.integers(0, 3).map(lambda n: NOW + timedelta(seconds=n))
DISPOSITIONS = st.lists(
    st.builds(
        lambda n, at, heard: a_disposition(id=f"dsp_{n}", at=at, received_at=heard),
        st.integers(0, 50),
        MOMENTS,
        MOMENTS,
    ),
    unique_by=lambda one: one.id,
)


@given(DISPOSITIONS, st.randoms())
def test_the_order_in_which_dispositions_come_does_not_matter(
    said: list[Disposition], chance: Any
) -> None:
    shuffled = list(said)
    chance.shuffle(shuffled)
    stood: Disposition | None = None
    for one in shuffled:
        stood = one if supersedes(one, stood) else stood
    assert stood == current(said, "adv_1") == current(shuffled, "adv_1")


def test_the_highest_conversion_counts_and_the_earliest_of_those() -> None:
    low, high = a_postback(amount_cents=100), a_postback(id="pbk_2")
    later = a_postback(id="pbk_0", at=NOW + timedelta(seconds=1))
    assert conversion([low, later, high], "adv_1") == high


def test_what_was_no_conversion_or_anothers_does_not_count() -> None:
    others = [a_postback(converted=False), a_postback(advertiser_id="adv_2")]
    assert conversion(others, "adv_1") is None
    free = replace(others[0], amount_cents=0, converted=True)
    assert conversion([*others, free], "adv_1") == free
