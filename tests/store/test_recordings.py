"""Reports, media and accesses are kept once each, on either kind of rows."""

from datetime import timedelta

import pytest

from chalicelib.errors import NotFound
from chalicelib.recording import Access, ReportStatus
from chalicelib.store.recordings import FIRST_LOOK, Recordings
from chalicelib.store.rows import CALLS, Key, Put, Rows
from tests.builders import NOW
from tests.recordings import REC, Studio, a_kept_recording, a_report


def test_each_report_is_kept_once_and_none_changes_another(rows: Rows) -> None:
    store = Recordings(rows)
    reports = [a_report(status) for status in ReportStatus]
    assert [store.keep_report("call_1", one) for one in reports] == [True] * len(reports)
    assert [store.keep_report("call_1", one) for one in reports] == [False] * len(reports)


def test_a_file_holds_the_call_its_terms_its_reports_and_its_media(rows: Rows) -> None:
    studio = Studio(rows).records(delete_at_carrier=True)
    call = studio.takes(a_report(ReportStatus.IN_PROGRESS), a_report())
    kept = a_kept_recording(call_id=call)
    assert studio.stores.recordings.keep(kept)
    file = studio.stores.recordings.file(call)
    assert file.call == studio.call()
    assert file.attempts[1].recording.delete_at_carrier
    assert {one.status for one in file.reports} == {
        ReportStatus.IN_PROGRESS,
        ReportStatus.COMPLETED,
    }
    assert file.kept == (kept,)
    assert file.completed(REC) == a_report()
    assert file.completed("rec_other") is None
    assert file.kept_one("rec_other") is None


def test_what_is_not_known_is_not_found(rows: Rows) -> None:
    store = Recordings(rows)
    with pytest.raises(NotFound):
        store.file("call_unknown")
    with pytest.raises(NotFound):
        store.get(REC)


def test_media_are_kept_by_one_and_found_by_their_id(rows: Rows) -> None:
    store, kept = Recordings(rows), a_kept_recording()
    assert [store.keep(kept), store.keep(kept)] == [True, False]
    assert store.get(REC) == kept


def test_the_first_removal_counts_and_one_does_not_touch_the_other(rows: Rows) -> None:
    store, kept = Recordings(rows), a_kept_recording()
    store.keep(kept)
    store.mark(kept, "carrier_deleted_at", NOW)
    store.mark(kept, "deleted_at", NOW + timedelta(hours=1))
    store.mark(kept, "deleted_at", NOW + timedelta(hours=2))
    found = store.get(REC)
    assert (found.carrier_deleted_at, found.deleted_at) == (NOW, NOW + timedelta(hours=1))


def test_a_removal_of_what_was_never_kept_makes_no_row(rows: Rows) -> None:
    store, kept = Recordings(rows), a_kept_recording()
    store.mark(kept, "deleted_at", NOW)
    key = Key(CALLS, "CALL#call_1", f"RECORDING#{REC}")
    assert rows.gather([key])[0] == {}


def test_only_a_report_that_tells_of_media_becomes_due(rows: Rows) -> None:
    store = Recordings(rows)
    for status in ReportStatus:
        store.keep_report("call_1", a_report(status))
    assert store.due(NOW + FIRST_LOOK, limit=9) == ()
    soon = NOW + FIRST_LOOK + timedelta(seconds=1)
    (one,) = store.due(soon, limit=9)
    assert (one.call_id, one.report) == ("call_1", a_report())
    store.look_again("call_1", one.part, soon + timedelta(hours=1))
    assert store.due(soon + timedelta(minutes=59), limit=9) == ()
    store.look_again("call_1", one.part, None)
    store.look_again("call_1", one.part, soon)
    assert store.due(soon + timedelta(days=9), limit=9) == ()


def test_recordings_that_are_due_are_no_calls_that_are_due(rows: Rows) -> None:
    studio = Studio(rows)
    studio.stores.recordings.keep_report("call_1", a_report())
    assert studio.stores.calls.due(NOW + timedelta(days=1), limit=9) == ()


def test_accesses_stand_in_the_order_of_time(rows: Rows) -> None:
    store = Recordings(rows)
    given = [
        Access(
            id=f"acc_{n}", recording_id=REC, party="advertiser", party_id="adv_1",
            credential="key_1", at=NOW + timedelta(minutes=n), expires_at=NOW + timedelta(hours=1),
        )
        for n in (2, 1)
    ]  # fmt: skip
    for access in given:
        store.keep_access(access)
    assert [one.id for one in store.accesses(REC)] == ["acc_1", "acc_2"]
    assert store.accesses("rec_other") == ()


def test_a_call_of_before_reads_as_one_that_was_not_recorded(rows: Rows) -> None:
    studio = Studio(rows).records()
    call = studio.takes()
    key = Key(CALLS, f"CALL#{call}", "DECISION#1")
    decision = rows.gather([key])[0][key]
    attempt = studio.stores.recordings.file(call).attempts[1]
    assert attempt.recording.state.value == "on"
    before = decision["doc"].partition(',"recording":')[0] + "}}"
    rows.write([Put(CALLS, {"pk": "CALL#call_old", "sk": "DECISION#1", "doc": before})])
    head = Key(CALLS, f"CALL#{call}")
    rows.write([Put(CALLS, {**rows.gather([head])[0][head], "pk": "CALL#call_old"})])
    assert studio.stores.recordings.file("call_old").attempts[1].recording.state.value == "off"
