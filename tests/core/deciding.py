"""How the tests of routing ask: one decision, and what they look at in it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.calls import Attempt
from chalicelib.market import Market
from chalicelib.reasons import Reason
from chalicelib.reserving import reservation
from chalicelib.routing import Decision, choose
from tests.builders import (
    NOW,
    a_call,
    a_market,
    campaign_facts,
    target_facts,
)

TICK = timedelta(microseconds=1)
HOUR, DAY, MONTH, TOTAL = "hour#2026-11-23T15+0000", "day#2026-11-23", "month#2026-11", "total"


def decide(
    market: Market, *, call_id: str = "call_1", now: datetime = NOW, **more: Any
) -> Decision:
    """The decision on a call that arrives now."""
    return choose(market, call_id=call_id, now=now, **more)


def order(decision: Decision) -> list[str]:
    """The targets that may take the call, first choice first."""
    return [candidate.facts.target.id for candidate in decision.candidates]


def first_attempt(market: Market, **more: Any) -> Attempt:
    """What trying the first candidate would be."""
    first = decide(market, **more).candidates[0]
    number = more.get("attempt", 1)
    return reservation(
        market,
        first.campaign,
        first.facts,
        call=a_call(attempt=None),
        number=number,
        now=NOW,
    ).attempt


def reasons(decision: Decision) -> dict[str, Reason]:
    """What the trace says of each target."""
    return {seen.target_id: seen.reason for seen in decision.considered}


def outcome(
    *, now: datetime = NOW, campaign: Mapping[str, Any] | None = None, **target: Any
) -> StrEnum | None:
    """Why a market with this one target refuses the call; None when the target may take it."""
    facts = campaign_facts(targets=(target_facts(**target),), **(campaign or {}))
    return decide(a_market(campaigns=(facts,)), now=now).refusal
