"""Numbers over HTTP: searched, bought, imported, released, and compared with the carrier's."""

from typing import Any

import pytest

from chalicelib.channels import schemas, schemas_numbers
from chalicelib.providers.carriers import CarrierRefused
from tests.carriers import ELSEWHERE, HERE, FakeCarrier, lost
from tests.channels.api import Api, Market

Json = dict[str, Any]
E164 = "+14155550103"
OTHER = "+12125550101"


def body(market: Market, e164: str = E164, **more: Any) -> Json:
    return {**market.led, "placement_id": market.placement["id"], "e164": e164, **more}


def refused(market: Market) -> None:
    raise CarrierRefused("the carrier refuses: Authenticate", carrier_code=20003)


def test_available_numbers_are_searched_by_kind_and_place() -> None:
    api = Api()
    found = api.get("/available-numbers", area_code="415", limit="3")
    assert found.status == 200
    schemas_numbers.AvailableNumbersView.model_validate(found.body)
    assert [one["e164"] for one in found.body["data"]] == [
        "+14155550100", "+14155550101", "+14155550102",
    ]  # fmt: skip
    assert found.body["data"][0] == {
        "e164": "+14155550100", "kind": "local", "city": "San Francisco", "state": "CA",
        "zip": "94105", "monthly_cost_micros": 1_150_000,
    }  # fmt: skip
    near = api.get("/available-numbers", zip="10001", state="NY", kind="local").body["data"]
    assert {one["city"] for one in near} == {"New York"}
    free = api.get("/available-numbers", kind="toll_free", contains="800555").body["data"]
    assert {one["monthly_cost_micros"] for one in free} == {2_150_000}


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({"kind": "invoice", "area_code": "0415", "zip": "9410", "state": "ca", "contains": "1"},
         {("kind", "format"), ("area_code", "format"), ("zip", "format"), ("state", "format"),
          ("contains", "format")}),
        ({"limit": "0", "colour": "red"}, {("limit", "format"), ("colour", "unknown_parameter")}),
        ({"kind": "toll_free", "zip": "94105", "state": "CA"},
         {("zip", "exclusive"), ("state", "exclusive")}),
    ],
)  # fmt: skip
def test_every_fault_of_a_search_is_named(query: Json, faults: set[tuple[str, str]]) -> None:
    reply = Api().get("/available-numbers", **query)
    assert (reply.status, reply.faults) == (400, faults)


def test_the_kinds_of_other_lists_are_what_they_were() -> None:
    api = Api()
    assert api.get("/invoices", kind="local").faults == {("kind", "format")}
    assert api.get("/invoices", kind="invoice").status == 200
    assert api.get("/numbers", state="active").status == 200


def test_a_number_is_bought_once() -> None:
    market = Market(Api())
    said = body(market, "+1 (415) 555-0103", tags={"source": "radio"})
    bought = market.api.post("/numbers/buy", said, Idempotency_Key="k1")
    assert bought.status == 201
    schemas.NumberView.model_validate(bought.body)
    told = {"e164": E164, "monthly_cost_micros": 1_150_000, "released_at": None}
    assert told.items() <= bought.body.items()
    assert market.api.carrier.rented[E164].webhooks == HERE
    for headers in ({"Idempotency_Key": "k1"}, {}):
        again = market.api.post("/numbers/buy", said, **headers)
        assert (again.status, again.body) == (201, bought.body)
        assert again.headers["Idempotency-Hit"] == "true"
    assert market.api.carrier.bought == [E164]
    other = market.api.post("/numbers/buy", body(market, "+14155550104"), Idempotency_Key="k1")
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")


def test_what_cannot_be_made_is_not_bought() -> None:
    market = Market(Api())
    wrong = body(market, offer_id="off_" + "0" * 26, tags={"Bad Name": "x"}, colour="red")
    assert market.api.post("/numbers/buy", wrong).faults == {
        ("tags.Bad Name", "format"), ("colour", "unknown_field"),
    }  # fmt: skip
    unknown = market.api.post("/numbers/buy", body(market, offer_id="off_" + "0" * 26))
    assert ("offer_id", "unknown_reference") in unknown.faults
    assert market.api.post("/numbers/buy", b"{").status == 400
    assert market.api.carrier.bought == []


def test_a_number_that_is_not_to_be_had_or_taken_is_a_conflict() -> None:
    market = Market(Api())
    gone = market.api.post("/numbers/buy", body(market, "+14155559999"))
    assert (gone.status, gone.body["code"]) == (409, "number_unavailable")
    market.api.post("/numbers/buy", body(market))
    taken = market.api.post("/numbers", body(market))
    assert (taken.status, taken.body["code"]) == (409, "number_taken")


def test_a_carrier_that_is_away_or_refuses_is_told_apart() -> None:
    market = Market(Api())
    market.api.carrier.happens_before("search", lambda: refused(market))
    search = market.api.get("/available-numbers")
    assert (search.status, search.body["code"]) == (422, "carrier_refused")
    assert search.body["detail"] == "the carrier refuses: Authenticate"
    market.api.carrier.away = True
    for reply in (
        market.api.get("/available-numbers"), market.api.post("/numbers/buy", body(market)),
        market.api.post("/numbers/reconcile"), market.api.delete(f"/numbers/{market.number['id']}"),
    ):  # fmt: skip
        assert (reply.status, reply.body["code"]) == (503, "carrier_away")
        assert reply.headers["Retry-After"] == "1"


def test_an_imported_number_leads_here() -> None:
    market = Market(Api())
    market.api.carrier.has(E164, ELSEWHERE)
    made = market.api.post("/numbers", body(market))
    assert (made.status, made.body["monthly_cost_micros"]) == (201, 1_150_000)
    assert market.api.carrier.rented[E164].webhooks == HERE


def test_a_released_number_rests_and_begins_anew() -> None:
    market = Market(Api())
    path = f"/numbers/{market.api.post('/numbers/buy', body(market)).body['id']}"
    released = market.api.delete(path)
    assert (released.status, released.body["state"]) == (200, "archived")
    assert market.api.carrier.released == [E164]
    assert market.api.delete(path).body == released.body
    assert market.api.patch(path, {"state": "active"}).faults == {("state", "released")}
    assert market.api.patch(path, {"released_at": None}).faults == {("released_at", "fixed")}
    resting = market.api.post("/numbers/buy", body(market))
    assert (resting.status, resting.body["code"]) == (409, "number_resting")
    market.api.later(days=60)
    anew = market.api.post("/numbers/buy", body(market, tags={"source": "tv"}))
    assert (anew.status, anew.body["state"], anew.body["version"]) == (201, "active", 4)
    assert (anew.body["released_at"], anew.body["tags"]) == (None, {"source": "tv"})
    assert market.api.get(path).body == anew.body


def test_a_release_is_repeated_until_the_carrier_hears_it() -> None:
    market = Market(Api())
    path = f"/numbers/{market.api.post('/numbers/buy', body(market)).body['id']}"
    market.api.carrier.happens_after("release", lost)
    assert market.api.delete(path).status == 503
    assert market.api.get(path).body["state"] == "archived"
    assert market.api.delete(path).body["released_at"] is not None


def test_a_number_says_who_lends_it_and_the_usual_carrier_is_not_the_only_one() -> None:
    market = Market(Api(), minimum_talk_seconds=0)
    bought = market.api.post("/numbers/buy", body(market))
    assert bought.body["carrier"] == "twilio"
    refused = market.api.post("/numbers/buy", body(market, OTHER, carrier="connect"))
    assert (refused.status, refused.body["code"]) == (409, "carrier_not_set_up")
    market.api.others["connect"] = connect = FakeCarrier(name="connect")
    theirs = market.api.post("/numbers/buy", body(market, OTHER, carrier="connect"))
    assert (theirs.status, theirs.body["carrier"]) == (201, "connect")
    assert theirs.body["monthly_cost_micros"] == 912_500
    assert (connect.bought, market.api.carrier.bought) == ([OTHER], [E164])
    path = f"/numbers/{theirs.body['id']}"
    assert market.api.patch(path, {"carrier": "twilio"}).faults == {("carrier", "fixed")}
    assert market.api.patch(path, {"carrier": None, "tags": {"a": "b"}}).status == 200
    assert market.api.patch(path, {"carrier": "pigeon"}).status == 400
    assert market.api.delete(path).body["carrier"] == "connect"
    assert (connect.released, market.api.carrier.released) == ([OTHER], [])


def test_a_search_and_a_comparison_name_their_carrier() -> None:
    market = Market(Api(), minimum_talk_seconds=0)
    assert market.api.get("/available-numbers").body["carrier"] == "twilio"
    unknown = market.api.get("/available-numbers", carrier="pigeon")
    assert unknown.faults == {("carrier", "format")}
    absent = market.api.get("/available-numbers", carrier="connect")
    assert (absent.status, absent.body["code"]) == (409, "carrier_not_set_up")
    market.api.others["connect"] = FakeCarrier(name="connect")
    assert market.api.get("/available-numbers", carrier="connect").body["carrier"] == "connect"
    market.api.post("/numbers/buy", body(market, carrier="connect"))
    report = market.api.post("/numbers/reconcile?carrier=connect")
    schemas_numbers.ReconciliationView.model_validate(report.body)
    assert (report.body["carrier"], report.body["counted"]["in_order"]) == ("connect", 1)
    assert market.api.get("/numbers/reconciliation").status == 404
    assert market.api.get("/numbers/reconciliation", carrier="connect").body == report.body


def test_where_amazon_connect_is_alone_it_is_the_usual_carrier() -> None:
    api = Api(carrier=FakeCarrier(name="connect"))
    market = Market(api, minimum_talk_seconds=0)
    assert api.post("/numbers/buy", body(market)).body["carrier"] == "connect"


def test_the_comparison_is_made_on_request_and_can_be_read_later() -> None:
    market = Market(Api())
    never = market.api.get("/numbers/reconciliation")
    assert never.status == 404
    market.api.post("/numbers/buy", body(market))
    market.api.carrier.has(E164, ELSEWHERE)
    market.api.carrier.has("+12125550101")
    report = market.api.post("/numbers/reconcile")
    assert report.status == 200
    schemas_numbers.ReconciliationView.model_validate(report.body)
    assert report.body["counted"] == {
        "at_carrier": 2, "in_order": 0, "repaired": 1, "unrepaired": 0, "strangers": 1,
        "orphans": 1, "unused": 0, "resting": 0, "foreign_caller_ids": 0,
    }  # fmt: skip
    assert (report.body["strangers"], report.body["orphans"]) == (
        ["+12125550101"], [market.number["e164"]],
    )  # fmt: skip
    assert report.body["repaired"][0]["was"]["voice_url"] == ELSEWHERE.voice_url
    assert report.body["monthly_cost_micros"] == 2_300_000
    assert market.api.get("/numbers/reconciliation").body == report.body


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/available-numbers"), ("POST", "/numbers/buy"), ("POST", "/numbers/reconcile"),
     ("GET", "/numbers/reconciliation"), ("DELETE", "/numbers/num_1")],
)  # fmt: skip
def test_nobody_without_the_operators_key_reaches_the_carrier(method: str, path: str) -> None:
    api = Api()
    assert api.send(method, path, {}, headers={"Authorization": "Bearer wrong"}).status == 401
