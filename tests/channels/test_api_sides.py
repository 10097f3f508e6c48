"""Calls, decisions and the catalog as publishers and advertisers have them, and never another's."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.channels import schemas_sides
from chalicelib.channels.http import Route
from chalicelib.keys import PartyKind
from chalicelib.store.attributions import call_of_visit
from infra.openapi import routes
from tests.builders import CALLER
from tests.channels.api import Api, Market, Party, Reply
from tests.payees import A_W9, AN_ACCOUNT
from tests.recordings import a_kept_recording
from tests.world import World

Json = dict[str, Any]
A_COST = {"from": "2026-11-01", "to": "2026-12-01", "amount_cents": 3000}
KINDS = (PartyKind.PUBLISHER, PartyKind.ADVERTISER)
E164 = ("+18005550100", "+18005550101")


def a_visit(site: Json) -> Json:
    return {"site_id": site["id"], "attributes": {"source": "newsletter"}}


@dataclass
class Sides:
    """Two markets on one deployment, each with a call; those of the one are strangers to the
    other."""

    api: Api = field(default_factory=Api)
    markets: tuple[Market, ...] = field(init=False)
    calls: tuple[Json, ...] = field(init=False)
    recordings: tuple[Json, ...] = field(init=False)
    pools: tuple[Json, ...] = field(init=False)
    costs: tuple[Json, ...] = field(init=False)
    sites: tuple[Json, ...] = field(init=False)
    visits: tuple[Json, ...] = field(init=False)
    previews: tuple[Json, ...] = field(init=False)
    secrets: tuple[Json, ...] = field(init=False)
    invoices: tuple[Json, ...] = ()
    payouts: tuple[Json, ...] = ()
    credits: tuple[Json, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.markets = tuple(
            Market(self.api, billing="net", credit_limit_cents=1_000_000, e164=e164)
            for e164 in E164
        )
        for n, market in enumerate(self.markets):
            self.funded(market.advertiser)
            self.world.talks(f"CA{n}", seconds=130, e164=market.e164, caller=f"+1415555010{n}")
        self.calls = tuple(
            self.api.get("/calls", carrier_call_id=f"CA{n}").body["data"][0] for n in range(2)
        )
        self.recordings = tuple({"id": f"rec_{n}"} for n in range(2))
        for call, recording in zip(self.calls, self.recordings, strict=True):
            kept = a_kept_recording(id=recording["id"], call_id=call["id"])
            self.api.stores.recordings.keep(kept)
        self.pools = tuple(self._pool(market) for market in self.markets)
        self.sites = tuple(
            self.api.created(
                "/sites", publisher_id=market.publisher["id"], name="Roofs",
                domains=["example.com"],
                swaps=[{"find": "+18005550199", "pool_id": pool["id"]}],
            )
            for market, pool in zip(self.markets, self.pools, strict=True)
        )  # fmt: skip
        self.visits = tuple(
            {"id": self.api.send("POST", "/visits", a_visit(site)).body["visit_id"]}
            for site in self.sites
        )
        for call, visit in zip(self.calls, self.visits, strict=True):
            self.api.rows.write([call_of_visit(visit["id"], call["id"], self.api.now)])
        self.costs = tuple(
            self.api.created(f"/placements/{market.placement['id']}/costs", **A_COST)
            for market in self.markets
        )
        self.previews = tuple(self.previewed(n) for n in range(2))
        self.secrets = tuple(
            self.api.created(f"/advertisers/{market.advertiser['id']}/postback-secrets")
            for market in self.markets
        )
        self.credits = tuple(self.credited(call) for call in self.calls)
        for n, market in enumerate(self.markets):
            said = {"email": f"office{n}@media.example"}
            path = f"/publishers/{market.publisher['id']}/payee/email"
            assert self.api.send("PUT", path, said).status == 200

    def credited(self, call: Json, key: str = "t-1") -> Json:
        """A cent of the call is given back."""
        said = {"reason": "goodwill", "amount_cents": 1, "note": "only we see this"}
        made: Json = self.api.post(f"/calls/{call['id']}/credit", said, Idempotency_Key=key).body
        return made

    def _pool(self, market: Market) -> Json:
        """A pool with two numbers of its own."""
        pool = self.api.created("/pools", placement_id=market.placement["id"], name="Ads")
        self.api.created(f"/pools/{pool['id']}/numbers", buy={"count": 2})
        return pool

    def previewed(self, n: int) -> Json:
        """A file that names the market's call, and an applied one that names none."""
        advertiser = self.markets[n].advertiser["id"]
        lines = (f"call_{'0' * 26},sold", f"{self.calls[n]['id']},sold")
        for line in lines:
            made = self.api.send(
                "POST", f"/dispositions/preview?advertiser_id={advertiser}",
                f"call_id,disposition\n{line}\n".encode(), headers={"Content-Type": "text/csv"},
            ).body  # fmt: skip
            if line is lines[0]:
                self.api.post("/dispositions/apply", {"preview_id": made["id"]})
        preview: Json = made
        return preview

    @property
    def world(self) -> World:
        """The telephone side of the deployment, now."""
        return World(self.api.rows, now=self.api.now)

    def funded(self, advertiser: Json) -> None:
        """The advertiser pays in beforehand."""
        self.api.created(
            "/payments", advertiser_id=advertiser["id"], reference=f"wire-{advertiser['id']}",
            amount_cents=1_000_000, currency="USD",
        )  # fmt: skip

    def bills(self) -> None:
        """The month is over: each market's advertiser has an invoice."""
        self.api.post("/closings", {"as_of": "2026-12-01T00:00:00Z"})
        issued = {one["advertiser_id"]: one for one in self.api.get("/invoices").body["data"]}
        self.invoices = tuple(issued[market.advertiser["id"]] for market in self.markets)

    def pays_out(self) -> None:
        """The terms have run: each market's publisher has a payout."""
        self.bills()
        self.api.post("/closings", {"as_of": "2027-01-01T00:00:00Z"})
        made = {one["publisher_id"]: one for one in self.api.get("/payouts").body["data"]}
        self.payouts = tuple(made[market.publisher["id"]] for market in self.markets)

    def party(self, kind: str, n: int = 0) -> Party:
        """The publisher or the advertiser of a market."""
        market = self.markets[n]
        account = market.publisher if kind == "publisher" else market.advertiser
        return Party(self.api, account, kind)

    def joined(self, *, priority: int) -> Json:
        """Another advertiser's campaign competes for the calls of the first market; its target."""
        buyer = self.api.created("/advertisers", name="Bolt Roofing", billing="prepaid")
        self.funded(buyer)
        first = self.markets[0]
        campaign = first.campaign_more(advertiser_id=buyer["id"], terms={"charge_cents": 6100})
        target = self.api.created(
            f"/campaigns/{campaign['id']}/targets", name="Bolt", destination="+12125550177",
            priority=priority,
        )  # fmt: skip
        ids = [first.campaign["id"], campaign["id"]]
        self.api.patch(f"/offers/{first.offer['id']}", {"campaign_ids": ids})
        return target | {"advertiser": buyer}


def test_a_publisher_sees_its_call_without_the_buying_side() -> None:
    sides = Sides()
    party = sides.party("publisher")
    (shown,) = party.get("/calls").body["data"]
    schemas_sides.PublisherCallView.model_validate(shown)
    assert shown["caller"] == "+1415555****"
    assert (shown["earning_cents"], shown["talk_seconds"], shown["status"]) == (
        1500, 130, "approved",
    )  # fmt: skip
    assert shown["placement_id"] == sides.markets[0].placement["id"]
    assert {"charge_cents", "campaign_id", "target_id", "advertiser_id"}.isdisjoint(shown)
    assert party.get(f"/calls/{shown['id']}").body == shown


def test_an_advertiser_sees_its_call_without_the_selling_side() -> None:
    sides = Sides()
    party, market = sides.party("advertiser"), sides.markets[0]
    (shown,) = party.get("/calls", campaign_id=market.campaign["id"]).body["data"]
    schemas_sides.AdvertiserCallView.model_validate(shown)
    assert (shown["caller"], shown["charge_cents"]) == (CALLER, 2500)
    assert shown["publisher"].startswith("ali_")
    text = json.dumps(shown)
    for hidden in ("earning", market.publisher["id"], market.placement["id"], market.e164,
                   market.publisher["name"]):  # fmt: skip
        assert hidden not in text
    assert party.get(f"/calls/{shown['id']}").body == shown


def test_an_alias_is_the_same_in_every_call_of_one_advertiser() -> None:
    sides = Sides()
    sides.world.talks("CA9", seconds=130, e164=E164[0], caller="+14155550109")
    campaign = sides.markets[0].campaign["id"]
    calls = sides.party("advertiser").get("/calls", campaign_id=campaign).body["data"]
    assert len(calls) == 2
    assert len({call["publisher"] for call in calls}) == 1


def test_an_advertiser_names_the_campaign_whose_calls_it_lists() -> None:
    sides = Sides()
    party = sides.party("advertiser")
    reply = party.get("/calls")
    assert reply.faults == {("campaign_id", "required")}
    (campaign,) = party.get("/campaigns").body["data"]
    assert campaign == sides.api.get(f"/campaigns/{campaign['id']}").body
    assert len(party.get("/calls", campaign_id=campaign["id"]).body["data"]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_walking_the_pages_shows_every_own_call_once_and_no_other(kind: str) -> None:
    sides = Sides()
    for n in range(10, 16):
        sides.api.later(minutes=1)
        sides.world.talks(f"CA{n}", seconds=5 + 30 * n % 90, e164=E164[n % 2], caller=None)
    own = {"campaign_id": sides.markets[0].campaign["id"]}
    asked = own if kind == "advertiser" else {"publisher_id": sides.markets[0].publisher["id"]}
    expected = [call["id"] for call in sides.api.get("/calls", **asked).body["data"]]
    found: list[str] = []
    query: dict[str, str] = {"limit": "2"} | (own if kind == "advertiser" else {})
    while True:
        page = sides.party(kind).get("/calls", **query).body
        found += [call["id"] for call in page["data"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == expected
    assert len(found) == 4
    status = {"status": "denied"} | (own if kind == "advertiser" else {})
    denied = sides.party(kind).get("/calls", **status).body["data"]
    assert {call["status"] for call in denied} == {"denied"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("publisher", "month"), ("publisher", "campaign_id"), ("publisher", "publisher_id"),
     ("publisher", "carrier_call_id"), ("advertiser", "month"), ("advertiser", "publisher_id"),
     ("advertiser", "carrier_call_id")],
)  # fmt: skip
def test_no_party_asks_by_what_is_not_its_own(kind: str, name: str) -> None:
    sides = Sides()
    values = {"month": "2026-11", "carrier_call_id": "CA0",
              "campaign_id": sides.markets[0].campaign["id"],
              "publisher_id": sides.markets[0].publisher["id"]}  # fmt: skip
    reply = sides.party(kind).get("/calls", **{name: values[name]})
    assert (name, "unknown_parameter") in reply.faults


def test_a_cursor_of_one_party_is_no_cursor_of_another() -> None:
    sides = Sides()
    sides.world.talks("CA9", seconds=130, e164=E164[0], caller="+14155550109")
    cursor = sides.party("publisher").get("/calls", limit="1").body["next_cursor"]
    assert sides.party("publisher").get("/calls", cursor=cursor).status == 200
    assert sides.party("publisher", 1).get("/calls", cursor=cursor).faults == {("cursor", "cursor")}
    assert sides.api.get("/calls", cursor=cursor).faults == {("cursor", "cursor")}


def test_each_side_of_a_call_that_failed_over_to_another_buyer() -> None:
    sides = Sides()
    other = sides.joined(priority=2)
    first = sides.markets[0]
    sides.world.arrives("CA9", e164=E164[0], caller="+14155550109")
    sides.world.fails("CA9")
    call = sides.world.call("CA9")
    assert call.attempt is not None and call.attempt.hold.target_id == other["id"]
    path = f"/calls/{call.id}"
    seen = sides.party("publisher").get(f"{path}/decision").body
    schemas_sides.PublisherDecisionsView.model_validate(seen)
    assert seen["decisions"] == [
        {"attempt": 1, "taken": True, "buyers": 2, "reasons": {"chosen": 1, "outranked": 1},
         "refusal": None, "earning_stopped": None},
        {"attempt": 2, "taken": True, "buyers": 2, "reasons": {"already_tried": 1, "chosen": 1},
         "refusal": None, "earning_stopped": None},
    ]  # fmt: skip
    buyer = Party(sides.api, other["advertiser"], "advertiser")
    had = buyer.get(f"{path}/decision").body
    schemas_sides.AdvertiserDecisionsView.model_validate(had)
    assert [(one["taken_by"], [(seen["target_id"], seen["reason"], seen["charge_cents"])
                               for seen in one["considered"]]) for one in had["decisions"]] == [
        ("another_buyer", [(other["id"], "outranked", 6100)]),
        ("you", [(other["id"], "chosen", 6100)]),
    ]  # fmt: skip
    assert first.target["id"] not in json.dumps(had)
    for part in ("", "/decision"):
        assert sides.party("advertiser").get(path + part).status == 404
        assert buyer.get(path + part).status == 200


def test_a_publisher_is_not_told_that_a_buyer_is_out_of_money() -> None:
    sides = Sides()
    sides.api.patch(f"/campaigns/{sides.markets[0].campaign['id']}", {"total_budget_cents": 2500})
    sides.world.arrives("CA9", e164=E164[0], caller="+14155550109")
    call_id = sides.world.call("CA9").id
    operators = sides.api.get(f"/calls/{call_id}").body
    assert operators["refusal"] == "no_budget_total"
    party = sides.party("publisher")
    shown = party.get(f"/calls/{call_id}").body
    schemas_sides.PublisherCallView.model_validate(shown)
    decision = party.get(f"/calls/{call_id}/decision").body
    assert (shown["refusal"], shown["reasons"]) == ("unavailable", ["unavailable"])
    assert decision["decisions"][0]["reasons"] == {"unavailable": 1}
    assert "budget" not in json.dumps([shown, decision])
    assert sides.party("advertiser").get(f"/calls/{call_id}").status == 404


def test_a_publisher_learns_that_the_gate_kept_a_caller_out_and_no_more() -> None:
    sides = Sides()
    block = {"kind": "exact", "number": "+14155550109", "reason": "Robocalls"}
    made = sides.api.created("/blocks", **block)
    sides.world.arrives("CA9", e164=E164[0], caller="+14155550109")
    path = f"/calls/{sides.world.call('CA9').id}/decision"
    assert sides.api.get(path).body["decisions"][0]["gate"]["block_id"] == made["id"]
    shown = sides.party("publisher").get(path)
    schemas_sides.PublisherDecisionsView.model_validate(shown.body)
    assert shown.body["decisions"][0]["refusal"] == "blocked_number"
    assert made["id"] not in json.dumps(shown.body)


# --- every route that a party has, and every route that it has not -----------------------------

ROUTES = tuple(route for route in routes() if not route.public)
_IDS = {
    "/campaigns/{id}": "campaign", "/partnerships/{id}": "partnership", "/calls/{id}": "call",
    "/calls/{id}/decision": "call", "/calls/{id}/verdict": "call",
    "/calls/{id}/verdict/replay": "call", "/campaigns/{id}/backtest": "campaign",
    "/campaigns/{id}/terms/{version}": "campaign",
    "/partnerships/{id}/terms/{version}": "partnership", "/open-offers/{id}/apply": "offer",
    "/pools/{id}": "pool", "/pools/{id}/numbers": "pool", "/sites/{id}": "site",
    "/placements/{id}/costs": "placement", "/placements/{id}/costs/{cost_id}": "placement",
    "/placements/{id}/return": "placement", "/calls/{id}/recordings": "call",
    "/recordings/{id}/links": "recording", "/visits/{id}": "visit", "/sites/{id}/visits": "site",
    "/visits/{id}/calls": "visit",
    "/calls/{id}/disposition": "call", "/calls/{id}/dispositions": "call",
    "/calls/{id}/external-id": "call", "/dispositions/previews/{id}": "preview",
    "/dispositions/previews/{id}/rows": "preview",
    "/advertisers/{id}/postback-secrets": "advertiser",
    "/advertisers/{id}/top-up": "advertiser",
    "/advertisers/{id}/postback-secrets/{secret_id}": "advertiser",
    "/invoices/{id}": "invoice", "/invoices/{id}/pdf": "invoice", "/invoices/{id}/ubl": "invoice",
    "/invoices/{id}/calls.csv": "invoice", "/advertisers/{id}/aging": "advertiser",
    "/sites/{id}/tag": "site",
    "/publishers/{id}/payee": "publisher",
    "/publishers/{id}/payee/bank-details": "publisher",
    "/publishers/{id}/payee/paypal": "publisher",
    "/publishers/{id}/payee/email": "publisher",
    "/publishers/{id}/payee/tax-form": "publisher",
    "/publishers/{id}/payee/events": "publisher",
    "/credits/{id}": "credit", "/credits/{id}/pdf": "note", "/credits/{id}/ubl": "note",
    "/payouts/{id}": "payout", "/payouts/{id}/calls": "payout",
    "/payouts/{id}/statement": "payout", "/payouts/{id}/pdf": "payout",
    "/payouts/{id}/calls.csv": "payout",
    "/publishers/{id}/outlook": "publisher", "/publishers/{id}/outlook/calls": "publisher",
    "/publishers/{id}/tax-years/{year}": "publisher",
}  # fmt: skip
"""Whose id stands in the path of each route that parties have."""
_COMMON = {"/open-offers", "/open-offers/{id}/apply"}
"""Where there is nothing of another's: offers are for every publisher."""


A_MONTH = {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}


def having(kind: PartyKind) -> list[Route]:
    return [route for route in ROUTES if kind in route.parties]


HAVING = [(kind, route) for kind in KINDS for route in having(kind)]
NOT_HAVING = [(kind, route) for kind in KINDS for route in ROUTES if kind not in route.parties]


def line(value: object) -> str:
    return f"{value.method} {value.path}" if isinstance(value, Route) else str(value)


def sent(sides: Sides, kind: str, route: Route, *, of: int) -> Reply:
    """The request of the first market's party, about a thing of market number `of`."""
    market = sides.markets[of]
    path = route.path
    if path.endswith("/outlook/calls"):
        sides.bills()
    if path.startswith("/payouts"):
        sides.pays_out()
    if path.startswith("/invoices") or _IDS.get(path) == "note":
        sides.bills()
    if "{id}" in path:
        noun = _IDS[path]
        of_calls = {
            "call": sides.calls[of], "recording": sides.recordings[of], "pool": sides.pools[of],
            "visit": sides.visits[of],
            "site": sides.sites[of],
            "preview": sides.previews[of],
            "invoice": sides.invoices[of] if noun == "invoice" else {},
            "payout": sides.payouts[of] if noun == "payout" else {},
            "credit": sides.credits[of],
            "note": sides.credited(sides.calls[of], "t-2") if noun == "note" else {},
        }  # fmt: skip
        thing = of_calls[noun] if noun in of_calls else getattr(market, noun)
        for name, one in (("cost_id", sides.costs[of]), ("secret_id", sides.secrets[of])):
            path = path.replace(f"{{{name}}}", one["id"])
        path = path.replace("{id}", thing["id"]).replace("{version}", "1")
        path = path.replace("{year}", "2026")
        path += "?from=2026-11-01&to=2026-12-01" if path.endswith("/return") else ""
    elif path == "/calls" and kind == "advertiser":
        path += f"?campaign_id={market.campaign['id']}"
    party = sides.party(kind)
    if route.media:
        file = b"call_id,disposition\n" + sides.calls[of]["id"].encode() + b",sold\n"
        return party.send(route.method, path, file, Content_Type=route.media)
    bodies: dict[str, Json] = {
        "/calls/{id}/disposition": {"value": "sold"},
        "/campaigns/{id}/backtest": {"period": A_MONTH, "terms": {"charge_cents": 1}},
        "/calls/{id}/external-id": {"external_id": "crm-1"},
        "/dispositions/apply": {"preview_id": sides.previews[of]["id"]},
        "/visits": a_visit(sides.sites[of]),
        "/publishers/{id}/payee/bank-details": AN_ACCOUNT,
        "/publishers/{id}/payee/paypal": {"email": "pay@bright.example"},
        "/publishers/{id}/payee/email": {"email": "money@bright.example"},
        "/publishers/{id}/payee/tax-form": A_W9,
    }
    if route.body == "CostBody":
        bodies[route.path] = A_COST
    body = bodies.get(route.path, {}) if route.method in ("POST", "PUT", "PATCH") else None
    return party.send(route.method, path, body)


def names(sides: Sides, n: int) -> set[str]:
    """Every id of a market, of its call, and of that call's recording."""
    market = sides.markets[n]
    things = (market.advertiser, market.publisher, market.campaign, market.target,
              market.partnership, market.placement, market.number, sides.calls[n],
              sides.recordings[n], sides.pools[n], sides.sites[n], sides.visits[n],
              sides.costs[n], sides.previews[n], sides.secrets[n], sides.credits[n])  # fmt: skip
    return {thing["id"] for thing in things}


@pytest.mark.parametrize(("kind", "route"), HAVING, ids=line)
def test_a_party_has_its_own_side_and_nothing_of_anothers(kind: PartyKind, route: Route) -> None:
    sides = Sides()
    stands = sides.api.get("/partnerships").body
    by_id = (
        "{id}" in route.path
        or route.body == "VisitBody"
        or (route.path == "/calls" and kind is PartyKind.ADVERTISER)
    )
    by_id = by_id or route.path == "/dispositions/apply"
    if by_id and route.path not in _COMMON:
        theirs = sent(sides, kind, route, of=1)
        assert (theirs.status, theirs.body["code"]) == (404, "not_found")
        assert sides.api.get("/partnerships").body == stands
    own = sent(sides, kind, route, of=0)
    expected = {200, 201, 409} if route.path in _COMMON else {route.status}
    assert own.status in expected, own.body
    text = json.dumps(own.body)
    assert not [id for id in names(sides, 1) if id in text]
    assert "data" not in own.body or own.body["data"]


@pytest.mark.parametrize(("kind", "route"), NOT_HAVING, ids=line)
def test_a_route_is_not_for_a_key_of_another_kind(kind: PartyKind, route: Route) -> None:
    api = Api()
    party = Party(api, api.created(f"/{kind}s", name="Acme", **_MORE[kind]), kind)
    before = {table: api.rows.rows_of(table) for table in ("catalog", "calls", "books", "ledger")}
    path = route.path.replace("{id}", party.id).replace("{account}", "cash:bank")
    path = path.replace("{number_id}", "num_1").replace("{cost_id}", "cost_1")
    path = path.replace("{year}", "2026")
    reply = party.send(route.method, path, {} if route.body else None)
    assert (reply.status, reply.body["code"]) == (403, "forbidden")
    assert before == {table: api.rows.rows_of(table) for table in before}


_MORE: dict[PartyKind, Json] = {
    PartyKind.PUBLISHER: {},
    PartyKind.ADVERTISER: {"billing": "prepaid"},
}


def test_what_only_publishers_have_is_not_for_the_operator() -> None:
    api = Api()
    for method, path in [("GET", "/open-offers"), ("POST", "/open-offers/off_1/apply")]:
        reply = api.send(method, path)
        assert (reply.status, reply.body["code"]) == (403, "forbidden")
