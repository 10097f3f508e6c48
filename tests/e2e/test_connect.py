"""Calls of Amazon Connect through the deployed stack: flow, function, bus, stream, verdict, books.

The same campaign stands behind a number of each carrier, and a call comes to the same by both.
"""

from typing import Any

import pytest

from simulator import Behaviour, CallResult, Faults, Outcome, Side
from tests.e2e.deployment import Deployment, Market

Json = dict[str, Any]
BUSY = Behaviour(outcome=Outcome.BUSY, after=2)
FROM_THE_DIAL: Json = {
    "charge_cents": 2_500,
    "minimum_talk_seconds": 0,
    "steps": [
        {"name": "talk", "test": "talk", "clock": "dial", "seconds": 60, "pays": {"cents": 2_500}}
    ],
}


class Both(Market):
    """A market with a number of Amazon Connect beside the one of Twilio."""

    @classmethod
    def on(cls, deployment: Deployment, **more: Any) -> "Both":
        market = cls(deployment, campaign={"terms": FROM_THE_DIAL}, **more)
        market.is_lent(market.connects, "connect")
        return market

    @property
    def connects(self) -> str:
        return f"+1888{self.e164[-7:]}"

    def connected(self, **more: Any) -> tuple[CallResult, Json]:
        """A call on Amazon Connect's number, and what it came to."""
        with self.deployment.connect() as network:
            placed = self.rings(network, to=self.connects, **more)
            return placed, self.deployment.judged(placed.sid)


@pytest.fixture(scope="module")
def market(deployment: Deployment) -> Both:
    return Both.on(deployment, targets=2)


def money(call: Json) -> tuple[Any, ...]:
    return tuple(
        call[name]
        for name in ("status", "charge_cents", "earning_cents", "talk_seconds", "target_id")
    )


@pytest.mark.parametrize(
    ("talk", "status"), [(90, "approved"), (30, "denied")], ids=["long", "short"]
)
@pytest.mark.parametrize("by", [Side.CALLER, Side.TARGET])
@pytest.mark.parametrize("attempts", [(), (BUSY,)], ids=["first", "second"])
def test_the_same_call_comes_to_the_same_by_either_carrier(
    market: Both, talk: float, status: str, by: Side, attempts: tuple[Behaviour, ...]
) -> None:
    answers = Behaviour(after=4, talk=talk, hangup_by=by)
    before = market.funds()["available_cents"]
    with market.deployment.network() as network:
        placed = market.rings(network, attempts=attempts, target=answers)
        by_twilio = market.deployment.judged(placed.sid)
    walked, by_connect = market.connected(attempts=attempts, target=answers)
    assert (placed.violations, walked.violations) == ((), ())
    assert money(by_connect) == money(by_twilio)
    assert (by_connect["status"], by_connect["talk_seconds"]) == (status, talk)
    assert (by_twilio["carrier"], by_connect["carrier"]) == ("twilio", "connect")
    assert by_connect["hung_up_by"] == by_twilio["hung_up_by"]
    funds = market.funds()
    charged = by_twilio["charge_cents"] + by_connect["charge_cents"]
    assert (funds["held_cents"], before - funds["available_cents"]) == (0, charged)
    assert market.deployment.trial_balance()["total_cents"] == 0


@pytest.mark.parametrize(
    "faults",
    [
        Faults(repeat=("event", "records", "arrived", "ended"), reorder=("event",)),
        Faults(drop=("event",)),
        Faults(drop=("event", "records")),
    ],
    ids=["again and out of order", "records alone", "asked alone"],
)
def test_events_that_come_again_or_not_at_all_change_nothing(market: Both, faults: Faults) -> None:
    before = market.funds()["available_cents"]
    answers = Behaviour(talk=75, hangup_by=Side.TARGET)
    placed, call = market.connected(target=answers, faults=faults)
    assert placed.violations == ()
    assert money(call)[:4] == ("approved", 2_500, 1_500, 75)
    assert before - market.funds()["available_cents"] == 2_500
    assert market.deployment.trial_balance()["total_cents"] == 0
