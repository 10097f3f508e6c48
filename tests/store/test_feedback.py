"""Rows of feedback: which calls are looked up around a time, and how files are cut into parts."""

from datetime import timedelta

import pytest

from chalicelib.disposition_files import FileRow
from chalicelib.dispositions import ExternalId
from chalicelib.feedback import LONGEST_NOTE, Named
from chalicelib.flows.disposition_files import apply, preview
from chalicelib.flows.dispositions import Saying, dispose, name_call
from chalicelib.flows.feedback import Looked, look, take_event
from chalicelib.matching import MatchedBy, UnmatchedReason
from chalicelib.previews import Preview
from chalicelib.store.calls import call_item
from chalicelib.store.catalog import thing_puts
from chalicelib.store.dispositions import said_of
from chalicelib.store.feedback import calls_around, led_to, page_of_unmatched
from chalicelib.store.previews import DISPOSITIONS
from chalicelib.store.rows import CALLS, Put, Rows
from chalicelib.store.stores import Stores
from tests.builders import CALLER, NOW, a_call, a_campaign, an_advertiser
from tests.core.test_feedback import feedback
from tests.fakes import Crash, FakeRows

CALL = f"call_{'0' * 26}"


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
    DISPOSITIONS.keep(rows, preview, read)
    found = [row.row for row in DISPOSITIONS.rows_of(rows, preview, first, count)]
    assert found == (list(range(expected[0], expected[1] + 1)) if expected else [])


def test_the_longest_rows_of_any_script_fit_into_the_table() -> None:
    rows, preview = FakeRows(), a_preview(60)
    longest = [
        FileRow(row=n, named=Named(call_id=f"call_{n:026d}", external_id="x" * 128,
                                   caller="+" + "1" * 15, time=NOW),
                disposition="d" * 32, amount_cents=10**11, note="\U0001f4de" * LONGEST_NOTE)
        for n in range(2, 62)
    ]  # fmt: skip
    DISPOSITIONS.keep(rows, preview, longest)
    assert DISPOSITIONS.rows_of(rows, preview, 0, 60) == tuple(longest)


def test_a_preview_that_was_not_kept_whole_is_none() -> None:
    rows, preview = FakeRows(), a_preview(600)
    read = [FileRow(row=n, named=Named(external_id=f"x{n}")) for n in range(2, 602)]
    rows.crash_before_write(3)
    with pytest.raises(Crash):
        DISPOSITIONS.keep(rows, preview, read)
    assert DISPOSITIONS.find(rows, "pvw_1") is None


@pytest.fixture
def laid(rows: Rows) -> Stores:
    """An advertiser with a campaign and one call."""
    rows.write([*thing_puts(an_advertiser()), *thing_puts(a_campaign())])
    rows.write([Put(CALLS, {k: v for k, v in call_item(a_call(id=CALL)).items() if v is not None})])
    return Stores(rows)


def test_feedback_finds_its_call_on_either_kind_of_rows(laid: Stores) -> None:
    named = Named(external_id="crm-1", caller=CALLER, time=NOW)
    told = feedback(named=named, disposition="sold")
    taken = take_event(told, content_hash="h1", stores=laid)
    assert (taken.match.call_id, taken.match.by) == (CALL, MatchedBy.CALLER)
    assert take_event(told, content_hash="h1", stores=laid).repeated
    call = laid.calls.get(CALL)
    assert call.external_id == ExternalId("adv_1", "crm-1")
    assert call.disposition is not None and call.disposition.value == "sold"
    said = said_of(laid.rows, CALL)
    assert (len(said.dispositions), len(said.postbacks)) == (1, 1)
    saying = Saying(call_id=CALL, advertiser_id="adv_1", value="lost")
    dispose(saying, stores=laid, now=NOW + timedelta(minutes=1))
    assert name_call(CALL, ExternalId("adv_1", "crm-2"), stores=laid).external_id is not None
    assert led_to(laid.rows, [ExternalId("adv_1", "crm-1")]) == {ExternalId("adv_1", "crm-1"): "-"}
    shown = laid.calls.get(CALL)
    assert shown.disposition is not None and shown.disposition.value == "lost"


def test_feedback_waits_for_its_call_on_either_kind_of_rows(laid: Stores) -> None:
    told = feedback(named=Named(external_id="crm-1"))
    assert take_event(told, content_hash="h1", stores=laid).match.call_id is None
    later = NOW + timedelta(minutes=2)
    assert look(stores=laid, now=later) == Looked(waiting=1)
    name_call(CALL, ExternalId("adv_1", "crm-1"), stores=laid)
    assert look(stores=laid, now=later + timedelta(hours=1)) == Looked(matched=1)
    assert look(stores=laid, now=later + timedelta(hours=2)) == Looked()
    assert page_of_unmatched(laid.rows, "adv_1", limit=10, after=None).items == ()
    assert len(said_of(laid.rows, CALL).postbacks) == 1


def test_a_file_is_applied_on_either_kind_of_rows(laid: Stores) -> None:
    raw = f"call_id,disposition\n{CALL},sold\ncall_{'1' * 26},lost\n".encode()
    made = preview(raw, id="pvw_1", advertiser_id="adv_1", stores=laid, now=NOW)
    done = apply(made, stores=laid, now=NOW)
    assert (done.matched, done.unmatched) == (1, 1)
    assert apply(done, stores=laid, now=NOW) == done
    assert DISPOSITIONS.due(laid.rows, NOW + timedelta(days=1), limit=5) == ()
    page = page_of_unmatched(laid.rows, "adv_1", limit=10, after=None)
    assert [one.match.reason for one in page.items] == [UnmatchedReason.UNKNOWN_CALL]
