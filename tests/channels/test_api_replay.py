"""Decisions made again over HTTP: as they were, by changed rules, and every fault of a change."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from chalicelib.flows.inbound import Arrival, answer
from chalicelib.places import Area
from chalicelib.store.rows import CALLS, Put
from infra.openapi import document
from tests.channels.api import Api, Market, Reply

NUMBER = "+18005550100"


class Replays:
    """A market with two targets, on which one call has come in."""

    def __init__(self) -> None:
        self.api = Api()
        self.market = Market(self.api)
        self.api.created("/payments", advertiser_id=self.market.advertiser["id"], reference="wire",
                         amount_cents=10_000, currency="USD")  # fmt: skip
        self.first = self.market.target["id"]
        self.second = self.api.created(
            f"/campaigns/{self.market.campaign['id']}/targets", name="Back", priority=2,
            destination="+12125550101",
        )["id"]  # fmt: skip
        arrival = Arrival(
            carrier="twilio", carrier_call_id="CA1", e164=NUMBER, caller="+14155550100",
            caller_hash="hash", area=Area(state="CA", area_code="415", source="carrier"),
        )  # fmt: skip
        self.call = answer(arrival, stores=self.api.stores, clock=lambda: self.api.now).call_id

    def asks(self, changes: Any = None, **more: Any) -> Reply:
        """The call's decision made again."""
        body = {"call_id": self.call, **({"changes": changes} if changes is not None else {})}
        return self.api.post("/routing/replay", body | more)


@pytest.fixture
def replays() -> Replays:
    return Replays()


def test_a_replay_equals_the_decision_that_is_shown(replays: Replays) -> None:
    replays.api.patch(f"/targets/{replays.first}", {"state": "paused"})
    reply = replays.asks()
    assert reply.status == 200, reply.body
    (shown,) = replays.api.get(f"/calls/{replays.call}/decision").body["decisions"]
    assert reply.body["original"] == reply.body["replayed"] == shown
    assert (reply.body["same"], reply.body["differences"]) == (True, [])
    assert reply.body["at"] == "2026-11-23T15:00:00.000Z"


def test_changed_rules_show_the_difference(replays: Replays) -> None:
    reply = replays.asks({replays.first: {"state": "paused"}})
    assert (reply.status, reply.body["same"]) == (200, False)
    assert reply.body["original"]["target_id"] == replays.first
    assert reply.body["replayed"]["target_id"] == replays.second
    assert [
        (one["target_id"], one["was"]["reason"], one["becomes"]["reason"], one["was"]["position"])
        for one in reply.body["differences"]
    ] == [
        (replays.first, "chosen", "target_paused", 1),
        (replays.second, "outranked", "chosen", 2),
    ]


def test_what_is_answered_is_what_is_described(replays: Replays) -> None:
    offer = replays.market.offer["id"]
    components = document()["components"]
    schema = {"$ref": "#/components/schemas/ReplayView", "components": components}
    for changes in ({}, {replays.first: {"weight": 5}}, {offer: {"state": "paused"}}):
        body = replays.asks(changes).body
        assert list(Draft202012Validator(schema).iter_errors(body)) == []


def test_a_patch_is_merged_as_in_the_catalog(replays: Replays) -> None:
    campaign = replays.market.campaign["id"]
    reply = replays.asks({campaign: {"terms": {"charge_cents": 20_000}}})
    assert reply.body["replayed"]["refusal"] == "no_funds"
    assert {one["becomes"]["charge_cents"] for one in reply.body["differences"]} == {20_000}


def test_every_fault_of_every_change_is_named_at_once(replays: Replays) -> None:
    first, market = replays.first, replays.market
    reply = replays.asks(
        {
            first: {"weight": 0, "colour": "red", "id": "tgt_x", "filters": [{"test": "like"}]},
            market.advertiser["id"]: {"credit_limit_cents": 5},
            market.partnership["id"]: {"state": "applied"},
            market.placement["id"]: {"name": "Billboard"},
        }
    )
    assert reply.status == 400
    partnership, advertiser = market.partnership["id"], market.advertiser["id"]
    assert reply.faults >= {
        (f"changes.{first}.weight", "range"),
        (f"changes.{first}.colour", "unknown_field"),
        (f"changes.{first}.id", "fixed"),
        (f"changes.{first}.filters.0.attribute", "required"),
        (f"changes.{advertiser}.credit_limit_cents", "prepaid"),
        (f"changes.{partnership}.state", "transition"),
        (f"changes.{market.placement['id']}", "took_no_part"),
    }


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("call_id", "required")}),
        ({"call_id": 5, "attempt": "1"}, {("call_id", "type"), ("attempt", "type")}),
        ({"call_id": "x", "attempt": 0}, {("attempt", "range")}),
        ({"call_id": "x", "why": 1}, {("why", "unknown_field")}),
        ({"call_id": "x", "changes": [1]}, {("changes", "type")}),
        ({"call_id": "x", "changes": {"tgt_1": None}}, {("changes.tgt_1", "type")}),
        ({"call_id": "x", "changes": {str(n): {} for n in range(51)}}, {("changes", "length")}),
    ],
)  # fmt: skip
def test_a_malformed_question_is_refused(body: Any, faults: set[tuple[str, str]]) -> None:
    reply = Api().post("/routing/replay", body)
    assert (reply.status, reply.faults) == (400, faults)


def test_a_body_that_is_no_json_is_refused() -> None:
    reply = Api().send("POST", "/routing/replay", b'{"call_id": ')
    assert (reply.status, reply.body["code"]) == (400, "malformed_body")


def test_unknown_calls_and_attempts_are_not_found(replays: Replays) -> None:
    unknown = replays.api.post("/routing/replay", {"call_id": "call_nobody"})
    assert (unknown.status, unknown.body["code"]) == (404, "not_found")
    assert replays.asks(attempt=2).status == 404


def test_facts_that_are_not_kept_have_their_own_code(replays: Replays) -> None:
    kept = Api(now=replays.api.now)
    for row in replays.api.rows.rows_of(CALLS):
        if not row["pk"].startswith("FACTS#"):
            kept.rows.write([Put(CALLS, row)])
    reply = kept.post("/routing/replay", {"call_id": replays.call})
    assert (reply.status, reply.body["code"]) == (422, "facts_not_kept")
    assert "90 days" in reply.body["detail"]


def test_only_the_operator_may_ask(replays: Replays) -> None:
    reply = replays.api.send(
        "POST", "/routing/replay", {"call_id": replays.call}, headers={"Authorization": "Bearer x"}
    )
    assert reply.status == 401
