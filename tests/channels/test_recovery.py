"""A target that hangs up at once loses its caller to the next, and what was held follows."""

from typing import Any

import pytest

from chalicelib.answering import Line
from chalicelib.calls import Call, CallStatus, HungUpBy
from chalicelib.settings import CapUse
from simulator import Behaviour, Faults
from simulator.engine import LiveCall
from simulator.scripts import Side
from tests import builders
from tests.channels.calling import Telephone, kinds, violations

NEAR, FAR = "+12125550101", "+12125550102"
TALKS = Behaviour(after=4, talk=90, hangup_by=Side.TARGET)


def brief(seconds: float, by: Side = Side.TARGET) -> Behaviour:
    return Behaviour(after=4, talk=seconds, hangup_by=by)


def opened(campaign: dict[str, Any] | None = None, **settings: Any) -> Telephone:
    telephone = Telephone()
    values = {"recover_seconds": 10, **settings}
    telephone.world.opens(
        builders.a_target(id="tgt_1", priority=1, destination=NEAR, **values),
        builders.a_target(id="tgt_2", priority=2, destination=FAR, **values),
        campaign=builders.a_campaign(**(campaign or {})),
    )
    return telephone


def played(
    telephone: Telephone, first: Behaviour, second: Behaviour = TALKS, **more: Any
) -> tuple[LiveCall, Call]:
    live = telephone.rings(targets={NEAR: first, FAR: second}, **more)
    call = telephone.settled(live)
    assert violations(live) == []
    for target in ("tgt_1", "tgt_2"):
        assert telephone.world.target(target)["leases"] == {}
    assert telephone.world.funds() == (100_000 - call.charge_cents, 0)
    return live, call


def who(call: Call) -> tuple[str | None, int | None]:
    return call.attempt.hold.target_id if call.attempt else None, call.talk_seconds


@pytest.mark.parametrize(
    "network",
    [
        Faults(),
        Faults(repeat=("all",)),
        Faults(reorder=("leg",)),
        Faults(drop=("leg",)),
        Faults(delay={"leg-completed": 25.0}),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_next_target_gets_the_call_and_its_talk_alone_counts(
    network: Faults, at_once: bool
) -> None:
    telephone = opened()
    telephone.settles_at_once = at_once
    _, call = played(telephone, brief(10), faults=network)
    assert who(call) == ("tgt_2", 90)
    assert (call.status, call.tried, call.recoveries) == (CallStatus.APPROVED, ("tgt_1",), 1)
    assert call.hung_up_by is HungUpBy.TARGET
    decision = telephone.world.stores.calls.decisions(call.id)[1]
    reasons = {seen["target_id"]: seen["reason"] for seen in decision["considered"]}
    assert reasons == {"tgt_1": "already_tried", "tgt_2": "chosen"}


@pytest.mark.parametrize(
    ("first", "settings"),
    [
        (brief(11), {}),
        (brief(5, Side.CALLER), {}),
        (brief(5), {"recover_seconds": 0}),
        (brief(900), {"max_call_seconds": 5}),
        (brief(5), {"max_attempts": 1}),
    ],
)
def test_any_other_end_is_the_end(first: Behaviour, settings: dict[str, Any]) -> None:
    live, call = played(opened(**settings), first)
    assert who(call) == ("tgt_1", min(int(first.talk), settings.get("max_call_seconds", 3600)))
    assert kinds(live).count("dial") == 1


def test_when_the_next_does_not_answer_nobody_is_charged() -> None:
    busy = Behaviour(after=90)
    _, call = played(opened(), brief(3), busy)
    assert (call.status, call.reasons) == (CallStatus.DENIED, ("not_connected",))
    assert who(call) == ("tgt_2", 0)


@pytest.mark.parametrize("drop", ["dial", "status"])
def test_a_lost_report_leaves_the_call_to_the_others(drop: str) -> None:
    _, call = played(opened(), brief(5), faults=Faults(drop=(drop,)))
    assert who(call) == (("tgt_1", 5) if drop == "dial" else ("tgt_2", 90))


def test_when_every_report_but_the_legs_is_lost_the_carriers_record_ends_the_call() -> None:
    _, call = played(opened(), brief(5), faults=Faults(drop=("dial", "status")))
    assert who(call) == ("tgt_1", 5)


def test_a_whisper_is_no_part_of_the_talk_that_was_too_short() -> None:
    telephone = opened({"whisper": Line(text="A caller from California who needs a new roof.")})
    _, call = played(telephone, brief(9))
    assert call.attempt and call.attempt.hold.target_id == "tgt_2"


@pytest.mark.parametrize(("use", "used"), [(CapUse.CONNECT, 1), (CapUse.APPROVAL, 0)])
def test_the_earlier_target_keeps_the_place_that_a_conversation_uses_up(
    use: CapUse, used: int
) -> None:
    telephone = opened(cap_use=use, daily_cap=5)
    played(telephone, brief(3))
    counted = telephone.world.target("tgt_1")["used"]
    assert counted["day#2026-11-23"] == used


def test_a_call_is_led_on_five_times_and_never_beyond_its_attempts() -> None:
    telephone = Telephone()
    telephone.world.opens(
        *(
            builders.a_target(
                id=f"tgt_{n}", priority=n, destination=f"+1212555020{n}",
                recover_seconds=10, max_attempts=10,
            )
            for n in range(1, 9)
        )
    )  # fmt: skip
    live = telephone.rings(target=brief(2))
    call = telephone.settled(live)
    assert (call.recoveries, who(call)) == (5, ("tgt_6", 2))
    assert kinds(live).count("dial") == 6


def test_a_repeated_dial_is_answered_alike_when_nobody_is_left() -> None:
    telephone = Telephone()
    telephone.world.opens(builders.a_target(destination=NEAR, recover_seconds=10))
    live = telephone.rings(target=brief(2), faults=Faults(repeat=("dial", "dial")))
    call = telephone.settled(live)
    assert violations(live) == []
    assert (call.status, call.reasons) == (CallStatus.DENIED, ("too_short",))
    assert who(call) == ("tgt_1", 2)
