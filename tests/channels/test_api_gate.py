"""The block list and an offer's gate over HTTP: every fault named, nothing made twice."""

from typing import Any

import pytest

from chalicelib.calls import Attestation
from chalicelib.channels import schemas_calls, schemas_gate
from chalicelib.channels.api_calls import call_view
from tests.builders import CALLER, a_call
from tests.channels.api import Api, Market
from tests.fakes import FakeRows
from tests.world import World

Json = dict[str, Any]
NOBODY = "off_" + "0" * 26
NO_PUBLISHER, NO_ADVERTISER = "pub_" + "0" * 26, "adv_" + "0" * 26


def exact(number: str = CALLER, **more: Any) -> Json:
    return {"kind": "exact", "number": number, "reason": "Robocalls", **more}


def test_a_number_is_blocked_in_whatever_punctuation_and_let_in_again() -> None:
    api = Api()
    made = api.created("/blocks", **exact("+1 (415) 555-0100"))
    schemas_gate.BlockView.model_validate(made)
    assert made | {
        "kind": "exact", "number": CALLER, "offer_id": None, "publisher_id": None,
        "advertiser_id": None, "expires_at": None, "state": "active", "version": 1,
        "reason": "Robocalls",
    } == made  # fmt: skip
    assert api.get(f"/blocks/{made['id']}").body == made
    archived = api.delete(f"/blocks/{made['id']}")
    assert (archived.status, archived.body["state"], archived.body["version"]) == (
        200, "archived", 2,
    )  # fmt: skip
    assert api.delete(f"/blocks/{made['id']}").body == archived.body


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "prefix", "number": "+1555"},
        {"kind": "prefix", "number": "+14"},
        {"kind": "prefix", "number": "+12345678901234"},
        {"kind": "anonymous"},
        {"kind": "anonymous", "number": None},
        {"kind": "exact", "number": CALLER, "expires_at": "2026-12-01T00:00:00Z"},
    ],
)
def test_what_can_be_blocked_is_shown_as_it_was_said(body: Json) -> None:
    made = Api().created("/blocks", **body, reason="Spam")
    assert made["number"] == body.get("number")
    assert (made["expires_at"] or "")[:10] == body.get("expires_at", "")[:10]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("kind", "required"), ("reason", "required")}),
        (exact("555"), {("number", "e164")}),
        ({"kind": "exact", "reason": "x"}, {("number", "required")}),
        ({"kind": "prefix", "reason": "x"}, {("number", "required")}),
        *(
            ({"kind": "prefix", "number": number, "reason": "x"}, {("number", "format")})
            for number in ("+1", "1415", "+0415", "+1415*", "+123456789012345", "+1 415", "+1٤")
        ),
        (exact(kind="anonymous"), {("number", "exclusive")}),
        (exact(offer_id=NOBODY), {("offer_id", "unknown_reference")}),
        (exact(expires_at="2026-11-23T15:00:00Z"), {("expires_at", "range")}),
        (
            exact(offer_id=NOBODY, expires_at="2020-01-01T00:00:00Z"),
            {("offer_id", "unknown_reference"), ("expires_at", "range")},
        ),
        (exact(publisher_id=NO_PUBLISHER), {("publisher_id", "unknown_reference")}),
        (
            exact(advertiser_id=NO_ADVERTISER, expires_at="2020-01-01T00:00:00Z"),
            {("advertiser_id", "unknown_reference"), ("expires_at", "range")},
        ),
        (
            exact(offer_id=NOBODY, publisher_id=NO_PUBLISHER, advertiser_id=NO_ADVERTISER),
            {("publisher_id", "exclusive"), ("advertiser_id", "exclusive")},
        ),
        (
            exact("555", publisher_id=NO_PUBLISHER, advertiser_id=NO_ADVERTISER),
            {("number", "e164"), ("advertiser_id", "exclusive")},
        ),
        (
            {"kind": "regex", "number": 5, "reason": " ", "offer_id": "x", "publisher_id": "off_1",
             "advertiser_id": 7, "expires_at": "soon", "colour": "red"},
            {("kind", "choice"), ("number", "type"), ("reason", "length"),
             ("offer_id", "format"), ("publisher_id", "format"), ("advertiser_id", "type"),
             ("expires_at", "format"), ("colour", "unknown_field")},
        ),
    ],
)  # fmt: skip
def test_every_fault_of_an_entry_is_named_and_nothing_is_blocked(
    body: Json, faults: set[tuple[str, str]]
) -> None:
    api = Api()
    reply = api.post("/blocks", body)
    assert (reply.status, reply.faults) == (400, faults)
    assert api.get("/blocks").body["data"] == []


def owners(market: Market) -> dict[str, str]:
    """Whose an entry may be, by the field that says so."""
    things = {"offer": market.offer, "publisher": market.publisher, "advertiser": market.advertiser}
    return {f"{noun}_id": thing["id"] for noun, thing in things.items()}


@pytest.mark.parametrize("noun", ["offer", "publisher", "advertiser"])
def test_what_is_archived_takes_no_entry(noun: str) -> None:
    api = Api()
    id = owners(Market(api))[f"{noun}_id"]
    api.delete(f"/{noun}s/{id}")
    field = f"{noun}_id"
    assert api.post("/blocks", exact(**{field: id})).faults == {(field, "archived_reference")}


def test_the_same_callers_are_blocked_once_by_each() -> None:
    api = Api()
    made = [
        api.created("/blocks", **exact(**whose))
        for whose in ({}, *({field: id} for field, id in owners(Market(api)).items()))
    ]
    assert len({entry["id"] for entry in made}) == len(made) == 4
    for entry in made:
        said = {name: entry[name] for name in ("offer_id", "publisher_id", "advertiser_id")}
        again = api.post("/blocks", exact(reason="Other", **said))
        assert (again.status, again.body["code"]) == (409, "block_exists")
        assert entry["id"] in again.body["detail"]


def test_an_entry_that_holds_no_more_is_taken_up_again() -> None:
    api = Api()
    first = api.created("/blocks", **exact(expires_at="2026-11-24T00:00:00Z"))
    api.later(days=1)
    second = api.created("/blocks", **exact(reason="Back again"))
    assert (second["id"], second["version"]) == (first["id"], 2)
    assert (second["reason"], second["expires_at"]) == ("Back again", None)
    assert second["created_at"] > first["created_at"]
    api.delete(f"/blocks/{first['id']}")
    assert api.created("/blocks", **exact())["version"] == 4


def test_a_repeated_creation_is_answered_with_the_entry_as_it_stands() -> None:
    api = Api()
    first = api.post("/blocks", exact(), Idempotency_Key="k1")
    hit = api.post("/blocks", exact(), Idempotency_Key="k1")
    assert (hit.status, hit.body, hit.headers["Idempotency-Hit"]) == (201, first.body, "true")
    assert "Idempotency-Hit" not in first.headers
    other = api.post("/blocks", exact(reason="Other"), Idempotency_Key="k1")
    assert other.body["code"] == "idempotency_key_reused"
    api.delete(f"/blocks/{first.body['id']}")
    assert api.post("/blocks", exact(), Idempotency_Key="k1").body["state"] == "archived"


def test_a_repeated_creation_of_an_advertisers_entry_is_answered_the_same() -> None:
    api = Api()
    said = exact(advertiser_id=Market(api).advertiser["id"])
    first = api.post("/blocks", said, Idempotency_Key="k1")
    assert api.post("/blocks", said, Idempotency_Key="k1").body == first.body
    other = api.post("/blocks", exact(), Idempotency_Key="k1")
    assert other.body["code"] == "idempotency_key_reused"


def test_a_creation_that_loses_its_race_says_so() -> None:
    api = Api()
    rows: FakeRows = api.rows
    rows.before_write(lambda: api.created("/blocks", **exact()))
    assert api.post("/blocks", exact(reason="Late")).body["code"] == "block_exists"


def test_entries_are_listed_page_by_page_by_whose_they_are_and_by_state() -> None:
    api = Api()
    by = owners(Market(api))
    whose: list[dict[str, str]] = [
        {"offer_id": by["offer_id"]}, {"offer_id": by["offer_id"]},
        {"publisher_id": by["publisher_id"]}, {"advertiser_id": by["advertiser_id"]}, {},
    ]  # fmt: skip
    made = [
        api.created("/blocks", **exact(f"+1415555010{n}", **one))["id"]
        for n, one in enumerate(whose)
    ]
    api.delete(f"/blocks/{made[0]}")

    def walk(**query: str) -> set[str]:
        found: list[str] = []
        while True:
            page = api.get("/blocks", limit="2", **query).body
            found += [entry["id"] for entry in page["data"]]
            if page["next_cursor"] is None:
                assert len(found) == len(set(found))
                return set(found)
            query["cursor"] = page["next_cursor"]

    assert walk() == set(made)
    assert walk(offer_id=by["offer_id"]) == set(made[:2])
    assert walk(publisher_id=by["publisher_id"]) == {made[2]}
    assert walk(advertiser_id=by["advertiser_id"]) == {made[3]}
    assert walk(state="active") == set(made[1:])
    assert walk(offer_id=by["offer_id"], state="archived") == {made[0]}
    assert api.get("/blocks", publisher_id="x").faults == {("publisher_id", "format")}
    assert api.get("/blocks", kind="exact").faults == {("kind", "unknown_parameter")}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_entry_that_nobody_made_is_not_found(method: str) -> None:
    assert Api().send(method, "/blocks/blk_" + "0" * 26).status == 404


def test_an_offer_asks_nothing_of_its_callers_until_it_is_said() -> None:
    api = Api()
    path = f"/offers/{Market(api).offer['id']}/gate"
    nothing = api.get(path)
    assert nothing.body == {
        "offer_id": path.split("/")[2], "minimum_attestation": "none", "caller_velocity": None,
        "prefix_velocity": None, "version": 0,
    }  # fmt: skip
    assert nothing.headers["ETag"] == '"0"'
    said = {"minimum_attestation": "B", "caller_velocity": {"calls": 3, "minutes": 60}}
    first = api.send("PUT", path, said)
    schemas_gate.GateView.model_validate(first.body)
    assert first.body == nothing.body | said | {"version": 1}
    assert api.send("PUT", path, said).body == api.get(path).body == first.body
    assert api.send("PUT", path, {}).body == nothing.body | {"version": 2}


def test_a_change_that_rests_on_an_older_version_is_refused() -> None:
    api = Api()
    path = f"/offers/{Market(api).offer['id']}/gate"
    said = {"minimum_attestation": "C"}
    assert api.send("PUT", path, said, headers={"If-Match": '"0"'}).status == 200
    late = api.send("PUT", path, {}, headers={"If-Match": '"0"'})
    assert (late.status, late.body["code"]) == (409, "version_mismatch")
    assert api.get(path).body["minimum_attestation"] == "C"


def test_two_simultaneous_changes_of_a_gate_leave_the_later_one() -> None:
    api = Api()
    path = f"/offers/{Market(api).offer['id']}/gate"
    api.rows.before_write(lambda: api.send("PUT", path, {"minimum_attestation": "A"}))
    reply = api.send("PUT", path, {"minimum_attestation": "C"})
    assert (reply.status, reply.body["version"]) == (200, 2)
    assert api.get(path).body == reply.body


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"minimum_attestation": "D"}, {("minimum_attestation", "choice")}),
        ({"minimum_attestation": None}, {("minimum_attestation", "choice")}),
        (
            {"caller_velocity": {"calls": 0, "minutes": 1441}, "prefix_velocity": {"calls": "3"}},
            {("caller_velocity.calls", "range"), ("caller_velocity.minutes", "range"),
             ("prefix_velocity.calls", "type"), ("prefix_velocity.minutes", "required")},
        ),
        ({"velocity": 5}, {("velocity", "unknown_field")}),
    ],
)  # fmt: skip
def test_every_fault_of_gate_settings_is_named(body: Json, faults: set[tuple[str, str]]) -> None:
    api = Api()
    reply = api.send("PUT", f"/offers/{Market(api).offer['id']}/gate", body)
    assert (reply.status, reply.faults) == (400, faults)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_offer_that_is_not_known_has_no_gate(method: str) -> None:
    assert Api().send(method, f"/offers/{NOBODY}/gate", {}).status == 404


def test_a_call_tells_why_its_caller_was_not_let_in() -> None:
    api = Api()
    Market(api)
    entry = api.created("/blocks", kind="prefix", number="+1415", reason="Spam")["id"]
    World(api.rows, now=api.now).arrives("CA1")
    (call,) = api.get("/calls").body["data"]
    schemas_calls.CallView.model_validate(call)
    assert (call["status"], call["refusal"]) == ("denied", "blocked_prefix")
    decision = api.get(f"/calls/{call['id']}/decision").body
    schemas_calls.DecisionsView.model_validate(decision)
    (trace,) = decision["decisions"]
    assert trace["gate"] == {
        "reason": "blocked_prefix", "block_id": entry,
        "saw": "an entry of the whole deployment", "asked": "no entry of the block list",
    }  # fmt: skip


def test_a_call_tells_that_an_advertiser_blocks_its_caller_and_never_the_number() -> None:
    api = Api()
    market = Market(api)
    entry = api.created("/blocks", **exact(advertiser_id=market.advertiser["id"]))
    World(api.rows, now=api.now).arrives("CA1", attestation=Attestation.B)
    (call,) = api.get("/calls").body["data"]
    schemas_calls.CallView.model_validate(call)
    assert (call["refusal"], call["attestation"]) == ("caller_blocked", "B")
    reply = api.get(f"/calls/{call['id']}/decision")
    schemas_calls.DecisionsView.model_validate(reply.body)
    (trace,) = reply.body["decisions"]
    assert [seen["reason"] for seen in trace["considered"]] == ["caller_blocked"]
    assert trace["gate"] is None
    assert CALLER not in str(reply.body)
    api.delete(f"/blocks/{entry['id']}")
    World(api.rows, now=api.now).arrives("CA2")
    assert api.get("/calls", carrier_call_id="CA2").body["data"][0]["refusal"] == "no_funds"


def test_a_call_that_was_kept_without_its_attestation_shows_none() -> None:
    shown = call_view(a_call())
    schemas_calls.CallView.model_validate(shown)
    assert shown["attestation"] is None


def test_a_caller_who_is_let_in_has_no_trace_at_the_gate() -> None:
    api = Api()
    Market(api)
    World(api.rows, now=api.now).arrives("CA1")
    (call,) = api.get("/calls").body["data"]
    (trace,) = api.get(f"/calls/{call['id']}/decision").body["decisions"]
    assert (trace["refusal"], trace["gate"]) == ("no_funds", None)
