"""Whether one target may take a call: every rule by itself, at its boundary."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import eligibility, limits
from chalicelib.campaigns import State
from chalicelib.reasons import Reason
from chalicelib.times import DatedHours, Hours
from tests.builders import (
    NOW,
    a_block_fact,
    a_campaign,
    a_hold,
    a_target,
    an_advertiser,
    charge_terms,
)
from tests.core.deciding import DAY, HOUR, MONTH, TICK, TOTAL, outcome

NEW_YORK = "America/New_York"
CAPS = {
    "hourly_cap": (HOUR, Reason.CAPPED_HOUR),
    "daily_cap": (DAY, Reason.CAPPED_DAY),
    "monthly_cap": (MONTH, Reason.CAPPED_MONTH),
    "total_cap": (TOTAL, Reason.CAPPED_TOTAL),
}
MONEY_CAPS = {
    "hourly_cap_cents": (f"money:{HOUR}", Reason.CAPPED_MONEY_HOUR),
    "daily_cap_cents": (f"money:{DAY}", Reason.CAPPED_MONEY_DAY),
    "monthly_cap_cents": (f"money:{MONTH}", Reason.CAPPED_MONEY_MONTH),
    "total_cap_cents": (f"money:{TOTAL}", Reason.CAPPED_MONEY_TOTAL),
}
BUDGETS = {
    "daily_budget_cents": (DAY, Reason.NO_BUDGET_DAY),
    "monthly_budget_cents": (MONTH, Reason.NO_BUDGET_MONTH),
    "total_budget_cents": (TOTAL, Reason.NO_BUDGET_TOTAL),
}


class TestStates:
    def test_the_widest_pause_is_named(self) -> None:
        off, on = State.PAUSED, State.ACTIVE
        table = [
            (off, off, off, Reason.ADVERTISER_PAUSED),
            (on, off, off, Reason.CAMPAIGN_PAUSED),
            (on, on, off, Reason.TARGET_PAUSED),
            (on, on, on, None),
        ]
        for advertiser, campaign, target, reason in table:
            answer = eligibility.paused(
                an_advertiser(state=advertiser), a_campaign(state=campaign), a_target(state=target)
            )
            assert answer is reason


class TestCallers:
    @pytest.mark.parametrize(
        ("ends", "reason"),
        [
            ((), None),
            ((None,), Reason.CALLER_BLOCKED),
            ((NOW + TICK,), Reason.CALLER_BLOCKED),
            ((NOW,), None),
            ((NOW, NOW - TICK), None),
            ((NOW, None), Reason.CALLER_BLOCKED),
        ],
    )
    def test_an_advertisers_entry_passes_its_targets_over_until_it_expires(
        self, ends: tuple[datetime | None, ...], reason: Reason | None
    ) -> None:
        blocks = tuple(a_block_fact(expires_at=end) for end in ends)
        assert eligibility.caller_blocked(blocks, NOW) is reason
        assert outcome(campaign={"blocks": blocks}) is reason

    def test_a_pause_is_named_before_an_entry_and_an_entry_before_the_season(self) -> None:
        blocked = {"blocks": (a_block_fact(),)}
        ended = blocked | {"campaign": a_campaign(ends_at=NOW)}
        assert outcome(campaign=ended) is Reason.CALLER_BLOCKED
        assert outcome(campaign=ended, state=State.PAUSED) is Reason.TARGET_PAUSED


class TestSeason:
    @pytest.mark.parametrize(
        ("runs", "reason"),
        [
            ({}, None),
            ({"starts_at": NOW + TICK}, Reason.NOT_STARTED),
            ({"starts_at": NOW}, None),
            ({"ends_at": NOW + TICK}, None),
            ({"ends_at": NOW}, Reason.ENDED),
            ({"ends_at": NOW - TICK}, Reason.ENDED),
            ({"starts_at": NOW, "ends_at": NOW + TICK}, None),
        ],
    )
    def test_a_campaign_runs_from_its_start_until_right_before_its_end(
        self, runs: dict[str, datetime], reason: Reason | None
    ) -> None:
        campaign = a_campaign(**runs)
        assert eligibility.out_of_season(campaign, NOW) is reason
        assert outcome(campaign={"campaign": campaign}) is reason


class TestHours:
    def test_a_target_is_passed_over_on_its_holiday(self) -> None:
        holiday = Hours(exceptions=(DatedHours(date="2026-11-23"),))
        assert eligibility.closed(a_target(hours=holiday), NOW) is Reason.CLOSED
        assert eligibility.closed(a_target(hours=holiday), NOW + timedelta(days=1)) is None


class TestCaps:
    @pytest.mark.parametrize("cap", CAPS)
    @pytest.mark.parametrize(("used", "full"), [(0, False), (4, False), (5, True), (6, True)])
    def test_a_cap_admits_as_many_calls_as_it_says(self, cap: str, used: int, full: bool) -> None:
        window, reason = CAPS[cap]
        capped: dict[str, Any] = {cap: 5, "used": {window: used}}
        assert outcome(**capped) is (reason if full else None)

    @pytest.mark.parametrize("cap", MONEY_CAPS)
    @pytest.mark.parametrize(("used", "full"), [(0, False), (7500, False), (7501, True)])
    def test_a_cap_in_money_may_be_used_up_to_the_cent(
        self, cap: str, used: int, full: bool
    ) -> None:
        window, reason = MONEY_CAPS[cap]
        capped: dict[str, Any] = {cap: 10_000, "used": {window: used}}
        assert outcome(**capped) is (reason if full else None)

    @pytest.mark.parametrize("cap", MONEY_CAPS)
    def test_a_cap_below_the_price_admits_nobody(self, cap: str) -> None:
        capped: dict[str, Any] = {cap: 2499}
        assert outcome(**capped) is MONEY_CAPS[cap][1]

    def test_calls_do_not_fill_a_cap_in_money_nor_money_one_in_calls(self) -> None:
        assert outcome(daily_cap_cents=2500, used={DAY: 9999}) is None
        assert outcome(daily_cap=1, used={f"money:{DAY}": 9999}) is None

    def test_the_first_full_window_is_named_calls_before_money(self) -> None:
        full = {
            window: 10**9 for window, _ in (*CAPS.values(), *MONEY_CAPS.values())
        }  # fmt: skip
        caps = dict.fromkeys((*CAPS, *MONEY_CAPS), 5000)
        named = []
        while caps:
            named.append(next(iter(caps)))
            target = a_target(**caps)
            reason = limits.first_reached(limits.target_limits(target, 1, NOW), full)
            assert reason is (CAPS | MONEY_CAPS)[named[-1]][1]
            del caps[named[-1]]

    def test_a_month_is_full_until_its_last_moment_on_the_targets_wall_clock(self) -> None:
        december = datetime.fromisoformat("2026-12-01T05:00+00:00")
        full: dict[str, Any] = {
            "hours": Hours(zone=NEW_YORK),
            "monthly_cap": 1,
            "used": {MONTH: 1},
        }
        assert outcome(now=december - TICK, **full) is Reason.CAPPED_MONTH
        assert outcome(now=december, **full) is None

    @pytest.mark.parametrize(("cap", "busy", "full"), [(None, 99, False), (2, 1, False),
                                                       (2, 2, True), (0, 0, True)])  # fmt: skip
    def test_a_target_takes_as_many_calls_at_once_as_it_says(
        self, cap: int | None, busy: int, full: bool
    ) -> None:
        reason = eligibility.all_slots_busy(a_target(concurrency_cap=cap), busy, NOW)
        assert reason is (Reason.AT_CONCURRENCY if full else None)


class TestMoney:
    @pytest.mark.parametrize("budget", BUDGETS)
    @pytest.mark.parametrize(("spent", "over"), [(0, False), (7500, False), (7501, True)])
    def test_a_budget_may_be_used_up_to_the_cent(self, budget: str, spent: int, over: bool) -> None:
        window, reason = BUDGETS[budget]
        facts = {"campaign": a_campaign(**{budget: 10_000}), "spent": {window: spent}}
        assert outcome(campaign=facts) is (reason if over else None)

    @pytest.mark.parametrize(("available", "short"), [(24, True), (25, False), (26, False)])
    def test_the_advertisers_money_must_reach_for_the_charge(
        self, available: int, short: bool
    ) -> None:
        assert eligibility.without_funds(available, 25) is (Reason.NO_FUNDS if short else None)


class TestWhatAHoldKeeps:
    def test_a_hold_keeps_one_call_or_its_cents_whichever_a_window_counts(self) -> None:
        hold = a_hold(amount_cents=2500)
        assert limits.kept_by(hold, DAY) == 1
        assert limits.kept_by(hold, f"money:{DAY}") == 2500

    @given(
        st.fixed_dictionaries({}, optional=dict.fromkeys((*CAPS, *MONEY_CAPS), st.integers(0, 9))),
        st.fixed_dictionaries({}, optional=dict.fromkeys(BUDGETS, st.integers(0, 9))),
        st.integers(0, 9),
    )
    def test_every_limit_counts_in_a_window_that_a_hold_keeps_whole(
        self, caps: dict[str, int], budgets: dict[str, int], price: int
    ) -> None:
        target = a_target(**caps)
        campaign = a_campaign(terms=charge_terms(charge_cents=price), **budgets)
        hold = a_hold(amount_cents=price)
        found = list(limits.target_limits(target, price, NOW))
        assert {limit.most for limit in found} == set(caps.values())
        for limit in found:
            assert limit.key in limits.cap_windows(target.hours.zone, NOW)
            assert limit.takes == limits.kept_by(hold, limit.key)
        for limit in limits.budget_limits(campaign, price, NOW):
            assert limit.key in limits.budget_windows(campaign.zone, NOW)
            assert limit.takes == price
