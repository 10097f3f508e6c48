"""Whatever callers, targets and Amazon Connect do: one end, the right talk, nothing left held."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.answering import Answering, Consent, Line, Wait
from chalicelib.calls import Call, CallStatus
from chalicelib.store.rows import BOOKS, CALLS, CATALOG, LEDGER, Change, Key
from simulator import Behaviour, Faults, Outcome
from simulator.connect_contact import LiveContact, Tells
from simulator.scripts import Side
from tests import builders
from tests.builders import FROM_THE_DIAL, NOW
from tests.channels.test_answering import FAR, HELLO, MENU, NEAR, ZIP
from tests.channels.walking import FLOW, Switchboard

OTHER = "call_other"
STAY = Line(text="Please stay with us.")
CONSENT = Consent(line=Line(text="This call is recorded."))
CONFIRMED = replace(ZIP, confirm=Line(text="{answer}? Press 1."))
JUDGED = {CallStatus.APPROVED, CallStatus.DENIED}
# Ringing, the lines before it, and what is allowed for doubt; no talk ends about that long.
LONGEST_RINGING = 25 + 4 + 10

targets = st.builds(
    Behaviour,
    outcome=st.sampled_from(Outcome),
    after=st.sampled_from([1.0, 4.0, 30.0]),
    talk=st.sampled_from([0.0, 3.0, 61.0, 200.0]),
    hangup_by=st.sampled_from([Side.CALLER, Side.TARGET]),
)
keys = st.lists(st.sampled_from(["", "1", "94105", "7#", "94105", "2"]), max_size=4)
leaving = st.none() | st.sampled_from([0.5, 3.0, 12.0])
tellings = st.sampled_from(
    ["leg", "contact", "event", "records", "leg-answered", "leg-disconnected", "contact-completed"]
)
askings = st.sampled_from(["gathered", "next", "ended"])
faults = st.builds(
    Faults,
    repeat=st.lists(askings | tellings | st.just("arrived"), max_size=4).map(tuple),
    drop=st.lists(tellings | askings, max_size=2).map(tuple),
    delay=st.dictionaries(
        tellings | askings | st.just("arrived"), st.sampled_from([2.0, 9.0, 25.0]), max_size=2
    ),
    reorder=st.lists(tellings, max_size=2).map(tuple),
)
told = st.builds(
    Tells, legs=st.booleans(), answers=st.booleans(), records=st.booleans(),
    durations=st.booleans(),
)  # fmt: skip
campaigns = st.fixed_dictionaries(
    {
        "consent": st.none() | st.just(CONSENT),
        "whisper": st.none() | st.just(Line(text="A caller from {state}.")),
        "recover_seconds": st.sampled_from([None, 5]),
        "caller_id": st.sampled_from(["caller", "tracking_number"]),
    }
)
offers = st.none() | st.builds(
    Answering,
    greeting=st.none() | st.just(HELLO),
    questions=st.sampled_from([(), (ZIP,), (ZIP, MENU), (CONFIRMED, MENU)]),
    wait=st.none() | st.just(Wait(line=STAY, every_seconds=5, seconds=30)),
)
others = st.none() | st.sampled_from([3, 8, 70])


def everything(board: Switchboard) -> list[Any]:
    """Every row but for what is put off, and the reports themselves."""
    return [
        {name: one for name, one in row.items() if name != "due_at" and not name.startswith("end#")}
        for table in (BOOKS, CALLS, CATALOG, LEDGER)
        for row in board.rows.rows_of(table)
        if "SIGNAL#" not in row["sk"]
    ]


def taken(board: Switchboard, target: str, seconds: int) -> None:
    """Another call has the target's only line for so long."""
    key = Key(CATALOG, "CAMPAIGN#cmp_1", f"TARGET#{target}")
    until = int((NOW + timedelta(seconds=seconds)).timestamp())
    board.rows.write([Change(key=key, set={("leases", OTHER): until})])


def violations(live: LiveContact) -> list[str]:
    return [str(one) for exchange in live.courier.timeline for one in exchange.violations]


def expected(call: Call, live: LiveContact, tells: Tells) -> range:
    """The talk in seconds, as far as Amazon Connect tells of it. What is computed from the dial to
    the end may be a second less: the moments of ends are cut to whole seconds."""
    attempt = call.attempt
    legs = [leg for leg in live.legs if leg.answered_at is not None]
    if attempt is None or not legs:
        return range(1)
    heard = {exchange.kind for exchange in live.courier.timeline if not exchange.dropped}
    lasts = tells.records and tells.durations and "contact-record" in heard
    if (tells.legs and tells.answers) or (lasts and legs[-1].talk_seconds):
        return range(legs[-1].talk_seconds, legs[-1].talk_seconds + 1)
    end = live.clock.at(legs[-1].ended_at or 0.0)
    lasted = int((end - attempt.reserved_at).total_seconds())
    if "ended" in heard or lasted > LONGEST_RINGING:
        return range(max(0, lasted - 1), lasted + 1)
    return range(1)


def leavers(live: LiveContact, tells: Tells) -> set[str]:
    """Who may be said to have hung up. That the target did, the flow tells with the end of the
    transfer and the instance by the target's leg; where neither comes, nobody knows."""
    heard = {exchange.kind for exchange in live.courier.timeline if not exchange.dropped}
    by = live.ended_by.value
    untold = by == "target" and "ended" not in heard and not tells.legs
    return {by, "unknown"} if untold else {by}


@given(
    behaviours=st.tuples(targets, targets),
    digits=keys,
    ringing=leaving,
    in_ivr=leaving,
    at=st.sampled_from(["", "", *FLOW.blocks]),
    network=faults,
    tells=told,
    campaign=campaigns,
    answering=offers,
    busy_for=others,
    at_once=st.booleans(),
)
def test_every_contact_ends_once_with_the_talk_that_is_told_and_nothing_held(
    behaviours: tuple[Behaviour, Behaviour],
    digits: list[str],
    ringing: float | None,
    in_ivr: float | None,
    at: str,
    network: Faults,
    tells: Tells,
    campaign: dict[str, Any],
    answering: Answering | None,
    busy_for: int | None,
    at_once: bool,
) -> None:
    board = Switchboard(tells)
    board.settles_at_once = at_once
    board.opens(
        builders.a_target(id="tgt_1", priority=1, destination=NEAR, concurrency_cap=1),
        builders.a_target(id="tgt_2", priority=2, destination=FAR, concurrency_cap=1),
        campaign=builders.a_campaign(terms=FROM_THE_DIAL, **campaign),
        offer=builders.an_offer(answering=answering),
    )
    for target in ("tgt_1", "tgt_2") if busy_for else ():
        taken(board, target, busy_for or 0)
    before = everything(board)
    live = board.rings(
        targets=dict(zip((NEAR, FAR), behaviours, strict=True)),
        digits=tuple(digits),
        hangup_while_ringing=ringing,
        hangup_in_ivr=in_ivr,
        hangup_at=at,
        faults=network,
    )
    assert violations(live) == []
    if "Call arrived" not in live.blocks_walked:
        assert everything(board) == before
        return
    call = board.settled(live)
    assert call.status in JUDGED
    for target in ("tgt_1", "tgt_2"):
        assert set(board.world.target(target)["leases"]) <= {OTHER}
    charged = 2500 if call.status is CallStatus.APPROVED else 0
    assert board.world.funds() == (100_000 - charged, 0)
    assert (call.talk_seconds or 0) in expected(call, live, tells)
    if call.talk_seconds:
        assert call.hung_up_by is not None
        assert call.hung_up_by.value in leavers(live, tells)
    once = everything(board)
    for exchange in live.courier.timeline:
        if not exchange.dropped:
            board.send(exchange.request)
    board.settled(live)
    assert everything(board) == once
