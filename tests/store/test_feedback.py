"""Rows of feedback: which calls are looked up around a time, and how files are cut into parts."""

from datetime import timedelta

import pytest

from chalicelib.disposition_files import FileRow
from chalicelib.feedback import LONGEST_NOTE, Named
from chalicelib.previews import Preview
from chalicelib.store.calls import call_item
from chalicelib.store.feedback import calls_around
from chalicelib.store.previews import find_preview, keep_preview, rows_of
from chalicelib.store.rows import CALLS, Put
from tests.builders import NOW, a_call
from tests.fakes import Crash, FakeRows


def a_preview(rows: int) -> Preview:
    return Preview(id="pvw_1", advertiser_id="adv_1", currency="USD", rows=rows, created_at=NOW)


@pytest.mark.parametrize(
    ("seconds", "found"),
    [(-61, False), (-60, True), (0, True), (659, True), (660, True), (661, False)],
)
def test_calls_are_looked_up_a_minute_after_and_ten_before_their_dial(
    seconds: int, found: bool
) -> None:
    rows = FakeRows()
    rows.write([Put(CALLS, {k: v for k, v in call_item(a_call()).items() if v is not None})])
    moment = NOW + timedelta(seconds=seconds)
    calls = calls_around(rows, ["cmp_1"], [moment, NOW + timedelta(hours=5)])
    assert bool(calls) is found
    assert calls_around(rows, ["cmp_2"], [moment]) == ()


def test_however_many_times_are_named_close_ones_are_asked_for_as_one() -> None:
    rows = FakeRows()
    rows.write([Put(CALLS, {k: v for k, v in call_item(a_call()).items() if v is not None})])
    trips = rows.trips
    moments = [NOW + timedelta(minutes=n) for n in range(60)]
    assert [call.id for call in calls_around(rows, ["cmp_1"], moments)] == ["call_1"]
    assert rows.trips == trips + 1


@pytest.mark.parametrize(
    ("first", "count", "expected"),
    [(0, 50, (2, 51)), (0, 51, (2, 52)), (49, 2, (51, 52)), (50, 200, (52, 122)), (121, 1, None),
     (120, 1, (122, 122)), (0, 200, (2, 122))],
)  # fmt: skip
def test_any_stretch_of_a_file_can_be_read(
    first: int, count: int, expected: tuple[int, int] | None
) -> None:
    rows, preview = FakeRows(), a_preview(121)
    read = [FileRow(row=n, named=Named(external_id=f"x{n}")) for n in range(2, 123)]
    keep_preview(rows, preview, read)
    found = [row.row for row in rows_of(rows, preview, first, count)]
    assert found == (list(range(expected[0], expected[1] + 1)) if expected else [])


def test_the_longest_rows_of_any_script_fit_into_the_table() -> None:
    rows, preview = FakeRows(), a_preview(60)
    longest = [
        FileRow(row=n, named=Named(call_id=f"call_{n:026d}", external_id="x" * 128,
                                   caller="+" + "1" * 15, time=NOW),
                disposition="d" * 32, amount_cents=10**11, note="\U0001f4de" * LONGEST_NOTE)
        for n in range(2, 62)
    ]  # fmt: skip
    keep_preview(rows, preview, longest)
    assert rows_of(rows, preview, 0, 60) == tuple(longest)


def test_a_preview_that_was_not_kept_whole_is_none() -> None:
    rows, preview = FakeRows(), a_preview(600)
    read = [FileRow(row=n, named=Named(external_id=f"x{n}")) for n in range(2, 602)]
    rows.crash_before_write(3)
    with pytest.raises(Crash):
        keep_preview(rows, preview, read)
    assert find_preview(rows, "pvw_1") is None
