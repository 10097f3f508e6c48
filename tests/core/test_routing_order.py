"""Who is asked first, who is asked next, and what the trace tells of it."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.campaigns import State
from chalicelib.groups import settled_on
from chalicelib.reasons import Reason
from chalicelib.terms import EarningTerms
from tests.builders import (
    NOW,
    a_campaign,
    a_market,
    a_partnership,
    campaign_facts,
    charge_terms,
    target_facts,
)
from tests.core.deciding import (
    DAY,
    HOUR,
    MONTH,
    TOTAL,
    decide,
    first_attempt,
    order,
    outcome,
    reasons,
)


class TestOrder:
    def test_priority_one_rings_first_whatever_the_weights(self) -> None:
        market = a_market(
            target_facts(id="tgt_3", priority=3, weight=1000),
            target_facts(id="tgt_1", priority=1, weight=1),
            target_facts(id="tgt_2", priority=2, weight=100),
        )
        for n in range(50):
            assert order(decide(market, call_id=f"call_{n}")) == ["tgt_1", "tgt_2", "tgt_3"]

    def test_priority_holds_across_campaigns(self) -> None:
        first, second = a_campaign(id="cmp_1"), a_campaign(id="cmp_2", advertiser_id="adv_2")
        campaigns = (
            campaign_facts(campaign=first, targets=(target_facts(id="tgt_1", priority=2),)),
            campaign_facts(campaign=second, targets=(target_facts(id="tgt_2", priority=1),)),
        )
        assert order(decide(a_market(campaigns=campaigns))) == ["tgt_2", "tgt_1"]

    @pytest.mark.parametrize(("weights", "share"), [((30, 10), 0.75), ((1, 1), 0.5), ((9, 1), 0.9)])
    def test_weights_share_the_calls_of_one_priority(
        self, weights: tuple[int, int], share: float
    ) -> None:
        market = a_market(
            target_facts(id="tgt_1", weight=weights[0]), target_facts(id="tgt_2", weight=weights[1])
        )
        calls = 4000
        firsts = [order(decide(market, call_id=f"call_{n}"))[0] for n in range(calls)]
        assert firsts.count("tgt_1") / calls == pytest.approx(share, abs=0.025)

    def test_one_call_always_draws_the_same(self) -> None:
        market = a_market(*(target_facts(id=f"tgt_{n}") for n in range(8)))
        shuffled = a_market(*(target_facts(id=f"tgt_{n}") for n in reversed(range(8))))
        assert decide(market).considered == decide(shuffled).considered

    def test_a_single_target_of_any_weight_takes_every_call(self) -> None:
        assert order(decide(a_market(target_facts(weight=10_000)))) == ["tgt_1"]


class TestFailover:
    TWO = (target_facts(id="tgt_1", priority=1), target_facts(id="tgt_2", priority=2))

    def test_a_target_is_tried_once(self) -> None:
        again: dict[str, Any] = {"attempt": 2, "tried": ("tgt_1",)}
        decision = decide(a_market(*self.TWO), **again)
        assert order(decision) == ["tgt_2"]
        assert reasons(decision)["tgt_1"] is Reason.ALREADY_TRIED
        assert first_attempt(a_market(*self.TWO), **again).number == 2

    def test_when_all_were_tried_that_is_the_reason(self) -> None:
        decision = decide(a_market(*self.TWO), attempt=3, tried=("tgt_1", "tgt_2"))
        assert decision.candidates == ()
        assert decision.refusal is Reason.ALREADY_TRIED

    @pytest.mark.parametrize(("attempt", "candidates"), [(1, 1), (2, 1), (3, 0)])
    def test_a_campaign_takes_as_many_attempts_as_it_says(
        self, attempt: int, candidates: int
    ) -> None:
        campaign = campaign_facts(campaign=a_campaign(max_attempts=2), targets=self.TWO[1:])
        market = a_market(campaigns=(campaign,))
        decision = decide(market, attempt=attempt, tried=("tgt_1",))
        assert len(decision.candidates) == candidates
        assert (decision.refusal is Reason.ATTEMPTS_USED_UP) == (candidates == 0)

    def test_used_up_attempts_are_the_refusal_beside_the_targets_tried(self) -> None:
        campaign = campaign_facts(campaign=a_campaign(max_attempts=1), targets=self.TWO)
        decision = decide(a_market(campaigns=(campaign,)), attempt=2, tried=("tgt_1",))
        assert decision.refusal is Reason.ATTEMPTS_USED_UP

    def test_used_up_attempts_of_one_campaign_leave_another_its_own(self) -> None:
        few, many = a_campaign(max_attempts=1), a_campaign(id="cmp_2", max_attempts=3)
        campaigns = (
            campaign_facts(campaign=few, targets=(target_facts(id="tgt_1"),)),
            campaign_facts(campaign=many, targets=(target_facts(id="tgt_2"),)),
        )
        decision = decide(a_market(campaigns=campaigns), attempt=2, tried=("tgt_0",))
        assert order(decision) == ["tgt_2"]


class TestTrace:
    def test_every_target_is_told_with_one_reason_in_the_order_considered(self) -> None:
        market = a_market(
            target_facts(id="tgt_1", priority=1, state=State.PAUSED),
            target_facts(id="tgt_2", priority=2, daily_cap=0),
            target_facts(id="tgt_3", priority=3),
            target_facts(id="tgt_4", priority=4),
        )
        seen = decide(market).considered
        assert [(one.target_id, one.reason) for one in seen] == [
            ("tgt_1", Reason.TARGET_PAUSED),
            ("tgt_2", Reason.CAPPED_DAY),
            ("tgt_3", Reason.OUTRANKED),
            ("tgt_4", Reason.OUTRANKED),
        ]
        assert (seen[2].priority, seen[2].weight, seen[2].charge_cents) == (3, 1, 2500)

    def test_the_first_rule_that_fails_is_the_reason(self) -> None:
        everything = {
            "campaign": a_campaign(state=State.PAUSED, total_budget_cents=0),
            "available_cents": 0,
        }
        assert outcome(campaign=everything, total_cap=0) is Reason.CAMPAIGN_PAUSED
        assert outcome(campaign={"available_cents": 0}, total_cap=0) is Reason.CAPPED_TOTAL

    def test_one_common_reason_is_the_refusal_and_several_are_no_target(self) -> None:
        paused, closed = target_facts(id="tgt_1", state=State.PAUSED), target_facts(total_cap=0)
        assert decide(a_market(paused)).refusal is Reason.TARGET_PAUSED
        assert decide(a_market(paused, closed)).refusal is Reason.NO_TARGET

    def test_the_trace_tells_who_took_the_call_and_who_was_raced_away(self) -> None:
        market = a_market(*(target_facts(id=f"tgt_{n}", priority=n) for n in (1, 2, 3)))
        settled = settled_on(decide(market), "tgt_2", ("tgt_1",))
        assert reasons(settled) == {
            "tgt_1": Reason.LOST_RACE,
            "tgt_2": Reason.CHOSEN,
            "tgt_3": Reason.OUTRANKED,
        }
        assert settled.refusal is None

    def test_a_call_that_lost_every_race_had_no_target(self) -> None:
        settled = settled_on(decide(a_market()), None, ("tgt_1",))
        assert reasons(settled) == {"tgt_1": Reason.LOST_RACE}
        assert settled.refusal is Reason.NO_TARGET

    def test_a_call_that_nobody_could_take_keeps_its_reason(self) -> None:
        refused = decide(a_market(target_facts(total_cap=0)))
        assert settled_on(refused, None, ()) == refused


class TestAttempts:
    def test_an_attempt_keeps_the_terms_of_its_moment(self) -> None:
        terms, earning = charge_terms(charge_cents=4200), EarningTerms(earning_cents=900)
        market = a_market(
            campaigns=(campaign_facts(campaign=a_campaign(terms=terms)),),
            partnership=a_partnership(earning=earning),
        )
        attempt = first_attempt(market)
        assert (attempt.charge, attempt.earning) == (terms, earning)
        assert attempt.hold.amount_cents == 4200
        assert attempt.reserved_at == NOW

    def test_a_hold_counts_in_every_window_even_where_there_is_no_cap(self) -> None:
        hold = first_attempt(a_market()).hold
        windows = (HOUR, DAY, MONTH, TOTAL)
        assert hold.target_windows == (*windows, *(f"money:{window}" for window in windows))
        assert hold.campaign_windows == (DAY, MONTH, TOTAL)

    def test_a_lease_outlives_ringing_and_the_longest_call_by_two_minutes(self) -> None:
        campaign = campaign_facts(
            campaign=a_campaign(max_call_seconds=600), targets=(target_facts(ring_seconds=30),)
        )
        hold = first_attempt(a_market(campaigns=(campaign,))).hold
        assert hold.lease_until == NOW + timedelta(seconds=30 + 600 + 120)
