"""A market whose first choice is one of three that ring at once, for the tests of it."""

from typing import Any

from chalicelib.calls import Call
from simulator import Behaviour, Outcome
from simulator.engine import LiveCall
from simulator.scripts import Side
from tests import builders
from tests.channels.calling import Telephone, violations

HIGHEST = 3_000
CHARGES = {"tgt_1": 2_500, "tgt_2": HIGHEST, "tgt_3": 2_000}
DESTINATIONS = {f"tgt_{n}": f"+1212555010{n}" for n in range(1, 5)}
FUNDS = 100_000


def grouped(campaign: dict[str, Any] | None = None, **settings: Any) -> Telephone:
    """Three that ring at once, and a fourth behind them."""
    telephone = Telephone()
    together = [
        builders.a_target(
            id=target, priority=n, destination=DESTINATIONS[target], charge_cents=cents,
            ring_group="front", concurrency_cap=1, daily_cap=9, **settings,
        )
        for n, (target, cents) in enumerate(CHARGES.items(), 1)
    ]  # fmt: skip
    telephone.world.opens(
        *together,
        builders.a_target(id="tgt_4", priority=9, destination=DESTINATIONS["tgt_4"]),
        campaign=builders.a_campaign(**(campaign or {})),
        funds=FUNDS,
    )
    return telephone


def answers(after: float, talk: float = 130, **more: Any) -> Behaviour:
    """Picks up, and hangs up after the talk."""
    return Behaviour(after=after, talk=talk, hangup_by=Side.TARGET, **more)


BUSY = Behaviour(outcome=Outcome.BUSY)
SILENT = Behaviour(outcome=Outcome.NO_ANSWER)


def rung(telephone: Telephone, *behaviours: Behaviour, **more: Any) -> LiveCall:
    """The targets behave so, in their order."""
    return telephone.rings(
        targets=dict(zip(DESTINATIONS.values(), behaviours, strict=False)), **more
    )


def target_of(call: Call) -> str:
    """Who has the call."""
    assert call.attempt is not None
    return call.attempt.hold.target_id


def taker(live: LiveCall) -> str | None:
    """The target whose leg was let together with the caller last."""
    talked = [leg.to for leg in live.legs if leg.bridged_at is not None]
    return next((one for one, to in DESTINATIONS.items() if talked and to == talked[-1]), None)


def leases(telephone: Telephone) -> list[str]:
    """The targets on which a slot is taken."""
    return [one for one in DESTINATIONS if telephone.world.target(one)["leases"]]


def places(telephone: Telephone) -> dict[str, int]:
    """How many places under its daily cap each target has used, where it has."""
    used = {one: telephone.world.target(one)["used"] for one in DESTINATIONS}
    day = "day#2026-11-23"
    return {one: counts[day] for one, counts in used.items() if counts.get(day)}


def trials(telephone: Telephone) -> dict[str, int]:
    """How many trials each target has had."""
    rows = {one: telephone.world.target(one) for one in DESTINATIONS}
    counted = {
        one: sum(count for name, count in row.items() if name.startswith("dialled#"))
        for one, row in rows.items()
    }
    return {one: count for one, count in counted.items() if count}


def charged(telephone: Telephone, call: Call) -> int:
    """What the advertiser was charged, of which nothing is held any more."""
    available, held = telephone.world.funds()
    assert held == 0
    assert FUNDS - available == call.charge_cents
    return call.charge_cents


def flawless(live: LiveCall) -> bool:
    """Whether the carrier took every answer."""
    return violations(live) == []
