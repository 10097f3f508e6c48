"""Rules that settings make: spacing, repeated callers, prices."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import eligibility
from chalicelib.reasons import Reason
from chalicelib.settings import RepeatCallers
from tests.builders import (
    NOW,
    a_campaign,
    a_market,
    campaign_facts,
    charge_terms,
    target_facts,
)
from tests.core.deciding import TICK, decide, first_attempt, order, outcome, reasons

MONTH_AGO = NOW - timedelta(days=30)


class TestSpacing:
    @pytest.mark.parametrize(
        ("ago", "spacing", "early"),
        [(None, 60, False), (59.999, 60, True), (60, 60, False), (0, 0, False), (0, 1, True)],
    )
    def test_a_target_rests_between_two_calls(
        self, ago: float | None, spacing: int, early: bool
    ) -> None:
        taken = None if ago is None else NOW - timedelta(seconds=ago)
        facts: dict[str, Any] = {"spacing_seconds": spacing, "taken_at": taken}
        assert outcome(**facts) is (Reason.TOO_SOON if early else None)


class TestRepeatCallers:
    def decided(self, policy: RepeatCallers, **talks: Any) -> Any:
        targets = (
            target_facts(id="tgt_1", priority=1),
            target_facts(id="tgt_2", priority=2),
            target_facts(id="tgt_3", priority=3),
        )
        campaign = a_campaign(repeat_callers=policy, repeat_days=30)
        market = a_market(campaigns=(campaign_facts(campaign=campaign, targets=targets),))
        return decide(market, talked_before=talks)

    @pytest.mark.parametrize("policy", RepeatCallers)
    def test_a_first_caller_goes_to_any_target(self, policy: RepeatCallers) -> None:
        assert order(self.decided(policy)) == ["tgt_1", "tgt_2", "tgt_3"]

    @pytest.mark.parametrize("policy", RepeatCallers)
    def test_a_talk_as_old_as_the_window_does_not_count(self, policy: RepeatCallers) -> None:
        assert order(self.decided(policy, tgt_3=MONTH_AGO)) == ["tgt_1", "tgt_2", "tgt_3"]

    @pytest.mark.parametrize("policy", RepeatCallers)
    def test_a_talk_with_a_target_of_another_campaign_does_not_count(
        self, policy: RepeatCallers
    ) -> None:
        assert order(self.decided(policy, tgt_9=NOW)) == ["tgt_1", "tgt_2", "tgt_3"]

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            (RepeatCallers.ANY_TARGET, ["tgt_1", "tgt_2", "tgt_3"]),
            (RepeatCallers.SAME_TARGET_FIRST, ["tgt_3", "tgt_2", "tgt_1"]),
            (RepeatCallers.NEVER_SAME_TARGET, ["tgt_1"]),
            (RepeatCallers.REJECT, []),
        ],
    )
    def test_a_repeated_caller_goes_where_the_policy_says(
        self, policy: RepeatCallers, expected: list[str]
    ) -> None:
        decision = self.decided(policy, tgt_2=MONTH_AGO + TICK, tgt_3=NOW - TICK)
        assert order(decision) == expected

    def test_the_trace_tells_a_caller_sent_elsewhere_from_one_who_is_not_wanted(self) -> None:
        elsewhere = self.decided(RepeatCallers.NEVER_SAME_TARGET, tgt_2=NOW)
        assert reasons(elsewhere)["tgt_2"] is Reason.TALKED_BEFORE
        assert self.decided(RepeatCallers.REJECT, tgt_2=NOW).refusal is Reason.REPEAT_CALLER

    def test_the_same_target_comes_before_a_dearer_campaigns_first_priority(self) -> None:
        mine = campaign_facts(
            campaign=a_campaign(repeat_callers=RepeatCallers.SAME_TARGET_FIRST),
            targets=(target_facts(priority=9),),
        )
        other = campaign_facts(
            campaign=a_campaign(id="cmp_2"),
            targets=(target_facts(id="tgt_2", campaign_id="cmp_2", priority=1),),
        )
        market = a_market(campaigns=(other, mine))
        assert order(decide(market)) == ["tgt_2", "tgt_1"]
        assert order(decide(market, talked_before={"tgt_1": NOW})) == ["tgt_1", "tgt_2"]

    @given(
        st.sampled_from(RepeatCallers),
        st.dictionaries(
            st.sampled_from(["tgt_1", "tgt_2", "tgt_3", "tgt_x"]),
            st.timedeltas(timedelta(0), timedelta(days=60)).map(lambda ago: NOW - ago),
        ),
    )
    def test_a_policy_only_ever_reorders_or_passes_over_those_who_were_talked_with(
        self, policy: RepeatCallers, talks: dict[str, Any]
    ) -> None:
        decision = self.decided(policy, **talks)
        recent = eligibility.talked_recently(talks, 30, NOW).keys() & {"tgt_1", "tgt_2", "tgt_3"}
        if policy is RepeatCallers.REJECT:
            assert order(decision) == ([] if recent else ["tgt_1", "tgt_2", "tgt_3"])
        elif policy is RepeatCallers.NEVER_SAME_TARGET:
            assert not recent & set(order(decision))
        else:
            assert sorted(order(decision)) == ["tgt_1", "tgt_2", "tgt_3"]


class TestPrices:
    @pytest.mark.parametrize(("most", "dear"), [(None, False), (2499, True), (2500, False)])
    def test_no_call_costs_more_than_the_campaigns_maximum(
        self, most: int | None, dear: bool
    ) -> None:
        facts = {"campaign": a_campaign(maximum_charge_cents=most)}
        assert outcome(campaign=facts) is (Reason.OVER_MAXIMUM_CHARGE if dear else None)

    def test_a_target_may_ask_a_price_of_its_own_which_budgets_and_funds_must_carry(self) -> None:
        own: dict[str, Any] = {"charge_cents": 4000}
        poor = {"available_cents": 3999}
        assert outcome(campaign=poor, **own) is Reason.NO_FUNDS
        tight = {"campaign": a_campaign(daily_budget_cents=3999)}
        assert outcome(campaign=tight, **own) is Reason.NO_BUDGET_DAY
        assert outcome(campaign=poor) is None

    def test_the_call_is_charged_what_its_target_asks(self) -> None:
        attempt = first_attempt(a_market(target_facts(charge_cents=4000)))
        assert (attempt.charge.charge_cents, attempt.hold.amount_cents) == (4000, 4000)
        assert attempt.charge == charge_terms(charge_cents=4000)
        seen = decide(a_market(target_facts(charge_cents=4000))).considered
        assert [one.charge_cents for one in seen] == [4000]
