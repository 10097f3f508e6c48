"""What holds of every decision, whatever the market."""

from dataclasses import replace
from datetime import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import State
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.reasons import Reason
from chalicelib.times import Hours, OpenBlock
from tests.builders import (
    NOW,
    a_campaign,
    a_market,
    an_advertiser,
    campaign_facts,
    target_facts,
)
from tests.core.deciding import DAY, HOUR, TICK, TOTAL, decide, order

STATES = st.sampled_from([State.ACTIVE, State.ACTIVE, State.ACTIVE, State.PAUSED])
CAPS = st.none() | st.integers(0, 3)
HOURS = st.sampled_from(
    [Hours(), Hours(blocks=(OpenBlock(weekday=1, opens=time(9), closes=time(17)),))]
)
USED = st.fixed_dictionaries({}, optional={w: st.integers(0, 3) for w in (HOUR, DAY, TOTAL)})
LEASES = st.dictionaries(
    st.sampled_from(["call_7", "call_8", "call_9"]),
    st.sampled_from([NOW - TICK, NOW, NOW + TICK]),
)


def targets(campaign_id: str) -> st.SearchStrategy[tuple[TargetFacts, ...]]:
    """Up to four targets of a campaign, in all states of use."""
    one = st.fixed_dictionaries(
        {
            "state": STATES,
            "priority": st.integers(1, 2),
            "weight": st.integers(1, 50),
            "hours": HOURS,
            "concurrency_cap": CAPS,
            "hourly_cap": CAPS,
            "daily_cap": CAPS,
            "total_cap": CAPS,
            "used": USED,
            "leases": LEASES,
        }
    )
    return st.lists(one, max_size=4).map(
        lambda several: tuple(
            target_facts(id=f"tgt_{campaign_id}_{n}", campaign_id=campaign_id, **fields)
            for n, fields in enumerate(several)
        )
    )


def campaigns(campaign_id: str) -> st.SearchStrategy[CampaignFacts]:
    budgets = st.none() | st.sampled_from([0, 2499, 2500, 5000])
    return st.builds(
        lambda state, buyer, daily, total, spent, available, several: campaign_facts(
            campaign=a_campaign(
                id=campaign_id, state=state, daily_budget_cents=daily, total_budget_cents=total
            ),
            advertiser=an_advertiser(state=buyer),
            spent=spent,
            available_cents=available,
            targets=several,
        ),
        STATES,
        STATES,
        budgets,
        budgets,
        st.fixed_dictionaries({}, optional={w: st.sampled_from([0, 2500]) for w in (DAY, TOTAL)}),
        st.sampled_from([0, 2499, 2500, 100_000]),
        targets(campaign_id),
    )


MARKETS = st.tuples(campaigns("cmp_1"), campaigns("cmp_2")).map(
    lambda several: a_market(campaigns=several)
)
TRIED = st.lists(st.sampled_from(["tgt_cmp_1_0", "tgt_cmp_2_0"]), unique=True).map(tuple)


@given(MARKETS, TRIED, st.integers(1, 4))
def test_no_candidate_is_closed_capped_unfunded_paused_or_tried(
    market: Market, tried: tuple[str, ...], attempt: int
) -> None:
    for candidate in decide(market, attempt=attempt, tried=tried).candidates:
        facts, buyer = candidate.facts, candidate.campaign
        target, campaign = facts.target, buyer.campaign
        assert {target.state, campaign.state, buyer.advertiser.state} == {State.ACTIVE}
        assert target.hours == Hours()
        caps = {HOUR: target.hourly_cap, DAY: target.daily_cap, TOTAL: target.total_cap}
        for window, cap in caps.items():
            assert cap is None or facts.used.get(window, 0) < cap
        busy = [call for call, until in facts.leases.items() if until > NOW]
        assert target.concurrency_cap is None or len(busy) < target.concurrency_cap
        budgets = {DAY: campaign.daily_budget_cents, TOTAL: campaign.total_budget_cents}
        for window, budget in budgets.items():
            assert budget is None or buyer.spent.get(window, 0) + 2500 <= budget
        assert buyer.available_cents >= 2500
        assert target.id not in tried
        assert attempt <= (campaign.max_attempts or 3)


@given(MARKETS, TRIED)
def test_every_target_is_considered_once_and_candidates_are_exactly_the_outranked(
    market: Market, tried: tuple[str, ...]
) -> None:
    decision = decide(market, tried=tried)
    everyone = [facts.target.id for campaign in market.campaigns for facts in campaign.targets]
    assert sorted(seen.target_id for seen in decision.considered) == sorted(everyone)
    able = [seen.target_id for seen in decision.considered if seen.reason is Reason.OUTRANKED]
    assert order(decision) == able
    assert (decision.refusal is None) == bool(able)


@given(MARKETS, st.sampled_from(["state", "caps", "hours"]), st.integers(1, 2))
def test_adding_an_ineligible_target_changes_nothing_for_the_others(
    market: Market, fault: str, priority: int
) -> None:
    faults: dict[str, dict[str, Any]] = {
        "state": {"state": State.PAUSED},
        "caps": {"daily_cap": 0},
        "hours": {"hours": Hours(blocks=(OpenBlock(weekday=2, opens=time(1), closes=time(2)),))},
    }
    newcomer = target_facts(id="tgt_new", priority=priority, weight=50, **faults[fault])
    first = market.campaigns[0]
    crowded = replace(first, targets=(*first.targets, newcomer))
    before = decide(market)
    after = decide(replace(market, campaigns=(crowded, *market.campaigns[1:])))
    assert order(after) == order(before)
    others = tuple(seen for seen in after.considered if seen.target_id != "tgt_new")
    assert others == before.considered


@given(MARKETS)
def test_a_lower_priority_never_comes_before_a_higher(market: Market) -> None:
    priorities = [seen.priority for seen in decide(market).considered]
    assert priorities == sorted(priorities)
