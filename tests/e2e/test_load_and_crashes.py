"""Many calls at once with callbacks repeated and lost; workers and the whole stack killed."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator import BUILTIN, Dialled, Faults, traffic
from tests.e2e.deployment import Deployment, Market, deployment_in, eventually

Json = dict[str, Any]
CALLS = 200


def judged_all(deployment: Deployment, sids: list[str]) -> list[Json]:
    """Every call once all are approved or denied; the sweep is what ends the unheard ones."""

    def all_judged() -> list[Json]:
        calls = {call["carrier_call_id"]: call for call in deployment.everything("/calls")}
        mine = [calls[sid] for sid in sids if sid in calls]
        return mine if len(mine) == len(sids) and not waiting(mine) else []

    return eventually(all_judged, within=180)


def waiting(calls: list[Json]) -> list[Json]:
    return [call for call in calls if call["status"] not in ("approved", "denied")]


def booked(deployment: Deployment, call_ids: set[str]) -> Counter[str]:
    """How many approval entries each of the calls has."""
    entries = deployment.everything(f"/ledger/entries?month={this_month(deployment)}")
    approvals = (one for one in entries if one["template"] == "approval")
    return Counter(
        one["refs"]["call_id"] for one in approvals if one["refs"]["call_id"] in call_ids
    )


def this_month(deployment: Deployment) -> str:
    newest = deployment.api("GET", "/calls?limit=1")["data"][0]
    return str(newest["arrived_at"][:7])


def test_two_hundred_calls_with_lost_and_repeated_callbacks_are_judged_and_booked_once(
    deployment: Deployment,
) -> None:
    capped = Market(deployment, target={"daily_cap": 40, "concurrency_cap": 20})
    budgeted = Market(deployment, billing="net", campaign={"daily_budget_cents": 50_000})
    numbers = tuple(
        Dialled(e164=market.e164, minimum_talk_seconds=60) for market in (capped, budgeted)
    )
    profile = replace(BUILTIN, numbers=numbers)
    faults = Faults(repeat_share=0.1, drop_share=0.05)
    with deployment.network("load") as network:
        results = list(traffic(network, profile, seed="load", calls=CALLS, rate=10, faults=faults))
        calls = judged_all(deployment, [result.sid for result in results])
    assert [v for result in results for v in result.violations] == []
    assert len(calls) == CALLS

    approved = [call for call in calls if call["status"] == "approved"]
    entries = booked(deployment, {call["id"] for call in calls})
    assert entries == Counter(call["id"] for call in approved)
    by_campaign = Counter(call["campaign_id"] for call in approved)
    assert 0 < by_campaign[capped.campaign_id] <= 40
    assert 0 < by_campaign[budgeted.campaign_id] <= 20
    charged = sum(
        call["charge_cents"] for call in approved if call["campaign_id"] == capped.campaign_id
    )
    assert capped.funds() == {
        **capped.funds(),
        "available_cents": 1_000_000 - charged,
        "held_cents": 0,
    }
    assert deployment.trial_balance()["total_cents"] == 0
    assert deployment.api("GET", "/ledger/audit")["differences"] == []


def test_workers_killed_in_the_middle_change_nothing_in_the_books(deployment: Deployment) -> None:
    market = Market(deployment)
    with deployment.network() as network, ThreadPoolExecutor(4) as pool:
        placing = [pool.submit(market.rings, network, 70) for _ in range(12)]
        for _ in range(6):
            eventually(lambda: sum(one.done() for one in placing) >= 2, within=2)
            deployment.stack.kill_workers()
        results = [one.result() for one in placing]
        known = [result.sid for result in results if deployment.call(result.sid)]
        calls = judged_all(deployment, known)
    approved = [call for call in calls if call["status"] == "approved"]
    assert booked(deployment, {c["id"] for c in calls}) == Counter(c["id"] for c in approved)
    funds = market.funds()
    assert funds["available_cents"] == 1_000_000 - 2_500 * len(approved)
    assert funds["held_cents"] == 0
    assert deployment.api("GET", "/ledger/audit")["differences"] == []


def test_a_stack_killed_between_two_steps_ends_with_the_same_books(tmp_path: Path) -> None:
    deployment = deployment_in(tmp_path)
    try:
        market = Market(deployment)
        with deployment.network() as network:
            placed = [market.rings(network, talk=70) for _ in range(4)]
            deployment.stack.kill()
            deployment.endpoints.update(deployment.stack.up())
            calls = judged_all(deployment, [one.sid for one in placed])
        assert {call["status"] for call in calls} == {"approved"}
        assert market.funds()["available_cents"] == 1_000_000 - 4 * 2_500
        assert set(booked(deployment, {c["id"] for c in calls}).values()) == {1}
        assert deployment.trial_balance()["total_cents"] == 0
    finally:
        deployment.stack.stop()
