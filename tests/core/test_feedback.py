"""Feedback: what its fields may say, and what it becomes beside a call."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispositions import Source
from chalicelib.feedback import (
    Feedback,
    Named,
    disposition_of,
    event_feedback_id,
    is_external_id,
    postback_of,
    read_amount,
    read_caller,
    row_feedback_id,
    shown,
)
from tests.builders import CALLER, NOW


def feedback(**overrides: Any) -> Feedback:
    """A postback of 25 dollars for the caller's call."""
    values: dict[str, Any] = {
        "id": "fbk_1", "advertiser_id": "adv_1", "source": Source.POSTBACK,
        "named": Named(caller=CALLER, time=NOW), "amount_cents": 2500, "currency": "USD",
        "event_id": "e1", "at": NOW, "received_at": NOW,
    }  # fmt: skip
    return Feedback(**(values | overrides))


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("25", 2500), ("25.5", 2550), ("25.50", 2550), ("0", 0), ("0.00", 0), ("0.01", 1),
        ("999999999.99", 99_999_999_999), ("1000000000", None), ("25.", None), (".5", None),
        ("25.001", None), ("-1", None), ("+1", None), ("1e3", None), ("1,000", None),
        ("$25", None), ("", None), ("NaN", None), ("=1", None), ("٢٥", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_one_way_alone(text: str, cents: int | None) -> None:
    assert read_amount(text) == cents


@given(st.integers(0, 10**11 - 1))
def test_every_amount_of_cents_can_be_written(cents: int) -> None:
    assert read_amount(f"{cents // 100}.{cents % 100:02d}") == cents


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+14155550100", CALLER), ("14155550100", CALLER), ("+1 (415) 555-0100", CALLER),
        ("+1.415.555.0100", CALLER), (" 14155550100", CALLER), ("4155550100", None),
        ("+4155550", "+4155550"), ("04155550100", None), ("+415555", None), ("+0415555010", None),
        ("+1415555010012345", None), ("=14155550100", None), ("1415555O100", None), ("", None),
    ],
)  # fmt: skip
def test_a_caller_is_read_with_its_country_code(text: str, number: str | None) -> None:
    assert read_caller(text) == number


@pytest.mark.parametrize(
    ("text", "fits"),
    [("crm-1", True), ("_x", True), ("0", True), ("a" * 128, True), ("a" * 129, False),
     ("=1", False), ("-1", False), ("a b", False), ("a\n", False), ("é", False), ("", False)],
)  # fmt: skip
def test_an_external_id_is_visible_and_no_formula(text: str, fits: bool) -> None:
    assert is_external_id(text) is fits


@pytest.mark.parametrize(
    ("cents", "said", "converted"),
    [
        (2500, None, True), (1, None, True), (0, None, False), (0, True, True),
        (None, True, True), (2500, False, False), (0, False, False), (None, False, False),
    ],
)  # fmt: skip
def test_a_postback_of_nothing_is_no_conversion_unless_it_says_so(
    cents: int | None, said: bool | None, converted: bool
) -> None:
    postback = postback_of(feedback(amount_cents=cents, converted=said), "call_1")
    assert postback is not None
    assert (postback.amount_cents, postback.converted) == (cents or 0, converted)


def test_a_disposition_alone_is_no_postback_and_an_amount_alone_no_disposition() -> None:
    word = feedback(amount_cents=None, disposition="sold", note="fine")
    assert postback_of(word, "call_1") is None
    disposition = disposition_of(word, "call_1")
    assert disposition is not None
    assert (disposition.value, disposition.note, disposition.call_id) == ("sold", "fine", "call_1")
    assert disposition_of(feedback(), "call_1") is None


def test_the_id_of_feedback_follows_from_its_cause_alone() -> None:
    assert row_feedback_id("pvw_1", 2) == row_feedback_id("pvw_1", 2)
    causes = {
        row_feedback_id("pvw_1", 2), row_feedback_id("pvw_1", 3), row_feedback_id("pvw_2", 2),
        event_feedback_id("pvw_1", "2"), event_feedback_id("adv_1", "e1"),
        event_feedback_id("adv_2", "e1"),
    }  # fmt: skip
    assert len(causes) == 6


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("fine", "fine"), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@A1", "'@A1"),
        (" =1", "' =1"), ("a=1", "a=1"), ("", ""), (None, None),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_compute_is_shown_as_text(
    text: str | None, seen: str | None
) -> None:
    assert shown(text) == seen
