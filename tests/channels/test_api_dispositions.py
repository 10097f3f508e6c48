"""Dispositions over HTTP: of one call, in files, and what matched none."""

import json
from typing import Any

import pytest

from chalicelib.channels import schemas_calls, schemas_dispositions, schemas_sides
from chalicelib.flows import disposition_files
from tests.channels.telling import CALLERS, NO_CALL, Buyers
from tests.fakes import Crash

Json = dict[str, Any]
TIME = "2026-11-23T15:00:00Z"


# --- one call -----------------------------------------------------------------------------------


def test_each_side_sees_what_a_call_came_to_and_the_publisher_no_note() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    kept = buyers.disposes(call, value="Sold!", note="asked for Ann")
    assert kept.status == 200
    schemas_dispositions.DispositionView.model_validate(kept.body)
    shown = {"value": "sold", "note": "asked for Ann", "at": "2026-11-23T15:00:00.000Z"}
    whole = buyers.api.get(f"/calls/{call}").body
    schemas_calls.CallView.model_validate(whole)
    assert whole["disposition"] == shown
    own = buyers.advertiser.get(f"/calls/{call}").body
    schemas_sides.AdvertiserCallView.model_validate(own)
    assert own["disposition"] == shown
    theirs = buyers.publisher.get(f"/calls/{call}").body
    schemas_sides.PublisherCallView.model_validate(theirs)
    assert theirs["disposition"] == "sold"
    history = buyers.publisher.get(f"/calls/{call}/dispositions").body
    schemas_dispositions.PublisherDispositionsView.model_validate(history)
    assert "Ann" not in json.dumps([theirs, history])


def test_a_call_of_which_nothing_was_said_shows_nothing() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    assert buyers.advertiser.get(f"/calls/{call}").body["disposition"] is None
    assert buyers.publisher.get(f"/calls/{call}").body["disposition"] is None
    assert buyers.said(call) == {"call_id": call, "dispositions": [], "postbacks": []}


def test_the_history_stays_and_the_latest_counts_however_late_it_is_told() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    buyers.disposes(call, value="callback")
    buyers.api.later(hours=1)
    buyers.disposes(call, value="sold")
    buyers.disposes(call, value="quoted", at="2026-11-23T15:30:00Z")
    said = buyers.said(call)
    schemas_dispositions.DispositionsView.model_validate(said)
    assert [one["value"] for one in said["dispositions"]] == ["callback", "quoted", "sold"]
    assert buyers.advertiser.get(f"/calls/{call}").body["disposition"]["value"] == "sold"


def test_saying_the_same_again_keeps_nothing_new() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    first = buyers.disposes(call, value="sold")
    buyers.api.later(minutes=1)
    assert buyers.disposes(call, value="sold").body == first.body
    dated = buyers.disposes(call, value="lost", at="2026-11-23T15:00:30Z")
    buyers.disposes(call, value="sold")
    assert buyers.disposes(call, value="lost", at="2026-11-23T15:00:30Z").body == dated.body
    values = [one["value"] for one in buyers.said(call)["dispositions"]]
    assert values == ["sold", "lost", "sold"]


def test_two_who_say_the_same_at_once_say_it_once() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    buyers.api.rows.before_write(lambda: buyers.disposes(call, value="sold"))
    buyers.api.later(seconds=1)
    assert buyers.disposes(call, value="sold").status == 200
    assert len(buyers.said(call)["dispositions"]) == 1


def test_two_who_say_otherwise_at_once_are_both_heard() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    buyers.api.rows.before_write(lambda: buyers.disposes(call, value="lost"))
    at = "2026-11-23T14:00:00Z"
    assert buyers.disposes(call, value="sold", at=at).status == 200
    assert {one["value"] for one in buyers.said(call)["dispositions"]} == {"lost", "sold"}
    assert buyers.advertiser.get(f"/calls/{call}").body["disposition"]["value"] == "lost"


def test_a_moment_that_lies_ahead_is_taken_for_now() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    kept = buyers.disposes(call, value="sold", at="2027-01-01T00:00:00Z").body
    assert kept["at"] == "2026-11-23T15:00:00.000Z"
    buyers.api.later(seconds=1)
    buyers.disposes(call, value="lost")
    assert buyers.advertiser.get(f"/calls/{call}").body["disposition"]["value"] == "lost"


def test_the_operator_speaks_for_the_calls_advertiser() -> None:
    buyers = Buyers()
    call = buyers.calls[1]
    reply = buyers.api.send("PUT", f"/calls/{call}/disposition", {"value": "sold"})
    assert reply.status == 200
    assert buyers.parties[1].get(f"/calls/{call}").body["disposition"]["value"] == "sold"


def test_another_advertisers_call_is_not_found_and_a_call_of_nobody_is_refused() -> None:
    buyers = Buyers()
    reply = buyers.disposes(buyers.calls[1], value="sold")
    assert (reply.status, reply.body["code"]) == (404, "not_found")
    assert buyers.disposes(NO_CALL, value="sold").status == 404
    assert buyers.said(buyers.calls[1])["dispositions"] == []
    buyers.api.patch(f"/campaigns/{buyers.markets[0].campaign['id']}", {"state": "paused"})
    buyers.world.arrives("CA9", caller=CALLERS[0])
    path = f"/calls/{buyers.world.call('CA9').id}"
    for part, body in (("disposition", {"value": "sold"}), ("external-id", {"external_id": "a"})):
        reply = buyers.api.send("PUT", f"{path}/{part}", body)
        assert (reply.status, reply.body["code"]) == (409, "no_advertiser")


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("value", "required")}),
        ({"value": "2nd"}, {("value", "format")}),
        ({"value": 5, "note": ""}, {("value", "type"), ("note", "length")}),
        ({"value": "sold", "note": "a\x00"}, {("note", "format")}),
        ({"value": "sold", "note": "n" * 501}, {("note", "length")}),
        ({"value": "sold", "at": "yesterday"}, {("at", "format")}),
        ({"value": "sold", "call": "x"}, {("call", "unknown_field")}),
    ],
)
def test_every_fault_of_a_disposition_is_named(body: Json, faults: set[tuple[str, str]]) -> None:
    assert Buyers().disposes(NO_CALL, **body).status == 404
    buyers = Buyers()
    assert buyers.disposes(buyers.calls[0], **body).faults == faults


def test_a_note_that_a_spreadsheet_would_compute_is_shown_as_text() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    kept = buyers.disposes(call, value="sold", note='=HYPERLINK("http://x")')
    shown = [kept.body["note"], buyers.said(call)["dispositions"][0]["note"]]
    shown.append(buyers.advertiser.get(f"/calls/{call}").body["disposition"]["note"])
    assert set(shown) == {'\'=HYPERLINK("http://x")'}


# --- the advertiser's own id --------------------------------------------------------------------


def names(buyers: Buyers, call: str, external_id: str) -> Any:
    body = {"external_id": external_id}
    return buyers.advertiser.send("PUT", f"/calls/{call}/external-id", body)


def test_an_own_id_stands_for_one_call_and_can_be_changed() -> None:
    buyers = Buyers()
    first, second = buyers.calls[0], buyers.talks(0, "CA2")
    made = names(buyers, first, "crm-1")
    schemas_dispositions.ExternalIdView.model_validate(made.body)
    assert made.body == {"call_id": first, "external_id": "crm-1"} == names(
        buyers, first, "crm-1").body  # fmt: skip
    taken = names(buyers, second, "crm-1")
    assert (taken.status, taken.body["code"]) == (409, "external_id_taken")
    assert names(buyers, first, "crm-2").status == 200
    assert names(buyers, second, "crm-1").status == 200
    shown = [buyers.advertiser.get(f"/calls/{call}").body["external_id"]
             for call in (first, second)]  # fmt: skip
    assert shown == ["crm-2", "crm-1"]
    assert "external_id" not in buyers.publisher.get(f"/calls/{first}").body


def test_two_advertisers_may_have_the_same_own_id() -> None:
    buyers = Buyers()
    names(buyers, buyers.calls[0], "crm-1")
    body = {"external_id": "crm-1"}
    path = f"/calls/{buyers.calls[1]}/external-id"
    assert buyers.parties[1].send("PUT", path, body).status == 200
    assert names(buyers, buyers.calls[1], "crm-3").status == 404


def test_two_calls_that_are_given_an_own_id_at_once_do_not_both_have_it() -> None:
    buyers = Buyers()
    second = buyers.talks(0, "CA2")
    buyers.api.rows.before_write(lambda: names(buyers, second, "crm-1"))
    assert names(buyers, buyers.calls[0], "crm-1").body["code"] == "external_id_taken"
    assert buyers.advertiser.get(f"/calls/{buyers.calls[0]}").body["external_id"] is None


# --- files --------------------------------------------------------------------------------------


def test_a_preview_changes_nothing_and_tells_what_each_row_would_match() -> None:
    buyers = Buyers()
    names(buyers, buyers.calls[0], "crm-1")
    reply = buyers.previews(
        "call_id,external_id,caller,time,disposition,amount,note",
        f"{buyers.calls[0]},,,,sold,25.00,=1+1",
        ",crm-1,,,sold,,",
        f",,{CALLERS[0]},{TIME},sold,,",
        f"{NO_CALL},,,,sold,,",
        f"{buyers.calls[1]},,,,sold,,",
        ",crm-9,,,,1,",
    )
    assert reply.status == 201
    schemas_dispositions.PreviewView.model_validate(reply.body)
    assert (reply.body["state"], reply.body["rows"], reply.body["done"]) == ("previewed", 6, 0)
    rows = buyers.advertiser.get(f"/dispositions/previews/{reply.body['id']}/rows").body["data"]
    for row in rows:
        schemas_dispositions.PreviewRowView.model_validate(row)
    found = [(one["row"], one["match"]["matched_by"], one["match"]["reason"]) for one in rows]
    assert found == [
        (2, "call_id", None), (3, "external_id", None), (4, "caller", None),
        (5, None, "unknown_call"), (6, None, "unknown_call"), (7, None, "unknown_external_id"),
    ]  # fmt: skip
    assert {one["match"]["call_id"] for one in rows[:3]} == {buyers.calls[0]}
    assert (rows[0]["note"], rows[0]["amount_cents"]) == ("'=1+1", 2500)
    assert buyers.said(buyers.calls[0])["dispositions"] == []
    assert buyers.unmatched() == []


def test_what_was_previewed_is_applied_and_what_matches_no_call_is_listed() -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    preview = buyers.previews(
        "call_id,disposition,amount,note", f"{call},sold,25.00,fine", f"{NO_CALL},lost,,",
        f"{buyers.calls[1]},lost,,+1",
    ).body  # fmt: skip
    done = buyers.applies(preview).body
    schemas_dispositions.PreviewView.model_validate(done)
    assert [done[name] for name in ("state", "done", "matched", "unmatched")] == [
        "applied", 3, 1, 2,
    ]  # fmt: skip
    said = buyers.said(call)
    assert [one["value"] for one in said["dispositions"]] == ["sold"]
    (postback,) = said["postbacks"]
    assert (postback["amount_cents"], postback["converted"], postback["source"]) == (
        2500, True, "csv",
    )  # fmt: skip
    listed = buyers.unmatched()
    for one in listed:
        schemas_dispositions.UnmatchedView.model_validate(one)
    assert {(one["row"], one["match"]["reason"]) for one in listed} == {
        (3, "unknown_call"), (4, "unknown_call"),
    }  # fmt: skip
    assert {one["note"] for one in listed} == {None, "'+1"}
    assert buyers.said(buyers.calls[1])["dispositions"] == []


def test_applying_again_changes_nothing() -> None:
    buyers = Buyers()
    preview = buyers.previews("call_id,disposition", f"{buyers.calls[0]},sold", f"{NO_CALL},x").body
    done = buyers.applies(preview).body
    before = buyers.api.rows.rows_of("calls")
    buyers.api.later(hours=1)
    assert buyers.applies(preview).body == done
    assert buyers.api.rows.rows_of("calls") == before


def test_a_file_of_many_rows_is_applied_piece_by_piece() -> None:
    buyers = Buyers()
    lines = [f"x{n},sold" for n in range(450)]
    preview = buyers.previews("external_id,disposition", *lines).body
    states = [buyers.applies(preview).body for _ in range(2)]
    assert [(one["state"], one["done"]) for one in states] == [("applying", 400), ("applied", 450)]
    found: list[int] = []
    query: dict[str, str] = {"limit": "120"}
    while query:
        page = buyers.advertiser.get(
            f"/dispositions/previews/{preview['id']}/rows", **query
        ).body  # fmt: skip
        found += [row["row"] for row in page["data"]]
        cursor = page["next_cursor"]
        query = {"limit": "120", "cursor": cursor} if cursor else {}
    assert found == list(range(2, 452))


@pytest.mark.parametrize("crashed", range(1, 7))
@pytest.mark.parametrize("after", [True, False])
def test_a_crash_while_applying_is_made_up_for_and_nothing_is_done_twice(
    crashed: int, after: bool
) -> None:
    buyers = Buyers()
    call = buyers.calls[0]
    preview = buyers.previews(
        "call_id,external_id,disposition,amount", f"{call},crm-1,sold,1", f"{NO_CALL},,lost,",
        ",crm-1,upsold,2", ",crm-2,lost,",
    ).body  # fmt: skip
    rows = buyers.api.rows
    (rows.crash_after_write if after else rows.crash_before_write)(crashed)
    try:
        buyers.applies(preview)
    except Crash:
        buyers.api.later(minutes=1)
    done = buyers.applies(preview).body
    assert (done["state"], done["matched"], done["unmatched"]) == ("applied", 2, 2)
    said = buyers.said(call)
    assert sorted(one["value"] for one in said["dispositions"]) == ["sold", "upsold"]
    assert sorted(one["amount_cents"] for one in said["postbacks"]) == [100, 200]
    assert len(buyers.unmatched()) == 2
    shown = buyers.advertiser.get(f"/calls/{call}").body
    assert (shown["disposition"]["value"], shown["external_id"]) == ("upsold", "crm-1")


def test_two_who_apply_the_same_file_at_once_apply_it_once() -> None:
    buyers = Buyers()
    preview = buyers.previews(
        "call_id,disposition,amount", f"{buyers.calls[0]},sold,5", f"{NO_CALL},x,"
    ).body  # fmt: skip
    for write in (2, 3, 4):
        buyers.api.rows.before_write(lambda: buyers.applies(preview), write)
    done = buyers.applies(preview).body
    assert (done["state"], done["done"], done["matched"], done["unmatched"]) == ("applied", 2, 1, 1)
    said = buyers.said(buyers.calls[0])
    assert (len(said["dispositions"]), len(said["postbacks"])) == (1, 1)
    assert len(buyers.unmatched()) == 1


def test_a_file_that_is_left_goes_on_by_itself_after_a_minute() -> None:
    buyers = Buyers()
    preview = buyers.previews("call_id,disposition", f"{buyers.calls[0]},sold", f"{NO_CALL},x").body
    untouched = buyers.previews("call_id,disposition", f"{buyers.calls[0]},lost").body

    def goes_on() -> tuple[int, int]:
        return disposition_files.go_on(stores=buyers.api.stores, now=buyers.api.now)

    buyers.api.rows.crash_before_write(3)
    with pytest.raises(Crash):
        buyers.applies(preview)
    buyers.api.later(minutes=1)
    assert goes_on() == (0, 0)
    buyers.api.later(seconds=1)
    buyers.api.rows.before_write(fails)
    assert goes_on() == (0, 1)
    assert goes_on() == (0, 0)
    buyers.api.later(minutes=1, seconds=1)
    assert goes_on() == (1, 0)
    states = [buyers.advertiser.get(f"/dispositions/previews/{one['id']}").body["state"]
              for one in (preview, untouched)]  # fmt: skip
    assert states == ["applied", "previewed"]
    assert len(buyers.said(buyers.calls[0])["dispositions"]) == 1
    buyers.api.later(minutes=5)
    assert goes_on() == (0, 0)


def fails() -> None:
    raise ConnectionError("the database is away")


def test_what_a_file_says_is_told_when_its_applying_begins() -> None:
    buyers = Buyers()
    preview = buyers.previews("call_id,disposition", f"{buyers.calls[0]},sold").body
    buyers.api.later(days=2)
    buyers.applies(preview)
    (disposition,) = buyers.said(buyers.calls[0])["dispositions"]
    assert disposition["received_at"] == disposition["at"] == "2026-11-25T15:00:00.000Z"


def test_of_two_rows_that_mean_one_call_by_different_names_the_later_counts() -> None:
    buyers = Buyers()
    names(buyers, buyers.calls[0], "crm-1")
    preview = buyers.previews(
        "call_id,external_id,disposition", f"{buyers.calls[0]},,lost", ",crm-1,sold"
    ).body  # fmt: skip
    assert buyers.applies(preview).body["matched"] == 2
    shown = buyers.advertiser.get(f"/calls/{buyers.calls[0]}").body
    assert shown["disposition"]["value"] == "sold"


def test_a_faulty_file_is_refused_with_row_and_cause_and_not_kept() -> None:
    buyers = Buyers()
    before = buyers.api.rows.rows_of("calls")
    reply = buyers.previews("call_id,amount", f"{buyers.calls[0]},1", f"{NO_CALL},-1")
    assert (reply.status, reply.faults) == (400, {("rows.3.amount", "format")})
    latin = "call_id,disposition\ncall_1,cédé".encode("latin-1")
    reply = buyers.advertiser.send("POST", "/dispositions/preview", latin, Content_Type="text/csv")
    assert reply.faults == {("lines.2", "encoding")}
    for media in ("application/json", "text/plain", ""):
        reply = buyers.advertiser.send(
            "POST", "/dispositions/preview", b"call_id", Content_Type=media
        )
        assert (reply.status, reply.body["code"]) == (415, "unsupported_media_type")
    assert buyers.api.rows.rows_of("calls") == before


def test_a_preview_is_forgotten_after_seven_days_and_is_nobody_elses() -> None:
    buyers = Buyers()
    preview = buyers.previews("call_id,disposition", f"{buyers.calls[0]},sold").body
    path = f"/dispositions/previews/{preview['id']}"
    assert buyers.parties[1].get(path).status == 404
    assert buyers.parties[1].get(f"{path}/rows").status == 404
    body = {"preview_id": preview["id"]}
    assert buyers.parties[1].send("POST", "/dispositions/apply", body).status == 404
    assert preview["expires_at"] == "2026-11-30T15:00:00.000Z"
    buyers.api.later(days=7, seconds=-1)
    assert buyers.advertiser.get(path).status == 200
    buyers.api.later(seconds=1)
    assert buyers.advertiser.get(path).status == 404
    assert buyers.applies(preview).status == 404


def test_the_operator_names_the_advertiser_of_a_file_and_of_a_list() -> None:
    buyers = Buyers()
    raw = f"call_id,disposition\n{buyers.calls[0]},sold".encode()
    headers = {"Content-Type": "text/csv"}
    for method, path in [("POST", "/dispositions/preview"), ("GET", "/dispositions/unmatched")]:
        body = raw if method == "POST" else None
        reply = buyers.api.send(method, path, body, headers=headers)
        assert reply.faults == {("advertiser_id", "required")}
        named = f"{path}?advertiser_id={buyers.advertiser.id}"
        assert buyers.api.send(method, named, body, headers=headers).status in (200, 201)
    nobody = f"/dispositions/preview?advertiser_id=adv_{'0' * 26}"
    assert buyers.api.send("POST", nobody, raw, headers=headers).status == 404


def test_walking_the_pages_shows_all_that_matched_no_call_newest_first() -> None:
    buyers = Buyers()
    for n in range(3):
        lines = [f"x{n}-{row},sold" for row in range(2)]
        buyers.applies(buyers.previews("external_id,disposition", *lines).body)
        buyers.api.later(minutes=5)
    found: list[str] = []
    query = {"limit": "4"}
    while query:
        page = buyers.advertiser.get("/dispositions/unmatched", **query).body
        found += [one["external_id"][:2] for one in page["data"]]
        cursor = page["next_cursor"]
        query = {"limit": "4", "cursor": cursor} if cursor else {}
    assert found == ["x2", "x2", "x1", "x1", "x0", "x0"]
    assert buyers.parties[1].get("/dispositions/unmatched").body["data"] == []
