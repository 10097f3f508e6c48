"""Costs of placements over HTTP, what they return, and numbers and media for people."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.channels import schemas_costs
from tests.builders import NOW
from tests.channels.api import Api, Market, Party, Reply
from tests.world import World

Json = dict[str, Any]
NOTHING = "0" * 26
NOVEMBER: Json = {"from": "2026-11-01", "to": "2026-12-01", "amount_cents": 30_000}


class Books:
    """A market, and the costs of its placement."""

    def __init__(self) -> None:
        self.market = Market(Api())
        self.api = self.market.api
        self.path = f"/placements/{self.market.placement['id']}/costs"

    def enters(self, **more: Any) -> Json:
        return self.api.created(self.path, **NOVEMBER | more)

    def returns(self, start: str = "2026-11-01", end: str = "2026-12-01") -> Reply:
        path = self.path.replace("/costs", "/return")
        return self.api.get(path, **{"from": start, "to": end})


def test_a_cost_is_entered_listed_corrected_and_removed() -> None:
    books = Books()
    made = books.enters(note="Radio KXYZ, mornings")
    schemas_costs.CostView.model_validate(made)
    assert NOVEMBER.items() <= made.items()
    assert (made["currency"], made["version"], made["removed"]) == ("USD", 1, False)
    assert books.api.get(books.path).body == {"data": [made]}
    path = f"{books.path}/{made['id']}"
    corrected = books.api.patch(path, {"amount_cents": 31_000, "to": "2026-12-02"}, If_Match='"1"')
    assert (corrected.body["amount_cents"], corrected.body["to"]) == (31_000, "2026-12-02")
    assert (corrected.body["note"], corrected.headers["ETag"]) == (made["note"], '"2"')
    assert books.api.patch(path, {}).body == corrected.body
    stale = books.api.patch(path, {"amount_cents": 1}, If_Match='"1"')
    assert (stale.status, stale.body["code"]) == (409, "version_mismatch")
    removed = books.api.delete(path)
    assert (removed.status, removed.body["removed"], removed.body["version"]) == (200, True, 3)
    assert books.api.delete(path).body == removed.body
    assert books.api.get(books.path).body == {"data": []}
    assert books.api.patch(path, {"amount_cents": 1}).status == 404


def test_a_keyed_cost_is_entered_once_and_stands_for_one_content() -> None:
    books = Books()
    first = books.api.post(books.path, NOVEMBER, Idempotency_Key="k1")
    again = books.api.post(books.path, NOVEMBER, Idempotency_Key="k1")
    assert (again.body, again.headers["Idempotency-Hit"]) == (first.body, "true")
    other = books.api.post(books.path, NOVEMBER | {"amount_cents": 1}, Idempotency_Key="k1")
    assert (other.status, other.body["code"]) == (422, "idempotency_key_reused")
    assert len(books.api.get(books.path).body["data"]) == 1


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"from": "2026-13-01", "amount_cents": 0, "colour": "red"},
         {("from", "format"), ("amount_cents", "range"), ("colour", "unknown_field")}),
        ({"from": "1999-01-01", "to": "x", "amount_cents": "1"},
         {("from", "range"), ("to", "format"), ("amount_cents", "type")}),
        ({"to": "2026-11-01", "currency": "EUR"},
         {("to", "order"), ("currency", "currency_mismatch")}),
        ({"to": "2028-11-01"}, {("to", "range")}),
        ({"start": "2026-11-01"}, {("start", "unknown_field")}),
    ],
)  # fmt: skip
def test_every_fault_of_a_cost_is_named(said: Json, faults: set[tuple[str, str]]) -> None:
    books = Books()
    assert books.api.post(books.path, NOVEMBER | said).faults == faults
    made = books.enters()
    assert books.api.patch(f"{books.path}/{made['id']}", said).faults == faults
    assert books.api.post(books.path, b"{").status == 400


def test_the_return_counts_the_placements_own_calls_of_the_days() -> None:
    books = Books()
    api, market = books.api, books.market
    api.created(
        "/payments", advertiser_id=market.advertiser["id"], reference="wire",
        amount_cents=1_000_000, currency="USD",
    )  # fmt: skip
    elsewhere = api.created("/placements", **market.led, name="Radio", medium="radio")
    api.created(
        "/numbers", **market.led, placement_id=elsewhere["id"], e164="+18005550177"
    )  # fmt: skip
    for n, (seconds, e164, days) in enumerate(
        [(130, market.e164, 0), (130, market.e164, 0), (5, market.e164, 0),
         (130, "+18005550177", 0), (130, market.e164, 8)]
    ):  # fmt: skip
        world = World(api.rows, now=NOW + timedelta(days=days))
        world.talks(f"CA{n}", seconds=seconds, e164=e164, caller=f"+1415555011{n}")
    books.enters()
    found = books.returns()
    schemas_costs.ReturnView.model_validate(found.body)
    assert found.body == {
        "placement_id": market.placement["id"], "from": "2026-11-01", "to": "2026-12-01",
        "currency": "USD", "calls": 3, "approved": 2, "earnings_cents": 3000,
        "cost_cents": 30_000, "return_cents": -27_000, "return_percent": -90.0,
    }  # fmt: skip
    day = books.returns("2026-11-23", "2026-11-24").body
    assert (day["earnings_cents"], day["cost_cents"], day["return_percent"]) == (3000, 1000, 200.0)
    december = books.returns("2026-12-01", "2026-12-02").body
    assert (december["calls"], december["cost_cents"], december["return_percent"]) == (1, 0, None)


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({}, {("from", "required"), ("to", "required")}),
        ({"from": "2026-11-01"}, {("to", "required")}),
        ({"from": "2026-11-1", "to": "1"}, {("from", "format"), ("to", "format")}),
        ({"from": "2026-11-02", "to": "2026-11-01"}, {("to", "order")}),
        ({"from": "2026-02-30", "to": "2026-03-01"}, {("from", "format")}),
    ],
)
def test_days_that_are_none_have_no_return(query: Json, faults: set[tuple[str, str]]) -> None:
    books = Books()
    assert books.api.get(books.path.replace("/costs", "/return"), **query).faults == faults


def test_a_publisher_enters_costs_of_its_own_placements_alone() -> None:
    books = Books()
    other = Market(books.api, e164="+18005550102")
    party = Party(books.api, books.market.publisher, "publisher")
    theirs = f"/placements/{other.placement['id']}/costs"
    made = party.send("POST", books.path, NOVEMBER)
    assert made.status == 201
    cost = f"/{made.body['id']}"
    assert party.send("PATCH", books.path + cost, {"note": "x"}).body["note"] == "x"
    for method, path in [("POST", theirs), ("GET", theirs), ("DELETE", theirs + cost)]:
        assert party.send(method, path, NOVEMBER).status == 404
    stranger = Party(books.api, other.publisher, "publisher")
    assert stranger.send("DELETE", books.path + cost).status == 404
    assert stranger.send("DELETE", theirs + cost).status == 404
    assert party.send("DELETE", books.path + cost).body["removed"] is True


def test_a_cost_of_no_placement_and_no_cost_are_not_found() -> None:
    books = Books()
    assert books.api.post(f"/placements/plc_{NOTHING}/costs", NOVEMBER).status == 404
    for method in ("PATCH", "DELETE"):
        assert books.api.send(method, f"{books.path}/cost_{NOTHING}", {}).status == 404


def test_a_vanity_form_spells_the_number() -> None:
    market = Market(Api())
    said = {**market.led, "placement_id": market.placement["id"], "e164": "+18003569377"}
    assert market.api.post("/numbers", said | {"vanity": "1-800-FLOWERY"}).faults == {
        ("vanity", "vanity")
    }
    made = market.api.created("/numbers", **said, vanity="1-800-FLOWERS")
    assert made["vanity"] == "1-800-FLOWERS"
    path = f"/numbers/{made['id']}"
    assert market.api.patch(path, {"vanity": "1-800-ROOFING"}).faults == {("vanity", "vanity")}
    assert market.api.patch(path, {"vanity": None}).body["vanity"] is None


def test_a_placement_is_in_one_of_the_media() -> None:
    market = Market(Api())
    for medium in ("web", "radio", "print", "tv", "outdoor"):
        made = market.api.created("/placements", **market.led, name="Spot", medium=medium)
        assert made["medium"] == medium
    wrong = market.api.post("/placements", {**market.led, "name": "Spot", "medium": "smoke"})
    assert wrong.faults == {("medium", "choice")}
