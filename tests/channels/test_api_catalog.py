"""The catalog over HTTP: ten nouns, each created, read, listed, changed and archived."""

from typing import Any

import pytest

from chalicelib.channels import schemas, schemas_pools
from chalicelib.channels.api_catalog import NOUNS
from tests.channels.api import UNRULED, Api, Market

Json = dict[str, Any]
NOTHING = "0" * 26


def things(market: Market) -> dict[str, Json]:
    pool = market.api.created("/pools", placement_id=market.placement["id"], name="Search ads")
    swaps = [{"find": "+18005550199", "pool_id": pool["id"], "e164": None}]
    site = market.api.created(
        "/sites", publisher_id=market.publisher["id"], name="Roofs", domains=["example.com"],
        swaps=swaps,
    )  # fmt: skip
    return {
        "/advertisers": market.advertiser, "/publishers": market.publisher,
        "/campaigns": market.campaign, "/targets": market.target, "/offers": market.offer,
        "/partnerships": market.partnership, "/placements": market.placement,
        "/numbers": market.number, "/pools": pool, "/sites": site,
    }  # fmt: skip


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.word)
def test_a_thing_is_read_listed_archived_and_looks_as_documented(noun: Any) -> None:
    market = Market(Api())
    thing = things(market)[noun.path]
    views = {**vars(schemas_pools), **vars(schemas)}
    views[noun.view].model_validate(thing)
    read = market.api.get(f"{noun.path}/{thing['id']}")
    assert (read.status, read.body, read.headers["ETag"]) == (200, thing, '"1"')
    listed = market.api.get(noun.path)
    assert listed.body == {"data": [thing], "next_cursor": None}
    gone = market.api.delete(f"{noun.path}/{thing['id']}")
    state = "ended" if noun.word == "partnership" else "archived"
    told = {"version": 3, "released_at": "2026-11-23T15:00:00.000Z"}
    more = told if noun.word == "number" else {"version": 2}
    assert (gone.status, gone.body) == (200, thing | {"state": state} | more)
    assert market.api.delete(f"{noun.path}/{thing['id']}").body == gone.body
    assert market.api.get(noun.path, state=state).body["data"] == [gone.body]
    assert market.api.get(noun.path, state="active").body["data"] == []


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.word)
def test_what_is_not_there_is_not_found(noun: Any) -> None:
    api = Api()
    path = f"{noun.path}/{noun.word[:3]}_{NOTHING}"
    for method in ("GET", "PATCH", "DELETE"):
        assert api.send(method, path, {}).status == 404


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.word)
def test_an_empty_change_changes_nothing(noun: Any) -> None:
    market = Market(Api())
    thing = things(market)[noun.path]
    assert market.api.patch(f"{noun.path}/{thing['id']}", {}).body == thing
    assert market.api.patch(f"{noun.path}/{thing['id']}", thing).body == thing


def test_a_change_merges_member_by_member() -> None:
    market = Market(Api())
    path = f"/campaigns/{market.campaign['id']}"
    changed = market.api.patch(
        path, {"terms": {"repeat_days": 7}, "daily_budget_cents": 50_000, "zone": "America/Denver"}
    ).body
    assert changed["terms"] == {
        "charge_cents": 2500, "minimum_talk_seconds": 60, "repeat_days": 7,
        **UNRULED,
    }  # fmt: skip
    assert (changed["daily_budget_cents"], changed["version"]) == (50_000, 2)
    back = market.api.patch(path, {"daily_budget_cents": None, "zone": None}).body
    assert (back["daily_budget_cents"], back["zone"], back["version"]) == (None, "UTC", 3)


def test_a_change_names_every_fault_at_once() -> None:
    market = Market(Api())
    reply = market.api.patch(
        f"/campaigns/{market.campaign['id']}",
        {"name": None, "terms": {"charge_cents": "5", "tip": 1}, "colour": None, "id": "cmp_other"},
    )
    assert reply.faults == {
        ("name", "required"), ("terms.charge_cents", "type"), ("terms.tip", "unknown_field"),
        ("colour", "unknown_field"), ("id", "fixed"),
    }  # fmt: skip


def test_what_is_said_once_does_not_change() -> None:
    market = Market(Api())
    for path, change in [
        (f"/advertisers/{market.advertiser['id']}", {"billing": "net"}),
        (f"/publishers/{market.publisher['id']}", {"currency": "EUR"}),
        (f"/numbers/{market.number['id']}", {"e164": "+18005550199"}),
        (f"/targets/{market.target['id']}", {"campaign_id": f"cmp_{NOTHING}"}),
    ]:
        reply = market.api.patch(path, change)
        assert (next(iter(change)), "fixed") in reply.faults


def test_a_campaign_stays_with_its_advertiser() -> None:
    market = Market(Api())
    other = market.api.created("/advertisers", name="Other", billing="net")
    reply = market.api.patch(f"/campaigns/{market.campaign['id']}", {"advertiser_id": other["id"]})
    assert reply.faults == {("advertiser_id", "fixed")}


@pytest.mark.parametrize("said", [{"If_Match": '"1"'}, {"If_Match": 'W/"1"'}, {"body": 1}])
def test_a_change_that_rests_on_an_old_version_is_refused(said: dict[str, Any]) -> None:
    market = Market(Api())
    path = f"/offers/{market.offer['id']}"
    body = {"name": "New"} | ({"version": said.pop("body")} if "body" in said else {})
    assert market.api.patch(path, body, **said).body["version"] == 2
    late = market.api.patch(path, body | {"name": "Newer"}, **said)
    assert (late.status, late.body["code"]) == (409, "version_mismatch")
    assert market.api.patch(path, {"name": "Newest"}, If_Match='"2"').body["version"] == 3


@pytest.mark.parametrize("tag", ["one", "1", '"1', '"-1"', "", '"99999999999999999999"'])
def test_a_version_is_named_as_the_tag_says_it(tag: str) -> None:
    market = Market(Api())
    reply = market.api.patch(f"/offers/{market.offer['id']}", {"name": "New"}, If_Match=tag)
    assert reply.faults == {("If-Match", "format")}


@pytest.mark.parametrize(
    ("said", "canonical"),
    [
        ("+1 (800) 555-0101", "+18005550101"), ("+1.800.555.0101", "+18005550101"),
        ("+44 20 7946 0018", "+442079460018"), ("tel:+1-800-555-0101", "+18005550101"),
    ],
)  # fmt: skip
def test_a_number_is_read_in_any_punctuation(said: str, canonical: str) -> None:
    market = Market(Api())
    assert market.number_more(said)["e164"] == canonical


@pytest.mark.parametrize(
    "said",
    [
        "8005550101",
        "+1800555",
        "+",
        "+1 800 555 0101 ext 5",
        "+999123456789",
        "call me",
        "",
        "+1" * 20,
    ],
)
def test_what_is_no_number_is_refused(said: str) -> None:
    market = Market(Api())
    reply = market.api.post(
        "/numbers", {**market.led, "placement_id": market.placement["id"], "e164": said}
    )
    assert reply.status == 400
    assert {field for field, _ in reply.faults} == {"e164"}


def test_a_number_is_given_once_however_it_is_written() -> None:
    market = Market(Api())
    reply = market.api.post(
        "/numbers",
        {**market.led, "placement_id": market.placement["id"], "e164": "+1 (800) 555-0100"},
    )
    assert (reply.status, reply.body["code"]) == (409, "number_taken")


def test_a_number_is_found_by_its_digits() -> None:
    market = Market(Api())
    market.number_more("+18005550101")
    found = market.api.get("/numbers", e164="+18005550101").body["data"]
    assert [number["e164"] for number in found] == ["+18005550101"]


def test_every_reference_to_nothing_is_named() -> None:
    market = Market(Api())
    said = {
        "e164": "+18005550102", "offer_id": f"off_{NOTHING}", "publisher_id": f"pub_{NOTHING}",
        "placement_id": f"plc_{NOTHING}",
    }  # fmt: skip
    assert market.api.post("/numbers", said).faults == {
        ("offer_id", "unknown_reference"), ("publisher_id", "unknown_reference"),
        ("placement_id", "unknown_reference"),
    }  # fmt: skip


def test_a_publisher_without_a_partnership_gets_no_number() -> None:
    market = Market(Api())
    stranger = market.api.created("/publishers", name="Stranger")["id"]
    led = {"offer_id": market.offer["id"], "publisher_id": stranger}
    placement = market.api.created("/placements", **led, name="Radio")["id"]
    reply = market.api.post("/numbers", {**led, "placement_id": placement, "e164": "+18005550103"})
    assert reply.faults == {("publisher_id", "no_partnership")}


def test_a_change_of_an_offers_campaigns_shows_on_its_numbers() -> None:
    market = Market(Api())
    other = market.campaign_more(name="Gutters")["id"]
    market.api.patch(f"/offers/{market.offer['id']}", {"campaign_ids": [other]})
    roster = market.api.get(f"/numbers/{market.number['id']}").body["roster"]
    assert [buyer["campaign_id"] for buyer in roster] == [other]


def test_an_offer_says_by_which_strategy_its_campaigns_compete() -> None:
    market = Market(Api())
    said = [market.offer[name] for name in ("strategy", "explore_percent")]
    assert said == ["weight", 5]
    path = f"/offers/{market.offer['id']}"
    body = {"strategy": "expected_revenue", "explore_percent": 0}
    assert market.api.patch(path, body).status == 200
    assert market.api.get(path).body | body == market.api.get(path).body
    assert market.api.patch(path, {"strategy": None}).body["strategy"] == "weight"


@pytest.mark.parametrize("percent", [-1, 101, 5.5, "5", True])
def test_a_strategy_and_a_share_that_make_no_sense_are_both_named(percent: object) -> None:
    market = Market(Api())
    reply = market.api.patch(
        f"/offers/{market.offer['id']}", {"strategy": "cheapest", "explore_percent": percent}
    )
    assert reply.status == 400
    assert {field for field, _ in reply.faults} == {"strategy", "explore_percent"}
    assert ("strategy", "choice") in reply.faults


def test_a_number_can_be_moved_to_another_offer() -> None:
    market = Market(Api())
    offer = market.api.created(
        "/offers", name="Gutters", vertical="gutters", earning={"earning_cents": 1}
    )["id"]
    led = {"offer_id": offer, "publisher_id": market.publisher["id"]}
    partnership = market.api.created("/partnerships", **led)["id"]
    placement = market.api.created("/placements", **led, name="Radio")["id"]
    moved = market.api.patch(
        f"/numbers/{market.number['id']}", {"offer_id": offer, "placement_id": placement}
    ).body
    assert (moved["partnership_id"], moved["roster"]) == (partnership, [])
    listed = market.api.get("/numbers", offer_id=offer).body["data"]
    assert [number["id"] for number in listed] == [market.number["id"]]


def test_currencies_must_meet() -> None:
    market = Market(Api())
    reply = market.api.post("/campaigns", {
        "advertiser_id": market.advertiser["id"], "name": "Euro", "vertical": "roofing",
        "terms": {"charge_cents": 1}, "currency": "EUR",
    })  # fmt: skip
    assert reply.faults == {("advertiser_id", "currency_mismatch")}


def test_a_partnership_is_one_and_moves_step_by_step() -> None:
    market = Market(Api())
    again = market.api.post("/partnerships", market.led)
    assert (again.status, again.body["code"]) == (409, "partnership_exists")
    path = f"/partnerships/{market.partnership['id']}"
    assert market.api.patch(path, {"state": "applied"}).faults == {("state", "transition")}
    assert market.api.patch(path, {"state": "paused"}).body["state"] == "paused"


def test_a_partnerships_own_terms_can_be_taken_back() -> None:
    market = Market(Api())
    path = f"/partnerships/{market.partnership['id']}"
    own = {"earning_cents": 1800, "minimum_talk_seconds": None, **UNRULED}
    assert market.api.patch(path, {"earning": {"earning_cents": 1800}}).body["earning"] == own
    assert market.api.patch(path, {"earning": None}).body["earning"] is None


@pytest.mark.parametrize(
    ("said", "canonical"),
    [
        ("+1 212 555 0100", "+12125550100"),
        ("sip:desk@pbx.example.com", "sip:desk@pbx.example.com"),
        (
            "SIP:desk@pbx.example.com:5060;transport=tcp",
            "sip:desk@pbx.example.com:5060;transport=tcp",
        ),
    ],
)
def test_a_target_rings_a_number_or_a_sip_address(said: str, canonical: str) -> None:
    market = Market(Api())
    made = market.api.created(
        f"/campaigns/{market.campaign['id']}/targets", name="Desk 2", destination=said
    )
    assert made["destination"] == canonical


@pytest.mark.parametrize("said", ["sip:", "sip:desk", "sip:a b@c", "sip:a@b<c>", "mailto:a@b", "x"])
def test_a_target_rings_nothing_else(said: str) -> None:
    market = Market(Api())
    reply = market.api.post(
        f"/campaigns/{market.campaign['id']}/targets", {"name": "Desk", "destination": said}
    )
    assert {field for field, _ in reply.faults} == {"destination"}


def test_opening_hours_have_a_zone_and_do_not_overlap() -> None:
    market = Market(Api())
    path = f"/targets/{market.target['id']}"
    block = {"weekday": 0, "opens": "09:00", "closes": "17:00"}
    open_monday = {
        "zone": "America/New_York",
        "blocks": [block],
        "exceptions": [
            {"date": "2026-12-24", "blocks": [{"opens": "22:00", "closes": "02:00"}]},
            {"date": "2026-12-25", "blocks": []},
        ],
    }
    assert market.api.patch(path, {"hours": open_monday}).body["hours"] == open_monday
    twice = {"zone": "Mars/Olympus", "blocks": [block, block | {"opens": "16:59"}]}
    assert market.api.patch(path, {"hours": twice}).faults == {
        ("hours.zone", "zone"), ("hours.blocks", "overlap"),
    }  # fmt: skip
    odd = [{"weekday": 7, "opens": "9:00", "closes": 1700}]
    assert market.api.patch(path, {"hours": {"blocks": odd}}).faults == {
        ("hours.blocks.0.weekday", "range"), ("hours.blocks.0.opens", "format"),
        ("hours.blocks.0.closes", "format"),
    }  # fmt: skip


def test_every_exception_of_the_hours_has_one_date_and_blocks_that_lie_apart() -> None:
    market = Market(Api())
    path = f"/targets/{market.target['id']}"
    holiday = {"date": "2026-12-25"}
    late, later = {"opens": "20:00", "closes": "02:00"}, {"opens": "23:00", "closes": "23:30"}
    wrong = [
        {"date": "2026-02-29"}, {"date": "25.12.2026"},
        {"date": "2026-12-31", "blocks": [late, later]},
        {"date": "2026-12-24", "blocks": [{"opens": "9", "closes": "10:00", "weekday": 1}]},
    ]  # fmt: skip
    assert market.api.patch(path, {"hours": {"exceptions": wrong}}).faults == {
        ("hours.exceptions.0.date", "format"), ("hours.exceptions.1.date", "format"),
        ("hours.exceptions.2.blocks", "overlap"),
        ("hours.exceptions.3.blocks.0.opens", "format"),
        ("hours.exceptions.3.blocks.0.weekday", "unknown_field"),
    }  # fmt: skip
    assert market.api.patch(path, {"hours": {"exceptions": [holiday, holiday]}}).faults == {
        ("hours.exceptions", "repeated")
    }


def test_caps_and_budgets_are_said_in_calls_and_in_cents() -> None:
    market = Market(Api())
    target, campaign = f"/targets/{market.target['id']}", f"/campaigns/{market.campaign['id']}"
    caps = {
        "monthly_cap": 100, "hourly_cap_cents": 1, "daily_cap_cents": 2, "monthly_cap_cents": 3,
        "total_cap_cents": 4,
    }  # fmt: skip
    shown = market.api.patch(target, caps).body
    assert {name: shown[name] for name in caps} == caps
    assert market.api.patch(campaign, {"monthly_budget_cents": 7}).body["monthly_budget_cents"] == 7
    below = market.api.patch(target, dict.fromkeys(caps, -1)).faults
    assert below == {(name, "range") for name in caps}


def test_a_campaign_starts_before_it_ends() -> None:
    market = Market(Api())
    path = f"/campaigns/{market.campaign['id']}"
    runs = {"starts_at": "2026-12-01T00:00:00-05:00", "ends_at": "2027-01-01T00:00:00Z"}
    shown = market.api.patch(path, runs).body
    assert (shown["starts_at"], shown["ends_at"]) == (
        "2026-12-01T05:00:00.000Z", "2027-01-01T00:00:00.000Z",
    )  # fmt: skip
    at_once = market.api.patch(path, {"ends_at": "2026-12-01T05:00:00Z"})
    assert at_once.faults == {("ends_at", "order")}
    assert market.api.patch(path, {"starts_at": "2026-12-01T00:00:00"}).faults == {
        ("starts_at", "format")
    }
    assert market.api.patch(path, {"starts_at": None, "ends_at": None}).body["starts_at"] is None


def test_geographies_name_and_exclude_places_and_a_target_may_have_its_own() -> None:
    market = Market(Api())
    target, campaign = f"/targets/{market.target['id']}", f"/campaigns/{market.campaign['id']}"
    nothing: Json = {"states": [], "area_codes": [], "zips": []}
    own = nothing | {"states": ["CA"], "exclude": nothing | {"zips": ["94103"]}}
    assert market.target["geography"] is None
    assert market.api.patch(target, {"geography": own}).body["geography"] == own
    assert market.api.patch(target, {"geography": None}).body["geography"] is None
    assert market.campaign["route_by_area"] is None
    strict = market.api.patch(campaign, {"route_by_area": "inside_only"}).body
    assert strict["route_by_area"] == "inside_only"
    wrong = {"geography": {"zips": ["9410"], "exclude": {"states": ["Nevada"], "exclude": {}}}}
    assert market.api.patch(target, wrong).faults == {
        ("geography.zips.0", "format"), ("geography.exclude.states.0", "format"),
        ("geography.exclude.exclude", "unknown_field"),
    }  # fmt: skip
    assert market.api.patch(campaign, {"route_by_area": "nearby"}).faults == {
        ("route_by_area", "choice")
    }


def test_filters_say_what_a_calls_attributes_must_be_like() -> None:
    market = Market(Api())
    path = f"/targets/{market.target['id']}"
    old = {"attribute": "tag.age", "test": "greater", "values": ["60"], "negated": False}
    assert market.api.patch(path, {"filters": [old]}).body["filters"] == [old]
    misshapen = [{"attribute": "Age!", "test": "like"}, {"attribute": "tag.age"}]
    assert market.api.patch(path, {"filters": misshapen}).faults == {
        ("filters.0.attribute", "format"), ("filters.0.test", "choice"),
        ("filters.1.test", "required"),
    }  # fmt: skip
    senseless = [old | {"values": ["old"]}, old, old | {"test": "present"}, old | {"values": []}]
    assert market.api.patch(path, {"filters": senseless}).faults == {
        ("filters.0.values", "filter"), ("filters.2.values", "filter"),
        ("filters.3.values", "filter"),
    }  # fmt: skip


def test_every_fault_of_filters_is_named_and_none_is_kept() -> None:
    market = Market(Api())
    path = f"/targets/{market.target['id']}"

    def matching(pattern: str, attribute: str = "tag.source") -> Json:
        return {"attribute": attribute, "test": "matches", "values": [pattern]}

    wrong = [
        matching("("), matching("((a{100}){100}){100}", "colour"), matching("(?i)^radio"),
        matching("(a+)+$", "tag.Source"), matching("a", "caller") | {"values": ["a", "b"]},
    ]  # fmt: skip
    reply = market.api.patch(path, {"filters": wrong})
    assert reply.status == 400
    assert reply.faults == {
        ("filters.0.values", "filter"), ("filters.1.values", "filter"),
        ("filters.1.attribute", "choice"), ("filters.3.attribute", "format"),
        ("filters.4.values", "filter"),
    }  # fmt: skip
    wrong[3] = matching("(a+)+$")
    reply = market.api.patch(path, {"filters": wrong})
    assert reply.faults == {
        ("filters.0.values", "filter"), ("filters.1.values", "filter"),
        ("filters.1.attribute", "choice"), ("filters.4.values", "filter"),
    }  # fmt: skip
    told = {one["field"]: one["reason"] for one in reply.body["invalid_parameters"]}
    assert told["filters.0.values"] == "RE2 does not take the regular expression: missing ): ("
    long = market.api.patch(path, {"filters": [matching("a" * 201), matching("\ud800")]})
    assert long.faults == {("filters.0.values.0", "length"), ("filters.1.values.0", "format")}
    assert market.api.get(f"/targets/{market.target['id']}").body["filters"] == []


def test_everything_wrong_with_a_target_is_said_at_once() -> None:
    market = Market(Api())
    body = {
        "name": "", "destination": "555", "priority": 0, "daily_cap": -1, "total_cap_cents": 0,
        "hours": {
            "zone": "America/Gotham",
            "blocks": [
                {"weekday": 0, "opens": "09:00", "closes": "12:00"},
                {"weekday": 0, "opens": "11:00", "closes": "13:00"},
            ],
            "exceptions": [{"date": "2026-02-30"}],
        },
        "geography": {"zips": ["9410"]},
        "filters": [{"attribute": "tag.source", "test": "matches", "values": ["("]}],
        "hourly_cap_matrix": [[None] * 24], "cap_use": "dial", "send_digits": "call me",
        "ring_group": "the front desk",
    }  # fmt: skip
    reply = market.api.post(f"/campaigns/{market.campaign['id']}/targets", body)
    assert reply.faults == {
        ("name", "length"), ("destination", "e164"), ("priority", "range"), ("daily_cap", "range"),
        ("total_cap_cents", "range"), ("hours.zone", "zone"), ("hours.blocks", "overlap"),
        ("hours.exceptions.0.date", "format"), ("geography.zips.0", "format"),
        ("filters.0.values", "filter"), ("hourly_cap_matrix", "length"), ("cap_use", "choice"),
        ("send_digits", "format"), ("ring_group", "format"),
    }  # fmt: skip


def test_a_target_joins_a_group_and_leaves_it() -> None:
    market = Market(Api())
    path = f"/targets/{market.target['id']}"
    assert market.target["ring_group"] is None
    for group in ("front-desk", None):
        assert market.api.patch(path, {"ring_group": group}).body["ring_group"] == group
        assert market.api.get(path).body["ring_group"] == group


def test_a_target_with_more_filters_than_a_row_holds_is_refused() -> None:
    market = Market(Api())
    path = f"/targets/{market.target['id']}"
    zips = [f"{number:05d}" for number in range(400)]
    many = [{"attribute": "zip", "test": "in", "values": zips} for _ in range(6)]
    assert market.api.patch(path, {"filters": many}).faults == {("filters", "length")}
    assert market.api.patch(path, {"filters": many[:5]}).status == 200


def test_a_number_has_tags_that_change_one_by_one() -> None:
    market = Market(Api())
    path = f"/numbers/{market.number['id']}"
    assert market.number["tags"] == {}

    def tags_after(change: Json | None) -> Json:
        reply = market.api.patch(path, {"tags": change})
        assert reply.status == 200, reply.body
        tags: Json = reply.body["tags"]
        return tags

    assert tags_after({"source": " radio ", "market": "dallas"}) == {
        "source": "radio", "market": "dallas",
    }  # fmt: skip
    assert tags_after({"market": "austin"}) == {"source": "radio", "market": "austin"}
    assert tags_after({"source": None}) == {"market": "austin"}
    assert tags_after({"source": None}) == {"market": "austin"}, "once more takes nothing away"
    assert tags_after({}) == {"market": "austin"}
    assert tags_after(None) == {}
    twenty = {f"tag_{n}": "x" * 200 for n in range(20)}
    assert tags_after(twenty) == twenty


@pytest.mark.parametrize(
    ("tags", "faults"),
    [
        (
            {"Source": "radio", "a": 5, "b": "", "c": "x" * 201, "d": "a\nb", "e" * 33: "x"},
            {("tags.Source", "format"), ("tags.a", "type"), ("tags.b", "length"),
             ("tags.c", "length"), ("tags.d", "format"), (f"tags.{'e' * 33}", "format")},
        ),
        ({f"tag_{n}": "x" for n in range(21)}, {("tags", "length")}),
        (["source"], {("tags", "type")}),
        ("radio", {("tags", "type")}),
        ({"": "x", "9": "x", "a.b": "x"},
         {("tags.", "format"), ("tags.9", "format"), ("tags.a.b", "format")}),
    ],
)  # fmt: skip
def test_every_fault_of_tags_is_named_and_no_number_is_made(
    tags: Any, faults: set[tuple[str, str]]
) -> None:
    market = Market(Api())
    said = {**market.led, "placement_id": market.placement["id"], "e164": "+18005550101"}
    reply = market.api.post("/numbers", {**said, "tags": tags, "state": "open"})
    assert (reply.status, reply.faults) == (400, faults | {("state", "choice")})
    assert len(market.api.get("/numbers").body["data"]) == 1


def test_targets_belong_to_a_campaign_that_is_there() -> None:
    market = Market(Api())
    said = {"name": "Desk", "destination": "+12125550101"}
    assert market.api.post(f"/campaigns/cmp_{NOTHING}/targets", said).status == 404
    other = market.campaign_more(name="Gutters")["id"]
    made = market.api.created(f"/campaigns/{other}/targets", **said)
    assert made["campaign_id"] == other
    for listed in (
        market.api.get(f"/campaigns/{other}/targets"),
        market.api.get("/targets", campaign_id=other),
    ):
        assert [target["id"] for target in listed.body["data"]] == [made["id"]]
    assert market.api.get("/campaigns", advertiser_id=f"adv_{NOTHING}").body["data"] == []


def test_an_archived_thing_can_be_brought_back() -> None:
    market = Market(Api())
    path = f"/placements/{market.placement['id']}"
    market.api.delete(path)
    assert market.api.patch(path, {"state": "active"}).body["state"] == "active"
