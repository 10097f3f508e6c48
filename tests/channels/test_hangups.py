"""Who hung up, as the network knows it and as the call tells it."""

import pytest

from chalicelib.calls import HungUpBy
from simulator import Behaviour, Faults, Outcome
from simulator.scripts import Side
from tests import builders
from tests.channels.calling import Telephone

TALKS = Behaviour(after=4, talk=70, hangup_by=Side.TARGET)


@pytest.mark.parametrize("network", [Faults(), Faults(repeat=("all",)), Faults(reorder=("all",))])
@pytest.mark.parametrize(
    ("target", "leaves", "by"),
    [
        (TALKS, None, HungUpBy.TARGET),
        (Behaviour(after=4, talk=70, hangup_by=Side.CALLER), None, HungUpBy.CALLER),
        (Behaviour(after=4, talk=700, hangup_by=Side.TARGET), None, HungUpBy.TIME_LIMIT),
        (TALKS, 2.0, HungUpBy.CALLER),
        (Behaviour(outcome=Outcome.BUSY, after=2), None, HungUpBy.PLATFORM),
        (Behaviour(outcome=Outcome.NO_ANSWER), None, HungUpBy.PLATFORM),
    ],
)
def test_the_call_tells_who_hung_up(
    target: Behaviour, leaves: float | None, by: HungUpBy, network: Faults
) -> None:
    telephone = Telephone()
    telephone.world.opens(builders.a_target(max_call_seconds=600))
    live = telephone.rings(target=target, hangup_while_ringing=leaves, faults=network)
    call = telephone.settled(live)
    assert call.hung_up_by is by


def test_without_the_dials_report_nobody_is_accused() -> None:
    telephone = Telephone()
    telephone.world.opens()
    live = telephone.rings(target=TALKS, faults=Faults(drop=("dial",)))
    assert telephone.settled(live).hung_up_by is HungUpBy.UNKNOWN
