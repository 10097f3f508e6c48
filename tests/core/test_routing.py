"""Who may take a call: every rule at its boundary."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from chalicelib.campaigns import State
from chalicelib.market import expired_leases
from chalicelib.offers import PartnershipState
from chalicelib.reasons import MEANING, Reason
from chalicelib.routing import Decision
from chalicelib.times import Hours, OpenBlock
from tests.builders import (
    NOW,
    a_campaign,
    a_market,
    a_partnership,
    a_publisher,
    an_advertiser,
    an_offer,
    charge_terms,
    target_facts,
)
from tests.core.deciding import DAY, HOUR, TICK, TOTAL, decide, order, outcome

NEW_YORK = "America/New_York"


class TestMarkets:
    @pytest.mark.parametrize(
        ("closed", "reason"),
        [
            ({"offer": an_offer(state=State.PAUSED)}, Reason.OFFER_PAUSED),
            ({"offer": an_offer(state=State.ARCHIVED)}, Reason.OFFER_PAUSED),
            ({"publisher": a_publisher(state=State.PAUSED)}, Reason.PUBLISHER_PAUSED),
            *(
                ({"partnership": a_partnership(state=state)}, Reason.PARTNERSHIP_NOT_APPROVED)
                for state in PartnershipState
                if state is not PartnershipState.APPROVED
            ),
        ],
    )
    def test_a_closed_market_looks_at_no_target(
        self, closed: dict[str, Any], reason: Reason
    ) -> None:
        assert decide(a_market(**closed)) == Decision(refusal=reason)

    def test_an_open_market_gives_the_call_to_its_target(self) -> None:
        decision = decide(a_market())
        assert order(decision) == ["tgt_1"]
        assert decision.refusal is None

    def test_a_market_without_targets_has_nobody(self) -> None:
        assert decide(a_market(campaigns=())).refusal is Reason.NO_TARGET

    def test_every_reason_has_a_meaning_for_people(self) -> None:
        assert set(MEANING) >= set(Reason)


class TestStates:
    @pytest.mark.parametrize("state", [State.PAUSED, State.ARCHIVED])
    def test_what_is_not_active_takes_no_calls(self, state: State) -> None:
        paused = {"advertiser": an_advertiser(state=state)}
        assert outcome(campaign=paused) is Reason.ADVERTISER_PAUSED
        assert outcome(campaign={"campaign": a_campaign(state=state)}) is Reason.CAMPAIGN_PAUSED
        assert outcome(state=state) is Reason.TARGET_PAUSED


class TestHours:
    @pytest.mark.parametrize(
        ("clock", "refusal"),
        [
            ("08:59:59.999999", Reason.CLOSED),
            ("09:00:00", None),
            ("16:59:59.999999", None),
            ("17:00:00", Reason.CLOSED),
        ],
    )
    def test_a_target_is_asked_only_while_it_is_open(
        self, clock: str, refusal: Reason | None
    ) -> None:
        hours = Hours(zone=NEW_YORK, blocks=(OpenBlock(weekday=0, opens=time(9), closes=time(17)),))
        now = datetime.fromisoformat(f"2026-11-23T{clock}-05:00")
        assert outcome(now=now, hours=hours) is refusal


class TestCaps:
    @pytest.mark.parametrize(
        ("cap", "window", "reason"),
        [
            ("hourly_cap", HOUR, Reason.CAPPED_HOUR),
            ("daily_cap", DAY, Reason.CAPPED_DAY),
            ("total_cap", TOTAL, Reason.CAPPED_TOTAL),
        ],
    )
    @pytest.mark.parametrize(("used", "full"), [(4, False), (5, True), (6, True)])
    def test_a_cap_admits_as_many_calls_as_it_says(
        self, cap: str, window: str, reason: Reason, used: int, full: bool
    ) -> None:
        target: dict[str, Any] = {cap: 5, "used": {window: used}}
        assert outcome(**target) is (reason if full else None)

    @pytest.mark.parametrize("cap", ["hourly_cap", "daily_cap", "total_cap", "concurrency_cap"])
    def test_a_cap_of_zero_admits_nobody(self, cap: str) -> None:
        closed: dict[str, Any] = {cap: 0}
        assert outcome(**closed) is not None

    @pytest.mark.parametrize("window", [HOUR, DAY, TOTAL])
    def test_without_caps_use_does_not_matter(self, window: str) -> None:
        assert outcome(used={window: 10**6}) is None

    def test_a_cap_counts_in_the_window_of_the_targets_own_zone(self) -> None:
        late = datetime.fromisoformat("2026-11-24T03:00+00:00")
        there = Hours(zone=NEW_YORK)
        assert outcome(now=late, hours=there, daily_cap=1, used={DAY: 1}) is Reason.CAPPED_DAY
        assert outcome(now=late, daily_cap=1, used={DAY: 1}) is None

    def test_a_full_hour_is_over_with_the_hour(self) -> None:
        next_hour = NOW + timedelta(hours=1)
        assert outcome(now=next_hour - TICK, hourly_cap=1, used={HOUR: 1}) is Reason.CAPPED_HOUR
        assert outcome(now=next_hour, hourly_cap=1, used={HOUR: 1}) is None

    @pytest.mark.parametrize(("busy", "full"), [(1, False), (2, True), (3, True)])
    def test_a_target_has_as_many_slots_as_it_says(self, busy: int, full: bool) -> None:
        leases = {f"call_{n}": NOW + timedelta(hours=1) for n in range(busy)}
        refusal = Reason.AT_CONCURRENCY if full else None
        assert outcome(concurrency_cap=2, leases=leases) is refusal

    @pytest.mark.parametrize(
        ("until", "refusal"),
        [
            (NOW - TICK, None),
            (NOW, None),
            (NOW + TICK, Reason.AT_CONCURRENCY),
        ],
    )
    def test_a_slot_frees_itself_when_its_lease_runs_out(
        self, until: datetime, refusal: Reason | None
    ) -> None:
        assert outcome(concurrency_cap=1, leases={"call_9": until}) is refusal

    def test_expired_leases_are_those_that_end_now_or_before(self) -> None:
        ends = {"call_c": NOW, "call_a": NOW - TICK, "call_b": NOW + TICK}
        assert expired_leases(target_facts(leases=ends), NOW) == ("call_a", "call_c")


class TestMoney:
    @pytest.mark.parametrize(
        ("budget", "window", "reason"),
        [
            ("daily_budget_cents", DAY, Reason.NO_BUDGET_DAY),
            ("total_budget_cents", TOTAL, Reason.NO_BUDGET_TOTAL),
        ],
    )
    @pytest.mark.parametrize(("spent", "over"), [(7499, False), (7500, False), (7501, True)])
    def test_a_budget_may_be_used_up_to_the_cent(
        self, budget: str, window: str, reason: Reason, spent: int, over: bool
    ) -> None:
        campaign = {"campaign": a_campaign(**{budget: 10_000}), "spent": {window: spent}}
        assert outcome(campaign=campaign) is (reason if over else None)

    def test_a_budget_counts_in_the_campaigns_zone(self) -> None:
        late = datetime.fromisoformat("2026-11-24T03:00+00:00")
        campaign = a_campaign(zone=NEW_YORK, daily_budget_cents=2500)
        facts = {"campaign": campaign, "spent": {DAY: 2500}}
        assert outcome(now=late, campaign=facts) is Reason.NO_BUDGET_DAY
        elsewhere = {"campaign": replace(campaign, zone="UTC"), "spent": {DAY: 2500}}
        assert outcome(now=late, campaign=elsewhere) is None

    @pytest.mark.parametrize(
        ("available", "refusal"), [(2499, Reason.NO_FUNDS), (2500, None), (2501, None)]
    )
    def test_the_advertisers_money_must_cover_the_charge(
        self, available: int, refusal: Reason | None
    ) -> None:
        assert outcome(campaign={"available_cents": available}) is refusal

    @pytest.mark.parametrize(("available", "refusal"), [(-1, Reason.NO_FUNDS), (0, None)])
    def test_a_charge_of_nothing_needs_no_money_but_no_debt_either(
        self, available: int, refusal: Reason | None
    ) -> None:
        free = a_campaign(terms=charge_terms(charge_cents=0))
        assert outcome(campaign={"campaign": free, "available_cents": available}) is refusal
