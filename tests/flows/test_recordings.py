"""A recording is fetched, played, paused and erased, whatever fails between two steps."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.calls import call_id
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.flows import recordings
from chalicelib.flows.recordings_due import look
from chalicelib.providers.carriers import CarrierRefused, UnusableMedia
from chalicelib.recording import (
    Access,
    KeptRecording,
    Progress,
    Recorded,
    Recording,
    RecordingState,
    ReportStatus,
    VerticalRule,
    media_key,
    recorded,
    recording_id,
)
from chalicelib.settings import OperatorSettings
from chalicelib.store.settings import operator_write
from tests import builders
from tests.builders import NOW
from tests.carriers import FakeCarrier
from tests.fakes import Crash, FakeRows
from tests.recordings import REC, SID, SOUND, Studio, a_kept_recording, a_made_recording, a_report


def a_studio(**wanted: bool) -> Studio:
    return Studio(FakeRows()).records(**wanted)


def fetches(studio: Studio, call: str) -> None:
    recordings.fetch(call, REC, stores=studio.stores, places=studio.places, now=studio.now)


def erases(studio: Studio) -> KeptRecording:
    return recordings.erase(REC, stores=studio.stores, places=studio.places, now=studio.now)


def stands(studio: Studio, call: str) -> Recorded:
    file = studio.stores.recordings.file(call)
    (one,) = recorded(file.reports, file.kept, studio.now)
    return one


def test_media_that_the_carrier_has_come_into_the_bucket() -> None:
    studio = a_studio()
    call = studio.takes()
    fetches(studio, call)
    assert studio.bucket.kept == {media_key(call, REC, 365): SOUND}
    kept = studio.stores.recordings.get(REC)
    assert (kept.size_bytes, kept.channels, kept.seconds) == (len(SOUND), 2, 90)
    assert SID in studio.carrier.recordings
    assert stands(studio, call).state is Progress.KEPT


def test_fetching_again_changes_nothing_and_asks_the_carrier_nothing() -> None:
    studio = a_studio(delete_at_carrier=True)
    call = studio.takes()
    fetches(studio, call)
    before = (dict(studio.bucket.kept), studio.stores.recordings.get(REC))
    studio.carrier.away = True
    fetches(studio, call)
    assert (studio.bucket.kept, studio.stores.recordings.get(REC)) == before


def test_the_carriers_own_is_deleted_where_the_campaign_says_so() -> None:
    studio = a_studio(delete_at_carrier=True)
    fetches(studio, studio.takes())
    assert studio.carrier.recordings == {}
    assert studio.stores.recordings.get(REC).carrier_deleted_at == NOW


def test_the_vertical_says_for_how_long_the_media_are_kept() -> None:
    studio = a_studio()
    rules = {"roofing": VerticalRule(keep_days=90)}
    studio.rows.write(
        [operator_write(OperatorSettings(), OperatorSettings(version=1, verticals=rules))]
    )
    call = studio.takes()
    fetches(studio, call)
    assert list(studio.bucket.kept) == [media_key(call, REC, 90)]


def test_what_was_not_to_be_recorded_is_not_taken_from_the_carrier() -> None:
    studio = a_studio(record=False)
    call = studio.takes()
    fetches(studio, call)
    assert studio.bucket.kept == {}
    assert stands(studio, call).state is Progress.AWAITED


def test_a_recording_of_which_nobody_reported_is_not_found() -> None:
    studio = a_studio()
    call = studio.takes(a_report(ReportStatus.IN_PROGRESS))
    with pytest.raises(NotFound):
        fetches(studio, call)
    with pytest.raises(NotFound):
        fetches(studio, "call_unknown")


@pytest.mark.parametrize("lack", ["gone", "cut"])
def test_media_that_the_carrier_does_not_give_whole_leave_the_recording_awaited(lack: str) -> None:
    studio = a_studio(delete_at_carrier=True)
    call = studio.takes()
    if lack == "gone":
        studio.carrier.recordings.clear()
    studio.carrier.cut = lack == "cut"
    with pytest.raises((CarrierRefused, UnusableMedia)):
        fetches(studio, call)
    assert studio.bucket.kept == {}
    assert stands(studio, call).state is Progress.AWAITED
    assert studio.carrier.asked["delete_recording"] == 0


def test_each_call_is_asked_of_its_own_carrier() -> None:
    studio = a_studio(delete_at_carrier=True)
    theirs = FakeCarrier()
    theirs.lays(a_made_recording(carrier_id="other-1", status="in-progress"))
    places = replace(studio.places, carrier={"twilio": studio.carrier, "other": theirs}.__getitem__)
    studio.arrives(carrier="other")
    call = call_id("other", "CA1")
    rec = recordings.pause(
        call, paused=True, stores=studio.stores, carrier=places.carrier, now=studio.now
    ).recording_id
    assert rec == recording_id("other", "other-1")
    theirs.lays(a_made_recording(carrier_id="other-1"))
    studio.later(hours=2)
    looked = look(stores=studio.stores, now=studio.now, ask=lambda *_: None, carrier=places.carrier)
    assert looked.found == 1
    recordings.fetch(call, rec, stores=studio.stores, places=places, now=studio.now)
    assert list(studio.bucket.kept.values()) == [SOUND]
    assert theirs.recordings == {}
    recordings.erase(rec, stores=studio.stores, places=places, now=studio.now)
    assert theirs.asked["delete_recording"] == 2
    assert not studio.carrier.asked


def _crash() -> None:
    raise Crash


def _at_open(studio: Studio) -> None:
    studio.carrier.happens_before("open_recording", _crash)


def _after_upload(studio: Studio) -> None:
    studio.bucket.on_keep = _crash


def _after_deletion(studio: Studio) -> None:
    studio.carrier.happens_after("delete_recording", _crash)


def _before(write: int) -> Callable[[Studio], None]:
    def arm(studio: Studio) -> None:
        assert isinstance(studio.rows, FakeRows)
        studio.rows.crash_before_write(write)

    return arm


def _after(write: int) -> Callable[[Studio], None]:
    def arm(studio: Studio) -> None:
        assert isinstance(studio.rows, FakeRows)
        studio.rows.crash_after_write(write)

    return arm


@pytest.mark.parametrize(
    "dies",
    [
        _at_open, _after_upload, _after_deletion,
        *(_before(n) for n in (1, 2, 3, 4)), *(_after(n) for n in (1, 2, 3, 4)),
    ],
)  # fmt: skip
def test_a_crash_between_any_two_steps_is_made_good_by_the_repetition(
    dies: Callable[[Studio], None],
) -> None:
    studio = a_studio(delete_at_carrier=True)
    call = studio.takes()
    dies(studio)
    with pytest.raises(Crash):
        fetches(studio, call)
    studio.bucket.on_keep = lambda: None
    fetches(studio, call)
    assert studio.bucket.kept == {media_key(call, REC, 365): SOUND}
    assert studio.carrier.recordings == {}
    assert studio.stores.recordings.get(REC).carrier_deleted_at == NOW
    assert studio.stores.recordings.due(NOW + timedelta(days=1), limit=9) == ()


@pytest.mark.parametrize("what", ["carrier", "bucket"])
def test_what_is_away_leaves_the_recording_awaited(what: str) -> None:
    studio = a_studio()
    call = studio.takes()
    studio.carrier.away, studio.bucket.down = what == "carrier", what == "bucket"
    with pytest.raises((Busy, ConnectionError)):
        fetches(studio, call)
    assert stands(studio, call).state is Progress.AWAITED
    studio.carrier.away = studio.bucket.down = False
    fetches(studio, call)
    assert stands(studio, call).state is Progress.KEPT


def test_of_two_who_fetch_at_once_one_keeps_and_both_find_it_done() -> None:
    studio = a_studio()
    call = studio.takes()

    def other() -> None:
        studio.bucket.on_keep = lambda: None
        fetches(studio, call)

    studio.bucket.on_keep = other
    fetches(studio, call)
    assert studio.bucket.kept == {media_key(call, REC, 365): SOUND}


def test_media_erased_while_they_are_fetched_again_do_not_come_back() -> None:
    studio = a_studio()
    call = studio.takes()

    def others() -> None:
        studio.bucket.on_keep = lambda: None
        fetches(studio, call)
        erases(studio)
        studio.bucket.kept[media_key(call, REC, 365)] = SOUND

    studio.bucket.on_keep = others
    fetches(studio, call)
    assert studio.bucket.kept == {}


def an_access(**overrides: str) -> Access:
    return Access(
        id=overrides.get("id", "acc_1"), recording_id=REC, party="operator", party_id="",
        credential="operator", at=NOW, expires_at=NOW + timedelta(minutes=5),
    )  # fmt: skip


def gives(studio: Studio, kept: KeptRecording, access: Access) -> recordings.Link:
    return recordings.give_link(kept, access, stores=studio.stores, places=studio.places)


def test_a_link_lasts_five_minutes_and_is_kept_before_it_is_given() -> None:
    studio = a_studio()
    fetches(studio, studio.takes())
    kept = studio.stores.recordings.get(REC)
    assert isinstance(studio.rows, FakeRows)
    studio.rows.crash_after_write()
    with pytest.raises(Crash):
        gives(studio, kept, an_access())
    link = gives(studio, kept, an_access(id="acc_2"))
    assert link.url.endswith("?for=300")
    assert [one.id for one in studio.stores.recordings.accesses(REC)] == ["acc_1", "acc_2"]


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        (a_kept_recording(deleted_at=NOW), "recording_deleted"),
        (a_kept_recording(kept_at=NOW - timedelta(days=365)), "recording_expired"),
    ],
)
def test_what_is_gone_cannot_be_played(kept: KeptRecording, code: str) -> None:
    studio = a_studio()
    with pytest.raises(NotFound) as refused:
        gives(studio, kept, an_access())
    assert refused.value.code == code
    assert studio.stores.recordings.accesses(REC) == ()


def test_an_erased_recording_is_gone_here_and_at_the_carrier_and_says_when() -> None:
    studio = a_studio()
    call = studio.takes()
    fetches(studio, call)
    studio.later(hours=1)
    erased = erases(studio)
    assert (studio.bucket.kept, studio.carrier.recordings) == ({}, {})
    assert erased.deleted_at == erased.carrier_deleted_at == studio.now
    studio.later(hours=1)
    assert erases(studio) == erased
    fetches(studio, call)
    assert studio.bucket.kept == {}


@pytest.mark.parametrize("step", ["remove", "delete", "first mark", "second mark"])
def test_an_erasure_that_was_cut_short_is_finished_by_the_repetition(step: str) -> None:
    studio = a_studio()
    fetches(studio, studio.takes())
    assert isinstance(studio.rows, FakeRows)
    if step == "remove":
        studio.bucket.on_remove = _crash
    elif step == "delete":
        studio.carrier.happens_after("delete_recording", _crash)
    else:
        studio.rows.crash_before_write(1 if step == "first mark" else 2)
    with pytest.raises(Crash):
        erases(studio)
    assert studio.stores.recordings.get(REC).deleted_at is None
    studio.bucket.on_remove = lambda: None
    assert erases(studio).deleted_at == NOW
    assert (studio.bucket.kept, studio.carrier.recordings) == ({}, {})


def test_an_erasure_waits_for_a_carrier_that_is_down() -> None:
    studio = a_studio()
    fetches(studio, studio.takes())
    studio.carrier.away = True
    with pytest.raises(Busy):
        erases(studio)
    assert studio.stores.recordings.get(REC).deleted_at is None


def turns(studio: Studio, call: str, *, paused: bool) -> None:
    recordings.pause(
        call, paused=paused, stores=studio.stores, carrier=studio.places.carrier, now=studio.now
    )


def test_a_recording_is_paused_and_goes_on_and_both_are_kept() -> None:
    studio = a_studio()
    call = studio.takes(a_report(ReportStatus.IN_PROGRESS))
    for paused, state in ((True, Progress.PAUSED), (False, Progress.RECORDING)):
        studio.later(seconds=10)
        turns(studio, call, paused=paused)
        assert (studio.carrier.recordings[SID].status == "paused") is paused
        assert stands(studio, call).state is state
    assert len(studio.stores.recordings.file(call).reports) == 3


def test_pauses_do_not_end_a_call() -> None:
    studio = a_studio()
    call = studio.takes(*(a_report(status) for status in ReportStatus))
    file = studio.stores.calls.file(call)
    assert file is not None
    assert file.signals == ()
    assert studio.settles().value == "live"


@pytest.mark.parametrize("why", ["campaign", "carrier", "over"])
def test_nothing_is_paused_where_nothing_is_recorded(why: str) -> None:
    studio = a_studio(record=why != "campaign")
    call = studio.takes(a_report(ReportStatus.IN_PROGRESS))
    if why == "carrier":
        studio.carrier.recordings.clear()
    if why == "over":
        studio.talks()
    with pytest.raises(Conflict) as refused:
        turns(studio, call, paused=True)
    assert refused.value.code == "nothing_recorded"
    assert studio.carrier.asked["pause_recording"] == (why == "carrier")


def test_a_failover_keeps_the_terms_of_each_attempt() -> None:
    studio = Studio(FakeRows())
    recording = Recording(record=True)
    studio.opens(
        builders.a_target(id="tgt_1", priority=1),
        builders.a_target(id="tgt_2", priority=2),
        campaign=builders.a_campaign(recording=recording),
    )
    call = studio.takes(a_report(attempt=1))
    studio.fails()
    fetches(studio, call)
    attempts = studio.stores.recordings.file(call).attempts
    assert {number: one.recording.state for number, one in attempts.items()} == {
        1: RecordingState.ON,
        2: RecordingState.ON,
    }
    assert stands(studio, call).attempt == 1
