"""What holds of every decision, whatever a market's hours, caps, seasons, places and filters."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.criteria import Filter, FilterTest, Geography, Places, RouteByArea, passes
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.places import Area
from chalicelib.reasons import Reason
from chalicelib.times import Block, DatedHours, Hours
from tests.builders import (
    NOW,
    a_block_fact,
    a_campaign,
    a_market,
    campaign_facts,
    charge_terms,
    target_facts,
)
from tests.core.deciding import DAY, HOUR, MONTH, TICK, TOTAL, decide, order

PRICE = 2_500
TODAY = "2026-11-23"
HOLIDAY = Hours(exceptions=(DatedHours(date=TODAY),))
NIGHT = Block(opens=NOW.time().replace(hour=22), closes=NOW.time().replace(hour=2))
CLOSED = [HOLIDAY, Hours(exceptions=(DatedHours(date=TODAY, blocks=(NIGHT,)),))]
OPEN = [Hours(), Hours(exceptions=(DatedHours(date="2026-11-24"),))]
GEOGRAPHIES = st.sampled_from(
    [
        Geography(),
        Geography(states=("CA",)),
        Geography(states=("NV",)),
        Geography(exclude=Places(zips=("94103",))),
        Geography(states=("CA",), exclude=Places(area_codes=("415",))),
    ]
)
AREAS = st.sampled_from(
    [Area(), Area(state="CA", zip="94103", area_code="415"), Area(state="CA", zip="90001")]
)
FILTERS = st.sampled_from(
    [
        Filter(attribute="age", test=FilterTest.GREATER, values=("60",)),
        Filter(attribute="age", test=FilterTest.PRESENT, negated=True),
        Filter(attribute="source", test=FilterTest.PREFIX, values=("goo",)),
        Filter(attribute="source", test=FilterTest.MATCHES, values=("^go+gle$",)),
        Filter(attribute="source", test=FilterTest.MATCHES, values=("(",), negated=True),
    ]
)
ATTRIBUTES = st.fixed_dictionaries(
    {}, optional={"age": st.sampled_from(["59", "61"]), "source": st.sampled_from(["google", "x"])}
)
MONTHLY = st.none() | st.integers(0, 3)
CENTS = st.none() | st.sampled_from([0, PRICE - 1, PRICE, 2 * PRICE])
WINDOWS = (HOUR, DAY, MONTH, TOTAL)
USED = st.fixed_dictionaries(
    {},
    optional={window: st.integers(0, 3) for window in WINDOWS}
    | {f"money:{window}": st.sampled_from([0, 1, PRICE]) for window in WINDOWS},
)
SEASONS = st.sampled_from([None, NOW - TICK, NOW, NOW + TICK])


def targets(campaign_id: str) -> st.SearchStrategy[Any]:
    one = st.fixed_dictionaries(
        {
            "hours": st.sampled_from(OPEN + CLOSED),
            "geography": st.none() | GEOGRAPHIES,
            "filters": st.lists(FILTERS, max_size=2).map(tuple),
            "monthly_cap": MONTHLY,
            "hourly_cap_cents": CENTS,
            "daily_cap_cents": CENTS,
            "monthly_cap_cents": CENTS,
            "total_cap_cents": CENTS,
            "used": USED,
        }
    )
    return st.lists(one, max_size=4).map(
        lambda several: tuple(
            target_facts(id=f"tgt_{campaign_id}_{n}", campaign_id=campaign_id, **fields)
            for n, fields in enumerate(several)
        )
    )


@st.composite
def campaigns(draw: st.DrawFn, campaign_id: str) -> CampaignFacts:
    return campaign_facts(
        campaign=a_campaign(
            id=campaign_id,
            terms=charge_terms(geography=draw(GEOGRAPHIES)),
            route_by_area=draw(st.sampled_from(RouteByArea)),
            monthly_budget_cents=draw(CENTS),
            starts_at=draw(SEASONS),
            ends_at=draw(SEASONS),
        ),
        spent=draw(st.fixed_dictionaries({}, optional={MONTH: st.sampled_from([0, 1, PRICE])})),
        targets=draw(targets(campaign_id)),
    )


MARKETS = st.tuples(campaigns("cmp_1"), campaigns("cmp_2")).map(
    lambda several: a_market(campaigns=several)
)


def lies_in(places: Places, area: Area) -> bool:
    return bool(
        {area.state} & set(places.states)
        or {area.zip} & set(places.zips)
        or {area.area_code} & set(places.area_codes)
    )


@given(MARKETS, AREAS, ATTRIBUTES)
def test_no_candidate_is_closed_capped_out_of_season_out_of_area_or_filtered(
    market: Market, area: Area, attributes: dict[str, str]
) -> None:
    for candidate in decide(market, area=area, attributes=attributes).candidates:
        target, campaign = candidate.facts.target, candidate.campaign.campaign
        used, spent = candidate.facts.used, candidate.campaign.spent
        assert target.hours in OPEN
        assert target.monthly_cap is None or used.get(MONTH, 0) < target.monthly_cap
        money = (
            target.hourly_cap_cents, target.daily_cap_cents, target.monthly_cap_cents,
            target.total_cap_cents,
        )  # fmt: skip
        for window, cap in zip(WINDOWS, money, strict=True):
            assert cap is None or used.get(f"money:{window}", 0) + PRICE <= cap
        budget = campaign.monthly_budget_cents
        assert budget is None or spent.get(MONTH, 0) + PRICE <= budget
        assert campaign.starts_at is None or campaign.starts_at <= NOW
        assert campaign.ends_at is None or campaign.ends_at > NOW
        if campaign.route_by_area is RouteByArea.INSIDE_ONLY:
            where = target.geography or campaign.terms.geography
            assert lies_in(where, area) or not (where.states or where.zips or where.area_codes)
            assert not lies_in(where.exclude, area)
        assert all(passes(one, attributes) for one in target.filters)


@given(MARKETS, AREAS, ATTRIBUTES, FILTERS)
def test_one_filter_more_makes_no_target_eligible(
    market: Market, area: Area, attributes: dict[str, str], more: Filter
) -> None:
    stricter = replace(
        market,
        campaigns=tuple(
            replace(facts, targets=tuple(_with(more, one) for one in facts.targets))
            for facts in market.campaigns
        ),
    )
    before = order(decide(market, area=area, attributes=attributes))
    after = order(decide(stricter, area=area, attributes=attributes))
    assert after == (before if passes(more, attributes) else [])


def _with(more: Filter, facts: TargetFacts) -> TargetFacts:
    return replace(facts, target=replace(facts.target, filters=(*facts.target.filters, more)))


OUTSIDERS: list[dict[str, Any]] = [
    {"hours": HOLIDAY},
    {"monthly_cap": 1, "used": {MONTH: 1}},
    {"total_cap_cents": PRICE, "used": {f"money:{TOTAL}": 1}},
    {"filters": (Filter(attribute="nobody", test=FilterTest.PRESENT),)},
    {"geography": Geography(states=("ZZ",))},
]


@given(MARKETS, AREAS, ATTRIBUTES, st.sampled_from(OUTSIDERS))
def test_adding_an_ineligible_target_changes_nothing_for_the_others(
    market: Market, area: Area, attributes: dict[str, str], fault: dict[str, Any]
) -> None:
    strict = a_campaign(id="cmp_3", route_by_area=RouteByArea.INSIDE_ONLY)
    newcomer = target_facts(id="tgt_new", campaign_id="cmp_3", weight=1000, **fault)
    crowded = replace(
        market,
        campaigns=(campaign_facts(campaign=strict, targets=(newcomer,)), *market.campaigns),
    )
    before = decide(market, area=area, attributes=attributes)
    after = decide(crowded, area=area, attributes=attributes)
    assert after.candidates == before.candidates
    others = tuple(seen for seen in after.considered if seen.target_id != "tgt_new")
    assert others == before.considered


ENDS = st.lists(st.sampled_from([None, NOW - TICK, NOW, NOW + TICK]), max_size=3)


@given(MARKETS, ENDS)
def test_a_caller_whom_one_advertiser_blocks_meets_the_others_alone_in_the_same_order(
    market: Market, ends: list[datetime | None]
) -> None:
    own, others = market.campaigns
    blocks = tuple(a_block_fact(expires_at=end) for end in ends)
    before = decide(market)
    after = decide(replace(market, campaigns=(replace(own, blocks=blocks), others)))
    if not any(end is None or end > NOW for end in ends):
        assert after.considered == before.considered
        return
    theirs = {facts.target.id for facts in others.targets}
    assert order(after) == [target for target in order(before) if target in theirs]
    assert [seen.target_id for seen in after.considered] == [
        seen.target_id for seen in before.considered
    ]
    assert [seen for seen in after.considered if seen.target_id in theirs] == [
        seen for seen in before.considered if seen.target_id in theirs
    ]
    blocked = {seen.reason for seen in after.considered if seen.target_id not in theirs}
    assert blocked <= {Reason.CALLER_BLOCKED}
