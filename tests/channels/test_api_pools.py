"""Pools and sites over HTTP: set up, filled, emptied, looked at, each party on its own side."""

from typing import Any

import pytest

from chalicelib.channels import schemas_pools
from tests.channels.api import Api, Market, Party

Json = dict[str, Any]
NOTHING = "0" * 26
FIND = "+18005550199"


def a_pool(market: Market, **more: Any) -> Json:
    said = {"placement_id": market.placement["id"], "name": "Search ads", **more}
    return market.api.created("/pools", **said)


def site_body(market: Market, *swaps: Json, **more: Any) -> Json:
    return {
        "publisher_id": market.publisher["id"], "name": "Roofs", "domains": ["example.com"],
        "swaps": list(swaps), **more,
    }  # fmt: skip


def test_a_pool_takes_offer_publisher_and_partnership_from_its_placement() -> None:
    market = Market(Api())
    pool = a_pool(market, growth={"step_percent": 50})
    schemas_pools.PoolView.model_validate(pool)
    assert (pool["offer_id"], pool["publisher_id"]) == tuple(market.led.values())
    assert pool["partnership_id"] == market.partnership["id"]
    assert pool["growth"] == {
        "above_percent": 75, "step_percent": 50, "monthly_limit_micros": 50_000_000,
    }  # fmt: skip
    fixed = market.api.patch(f"/pools/{pool['id']}", {"placement_id": f"plc_{NOTHING}"})
    assert ("placement_id", "fixed") in fixed.faults
    ours = market.api.patch(f"/pools/{pool['id']}", {"offer_id": f"off_{NOTHING}"})
    assert ours.faults == {("offer_id", "fixed")}
    grown = market.api.patch(f"/pools/{pool['id']}", {"growth": None})
    assert grown.body["growth"] is None


def test_every_fault_of_a_pool_is_named_at_once() -> None:
    market = Market(Api())
    body = {
        "placement_id": market.placement["id"], "name": "x", "hold_seconds": 600,
        "max_lease_seconds": 60, "area_codes": ["800"], "overflow": "fallback_number",
        "minimum_numbers": 60,
    }  # fmt: skip
    assert market.api.post("/pools", body).faults == {
        ("hold_seconds", "order"), ("area_codes.0", "choice"), ("fallback_e164", "required"),
        ("minimum_numbers", "order"),
    }  # fmt: skip
    formal = {**body, "kind": "mobile", "reserve": -1, "area_codes": ["15"], "colour": "red"}
    assert market.api.post("/pools", formal).faults == {
        ("kind", "choice"), ("reserve", "range"), ("area_codes.0", "format"),
        ("colour", "unknown_field"),
    }  # fmt: skip
    nowhere = {"placement_id": f"plc_{NOTHING}", "name": "x"}
    assert market.api.post("/pools", nowhere).faults == {("placement_id", "unknown_reference")}
    assert market.api.post("/pools", b"[").status == 400


def test_a_pool_needs_a_partnership_that_has_not_ended() -> None:
    market = Market(Api())
    market.api.delete(f"/partnerships/{market.partnership['id']}")
    reply = market.api.post("/pools", {"placement_id": market.placement["id"], "name": "x"})
    assert reply.faults == {("publisher_id", "partnership_ended")}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Example.COM", "example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("straße.de", "xn--strae-oqa.de"),
        ("例え.jp", "xn--r8jz45g.jp"),
        ("localhost", "localhost"),
    ],
)
def test_domains_are_kept_as_browsers_say_them(said: str, kept: str) -> None:
    market = Market(Api())
    made = market.api.created("/sites", **site_body(market, domains=[said]))
    assert made["domains"] == [kept]


@pytest.mark.parametrize(
    "said",
    ["https://example.com", "example.com:8080", "example.com/a", "*.example.com", "example",
     "10.0.0.1", "exa mple.com", "-a.com", "a..com", "@example.com", "", "é" * 70 + ".com",
     "a\u0000.com"],
)  # fmt: skip
def test_what_is_no_host_name_is_refused(said: str) -> None:
    market = Market(Api())
    reply = market.api.post("/sites", site_body(market, domains=[said]))
    assert reply.status == 400
    assert {field for field, _ in reply.faults} == {"domains.0"}


def test_a_site_names_pools_and_numbers_of_its_publisher() -> None:
    market = Market(Api())
    pool = a_pool(market)
    other = Market(market.api, e164="+18005550102")
    theirs = a_pool(other)
    reply = market.api.post(
        "/sites",
        site_body(
            market,
            {"find": "+18005550191", "pool_id": pool["id"], "e164": market.number["e164"]},
            {"find": "+18005550192", "pool_id": theirs["id"]},
            {"find": "+18005550192", "e164": other.number["e164"]},
            {"find": "+18005550193", "pool_id": f"pool_{NOTHING}"},
        ),
    )
    assert reply.faults == {
        ("swaps.0", "exclusive"), ("swaps.1.pool_id", "pool_mismatch"),
        ("swaps.2.find", "repeated"), ("swaps.2.e164", "unknown_reference"),
        ("swaps.3.pool_id", "unknown_reference"),
    }  # fmt: skip
    good = [{"find": "(800) 555-0191", "pool_id": pool["id"]}]
    assert market.api.post("/sites", site_body(market, *good)).faults == {("swaps.0.find", "e164")}
    good[0]["find"] = "+1 (800) 555-0191"
    made = market.api.created("/sites", **site_body(market, *good))
    schemas_pools.SiteView.model_validate(made)
    assert made["swaps"][0] == {"find": "+18005550191", "pool_id": pool["id"], "e164": None}


def test_numbers_join_are_listed_and_leave() -> None:
    market = Market(Api())
    path = f"/pools/{a_pool(market)['id']}/numbers"
    joined = market.api.post(path, {"number_ids": [market.number["id"]]})
    assert joined.status == 201
    schemas_pools.FilledPoolView.model_validate(joined.body)
    assert market.api.get(path).body == {"data": joined.body["data"]}
    shown = market.api.get(f"/numbers/{market.number['id']}").body
    assert (shown["slot"]["area"], shown["slot"]["number"]) == ("", 0)
    kept = market.api.delete(f"/numbers/{market.number['id']}")
    assert (kept.status, kept.body["code"]) == (409, "number_in_pool")
    archived = market.api.patch(f"/numbers/{market.number['id']}", {"state": "archived"})
    assert archived.faults == {("state", "in_pool")}
    left = market.api.delete(f"{path}/{market.number['id']}")
    schemas_pools.LeftNumberView.model_validate(left.body)
    assert (left.status, left.body["left"], left.body["bound_until"]) == (200, True, None)
    assert market.api.get(path).body == {"data": []}
    assert market.api.delete(f"/numbers/{market.number['id']}").status == 200


def test_numbers_are_bought_for_a_pool_once_for_a_key() -> None:
    market = Market(Api())
    path = f"/pools/{a_pool(market, area_codes=['415', '212'])['id']}/numbers"
    first = market.api.post(path, {"buy": {"count": 4}}, Idempotency_Key="k1")
    assert (first.status, first.body["missing"], len(first.body["data"])) == (201, 0, 4)
    again = market.api.post(path, {"buy": {"count": 4}}, Idempotency_Key="k1")
    assert (again.body, len(market.api.carrier.bought)) == (first.body, 4)
    other = market.api.post(path, {"buy": {"count": 5}}, Idempotency_Key="k1")
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    near = market.api.post(path, {"buy": {"count": 1, "zip": "10001"}})
    assert near.body["data"][0]["e164"].startswith("+1212")


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("buy", "exclusive")}),
        ({"number_ids": [f"num_{NOTHING}"], "buy": {"count": 1}}, {("buy", "exclusive")}),
        ({"number_ids": []}, {("number_ids", "length")}),
        ({"number_ids": ["num_x"]}, {("number_ids.0", "format")}),
        ({"number_ids": [f"num_{NOTHING}"]}, {("number_ids.0", "unknown_reference")}),
        ({"buy": {"count": 26, "zip": "1"}}, {("buy.count", "range"), ("buy.zip", "format")}),
        ({"buy": {}}, {("buy.count", "required")}),
    ],
)  # fmt: skip
def test_what_cannot_join_is_refused_with_every_fault(
    body: Json, faults: set[tuple[str, str]]
) -> None:
    market = Market(Api())
    path = f"/pools/{a_pool(market)['id']}/numbers"
    assert market.api.post(path, body).faults == faults
    assert market.api.carrier.bought == []


def test_a_toll_free_number_is_bought_at_no_place() -> None:
    market = Market(Api())
    path = f"/pools/{a_pool(market, kind='toll_free')['id']}/numbers"
    reply = market.api.post(path, {"buy": {"count": 1, "zip": "10001", "area_code": "212"}})
    assert reply.faults == {("buy.zip", "exclusive"), ("buy.area_code", "exclusive")}


def test_the_load_of_a_pool_is_shown_with_its_advice() -> None:
    market = Market(Api())
    path = f"/pools/{a_pool(market)['id']}"
    market.api.post(f"{path}/numbers", {"buy": {"count": 2}})
    shown = market.api.get(f"{path}/load")
    assert shown.status == 200
    schemas_pools.PoolLoadView.model_validate(shown.body)
    assert (shown.body["numbers"], shown.body["monthly_cost_micros"]) == (2, 2_300_000)
    assert (shown.body["next"]["reason"], shown.body["decided"]) == ("no_growth", [])
    assert len(shown.body["sizing"]["working"]) == 5


def test_a_publisher_reads_its_own_pools_and_sites_and_no_others() -> None:
    market = Market(Api())
    other = Market(market.api, e164="+18005550102")
    pool, theirs = a_pool(market, growth={}), a_pool(other)
    site = market.api.created("/sites", **site_body(market))
    party = Party(market.api, market.publisher, "publisher")
    seen = party.get(f"/pools/{pool['id']}")
    schemas_pools.PublisherPoolView.model_validate(seen.body)
    assert "growth" not in seen.body and "maximum_numbers" not in seen.body
    assert party.get("/pools").body["data"] == [seen.body]
    assert party.get(f"/sites/{site['id']}").body == site
    assert party.get("/sites").body["data"] == [site]
    assert party.get(f"/pools/{pool['id']}/numbers").body == {"data": []}
    for path in (f"/pools/{theirs['id']}", f"/pools/{theirs['id']}/numbers"):
        assert party.get(path).status == 404
    assert party.get(f"/pools/{pool['id']}/load").status == 403
    for method, path in (
        ("POST", "/pools"), ("PATCH", f"/sites/{site['id']}"), ("DELETE", f"/sites/{site['id']}"),
        ("POST", f"/pools/{pool['id']}/numbers"), ("DELETE", f"/pools/{pool['id']}/numbers/num_1"),
    ):  # fmt: skip
        assert party.send(method, path, {}).status == 403
    advertiser = Party(market.api, market.advertiser, "advertiser")
    assert advertiser.get("/pools").status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/pools/pool_1/numbers"), ("POST", "/pools/pool_1/numbers"),
     ("DELETE", "/pools/pool_1/numbers/num_1"), ("GET", "/pools/pool_1/load")],
)  # fmt: skip
def test_a_pool_that_is_not_there_is_not_found(method: str, path: str) -> None:
    body = {"buy": {"count": 1}}
    assert Api().send(method, path, body if method == "POST" else None).status == 404
