"""Trying out the routing over HTTP: who would get a call, when, and why nobody would."""

from typing import Any

import pytest

from chalicelib.calls import Attestation
from chalicelib.channels import schemas_calls
from chalicelib.gate import caller_of
from tests.channels.api import SECRETS, Api, Market
from tests.world import World

NUMBER = "+1 (800) 555-0100"


@pytest.fixture
def market() -> Market:
    api = Api()
    made = Market(api)
    api.created("/payments", advertiser_id=made.advertiser["id"], reference="wire",
                amount_cents=2_500, currency="USD")  # fmt: skip
    return made


def test_the_first_eligible_target_would_get_the_call(market: Market) -> None:
    reply = market.api.post("/routing/dry-run", {"number": NUMBER})
    assert (reply.status, reply.body["target_id"]) == (200, market.target["id"])
    assert [seen["reason"] for seen in reply.body["considered"]] == ["chosen"]
    assert reply.body["number"] == "+18005550100"


def test_a_dry_run_reserves_nothing(market: Market) -> None:
    replies = [market.api.post("/routing/dry-run", {"number": NUMBER}) for _ in range(2)]
    assert {reply.body["target_id"] for reply in replies} == {market.target["id"]}
    funds = market.api.get(f"/advertisers/{market.advertiser['id']}/funds").body
    assert (funds["available_cents"], funds["held_cents"]) == (2_500, 0)
    assert market.api.get("/calls").body["data"] == []


def test_a_target_that_is_closed_at_that_time_would_not_get_it(market: Market) -> None:
    hours = {"zone": "UTC", "blocks": [{"weekday": 0, "opens": "09:00", "closes": "17:00"}]}
    market.api.patch(f"/targets/{market.target['id']}", {"hours": hours})
    asked = {"number": NUMBER, "at": "2026-11-23T17:00:00Z"}
    assert market.api.post("/routing/dry-run", asked).body["refusal"] == "closed"
    asked["at"] = "2026-11-23T16:59:59Z"
    assert market.api.post("/routing/dry-run", asked).body["refusal"] is None


def test_a_number_that_nobody_has_would_be_refused(market: Market) -> None:
    body = market.api.post("/routing/dry-run", {"number": "+18005550199"}).body
    assert (body["target_id"], body["refusal"]) == (None, "unknown_number")


def test_every_fault_of_the_question_is_named(market: Market) -> None:
    reply = market.api.post("/routing/dry-run", {"number": "no number", "at": "noon", "who": 1})
    assert reply.faults == {("number", "e164"), ("at", "format"), ("who", "unknown_field")}


def test_a_blocked_caller_would_not_be_let_in(market: Market) -> None:
    market.api.created("/blocks", kind="prefix", number="+1415", reason="rotating numbers")
    asked = {"number": NUMBER, "caller": "+14155550100"}
    assert market.api.post("/routing/dry-run", asked).body["refusal"] == "blocked_prefix"
    asked["caller"] = "+12125550100"
    assert market.api.post("/routing/dry-run", asked).body["refusal"] is None


def test_a_caller_whom_the_advertiser_blocks_would_not_reach_its_targets(market: Market) -> None:
    market.api.created(
        "/blocks", kind="exact", number="+14155550100", reason="a rival",
        advertiser_id=market.advertiser["id"], expires_at="2026-11-24T00:00:00Z",
    )  # fmt: skip
    asked = {"number": NUMBER, "caller": "+14155550100"}
    body = market.api.post("/routing/dry-run", asked).body
    assert [seen["reason"] for seen in body["considered"]] == ["caller_blocked"]
    asked["at"] = "2026-11-24T00:00:00Z"
    assert market.api.post("/routing/dry-run", asked).body["refusal"] is None


def test_a_caller_outside_the_area_would_not_be_routed(market: Market) -> None:
    terms = {**market.campaign["terms"], "geography": {"states": ["CA"]}}
    changed = market.api.patch(
        f"/campaigns/{market.campaign['id']}", {"terms": terms, "route_by_area": "inside_only"}
    )
    assert changed.status == 200, changed.body
    asked = {"number": NUMBER, "caller": "+12125550100"}
    assert market.api.post("/routing/dry-run", asked).body["refusal"] == "out_of_area"
    asked["caller"] = "+14155550100"
    assert market.api.post("/routing/dry-run", asked).body["refusal"] is None


def tagged(market: Market, **tags: str) -> None:
    """The number has these tags, and its one target wants calls from the radio."""
    market.api.patch(f"/numbers/{market.number['id']}", {"tags": tags})
    radio = {"attribute": "tag.source", "test": "matches", "values": ["(?i)^radio(-|$)"]}
    changed = market.api.patch(f"/targets/{market.target['id']}", {"filters": [radio]})
    assert changed.status == 200, changed.body


def refusal(market: Market, **said: Any) -> str | None:
    reply = market.api.post("/routing/dry-run", {"number": NUMBER, **said})
    assert reply.status == 200, reply.body
    answer: str | None = reply.body["refusal"]
    return answer


@pytest.mark.parametrize(
    ("has", "said", "expected"),
    [
        ({"source": "Radio-West"}, {}, None),
        ({"source": "web"}, {}, "filtered"),
        ({}, {}, "filtered"),
        ({}, {"source": "radio"}, None),
        ({"source": "web"}, {"source": "radio"}, None),
        ({"source": "radio"}, {"source": "web"}, "filtered"),
        ({"source": "radio"}, {"market": "dallas"}, None),
        ({"source": "radio"}, {"source": None}, None),
    ],
)
def test_tags_that_are_supposed_come_before_those_of_the_number(
    market: Market, has: dict[str, str], said: dict[str, Any], expected: str | None
) -> None:
    tagged(market, **has)
    assert refusal(market, tags=said) == expected
    if said:
        assert market.api.get(f"/numbers/{market.number['id']}").body["tags"] == has


def test_a_call_goes_where_its_tags_let_it_and_shows_them(market: Market) -> None:
    tagged(market, source="radio", city="dallas")
    World(market.api.rows, now=market.api.now).arrives("CA1")
    (call,) = market.api.get("/calls").body["data"]
    schemas_calls.CallView.model_validate(call)
    assert call["target_id"] == market.target["id"]
    assert call["tags"] == {"source": "radio", "city": "dallas"}
    assert market.api.get(f"/calls/{call['id']}").body["tags"] == call["tags"]


def test_what_the_caller_declares_of_the_place_comes_before_the_numbers_own(
    market: Market,
) -> None:
    terms = {**market.campaign["terms"], "geography": {"states": ["CA"], "zips": ["89101"]}}
    market.api.patch(
        f"/campaigns/{market.campaign['id']}", {"terms": terms, "route_by_area": "inside_only"}
    )
    new_york, san_francisco = "+12125550100", "+14155550100"
    assert refusal(market, caller=new_york) == "out_of_area"
    assert refusal(market, caller=new_york, state="CA") is None
    assert refusal(market, caller=new_york, zip="89101") is None
    assert refusal(market, caller=new_york, zip="89102") == "out_of_area"
    assert refusal(market, caller=san_francisco) is None
    assert refusal(market, caller=san_francisco, state="NY") == "out_of_area"
    assert refusal(market, state="CA") is None, "a place is declared without a number as well"
    assert refusal(market) == "out_of_area"


def test_filters_see_the_declared_place(market: Market) -> None:
    zips = {"attribute": "zip", "test": "prefix", "values": ["94"]}
    market.api.patch(f"/targets/{market.target['id']}", {"filters": [zips]})
    assert refusal(market, zip="94103") is None
    assert refusal(market, zip="89101") == "filtered"


def test_every_fault_of_tags_and_place_is_named(market: Market) -> None:
    reply = market.api.post(
        "/routing/dry-run",
        {"number": NUMBER, "tags": {"Source": "radio", "a": 1}, "state": "ZZ", "zip": "9410"},
    )
    assert (reply.status, reply.faults) == (
        400,
        {("tags.Source", "format"), ("tags.a", "type"), ("state", "choice"), ("zip", "format")},
    )
    reply = market.api.post("/routing/dry-run", {"number": NUMBER, "state": "CALIFORNIA"})
    assert reply.faults == {("state", "length")}


def test_a_dry_run_tells_by_which_strategy_the_targets_are_ordered(market: Market) -> None:
    dearer = market.campaign_more(name="Dearer", terms={"charge_cents": 2_501})
    desk = market.api.created(
        f"/campaigns/{dearer['id']}/targets", name="Desk", destination="+12125550101"
    )
    changed = market.api.patch(
        f"/offers/{market.offer['id']}",
        {"strategy": "highest_charge", "campaign_ids": [market.campaign["id"], dearer["id"]]},
    )
    assert changed.status == 200, changed.body
    body = market.api.post("/routing/dry-run", {"number": NUMBER}).body
    schemas_calls.DryRunView.model_validate(body)
    assert body["strategy"] == "highest_charge"
    seen = [(one["target_id"], one["charge_cents"], one["reason"]) for one in body["considered"]]
    assert seen == [
        (desk["id"], 2_501, "no_funds"),
        (market.target["id"], 2_500, "chosen"),
    ]
    assert [one["expected_cents"] for one in body["considered"]] == [1_251, 1_250]
    assert [one["explored"] for one in body["considered"]] == [False, False]


def test_where_no_target_is_looked_at_there_is_no_strategy(market: Market) -> None:
    body = market.api.post("/routing/dry-run", {"number": "+18005550199"}).body
    assert (body["strategy"], body["considered"]) == (None, [])


def has_money_for_more(market: Market) -> None:
    market.api.created("/payments", advertiser_id=market.advertiser["id"], reference="wire 2",
                       amount_cents=100_000, currency="USD")  # fmt: skip


def test_a_dry_run_knows_the_caller_as_a_call_does(market: Market) -> None:
    caller = "+14155550100"
    has_money_for_more(market)
    gate = {"caller_velocity": {"calls": 1, "minutes": 60}}
    assert market.api.send("PUT", f"/offers/{market.offer['id']}/gate", gate).status == 200
    asked = {"number": NUMBER, "caller": caller}
    assert market.api.post("/routing/dry-run", asked).body["refusal"] is None
    assert market.api.post("/routing/dry-run", asked).body["refusal"] is None, "nothing is counted"
    known = caller_of(caller, Attestation.A, hash_key=SECRETS.caller_hash_key)
    World(market.api.rows, now=market.api.now).talks(
        "CA1", caller=caller, caller_hash=known.number_hash, prefix_hash=known.prefix_hash
    )
    refused = market.api.post("/routing/dry-run", asked).body
    schemas_calls.DryRunView.model_validate(refused)
    assert (refused["refusal"], refused["gate"]["reason"]) == ("caller_too_often",) * 2
    other = market.api.post("/routing/dry-run", {**asked, "caller": "+14155550111"}).body
    assert (other["refusal"], other["gate"]) == (None, None)


def test_a_dry_run_knows_whom_the_caller_talked_with(market: Market) -> None:
    caller = "+14155550100"
    has_money_for_more(market)
    settings = {"repeat_callers": "reject"}
    market.api.patch(f"/campaigns/{market.campaign['id']}", settings)
    known = caller_of(caller, Attestation.A, hash_key=SECRETS.caller_hash_key)
    World(market.api.rows, now=market.api.now).talks(
        "CA1", caller=caller, caller_hash=known.number_hash
    )
    asked = {"number": NUMBER, "caller": caller}
    assert market.api.post("/routing/dry-run", asked).body["refusal"] == "repeat_caller"
    assert market.api.post("/routing/dry-run", {"number": NUMBER}).body["refusal"] is None
