"""Recordings over HTTP: who hears which, for how long, and who was there."""

from datetime import timedelta
from functools import cached_property
from typing import Any

import pytest

from chalicelib.calls import Call
from chalicelib.channels.schemas_recordings import TranscriptsView
from chalicelib.flows import recordings
from chalicelib.recording import ReportStatus, Transcript
from chalicelib.store.calls import call_item
from chalicelib.store.rows import CALLS, Put
from tests import builders
from tests.builders import NOW
from tests.channels.api import Api, Party, Reply
from tests.fakes import FakeRows
from tests.recordings import REC, SID, Studio, a_kept_recording, a_report

PATH = f"/recordings/{REC}"
SECOND = timedelta(seconds=1)


class Booth(Studio):
    """A studio behind the API's door."""

    @cached_property
    def api(self) -> Api:
        """The door, with a clock of its own."""
        assert isinstance(self.rows, FakeRows)
        return Api(rows=self.rows, recordings=self.places)


@pytest.fixture
def booth() -> Booth:
    made = Booth(FakeRows())
    made.records()
    return made


def kept(booth: Booth) -> Call:
    """A call whose recording is in the bucket."""
    call = booth.takes()
    recordings.fetch(call, REC, stores=booth.stores, places=booth.places, now=booth.now)
    return booth.call()


def test_a_call_shows_its_recordings_as_they_stand(booth: Booth) -> None:
    call = booth.takes(a_report(ReportStatus.IN_PROGRESS))
    listed = booth.api.get(f"/calls/{call}/recordings").body
    assert listed["call_id"] == call
    assert [one["state"] for one in listed["recordings"]] == ["recording"]
    assert booth.api.get(f"/calls/{call}").body["recording"] == {"state": "on", "reason": None}


def test_where_the_carrier_put_what_was_said_is_told_the_operator(booth: Booth) -> None:
    call = kept(booth)
    assert booth.api.get(f"/calls/{call.id}/transcripts").body == {
        "call_id": call.id, "transcripts": [],
    }  # fmt: skip
    early, late = (
        Transcript(location=f"s3://connect/{n}.json", redacted=bool(n), written_at=NOW + n * SECOND)
        for n in range(2)
    )
    booth.carrier.transcripts[call.carrier_call_id] = (late, early)
    told = booth.api.get(f"/calls/{call.id}/transcripts").body
    TranscriptsView.model_validate(told)
    assert [(one["location"], one["redacted"]) for one in told["transcripts"]] == [
        ("s3://connect/0.json", False), ("s3://connect/1.json", True),
    ]  # fmt: skip
    booth.carrier.away = True
    assert booth.api.get(f"/calls/{call.id}/transcripts").status == 503
    assert booth.api.get("/calls/call_nobody/transcripts").status == 404


def test_a_call_that_may_not_be_recorded_says_why(booth: Booth) -> None:
    rules = {"verticals": {"roofing": {"needs_agreement": True, "keep_days": 90}}}
    assert booth.api.send("PUT", "/settings", rules).body["verticals"] == rules["verticals"]
    booth.arrives()
    shown = booth.api.get(f"/calls/{booth.call().id}").body
    assert shown["recording"] == {"state": "refused", "reason": "no_agreement"}


def test_a_link_is_given_for_five_minutes_and_remembered(booth: Booth) -> None:
    kept(booth)
    reply = booth.api.post(f"{PATH}/links")
    assert reply.status == 201
    assert reply.body["url"].startswith("https://bucket.example.com/keep-365/")
    assert reply.body["expires_at"] == "2026-11-23T15:05:00.000Z"
    (access,) = booth.api.get(f"{PATH}/accesses").body["accesses"]
    assert (access["party"], access["party_id"], access["credential"]) == (
        "operator", "", "operator",
    )  # fmt: skip


def test_an_erased_recording_leaves_its_row_and_its_accesses(booth: Booth) -> None:
    call = kept(booth)
    booth.api.post(f"{PATH}/links")
    erased = booth.api.delete(PATH)
    assert erased.body == {
        "id": REC, "call_id": call.id, "attempt": 1, "deleted_at": "2026-11-23T15:00:00.000Z",
    }  # fmt: skip
    assert booth.api.delete(PATH).body == erased.body
    assert booth.bucket.kept == {}
    refused = booth.api.post(f"{PATH}/links")
    assert (refused.status, refused.body["code"]) == (404, "recording_deleted")
    (shown,) = booth.api.get(f"/calls/{call.id}/recordings").body["recordings"]
    assert shown["state"] == "deleted"
    assert len(booth.api.get(f"{PATH}/accesses").body["accesses"]) == 1


def test_an_erasure_that_the_carrier_cannot_do_now_may_be_sent_again(booth: Booth) -> None:
    kept(booth)
    booth.carrier.away = True
    refused = booth.api.delete(PATH)
    assert (refused.status, refused.body["code"]) == (503, "carrier_away")
    booth.carrier.away = False
    assert booth.api.delete(PATH).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/calls/call_x/recordings"),
        ("POST", "/recordings/rec_x/links"),
        ("GET", "/recordings/rec_x/accesses"),
        ("DELETE", "/recordings/rec_x"),
        ("POST", "/calls/call_x/recording/pause"),
    ],
)
def test_what_is_not_known_is_not_found(booth: Booth, method: str, path: str) -> None:
    assert booth.api.send(method, path, {}).status == 404


def test_a_payment_is_kept_out_of_the_recording(booth: Booth) -> None:
    call = booth.takes(a_report(ReportStatus.IN_PROGRESS))
    for word, paused, state in (("pause", True, "paused"), ("resume", False, "recording")):
        booth.api.later(seconds=10)
        reply = booth.api.post(f"/calls/{call}/recording/{word}")
        assert reply.body == {"call_id": call, "recording_id": REC, "paused": paused}
        assert (booth.carrier.recordings[SID].status == "paused") is paused
        (shown,) = booth.api.get(f"/calls/{call}/recordings").body["recordings"]
        assert shown["state"] == state


def test_where_nothing_is_recorded_nothing_can_be_paused(booth: Booth) -> None:
    call = booth.takes()
    booth.carrier.recordings.clear()
    refused = booth.api.post(f"/calls/{call}/recording/pause")
    assert (refused.status, refused.body["code"]) == (409, "nothing_recorded")


def buyer(api: Api) -> Party:
    """An advertiser with a key."""
    return Party(api, api.created("/advertisers", name="Acme", billing="prepaid"), "advertiser")


def a_call_of(advertiser_id: str, booth: Booth, *, attempt: int = 1, taken_in: int = 1) -> str:
    """A call that the advertiser took in attempt `attempt`; its recording is of `taken_in`."""
    hold = builders.a_hold(advertiser_id=advertiser_id)
    call = builders.a_call(id="call_1", attempt=builders.an_attempt(number=attempt, hold=hold))
    booth.rows.write([Put(CALLS, call_item(call))])
    booth.stores.recordings.keep(a_kept_recording(attempt=taken_in))
    return call.id


def test_an_advertiser_hears_the_calls_that_it_has(booth: Booth) -> None:
    advertiser = buyer(booth.api)
    call = a_call_of(advertiser.id, booth)
    (shown,) = advertiser.get(f"/calls/{call}/recordings").body["recordings"]
    assert shown["id"] == REC
    link = advertiser.send("POST", f"{PATH}/links", {})
    assert link.status == 201
    (access,) = booth.api.get(f"{PATH}/accesses").body["accesses"]
    assert (access["party"], access["party_id"]) == ("advertiser", advertiser.id)
    assert access["credential"].startswith("key_")


def test_an_advertiser_does_not_hear_another_buyers_attempt(booth: Booth) -> None:
    advertiser = buyer(booth.api)
    call = a_call_of(advertiser.id, booth, attempt=2, taken_in=1)
    assert advertiser.get(f"/calls/{call}/recordings").body["recordings"] == []
    assert advertiser.send("POST", f"{PATH}/links", {}).status == 404


def test_an_advertiser_does_not_hear_another_buyers_call(booth: Booth) -> None:
    call = a_call_of("adv_another", booth)
    advertiser = buyer(booth.api)
    assert advertiser.get(f"/calls/{call}/recordings").status == 404
    assert advertiser.send("POST", f"{PATH}/links", {}).status == 404
    assert booth.stores.recordings.accesses(REC) == ()


def attempts(party: Party, call: str) -> list[Reply]:
    return [
        party.get(f"/calls/{call}/recordings"),
        party.send("POST", f"{PATH}/links", {}),
        party.get(f"{PATH}/accesses"),
        party.send("DELETE", PATH),
        party.send("POST", f"/calls/{call}/recording/pause", {}),
    ]


def test_a_publisher_hears_nothing(booth: Booth) -> None:
    call = kept(booth)
    publisher = Party(booth.api, booth.api.created("/publishers", name="Media"), "publisher")
    assert {reply.status for reply in attempts(publisher, call.id)} == {403}


def test_an_advertiser_neither_erases_nor_pauses_nor_reads_who_listened(booth: Booth) -> None:
    advertiser = buyer(booth.api)
    call = a_call_of(advertiser.id, booth)
    assert [reply.status for reply in attempts(advertiser, call)] == [200, 201, 403, 403, 403]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"verticals": {"Health": {}}}, "verticals.Health"),
        ({"verticals": {"health": {"keep_days": 31}}}, "verticals.health.keep_days"),
        ({"verticals": {"health": {"keep": 30}}}, "verticals.health.keep"),
        ({"verticals": {"health": {"needs_agreement": "yes"}}}, "verticals.health.needs_agreement"),
    ],
)
def test_a_rule_that_makes_no_sense_names_its_fault(
    booth: Booth, body: dict[str, Any], field: str
) -> None:
    refused = booth.api.send("PUT", "/settings", body)
    assert refused.status == 400
    assert [name for name, _ in refused.faults] == [field]


def test_a_campaign_says_whether_it_is_recorded_and_which_agreement_it_has(booth: Booth) -> None:
    api = booth.api
    advertiser = api.created("/advertisers", name="Acme", billing="prepaid")
    said = {"recording": {"record": True, "delete_at_carrier": True}, "agreement_on_file": "BAA 7"}
    campaign = api.created(
        "/campaigns", advertiser_id=advertiser["id"], name="Care", vertical="health",
        terms={"charge_cents": 2500}, **said,
    )  # fmt: skip
    assert {name: campaign[name] for name in said} == said
    path = f"/campaigns/{campaign['id']}"
    taken = api.patch(path, {"agreement_on_file": None})
    assert taken.body["agreement_on_file"] is None
    refused = api.patch(path, {"recording": {"record": 1}})
    assert refused.faults == {("recording.record", "type")}
