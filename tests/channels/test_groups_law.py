"""Whatever a group, its callers and the network do: one end, and exactly the one that talked is
charged."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.answering import Acceptance, Line
from chalicelib.calls import Call
from chalicelib.ringing import targets_of
from chalicelib.settings import CapUse, MachineDetection
from simulator import Behaviour, Faults, Outcome
from simulator.engine import LiveCall
from simulator.scripts import Side
from tests.channels.groups import (
    CHARGES,
    charged,
    flawless,
    grouped,
    leases,
    places,
    rung,
    taker,
    target_of,
)
from tests.channels.test_answering_law import JUDGED, askings, everything, tellings

targets = st.builds(
    Behaviour,
    outcome=st.sampled_from([Outcome.ANSWER, Outcome.ANSWER, *Outcome]),
    after=st.sampled_from([1.0, 4.0, 9.0]),
    talk=st.sampled_from([0.0, 3.0, 61.0, 200.0]),
    hangup_by=st.sampled_from([Side.CALLER, Side.TARGET]),
    whisper_digits=st.sampled_from(["", "1", "1", "2"]),
    answered_by=st.sampled_from(["human", "human", "machine_start"]),
)
networks = st.builds(
    Faults,
    repeat=st.lists(askings | tellings, max_size=4).map(tuple),
    drop=st.lists(tellings, max_size=2).map(tuple),
    delay=st.dictionaries(tellings, st.sampled_from([2.0, 25.0]), max_size=2),
    reorder=st.lists(tellings, max_size=2).map(tuple),
)
campaigns = st.fixed_dictionaries(
    {
        "whisper": st.none() | st.just(Line(text="A caller from {state}.")),
        "acceptance": st.none() | st.just(Acceptance(seconds=4)),
        "recover_seconds": st.sampled_from([None, 5]),
        "machine_detection": st.none() | st.just(MachineDetection.REFUSE),
        "cap_use": st.sampled_from(CapUse),
    }
)


def whispers(campaign: dict[str, Any]) -> bool:
    return any(campaign[name] for name in ("whisper", "acceptance", "machine_detection"))


def talk_is_right(call: Call, live: LiveCall, campaign: dict[str, Any]) -> bool:
    """Whether the talk told is that of the target that has the call; to a second after a whisper,
    and up to the whole leg where reports are lost."""
    destination = call.attempt.destination if call.attempt else None
    own = [leg for leg in live.legs if leg.to == destination and leg.begun_at is not None]
    talk, whole = (own[-1].talk_seconds, own[-1].duration) if own else (0, 0)
    told = call.talk_seconds or 0
    if not whispers(campaign):
        return told == talk
    return talk - 1 <= told <= (max(whole, talk) if live.script.faults.drop else talk + 1)


def used_up(call: Call, cap_use: CapUse) -> dict[str, int]:
    """The places that the caps have lost, by what the call came to without a recovery."""
    assert call.attempt is not None
    if cap_use is CapUse.ATTEMPT:
        return dict.fromkeys((*call.tried, *targets_of(call.attempt)), 1)
    came = call.charge_cents if cap_use is CapUse.APPROVAL else call.talk_seconds
    return {target_of(call): 1} if came else {}


@given(
    behaviours=st.tuples(targets, targets, targets, targets),
    ringing=st.none() | st.sampled_from([0.5, 3.0, 12.0]),
    network=networks,
    campaign=campaigns,
    at_once=st.booleans(),
)
def test_every_group_ends_once_and_its_taker_alone_is_charged(
    behaviours: tuple[Behaviour, ...],
    ringing: float | None,
    network: Faults,
    campaign: dict[str, Any],
    at_once: bool,
) -> None:
    telephone = grouped(campaign)
    telephone.settles_at_once = at_once
    live = rung(telephone, *behaviours, hangup_while_ringing=ringing, faults=network)
    call = telephone.settled(live)
    assert flawless(live)
    assert call.status in JUDGED
    assert leases(telephone) == []
    if call.talk_seconds:
        assert target_of(call) == taker(live)
    assert charged(telephone, call) in (0, CHARGES.get(target_of(call), 2_500))
    assert talk_is_right(call, live, campaign)
    if not call.recoveries:
        assert places(telephone) == used_up(call, campaign["cap_use"])
    once = everything(telephone)
    telephone.settled(live)
    assert everything(telephone) == once
