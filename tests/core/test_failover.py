"""A call's own hold does not stand in its way when it fails over."""

import pytest

from chalicelib.failover import without_hold
from chalicelib.market import Market
from chalicelib.reasons import Reason
from chalicelib.routing import choose
from tests.builders import (
    NOW,
    a_campaign,
    a_hold,
    a_market,
    a_target,
    an_attempt,
    campaign_facts,
    target_facts,
)

HELD = {"day#2026-11-23": 2_500, "total": 2_500}


def a_market_with(**facts: object) -> Market:
    """The failed target, and another of the same campaign."""
    targets = (
        target_facts(target=a_target(id="tgt_1"), leases={"call_1": NOW}, used={"total": 1}),
        target_facts(target=a_target(id="tgt_2")),
    )
    return a_market(campaigns=(campaign_facts(targets=targets, **facts),))


def refusal(market: Market) -> Reason | None:
    found = choose(market, call_id="call_1", now=NOW, attempt=2, tried=("tgt_1",)).refusal
    return Reason(found) if found else None


@pytest.mark.parametrize(
    ("facts", "alone"),
    [
        ({"available_cents": 0}, Reason.NO_FUNDS),
        (
            {"campaign": a_campaign(daily_budget_cents=2_500), "spent": HELD},
            Reason.NO_BUDGET_DAY,
        ),
        (
            {"campaign": a_campaign(total_budget_cents=2_500), "spent": HELD},
            Reason.NO_BUDGET_TOTAL,
        ),
    ],
)
def test_the_last_of_it_serves_the_call_that_holds_it(
    facts: dict[str, object], alone: Reason
) -> None:
    market = a_market_with(**facts)
    reasons = {
        seen.reason
        for seen in choose(market, call_id="call_2", now=NOW, tried=("tgt_1",)).considered
    }
    assert alone in reasons
    assert refusal(without_hold(market, an_attempt(), "call_1")) is None


def test_the_failed_target_has_its_slot_and_its_places_back() -> None:
    (facts,) = without_hold(a_market_with(), an_attempt(), "call_1").campaigns
    assert facts.targets[0].leases == {}
    assert facts.targets[0].used == {"total": 0}
    assert facts.targets[1] == target_facts(target=a_target(id="tgt_2"))


def test_another_advertisers_facts_stay_as_they_are() -> None:
    market = a_market_with(available_cents=7)
    elsewhere = a_hold(advertiser_id="adv_2", campaign_id="cmp_2", target_id="tgt_9")
    assert without_hold(market, an_attempt(hold=elsewhere), "call_1") == market
