"""Calls over HTTP: the lists, the call, and why."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.channels import schemas_calls, schemas_verdicts
from chalicelib.store.rows import CALLS, Change, Key
from tests.channels.api import Api, Market
from tests.world import World

Json = dict[str, Any]


@dataclass
class Played:
    """A market over HTTP, with money in it, and callers."""

    api: Api = field(default_factory=Api)
    market: Market = field(init=False)

    def __post_init__(self) -> None:
        self.market = Market(self.api)
        self.api.created(
            "/payments", advertiser_id=self.market.advertiser["id"], reference="wire-1",
            amount_cents=1_000_000, currency="USD",
        )  # fmt: skip

    @property
    def world(self) -> World:
        """The telephone side of the deployment, now."""
        return World(self.api.rows, now=self.api.now)

    def calls(self, **query: str) -> list[Json]:
        """The calls of a list, in its order."""
        data: list[Json] = self.api.get("/calls", **query).body["data"]
        return data

    def sids(self, **query: str) -> list[str]:
        """The carrier's ids of the calls of a list."""
        return [call["carrier_call_id"] for call in self.calls(**query)]


def test_an_approved_call_shows_what_it_cost_and_earned() -> None:
    played = Played()
    played.world.talks("CA1", seconds=130)
    (call,) = played.calls(carrier_call_id="CA1")
    schemas_calls.CallView.model_validate(call)
    market = played.market
    assert call | {
        "status": "approved", "talk_seconds": 130, "charge_cents": 2500, "earning_cents": 1500,
        "reasons": [], "number": market.e164, "campaign_id": market.campaign["id"],
        "target_id": market.target["id"], "publisher_id": market.publisher["id"],
        "advertiser_id": market.advertiser["id"], "number_id": market.number["id"],
        "caller": "+14155550100", "attempts": 1, "tried": [market.target["id"]], "refusal": None,
    } == call  # fmt: skip
    assert played.api.get(f"/calls/{call['id']}").body == call


def test_a_call_explains_where_it_went_and_why_it_counts() -> None:
    played = Played()
    played.world.talks("CA1", seconds=130)
    (call,) = played.calls()
    decision = played.api.get(f"/calls/{call['id']}/decision").body
    schemas_calls.DecisionsView.model_validate(decision)
    (trace,) = decision["decisions"]
    assert (trace["attempt"], trace["target_id"]) == (1, played.market.target["id"])
    assert [seen["reason"] for seen in trace["considered"]] == ["chosen"]
    verdict = played.api.get(f"/calls/{call['id']}/verdict").body
    schemas_verdicts.VerdictView.model_validate(verdict)
    assert (verdict["status"], verdict["verdict"]["approved"]) == ("approved", True)
    rules = [finding["rule"] for finding in verdict["verdict"]["charge"]]
    assert rules == ["connected", "minimum_talk", "caller_area", "repeat_caller"]
    signals = played.api.get(f"/calls/{call['id']}/signals").body
    schemas_calls.SignalsView.model_validate(signals)
    assert [signal["seconds"] for signal in signals["signals"]] == [130]


def test_a_call_that_is_still_live_has_no_verdict() -> None:
    played = Played()
    played.world.arrives("CA1")
    (call,) = played.calls(status="live")
    verdict = played.api.get(f"/calls/{call['id']}/verdict").body
    assert verdict == {"call_id": call["id"], "status": "live", "verdict": None}


def test_a_refused_call_is_listed_with_its_reason() -> None:
    played = Played()
    played.world.arrives("CA1", e164="+18005550199")
    (call,) = played.calls()
    schemas_calls.CallView.model_validate(call)
    assert (call["refusal"], call["target_id"], call["tried"]) == ("unknown_number", None, [])
    decision = played.api.get(f"/calls/{call['id']}/decision").body
    schemas_calls.DecisionsView.model_validate(decision)


def test_calls_are_listed_newest_first_across_months() -> None:
    played = Played()
    for n, days in enumerate((0, 1, 30, 1, 40)):
        played.api.later(days=days)
        played.world.arrives(f"CA{n}")
    assert played.sids() == ["CA4", "CA3", "CA2", "CA1", "CA0"]
    assert played.sids(month="2026-11") == ["CA1", "CA0"]
    assert played.sids(month="2020-01") == []


@pytest.mark.parametrize("limit", ["1", "2", "3", "4"])
def test_walking_the_pages_shows_every_call_once(limit: str) -> None:
    played = Played()
    for n in range(6):
        played.api.later(days=17)
        played.world.arrives(f"CA{n}")
    seen, query = [], {"limit": limit}
    while True:
        page = played.api.get("/calls", **query).body
        seen += [call["carrier_call_id"] for call in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [f"CA{n}" for n in reversed(range(6))]


def test_calls_are_found_by_campaign_publisher_status_and_the_carriers_id() -> None:
    played = Played()
    played.world.talks("CA1", seconds=130)
    played.world.talks("CA2", seconds=5, caller="+14155550102")
    played.world.arrives("CA3", caller="+14155550103")
    market = played.market
    assert len(played.sids(campaign_id=market.campaign["id"])) == 3
    assert len(played.sids(publisher_id=market.publisher["id"])) == 3
    assert played.sids(status="approved") == ["CA1"]
    assert played.sids(campaign_id=market.campaign["id"], status="denied") == ["CA2"]
    assert played.sids(carrier_call_id="CA3") == ["CA3"]
    assert played.sids(carrier_call_id="CA3", status="denied") == []
    played.world.arrives("0c1f-4000", carrier="connect")
    assert played.sids(carrier_call_id="0c1f-4000") == ["0c1f-4000"]
    assert played.sids(carrier_call_id="CA9") == []


def test_two_ways_of_asking_exclude_one_another() -> None:
    reply = Api().get("/calls", month="2026-11", carrier_call_id="CA1")
    assert reply.faults == {("month", "exclusive"), ("carrier_call_id", "exclusive")}


@pytest.mark.parametrize("part", ["", "/decision", "/verdict", "/signals"])
def test_a_call_that_is_not_known_is_not_found(part: str) -> None:
    assert Api().get(f"/calls/call_{'0' * 26}{part}").status == 404


def test_a_decision_shows_its_strategy_and_what_a_call_was_worth() -> None:
    played = Played()
    market = played.market
    market.api.patch(f"/offers/{market.offer['id']}", {"strategy": "expected_revenue"})
    for n in range(3):
        played.world.talks(f"CA{n}", seconds=130, caller=f"+1415555010{n}")
    market.api.patch(f"/targets/{market.target['id']}", {"weight": 7})
    played.world.talks("CA3", seconds=130)
    (call,) = played.calls(carrier_call_id="CA3")
    decision = played.api.get(f"/calls/{call['id']}/decision").body
    schemas_calls.DecisionsView.model_validate(decision)
    (trace,) = decision["decisions"]
    (seen,) = trace["considered"]
    # 13 of 23 for the target, 3 + 20 x 13/23 of 23 for the publisher, of 2500 cents
    assert (trace["strategy"], seen["weight"], seen["expected_cents"]) == (
        "expected_revenue",
        7,
        1_555,
    )


def test_a_decision_from_before_there_were_strategies_is_still_shown() -> None:
    played = Played()
    played.world.talks("CA1", seconds=130)
    (call,) = played.calls()
    key = Key(CALLS, f"CALL#{call['id']}", "DECISION#1")
    document = json.loads(played.api.rows.gather([key])[0][key]["doc"])
    del document["strategy"], document["considered"][0]["expected_cents"]
    del document["considered"][0]["explored"]
    played.api.rows.write([Change(key=key, set={("doc",): json.dumps(document)})])
    decision = played.api.get(f"/calls/{call['id']}/decision").body
    schemas_calls.DecisionsView.model_validate(decision)
    (trace,) = decision["decisions"]
    (seen,) = trace["considered"]
    assert (trace["strategy"], seen["expected_cents"], seen["explored"]) == (None, None, False)
    assert seen["reason"] == "chosen"


def test_a_call_on_a_number_of_no_pool_shows_no_attribution() -> None:
    played = Played()
    played.world.arrives("CA1")
    (call,) = played.calls()
    assert call["attribution"] is None
