"""Whatever callers, targets and the network do: one end, the right talk, and nothing left held."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.answering import Acceptance, Answering, Consent, Line, Voicemail, Wait
from chalicelib.calls import Call, CallStatus
from chalicelib.settings import MachineDetection
from chalicelib.store.rows import BOOKS, CALLS, CATALOG, LEDGER, Change, Key
from simulator import Behaviour, Faults, Outcome
from simulator.engine import LiveCall
from simulator.scripts import Side
from tests import builders
from tests.builders import NOW
from tests.channels.calling import Telephone, violations
from tests.channels.test_answering import FAR, HELLO, MENU, NEAR, ZIP

OTHER = "call_other"
STAY = Line(text="Please stay with us.")
CONFIRMED = replace(ZIP, confirm=Line(text="{answer}? Press 1."))
JUDGED = {CallStatus.APPROVED, CallStatus.DENIED}

targets = st.builds(
    Behaviour,
    outcome=st.sampled_from(Outcome),
    after=st.sampled_from([1.0, 4.0]),
    talk=st.sampled_from([0.0, 3.0, 61.0, 200.0]),
    hangup_by=st.sampled_from([Side.CALLER, Side.TARGET]),
    whisper_digits=st.sampled_from(["", "1", "1", "2"]),
    answered_by=st.sampled_from(["human", "human", "machine_start"]),
)
keys = st.lists(st.sampled_from(["", "1", "94105", "7#", "94105", "2"]), max_size=4)
leaving = st.none() | st.sampled_from([0.5, 3.0, 12.0])
tellings = st.sampled_from(["leg", "status", "dial", "leg-answered", "leg-completed", "amd"])
askings = st.sampled_from(["inbound", "gather", "dial", "whisper", "record"])
faults = st.builds(
    Faults,
    repeat=st.lists(askings | tellings, max_size=4).map(tuple),
    drop=st.lists(tellings, max_size=1).map(tuple),
    delay=st.dictionaries(tellings, st.sampled_from([2.0, 25.0]), max_size=2),
    reorder=st.lists(tellings, max_size=2).map(tuple),
)
campaigns = st.fixed_dictionaries(
    {
        "consent": st.none() | st.just(Consent(line=Line(text="Recorded."))),
        "whisper": st.none() | st.just(Line(text="A caller from {state}.")),
        "acceptance": st.none() | st.just(Acceptance(seconds=4)),
        "voicemail": st.none() | st.just(Voicemail(line=Line(text="Speak."))),
        "recover_seconds": st.sampled_from([None, 5]),
        "machine_detection": st.none() | st.just(MachineDetection.REFUSE),
    }
)
offers = st.none() | st.builds(
    Answering,
    greeting=st.none() | st.just(HELLO),
    questions=st.sampled_from([(), (ZIP,), (ZIP, MENU), (CONFIRMED, MENU)]),
    wait=st.none() | st.just(Wait(line=STAY, every_seconds=5, seconds=30)),
)
others = st.none() | st.sampled_from([3, 8, 70])


def everything(telephone: Telephone) -> list[Any]:
    """Every row but for what is put off or was reported once more."""
    return [
        {name: value for name, value in row.items() if name != "due_at"}
        for table in (BOOKS, CALLS, CATALOG, LEDGER)
        for row in telephone.rows.rows_of(table)
        if "SIGNAL#" not in row["sk"]
    ]


def taken(telephone: Telephone, target: str, until: datetime) -> None:
    """Another call has the target's only line until then."""
    key = Key(CATALOG, "CAMPAIGN#cmp_1", f"TARGET#{target}")
    telephone.rows.write([Change(key=key, set={("leases", OTHER): int(until.timestamp())})])


def bridged(call: Call, live: LiveCall) -> tuple[int, int]:
    """The talk of the target that has the call, and what its leg spent on the whisper."""
    destination = call.attempt.destination if call.attempt else None
    legs = [leg for leg in live.legs if leg.to == destination and leg.begun_at is not None]
    return (legs[-1].talk_seconds, legs[-1].duration) if legs else (0, 0)


@given(
    behaviours=st.tuples(targets, targets),
    digits=keys,
    ringing=leaving,
    in_ivr=leaving,
    network=faults,
    campaign=campaigns,
    answering=offers,
    busy_for=others,
    at_once=st.booleans(),
)
def test_every_call_ends_once_with_the_talk_there_was_and_nothing_held(
    behaviours: tuple[Behaviour, Behaviour],
    digits: list[str],
    ringing: float | None,
    in_ivr: float | None,
    network: Faults,
    campaign: dict[str, Any],
    answering: Answering | None,
    busy_for: int | None,
    at_once: bool,
) -> None:
    telephone = Telephone()
    telephone.settles_at_once = at_once
    telephone.world.opens(
        builders.a_target(id="tgt_1", priority=1, destination=NEAR, concurrency_cap=1),
        builders.a_target(id="tgt_2", priority=2, destination=FAR, concurrency_cap=1),
        campaign=builders.a_campaign(**campaign),
        offer=builders.an_offer(answering=answering),
    )
    for target in ("tgt_1", "tgt_2") if busy_for else ():
        taken(telephone, target, NOW + timedelta(seconds=busy_for or 0))
    live = telephone.rings(
        targets=dict(zip((NEAR, FAR), behaviours, strict=True)),
        digits=tuple(digits),
        hangup_while_ringing=ringing,
        hangup_in_ivr=in_ivr,
        faults=network,
    )
    call = telephone.settled(live)
    assert violations(live) == []
    assert call.status in JUDGED
    for target in ("tgt_1", "tgt_2"):
        assert set(telephone.world.target(target)["leases"]) <= {OTHER}
    charged = 2500 if call.status is CallStatus.APPROVED else 0
    assert telephone.world.funds() == (100_000 - charged, 0)
    talk, whole = bridged(call, live)
    told = call.talk_seconds or 0
    if campaign["whisper"] or campaign["acceptance"] or campaign["machine_detection"]:
        assert talk - 1 <= told <= max(whole, talk)
        if not network.drop:
            assert abs(told - talk) <= 1
    else:
        assert told == talk
    assert call.hung_up_by is not None
    if not network.drop and call.talk_seconds:
        # After a talk that the target ended early the caller may hear an apology, and leave in it.
        led_on = call.talk_seconds <= (campaign["recover_seconds"] or 0)
        ended_by = {live.ended_by.value, *(("target",) if led_on else ())}
        assert call.hung_up_by.value in ended_by
    once = everything(telephone)
    telephone.settled(live)
    assert everything(telephone) == once
