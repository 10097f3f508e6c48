"""Who is tried first under each strategy of an offer."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import State
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.offers import Strategy
from chalicelib.ranking import ranked
from chalicelib.reasons import Reason
from chalicelib.trials import named
from tests.builders import (
    NOW,
    a_campaign,
    a_market,
    an_offer,
    campaign_facts,
    charge_terms,
    target_facts,
)
from tests.core.deciding import decide, order

DIALLED, APPROVED = "dialled#14d#1484", "approved#14d#1484"
WEIGHT, CHARGE, REVENUE = Strategy


def buyer(
    charge_cents: int, *targets: TargetFacts, own: Mapping[str, int] | None = None
) -> CampaignFacts:
    """A campaign at this charge with the targets; `own` are the publisher's trials on them."""
    first = targets[0].target
    return campaign_facts(
        campaign=a_campaign(id=first.campaign_id, terms=charge_terms(charge_cents=charge_cents)),
        targets=targets,
        trials=own or {},
    )


def target(number: int, **more: Any) -> TargetFacts:
    """Target n of campaign n."""
    return target_facts(id=f"tgt_{number}", campaign_id=f"cmp_{number}", **more)


def offered(strategy: Strategy, *campaigns: CampaignFacts, explore: int = 0) -> Market:
    """The campaigns on an offer with the strategy."""
    offer = an_offer(strategy=strategy, explore_percent=explore)
    return a_market(offer=offer, campaigns=campaigns)


def known(target_id: str, dialled: int, approved: int) -> dict[str, int]:
    """So many of the publisher's calls on the target, in the present stretch."""
    return {named(target_id, DIALLED): dialled, named(target_id, APPROVED): approved}


def firsts(market: Market, calls: int = 4000) -> list[str]:
    """Who comes first on each of many calls."""
    return [ranked(market, call_id=f"call_{n}", now=NOW)[0].facts.target.id for n in range(calls)]


def within_chance(share: float, of: float, calls: int) -> bool:
    """Within four standard deviations of the binomial."""
    return abs(share - of) <= 4 * math.sqrt(of * (1 - of) / calls)


class TestStrategies:
    DEAR, CHEAP = buyer(4_000, target(1)), buyer(3_000, target(2, weight=1000))

    def test_an_offer_orders_by_weight_unless_it_says_otherwise(self) -> None:
        assert an_offer().strategy is WEIGHT
        assert decide(a_market()).strategy is WEIGHT

    def test_by_weight_the_charge_does_not_matter(self) -> None:
        assert firsts(offered(WEIGHT, self.DEAR, self.CHEAP), 50).count("tgt_2") >= 45

    def test_by_highest_charge_the_dearer_comes_first_whatever_its_weight(self) -> None:
        assert set(firsts(offered(CHARGE, self.CHEAP, self.DEAR), 50)) == {"tgt_1"}

    @pytest.mark.parametrize("strategy", Strategy)
    def test_priority_comes_before_every_strategy(self, strategy: Strategy) -> None:
        late = buyer(9_000, target(1, priority=2), own=known("tgt_1", 100, 100))
        early = buyer(100, target(2, priority=1), own=known("tgt_2", 100, 0))
        assert set(firsts(offered(strategy, late, early, explore=50), 50)) == {"tgt_2"}

    def test_by_expected_revenue_a_cheaper_target_that_approves_more_comes_first(self) -> None:
        dear = buyer(4_000, target(1), own=known("tgt_1", 80, 16))
        cheap = buyer(3_000, target(2), own=known("tgt_2", 80, 72))
        market = offered(REVENUE, dear, cheap)
        decision = decide(market)
        assert order(decision) == ["tgt_2", "tgt_1"]
        # (80 x 0.9 + 20 x 0.5) / 100 of 3000, (80 x 0.2 + 20 x 0.5) / 100 of 4000
        assert [seen.expected_cents for seen in decision.considered] == [2_460, 1_040]

    def test_without_any_trial_expected_revenue_follows_the_charge(self) -> None:
        market = offered(REVENUE, self.CHEAP, self.DEAR)
        assert [seen.expected_cents for seen in decide(market).considered] == [2_000, 1_500]

    def test_what_a_target_is_to_one_publisher_weighs_more_than_what_it_is_to_all(self) -> None:
        loved = target(1, trials={DIALLED: 400, APPROVED: 400})
        market = offered(
            REVENUE, buyer(3_000, loved, own=known("tgt_1", 200, 0)), buyer(3_000, target(2))
        )
        assert order(decide(market)) == ["tgt_2", "tgt_1"]

    @pytest.mark.parametrize("strategy", Strategy)
    def test_every_decision_shows_what_a_call_on_each_target_is_worth(
        self, strategy: Strategy
    ) -> None:
        market = offered(strategy, buyer(3_000, target(1), own=known("tgt_1", 20, 20)))
        decision = decide(market)
        assert decision.strategy is strategy
        (seen,) = decision.considered
        assert (seen.charge_cents, seen.expected_cents, seen.explored) == (3_000, 2_250, False)

    def test_an_empty_decision_names_no_strategy(self) -> None:
        market = offered(CHARGE, self.DEAR)
        closed = replace(market, offer=replace(market.offer, state=State.PAUSED))
        assert decide(closed).strategy is None


class TestShares:
    @pytest.mark.parametrize("strategy", Strategy)
    def test_equals_share_the_calls_by_weight_under_every_strategy(
        self, strategy: Strategy
    ) -> None:
        market = offered(
            strategy, buyer(2_500, target(1, weight=30)), buyer(2_500, target(2, weight=10))
        )
        assert within_chance(firsts(market).count("tgt_1") / 4000, 0.75, 4000)

    @pytest.mark.parametrize("percent", [0, 1, 5, 30, 100])
    def test_new_targets_come_first_on_the_stated_share_of_calls(self, percent: int) -> None:
        proven = buyer(4_000, target(1), own=known("tgt_1", 20, 20))
        market = offered(REVENUE, proven, buyer(1_000, target(2)), explore=percent)
        share = firsts(market).count("tgt_2") / 4000
        assert within_chance(share, percent / 100, 4000)

    def test_the_explored_share_a_call_by_weight_and_say_why_they_came_first(self) -> None:
        proven = buyer(4_000, target(1), own=known("tgt_1", 20, 20))
        market = offered(
            REVENUE,
            proven,
            buyer(1_000, target(2, weight=30)),
            buyer(2_000, target(3, weight=10)),
            explore=100,
        )
        assert within_chance(firsts(market).count("tgt_2") / 4000, 0.75, 4000)
        explored = {seen.target_id: seen.explored for seen in decide(market).considered}
        assert explored == {"tgt_1": False, "tgt_2": True, "tgt_3": True}

    def test_the_draw_to_explore_does_not_sway_the_draw_by_weight(self) -> None:
        newcomers = buyer(1_000, target(1, weight=30)), buyer(1_000, target(2, weight=10))
        market = offered(REVENUE, *newcomers, explore=20)
        exploring = [
            contenders[0].facts.target.id
            for n in range(8000)
            if (contenders := ranked(market, call_id=f"call_{n}", now=NOW))[0].explored
        ]
        assert within_chance(len(exploring) / 8000, 0.2, 8000)
        assert within_chance(exploring.count("tgt_1") / len(exploring), 0.75, len(exploring))

    def test_a_target_is_explored_until_its_twentieth_recent_call(self) -> None:
        for dialled, explored in ((19, True), (20, False)):
            market = offered(
                REVENUE, buyer(1_000, target(1), own=known("tgt_1", dialled, 0)), explore=100
            )
            assert decide(market).considered[0].explored is explored

    @pytest.mark.parametrize("strategy", [WEIGHT, CHARGE])
    def test_the_other_strategies_explore_nothing(self, strategy: Strategy) -> None:
        market = offered(strategy, buyer(1_000, target(1)), explore=100)
        assert not decide(market).considered[0].explored

    def test_the_next_attempt_of_a_call_keeps_to_the_order_of_the_first(self) -> None:
        campaigns = [buyer(1_000 + n, target(n)) for n in range(6)]
        for n in range(30):
            market = offered(REVENUE, *campaigns, explore=50)
            first = order(decide(market, call_id=f"call_{n}"))
            second = decide(market, call_id=f"call_{n}", attempt=2, tried=(first[0],))
            assert order(second) == first[1:]


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Up to six buyers with one or two targets each, in all states of knowledge."""
    campaigns = []
    for n in range(draw(st.integers(1, 6))):
        several: list[TargetFacts] = []
        own: dict[str, int] = {}
        for m in range(draw(st.integers(1, 2))):
            id = f"tgt_{n}{m}"
            dialled = draw(st.sampled_from([0, 1, 19, 20, 300]))
            others = draw(st.sampled_from([0, 5, 50]))
            approved = draw(st.integers(0, dialled))
            own |= known(id, dialled, approved)
            everyones = {
                DIALLED: dialled + others,
                APPROVED: approved + draw(st.integers(0, others)),
            }
            several.append(
                target_facts(
                    id=id,
                    campaign_id=f"cmp_{n}",
                    priority=draw(st.integers(1, 2)),
                    weight=draw(st.sampled_from([1, 10, 30])),
                    trials=everyones,
                )
            )
        charge = draw(st.sampled_from([0, 1, 2_499, 2_500, 9_000]))
        campaigns.append(buyer(charge, *several, own=own))
    explore = draw(st.sampled_from([0, 5, 50, 100]))
    return offered(draw(st.sampled_from(Strategy)), *campaigns, explore=explore)


CALL_IDS = st.integers(0, 10**6).map(lambda n: f"call_{n}")


def every(market: Market) -> list[str]:
    return [facts.target.id for campaign in market.campaigns for facts in campaign.targets]


@given(markets(), CALL_IDS)
def test_the_order_holds_every_target_once_and_priority_first(market: Market, call: str) -> None:
    contenders = ranked(market, call_id=call, now=NOW)
    assert sorted(one.facts.target.id for one in contenders) == sorted(every(market))
    priorities = [one.facts.target.priority for one in contenders]
    assert priorities == sorted(priorities)


@given(markets(), CALL_IDS)
def test_the_order_does_not_hang_on_the_order_of_the_facts(market: Market, call: str) -> None:
    turned = replace(
        market,
        campaigns=tuple(
            replace(facts, targets=facts.targets[::-1]) for facts in market.campaigns[::-1]
        ),
    )
    assert decide(turned, call_id=call).considered == decide(market, call_id=call).considered


@given(markets(), CALL_IDS)
def test_within_a_priority_no_target_comes_before_one_that_the_strategy_puts_first(
    market: Market, call: str
) -> None:
    contenders = ranked(market, call_id=call, now=NOW)
    for one, other in itertools.pairwise(contenders):
        if one.facts.target.priority < other.facts.target.priority:
            continue
        if market.offer.strategy is CHARGE:
            assert one.charge_cents >= other.charge_cents
        if market.offer.strategy is REVENUE:
            assert one.explored >= other.explored
            assert one.explored or one.expected_cents >= other.expected_cents


@given(markets(), CALL_IDS, st.data())
def test_an_ineligible_newcomer_leaves_the_order_of_the_others(
    market: Market, call: str, data: st.DataObject
) -> None:
    newcomer = target_facts(
        id="tgt_new",
        campaign_id="cmp_0",
        state=State.PAUSED,
        priority=data.draw(st.integers(1, 2)),
        weight=1000,
        trials={DIALLED: 900, APPROVED: data.draw(st.integers(0, 900))},
    )
    first = market.campaigns[0]
    crowded = replace(
        market,
        campaigns=(replace(first, targets=(*first.targets, newcomer)), *market.campaigns[1:]),
    )
    before, after = decide(market, call_id=call), decide(crowded, call_id=call)
    assert order(after) == order(before)
    others = tuple(seen for seen in after.considered if seen.target_id != "tgt_new")
    assert others == before.considered


@given(markets(), CALL_IDS, st.data())
def test_more_approvals_of_the_same_calls_never_rank_a_target_lower(
    market: Market, call: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(market.campaigns) - 1))
    facts = market.campaigns[at]
    better = facts.targets[0].target.id
    dialled = facts.trials[named(better, DIALLED)]
    approved = data.draw(st.integers(facts.trials[named(better, APPROVED)], dialled))
    improved = replace(facts, trials={**facts.trials, named(better, APPROVED): approved})
    campaigns = (*market.campaigns[:at], improved, *market.campaigns[at + 1 :])
    before = [one.facts.target.id for one in ranked(market, call_id=call, now=NOW)]
    after = ranked(replace(market, campaigns=campaigns), call_id=call, now=NOW)
    assert [one.facts.target.id for one in after].index(better) <= before.index(better)


@given(markets(), CALL_IDS)
def test_the_candidates_are_the_considered_that_could_take_the_call_in_their_order(
    market: Market, call: str
) -> None:
    decision = decide(market, call_id=call)
    able = [seen.target_id for seen in decision.considered if seen.reason is Reason.OUTRANKED]
    assert order(decision) == able
