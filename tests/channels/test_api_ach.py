"""ACH files as the operator's people let them go."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.flows.ach_drafting import MOST_AT_ONCE
from chalicelib.store.payouts import payout_key
from chalicelib.store.rows import BOOKS, Put
from tests.ach import Answered, bank_file
from tests.channels.api import Api, Reply
from tests.channels.people import Manned
from tests.flows.aching import ADA, BOB, AchDesk, number_of
from tests.flows.office import Office

Json = dict[str, Any]
AGREED: Json = {
    "destination_routing": "231380104", "destination_name": "Citadel Clearing",
    "origin": "121042882", "origin_name": "First Bank of Rings", "odfi_routing": "121042882",
    "company_name": "RingLedger Inc", "company_id": "1234567890",
}  # fmt: skip
OFFSET: Json = {
    "routing_number": "121042882", "account_number": "000555000", "kind": "checking",
}  # fmt: skip


@dataclass
class Door(Manned):
    """The API before a desk, both at the same time."""

    desk: AchDesk = field(init=False)

    def __post_init__(self) -> None:
        office = Office(rows=self.rows, documents=self.documents)
        self.desk = AchDesk(office=office, cipher=self.cipher)
        self.desk.opens().earns(ADA, BOB).payday()
        self.now = office.now
        self.hires()

    def let_go(self) -> Json:
        """A file is drafted, approved and released."""
        file: Json = self.post("/ach-files").body["file"]
        assert self.signed("Ann", f"/ach-files/{file['id']}/approve").status == 200
        reply = self.signed("Ben", f"/ach-files/{file['id']}/release")
        released: Json = reply.body
        return released

    def written(self) -> Json:
        """A file that lies in the bucket."""
        file = self.let_go()
        self.desk.runs()
        self.now = self.desk.office.now
        shown: Json = self.get(f"/ach-files/{file['id']}").body
        return shown


@pytest.fixture
def door() -> Door:
    return Door()


def test_what_the_bank_has_agreed_is_said_once_and_shown_without_numbers() -> None:
    api = Api()
    assert api.get("/ach-settings").body["version"] == 0
    reply = api.send("PUT", "/ach-settings", AGREED | {"offset": OFFSET, "prenotes": True})
    assert (reply.status, reply.headers["ETag"]) == (200, '"1"')
    assert reply.body["offset"] == {
        "routing_number": "121042882", "account_last": "5000", "kind": "checking",
    }  # fmt: skip
    assert (reply.body["description"], reply.body["prenotes"]) == ("PAYOUT", True)
    assert api.get("/ach-settings").body == reply.body
    again = api.send("PUT", "/ach-settings", AGREED, headers={"If-Match": '"7"'})
    assert (again.status, again.body["code"]) == (409, "version_mismatch")


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"odfi_routing": "121042883"}, {("odfi_routing", "routing_number")}),
        ({"origin": "12"}, {("origin", "format")}),
        ({"company_name": "A name that is much too long"}, {("company_name", "length")}),
        ({"offset": {**OFFSET, "account_number": "1"}}, {("offset.account_number", "format")}),
        ({"fee": 1}, {("fee", "unknown_field")}),
    ],
)
def test_settings_that_no_bank_takes_are_refused(said: Json, faults: set[tuple[str, str]]) -> None:
    reply = Api().send("PUT", "/ach-settings", AGREED | said)
    assert (reply.status, reply.faults) == (400, faults)


def test_a_file_is_drafted_shown_and_let_go_by_two(door: Door) -> None:
    reply = door.post("/ach-files")
    file = reply.body["file"]
    assert (reply.status, file["state"], file["count"], file["amount_cents"]) == (
        201, "drafted", 2, 3000,
    )  # fmt: skip
    assert reply.body["waiting"] == []
    path = f"/ach-files/{file['id']}"
    approved = door.signed("Ann", f"{path}/approve").body
    assert (approved["state"], approved["approved"]["name"]) == ("approved", "Ann")
    alone = door.signed("Ann", f"{path}/release")
    assert (alone.status, alone.body["code"]) == (403, "second_operator")
    nobody = door.post(f"{path}/release")
    assert (nobody.status, nobody.body["code"]) == (403, "personal_key_needed")
    released = door.signed("Ben", f"{path}/release").body
    assert (released["state"], released["released"]["name"]) == ("released", "Ben")
    listed = door.get("/ach-files", state="released").body["data"]
    assert [one["id"] for one in listed] == [file["id"]]
    assert door.get("/ach-files", state="settled").body["data"] == []


def test_entries_are_shown_page_by_page_without_numbers(door: Door) -> None:
    file = door.post("/ach-files").body["file"]
    first = door.get(f"/ach-files/{file['id']}/entries", limit="1").body
    second = door.get(
        f"/ach-files/{file['id']}/entries", limit="1", cursor=first["next_cursor"]
    ).body
    assert second["next_cursor"] is None
    shown = first["data"] + second["data"]
    assert [(one["publisher_id"], one["entry_class"]) for one in shown] == [
        (BOB.id, "CCD"), (ADA.id, "PPD"),
    ]  # fmt: skip
    assert [one["account_last"] for one in shown] == [number_of(BOB)[-4:], number_of(ADA)[-4:]]
    assert number_of(ADA) not in repr(shown) + repr(file)
    assert "ciphertext" not in repr(shown) + repr(file)


def test_a_written_file_is_fetched_by_a_link_that_is_kept(door: Door) -> None:
    file = door.written()
    assert (file["state"], file["name"]) == ("written", "payouts-2026-12-14-A.ach")
    reply = door.signed("Ben", f"/ach-files/{file['id']}/links")
    assert reply.status == 201
    assert reply.body["sha256"] == file["sha256"]
    shown = door.get(f"/ach-files/{file['id']}").body
    assert [one["name"] for one in shown["fetched"]] == ["Ben"]


def test_what_is_not_written_has_no_link(door: Door) -> None:
    file = door.let_go()
    reply = door.signed("Ben", f"/ach-files/{file['id']}/links")
    assert (reply.status, reply.body["code"]) == (409, "file_state")


def test_a_draft_is_discarded_and_another_made(door: Door) -> None:
    file = door.post("/ach-files").body["file"]
    second = door.post("/ach-files")
    assert (second.status, second.body["code"]) == (409, "file_open")
    assert door.post(f"/ach-files/{file['id']}/discard").body["state"] == "discarded"
    assert door.post("/ach-files").status == 201


def test_what_the_bank_carries_is_not_ended_by_hand(door: Door) -> None:
    door.written()
    payout = door.desk.payout_of(ADA)
    for step in ("fail", "return"):
        reply = door.post(f"/payouts/{payout.id}/{step}", {"reason": "R03"})
        assert (reply.status, reply.body["code"]) == (409, "payout_in_file")
    reply = door.post(f"/payouts/{payout.id}/settle")
    assert (reply.status, reply.body["code"]) == (409, "payout_in_file")


def test_a_file_is_refused_by_somebody_who_has_asked_the_bank(door: Door) -> None:
    file = door.written()
    path = f"/ach-files/{file['id']}/refuse"
    reply = door.signed("Ann", path, {"not_at_bank": False, "note": "Wrong origin"})
    assert (reply.status, reply.faults) == (400, {("not_at_bank", "required")})
    said = {"not_at_bank": True, "note": "Wrong origin"}
    assert door.post(path, said).body["code"] == "personal_key_needed"
    refused = door.signed("Ann", path, said).body
    assert (refused["state"], refused["note"], refused["refused"]["name"]) == (
        "refused", "Wrong origin", "Ann",
    )  # fmt: skip


def test_so_many_payouts_that_wait_are_left_to_the_clock(door: Door) -> None:
    key = payout_key(door.desk.payout_of(ADA).id)
    found, _ = door.rows.gather([key])
    for number in range(MOST_AT_ONCE - 1):
        row = found[key] | {"pk": f"PAYOUT#po_{number}", "id": f"po_{number}"}
        door.rows.write([Put(BOOKS, row)])
    reply = door.post("/ach-files")
    assert (reply.status, reply.body["code"]) == (409, "too_many_at_once")
    assert "automatic_drafts" in reply.body["detail"]


@pytest.mark.parametrize("step", ["approve", "release", "discard", "links"])
def test_an_unknown_file_is_not_found(door: Door, step: str) -> None:
    assert door.signed("Ann", f"/ach-files/ach_none/{step}").status == 404
    assert door.get("/ach-files/ach_none/entries").status == 404


def test_before_anything_is_agreed_nothing_is_drafted() -> None:
    reply = Api().post("/ach-files")
    assert (reply.status, reply.body["code"]) == (409, "ach_not_set_up")


# --- what the bank sends back --------------------------------------------------------------------


def came(door: Door, *answers: Answered) -> Reply:
    """The bank's file is uploaded."""
    raw = bank_file(answers).encode()
    return door.send("POST", "/ach-answers", raw, headers={"Content-Type": "text/plain"})


def test_a_file_of_returns_is_read_shown_and_applied(door: Door) -> None:
    door.written()
    entries = door.desk.entries(door.desk.files[0])
    reply = came(
        door,
        Answered(code="R03", trace=entries[ADA.id].trace),
        Answered(code="C01", trace=entries[BOB.id].trace, said="1918171614"),
    )
    made = reply.body
    assert (reply.status, made["state"], made["returns"], made["changes"]) == (
        201, "previewed", 1, 1,
    )  # fmt: skip
    path = f"/ach-answers/{made['id']}"
    first = door.get(f"{path}/lines", limit="1").body
    second = door.get(f"{path}/lines", limit="1", cursor=first["next_cursor"]).body
    shown = first["data"] + second["data"]
    assert [(one["code"], one["action"], one["outcome"]) for one in shown] == [
        ("R03", "new_details", None), ("C01", None, None),
    ]  # fmt: skip
    assert shown[1]["corrected"] == {
        "routing_number": None, "account_last": "1614", "kind": None, "holder_name": None,
    }  # fmt: skip
    applied = door.signed("Ann", f"{path}/apply").body
    assert (applied["state"], applied["done"], applied["applied"]["name"]) == ("applied", 2, "Ann")
    assert door.get(path).body == applied
    assert door.get("/ach-answers", state="applied").body["data"] == [applied]
    assert door.get(f"/payouts/{door.desk.payout_of(ADA).id}").body["state"] == "returned"
    payee = door.get(f"/publishers/{BOB.id}/payee").body
    assert payee["bank_details"]["account_last"] == "1614"
    outcomes = [one["outcome"] for one in door.get(f"{path}/lines").body["data"]]
    assert outcomes == ["returned", "corrected"]


def test_an_exemption_from_the_cool_down_is_a_persons_who_says_why(door: Door) -> None:
    door.written()
    trace = door.desk.entries(door.desk.files[0])[ADA.id].trace
    made = came(door, Answered(code="C01", trace=trace, said="1918171614")).body
    path = f"/ach-answers/{made['id']}/apply"
    reply = door.post(path, {"exempts": True})
    assert (reply.status, reply.faults) == (400, {("reason", "required")})
    said = {"exempts": True, "reason": "The bank says so"}
    nobody = door.post(path, said)
    assert (nobody.status, nobody.body["code"]) == (403, "personal_key_needed")
    done = door.signed("Ann", path, said).body
    assert (done["exempts"], done["reason"], done["applied"]["name"]) == (
        True, "The bank says so", "Ann",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"", "required"), (b"\xff\xfe", "characters"), (b"a,b\n1,2\n", "length"),
        (bank_file([Answered(code="R03", trace="121042889999999")]).encode(), "unknown_trace"),
        (bank_file([Answered(code="R03", trace="021000020000001")]).encode(), "other_bank"),
        (bank_file([Answered(code="R03", trace="1" * 15)]).encode()[:380], "cut_short"),
    ],
    ids=["empty", "binary", "csv", "unknown trace", "other bank", "cut short"],
)  # fmt: skip
def test_a_file_with_any_fault_is_refused_whole(door: Door, raw: bytes, rule: str) -> None:
    door.written()
    before = door.rows.rows_of("books")
    reply = door.send("POST", "/ach-answers", raw, headers={"Content-Type": "text/plain"})
    assert (reply.status, reply.body["code"]) == (400, "invalid")
    assert rule in {found for _, found in reply.faults}
    assert door.rows.rows_of("books") == before


def test_a_file_in_another_format_is_refused(door: Door) -> None:
    reply = door.post("/ach-answers", {"file": "R03"})
    assert (reply.status, reply.body["code"]) == (415, "unsupported_media_type")


def test_an_unknown_file_of_the_bank_is_not_found(door: Door) -> None:
    assert door.get("/ach-answers/aca_none").status == 404
    assert door.get("/ach-answers/aca_none/lines").status == 404
    assert door.post("/ach-answers/aca_none/apply").status == 404
