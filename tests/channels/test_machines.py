"""An answering machine does not get the caller, where the settings refuse it."""

from typing import Any

import pytest

from chalicelib.answering import Acceptance, Line
from chalicelib.calls import CallStatus
from chalicelib.settings import MachineDetection
from simulator import Behaviour, Faults
from simulator.engine import LiveCall
from simulator.scripts import Side
from tests import builders
from tests.channels.calling import Telephone, kinds, said, violations

NEAR, FAR = "+12125550101", "+12125550102"
REFUSE: dict[str, Any] = {"machine_detection": MachineDetection.REFUSE}


def answers(word: str, digits: str = "") -> Behaviour:
    return Behaviour(
        after=4, talk=80, hangup_by=Side.TARGET, answered_by=word, whisper_digits=digits
    )


def opened(campaign: dict[str, Any] | None = None, **settings: Any) -> Telephone:
    telephone = Telephone()
    telephone.world.opens(
        builders.a_target(id="tgt_1", priority=1, destination=NEAR, **settings),
        builders.a_target(id="tgt_2", priority=2, destination=FAR),
        campaign=builders.a_campaign(**(campaign or {})),
    )
    return telephone


def played(telephone: Telephone, first: Behaviour, **more: Any) -> tuple[LiveCall, str]:
    targets = {NEAR: first, FAR: answers("human")}
    live = telephone.rings(targets=targets, **more)
    call = telephone.settled(live)
    assert violations(live) == []
    assert call.status is CallStatus.APPROVED
    for target in ("tgt_1", "tgt_2"):
        assert telephone.world.target(target)["leases"] == {}
    assert telephone.world.funds() == (97_500, 0)
    assert call.talk_seconds is not None and abs(call.talk_seconds - 80) <= 1
    return live, call.attempt.hold.target_id if call.attempt else ""


@pytest.mark.parametrize("word", ["machine_start", "machine_end_beep", "fax"])
@pytest.mark.parametrize("network", [Faults(), Faults(repeat=("all",)), Faults(drop=("status",))])
def test_a_machine_is_followed_by_the_next_target(word: str, network: Faults) -> None:
    live, target = played(opened(**REFUSE), answers(word), faults=network)
    assert target == "tgt_2"
    assert 'machineDetection="Enable" machineDetectionTimeout="4"' in said(live, "inbound")[0]


@pytest.mark.parametrize("word", ["human", "unknown", "", "<odd>"])
def test_a_person_or_what_is_not_known_gets_the_caller(word: str) -> None:
    assert played(opened(**REFUSE), answers(word))[1] == "tgt_1"


def test_a_word_that_is_lost_or_late_is_taken_for_a_person() -> None:
    for network in (Faults(drop=("amd",)), Faults(delay={"amd": 25.0})):
        assert played(opened(**REFUSE), answers("machine_start"), faults=network)[1] == "tgt_1"


def test_a_repeated_question_is_answered_alike_though_the_word_came_between() -> None:
    network = Faults(delay={"amd": 5.0}, repeat=("whisper", "whisper"))
    live, _ = played(opened(**REFUSE), answers("machine_start"), faults=network)
    of_the_first = said(live, "whisper")[:3]
    assert len(of_the_first) == 3
    assert len(set(of_the_first)) == 1


def test_nobody_is_listened_to_unless_it_is_said() -> None:
    live, target = played(opened(), answers("machine_start"))
    assert target == "tgt_1"
    assert "amd" not in kinds(live) and "machineDetection" not in said(live, "inbound")[0]


def test_a_machine_that_is_asked_to_accept_is_refused_whatever_it_plays() -> None:
    campaign = {"acceptance": Acceptance(seconds=5), "whisper": Line(text="A caller.")}
    telephone = opened(campaign, **REFUSE)
    live = telephone.rings(
        targets={NEAR: answers("machine_start", "1"), FAR: answers("human", "1")}
    )
    call = telephone.settled(live)
    assert call.attempt and call.attempt.hold.target_id == "tgt_2"


def test_the_last_targets_machine_leaves_nothing_held() -> None:
    telephone = Telephone()
    telephone.world.opens(builders.a_target(destination=NEAR, **REFUSE))
    live = telephone.rings(targets={NEAR: answers("machine_start")})
    call = telephone.settled(live)
    assert (call.status, call.reasons) == (CallStatus.DENIED, ("not_connected",))
    assert telephone.world.target()["leases"] == {}
    assert telephone.world.funds() == (100_000, 0)
