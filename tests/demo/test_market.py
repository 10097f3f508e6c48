"""The demo market: data that holds together, seeded once, and exact in what it promises."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import phonenumbers
import pytest

from chalicelib.calls import CallStatus
from chalicelib.offers import Strategy
from chalicelib.store.rows import BOOKS, CALLS, CATALOG, LEDGER, Item
from demo.api import Declined
from demo.market import (
    ADVERTISERS,
    CAMPAIGNS,
    LINES,
    OFFERS,
    POOLED,
    PUBLISHERS,
    TARGETS,
    things,
)
from demo.seed import made, seed
from infra.localaws import DEMO_PAGE
from tests.demo.platform import DirectApi, a_call, a_platform
from tests.fakes import Crash

MOMENTS = [
    datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
    datetime(2026, 11, 29, 9, 30, tzinfo=UTC),
    datetime(2026, 12, 25, 3, 0, tzinfo=UTC),
]


@pytest.fixture
def api() -> DirectApi:
    return a_platform()


def everything(api: DirectApi) -> list[Item]:
    tables = (CATALOG, CALLS, BOOKS, LEDGER)
    return [row for table in tables for row in api.deployment.rows.rows_of(table)]


def test_the_market_has_what_a_demo_needs() -> None:
    assert Counter(body["billing"] for body in ADVERTISERS.values()) == {"prepaid": 1, "net": 1}
    assert len(PUBLISHERS) == 3
    assert len({json.dumps(body["payout_terms"]) for body in PUBLISHERS.values()}) == 3
    assert {body["vertical"] for body in CAMPAIGNS.values()} == {"roofing", "medicare", "legal"}
    assert len({json.dumps(body["terms"]) for body in CAMPAIGNS.values()}) == len(CAMPAIGNS)
    destinations = [t["destination"] for targets in TARGETS.values() for t in targets.values()]
    assert sum(destination.startswith("sip:") for destination in destinations) == 1


def test_every_name_and_every_number_of_the_market_is_its_own() -> None:
    names = [thing.name for thing in things()]
    assert len(set(names)) == len(names)
    assert len({line.e164 for line in LINES}) == len(LINES)


def test_everything_named_was_made_before_it_is_named(api: DirectApi) -> None:
    assert len(made(api)) == len(things())


@pytest.mark.parametrize("e164", [*(line.e164 for line in LINES), *POOLED])
def test_tracking_numbers_are_valid_and_set_aside_for_fiction(e164: str) -> None:
    assert phonenumbers.is_valid_number(phonenumbers.parse(e164))
    assert "55501" in e164


def test_an_offer_leads_to_campaigns_of_its_vertical() -> None:
    for offer in OFFERS.values():
        verticals = {CAMPAIGNS[name]["vertical"] for name in offer["campaign_ids"]}
        assert verticals == {offer["vertical"]}


def test_the_offers_use_every_strategy() -> None:
    used = {offer["strategy"] for offer in OFFERS.values() if "strategy" in offer}
    assert used == set(Strategy)


@pytest.mark.parametrize("offer", [n for n, o in OFFERS.items() if "strategy" in o])
def test_a_strategy_has_targets_of_one_priority_to_order(offer: str) -> None:
    priorities = Counter(
        target.get("priority", 1)
        for campaign in OFFERS[offer]["campaign_ids"]
        for target in TARGETS[campaign].values()
    )
    assert max(priorities.values()) > 1


def test_seeding_again_makes_nothing_and_says_the_same(api: DirectApi, tmp_path: Path) -> None:
    seed(api, tmp_path)
    said = (tmp_path / "demo.json").read_bytes()
    rows = everything(api)
    assert len(rows) > len(things())
    api.deployment.later(days=40)
    seed(api, tmp_path)
    assert (tmp_path / "demo.json").read_bytes() == said
    assert everything(api) == rows


def test_the_page_carries_the_tag_of_a_site_whose_pool_has_its_numbers(
    api: DirectApi, tmp_path: Path
) -> None:
    seed(api, tmp_path)
    (site,) = api.every("/sites")
    page = (tmp_path / DEMO_PAGE).read_text()
    assert api.get(f"/sites/{site['id']}/tag")["tag"] in page
    (swap,) = site["swaps"]
    assert f'href="tel:{swap["find"]}"' in page
    joined = api.get(f"/pools/{swap['pool_id']}/numbers")["data"]
    assert [one["e164"] for one in joined] == list(POOLED)


def test_a_seeding_that_was_cut_short_is_completed(api: DirectApi, tmp_path: Path) -> None:
    api.deployment.rows.crash_before_write(20)
    with pytest.raises(Crash):
        seed(api, tmp_path)
    assert not (tmp_path / "demo.json").exists()
    assert len(seed(api, tmp_path)) == len(LINES)
    for path in ("advertisers", "publishers", "campaigns", "offers", "numbers"):
        names = [thing.get("name", thing.get("e164")) for thing in api.every(f"/{path}")]
        assert len(set(names)) == len(names)


def test_a_market_that_was_changed_is_told_as_it_stands(api: DirectApi, tmp_path: Path) -> None:
    first = seed(api, tmp_path)[0]
    reply = api.deployment.patch(
        f"/campaigns/{first['campaign_id']}", {"terms": {"charge_cents": 9_900}}
    )
    assert reply.status == 200
    assert seed(api, tmp_path)[0] == first | {"charge_cents": 9_900}


def test_a_number_that_is_taken_stops_the_seeding_with_a_way_out(api: DirectApi) -> None:
    _make_by_hand(api, LINES[0].e164)
    with pytest.raises(Declined) as stopped:
        made(api)
    assert stopped.value.code == "number_taken"
    assert str(stopped.value).startswith(f"The demo market's number {LINES[0].e164} could not")
    assert str(stopped.value).endswith("make clean")


def _make_by_hand(api: DirectApi, e164: str) -> None:
    offer = api.post("/offers", {"name": "Own", "vertical": "own", "earning": {"earning_cents": 1}})
    publisher = api.post("/publishers", {"name": "Own"})
    both = {"offer_id": offer["id"], "publisher_id": publisher["id"]}
    api.post("/partnerships", both)
    placement = api.post("/placements", {**both, "name": "Own"})
    api.post("/numbers", {**both, "placement_id": placement["id"], "e164": e164})


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_a_long_enough_call_to_each_number_comes_to_what_the_demo_says(
    api: DirectApi, tmp_path: Path, moment: datetime
) -> None:
    numbers = seed(api, tmp_path)
    api.deployment.now = moment
    for at, number in enumerate(numbers):
        call = a_call(api, number, f"CA{at}", number["minimum_talk_seconds"])
        assert call.status is CallStatus.APPROVED
        assert call.attempt is not None
        assert (call.charge_cents, call.earning_cents, call.attempt.destination) == (
            number["charge_cents"],
            number["earning_cents"],
            number["target"],
        )
        assert (call.attempt.hold.campaign_id, call.publisher_id) == (
            number["campaign_id"],
            number["publisher_id"],
        )


def test_a_second_too_short_is_not_enough(api: DirectApi, tmp_path: Path) -> None:
    for at, number in enumerate(seed(api, tmp_path)):
        call = a_call(api, number, f"CA{at}", number["minimum_talk_seconds"] - 1)
        assert call.reasons == ("too_short",)


def test_a_caller_from_elsewhere_does_not_count_where_states_are_named(
    api: DirectApi, tmp_path: Path
) -> None:
    named = [number for number in seed(api, tmp_path) if number["states"]]
    assert named
    for at, number in enumerate(named):
        call = a_call(api, number | {"states": ["AK"]}, f"CA{at}", 600)
        assert call.reasons == ("out_of_area",)


def test_the_money_and_the_caps_last_for_hundreds_of_calls(api: DirectApi, tmp_path: Path) -> None:
    dearest = max(seed(api, tmp_path), key=lambda number: int(number["charge_cents"]))
    for at in range(200):
        call = a_call(api, dearest, f"CA{at}", 600)
        assert call.status is CallStatus.APPROVED
