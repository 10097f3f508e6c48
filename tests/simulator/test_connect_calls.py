"""Calls of Amazon Connect against a stand-in: what is asked and told, and where the flow leads."""

from typing import Any

import pytest

from simulator import ANONYMOUS, Behaviour, CallResult, CallScript, Faults, Outcome, Side, Tells
from simulator.wire import Answer
from tests.simulator.conftest import CALLER, NOON, kinds
from tests.simulator.connecting import END, QUIET, SORRY, Functions, asks, calls, dials, network
from tests.simulator.standin import DIALLED, TARGET

TARGET_LEAVES = Behaviour(after=6, talk=60, hangup_by=Side.TARGET)
BUSY = Behaviour(outcome=Outcome.BUSY, after=2)
OTHER = "+13125550124"


def rules(result: CallResult) -> list[str]:
    return [found.rule for found in result.violations]


def lowered(document: dict[str, Any]) -> dict[str, Any]:
    return {name[:1].lower() + name[1:]: value for name, value in document.items()}


def details(functions: Functions) -> list[dict[str, Any]]:
    return [lowered(event["detail"]) for event in functions.events]


def test_a_call_is_walked_from_its_arrival_to_its_records() -> None:
    functions = Functions()
    result = calls(functions, target=TARGET_LEAVES)
    assert [(round(one.second), one.kind) for one in result.timeline] == [
        (0, "contact-initiated"),
        (0, "arrived"),
        (0, "contact-updated"),
        (0, "leg-initiated"),
        (6, "leg-answered"),
        (66, "leg-disconnected"),
        (66, "leg-completed"),
        (66, "ended"),
        (66, "contact-updated"),
        (66, "contact-disconnected"),
        (66, "contact-completed"),
        (96, "leg-record"),
        (96, "contact-record"),
    ]
    assert functions.parameters == [
        {"operation": "arrived"}, {"operation": "ended", "attempt": "1"},
    ]  # fmt: skip
    assert (result.talk_seconds, result.ended_by, result.violations) == (60, Side.TARGET, ())


def test_where_the_caller_hangs_up_the_flow_asks_nothing_more() -> None:
    functions = Functions()
    result = calls(functions)
    assert functions.parameters == [{"operation": "arrived"}]
    assert (result.talk_seconds, result.ended_by) == (127, Side.CALLER)
    ends = [one for one in details(functions) if one["eventType"] == "DISCONNECTED"]
    assert [one["disconnectReason"] for one in ends] == ["CUSTOMER_DISCONNECT"] * 2


def test_an_invocation_says_what_amazon_connect_says() -> None:
    functions = Functions()
    result = calls(functions)
    data = functions.invoked[0]["ContactData"]
    assert (data["ContactId"], data["Channel"]) == (result.sid, "VOICE")
    assert (data["InitialContactId"], data["InitiationMethod"]) == (result.sid, "INBOUND")
    assert data["SystemEndpoint"] == {"Address": DIALLED, "Type": "TELEPHONE_NUMBER"}
    assert data["CustomerEndpoint"]["Address"] == "+14155550111"
    assert data["InstanceARN"].endswith(":instance/11111111-2222-4333-8444-555555555555")


def test_a_transfer_has_a_contact_of_its_own() -> None:
    functions = Functions()
    result = calls(functions)
    legs = [one for one in details(functions) if one["contactId"] != result.sid]
    assert [one["eventType"] for one in legs] == [
        "INITIATED", "CONNECTED_TO_SYSTEM", "DISCONNECTED", "COMPLETED",
    ]  # fmt: skip
    for one in legs:
        assert (one["initialContactId"], one["contactId"]) == (result.sid, result.legs[0].sid)
        assert one["initiationMethod"] == "EXTERNAL_OUTBOUND"
        assert one["tags"]["aws:connect:transferredFromEndpoint"] == DIALLED
    assert legs[2]["connectedToSystemTimestamp"] == "2026-11-22T15:04:12.000Z"
    assert legs[2]["disconnectTimestamp"] == "2026-11-22T15:06:19.000Z"
    of_leg, own = map(lowered, functions.records)
    assert (of_leg["contactId"], own["contactId"]) == (result.legs[0].sid, result.sid)
    assert own["externalThirdParty"] == {"ExternalThirdPartyInteractionDuration": 127}


def test_names_come_in_either_case() -> None:
    functions = Functions(arrived=SORRY)
    for number in range(8):
        calls(functions, seed=str(number))
    assert {"eventType" in event["detail"] for event in functions.events} == {True, False}
    assert {"ContactId" in record for record in functions.records} == {True, False}


@pytest.mark.parametrize(
    ("behaviour", "outcome", "status", "after"),
    [
        (BUSY, "CallFailed", "busy", 2),
        (Behaviour(outcome=Outcome.FAILED), "CallFailed", "failed", 1),
        (Behaviour(outcome=Outcome.NO_ANSWER), "ConnectionTimeLimitExceeded", "no-answer", 25),
        (Behaviour(after=26), "ConnectionTimeLimitExceeded", "no-answer", 25),
    ],
)
def test_a_transfer_that_comes_to_no_talk_asks_for_the_next(
    behaviour: Behaviour, outcome: str, status: str, after: int
) -> None:
    functions = Functions(next=[dials(OTHER, 2), SORRY])
    result = calls(functions, attempts=(behaviour, TARGET_LEAVES))
    assert functions.parameters[1] == {"operation": "next", "attempt": "1", "outcome": outcome}
    assert [(leg.to, leg.status) for leg in result.legs] == [
        (TARGET, status), (OTHER, "completed"),
    ]  # fmt: skip
    assert round(result.sent("next")[0].second) == after


@pytest.mark.parametrize(
    "answer",
    [
        dials("nobody"),
        dials(ring_seconds="601"),
        dials(dial="caller_keys", send_digits="12w"),
        dials(dial="number", caller_id="+13125550199"),
    ],
)
def test_a_transfer_that_is_not_made_is_told_and_held_against_the_platform(
    answer: dict[str, str],
) -> None:
    functions = Functions(arrived=answer)
    result = calls(functions)
    assert functions.parameters[1]["outcome"] == "NoMatchingError"
    assert (rules(result), result.legs) == (["transfer_refused"], ())


def test_an_anonymous_caller_is_shown_by_a_number_of_the_instance() -> None:
    assert rules(calls(Functions(), caller=ANONYMOUS)) == ["transfer_refused"]
    shown = Functions(arrived=dials(dial="number", caller_id=DIALLED))
    assert calls(shown, caller=ANONYMOUS).violations == ()
    assert shown.invoked[0]["ContactData"]["CustomerEndpoint"] in (
        None, {"Address": "anonymous", "Type": "TELEPHONE_NUMBER"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("digits", "pressed", "kept"),
    [("5", "94105", "94105"), ("5", "941059", "94105"), ("1", "2#", "2"), ("5", "", "Timeout")],
)
def test_keys_reach_the_function_as_the_block_takes_them(
    digits: str, pressed: str, kept: str
) -> None:
    functions = Functions(arrived=asks(digits=digits))
    calls(functions, digits=(pressed,))
    assert functions.parameters[1] == {"operation": "gathered", "step": "1.1", "keys": kept}


def test_a_caller_on_hold_is_looked_for_again_and_again() -> None:
    hold = QUIET | {"action": "wait", "step": "wait.2.1"}
    functions = Functions(arrived=hold, gathered=[hold, hold, dials()])
    result = calls(functions)
    assert [one["operation"] for one in functions.parameters] == ["arrived"] + ["gathered"] * 3
    assert round(result.sent("gathered")[0].second) == 10


@pytest.mark.parametrize("block", ["Log", "What to do", "Dial as caller", "Talk over", "Hang up"])
def test_a_caller_may_leave_at_any_block(block: str) -> None:
    functions = Functions()
    result = calls(functions, target=TARGET_LEAVES, hangup_at=block)
    assert (result.status, result.ended_by) == ("completed", Side.CALLER)
    ends = [one for one in details(functions) if one["contactId"] == result.sid]
    assert ends[-1]["disconnectReason"] == "CUSTOMER_DISCONNECT"


def test_a_caller_who_leaves_while_it_rings_cancels_the_transfer() -> None:
    functions = Functions()
    result = calls(functions, hangup_while_ringing=3.0)
    assert (result.legs[0].status, result.duration, result.talk_seconds) == ("canceled", 3, 0)
    assert details(functions)[-3]["disconnectReason"] == "TELECOM_ORIGINATOR_CANCEL"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (Answer(status=200, body=b"[]"), "not_flat"),
        (END | {"attempt": 1}, "not_flat"),
        (END | {"a b": "c"}, "not_flat"),
        (END | {"say": "x" * 33_000}, "too_long"),
        (Answer(status=200, body=b"<html>"), "no_json"),
        (Answer(status=200, body=b"{}", fault="the function failed"), "no_answer"),
        (Answer(status=400, body=b"no such function"), "not_2xx"),
        (Answer(status=200, body=b"{}", seconds=9.0), "too_slow"),
    ],
)
def test_an_answer_that_the_flow_cannot_take_leads_to_its_own_apology(said: Any, rule: str) -> None:
    result = calls(Functions(arrived=said))
    assert (rules(result), result.legs) == ([rule], ())
    # The flow's own line takes six seconds.
    assert result.duration >= 6


def test_what_the_answer_lacks_is_held_against_it() -> None:
    lacking = {name: value for name, value in dials().items() if name != "voice"}
    assert rules(calls(Functions(arrived=lacking))) == ["unset", "voice"]
    assert rules(calls(Functions(arrived=asks(say="Fish & chips")))) == ["ssml"]


def test_a_throttled_function_is_invoked_again_within_the_limit() -> None:
    busy = Answer(status=429, seconds=0.1)
    result = calls(Functions(arrived=[busy, busy, busy, dials()]))
    assert (result.violations, result.talk_seconds) == ((), 127)
    assert rules(calls(Functions(arrived=[busy] * 4 + [dials()]))) == ["not_2xx"]
    slow = Answer(status=503, seconds=5.0)
    assert rules(calls(Functions(arrived=[slow, slow, dials()]))) == ["too_slow"]


def test_a_flow_that_never_ends_is_cut_off() -> None:
    result = calls(Functions(arrived=asks(), gathered=asks()))
    assert rules(result) == ["endless"]
    assert result.ended_by is Side.CARRIER


def test_another_answer_to_a_repeated_invocation_is_named() -> None:
    functions = Functions(arrived=[dials(), dials(OTHER)])
    result = calls(functions, faults=Faults(repeat=("arrived",)))
    assert rules(result) == ["different_answer"]
    assert "destination" in result.violations[0].sentence


def test_an_invocation_that_is_lost_or_late_takes_the_error_branch() -> None:
    functions = Functions()
    lost = calls(functions, faults=Faults(drop=("arrived",)))
    assert (functions.invoked, lost.legs, lost.violations) == ([], (), ())
    late = calls(functions, faults=Faults(delay={"arrived": 9.0}))
    assert (len(functions.invoked), late.legs, late.violations) == (1, (), ())
    in_time = calls(Functions(), faults=Faults(delay={"arrived": 7.0}))
    assert in_time.talk_seconds == 127


def test_events_are_lost_repeated_and_reordered() -> None:
    lost = Functions()
    calls(lost, faults=Faults(drop=("event",)))
    assert (lost.events, len(lost.records)) == ([], 2)
    again = Functions()
    calls(again, faults=Faults(repeat=("contact-disconnected",)))
    types = [one["eventType"] for one in details(again)]
    assert types[-3:] == ["DISCONNECTED", "COMPLETED", "DISCONNECTED"]
    swapped = calls(Functions(), faults=Faults(reorder=("contact-disconnected",)))
    assert kinds(swapped)[-4:-2] == ["contact-completed", "contact-disconnected"]


def test_an_instance_may_tell_less() -> None:
    silent = Functions()
    calls(silent, tells=Tells(legs=False, records=False))
    assert {one["initiationMethod"] for one in details(silent)} == {"INBOUND"}
    assert silent.records == []
    vague = Functions()
    result = calls(vague, tells=Tells(answers=False, durations=False))
    legs = [one for one in details(vague) if one["contactId"] != result.sid]
    moments = {one.get("connectedToSystemTimestamp") for one in legs}
    assert moments <= {None, "1970-01-01T00:00:00.001Z"}
    assert not any(lowered(one).get("externalThirdParty") for one in vague.records)


@pytest.mark.parametrize("record", ["on", "off"])
def test_the_instance_records_a_talk_where_the_answer_says_so(record: str) -> None:
    functions = Functions(arrived=dials(record=record))
    placing = network(functions)
    during = []
    functions.looks = lambda: during.append(dict(placing.instance.recorded))
    result = placing.place(
        CallScript(to=DIALLED, caller=CALLER, target=TARGET_LEAVES, started_at=NOON)
    )
    assert during[-1] == ({result.sid: False} if record == "on" else {})
    assert placing.instance.recorded == {}


def test_what_the_instance_shows_of_a_contact_is_what_it_was() -> None:
    placing = network(Functions())
    result = placing.place(
        CallScript(to=DIALLED, caller=CALLER, target=TARGET_LEAVES, started_at=NOON)
    )
    own, leg = (placing.instance.contacts[id] for id in (result.sid, result.legs[0].sid))
    begun = NOON.timestamp()
    assert (own["InitiationTimestamp"], own["DisconnectTimestamp"]) == (begun, begun + 66)
    assert (leg["InitialContactId"], leg["ConnectedToSystemTimestamp"]) == (result.sid, begun + 6)
    assert leg["DisconnectReason"] == "THIRD_PARTY_DISCONNECT"


def test_the_same_seed_makes_the_same_call() -> None:
    first, second = Functions(), Functions()
    calls(first, seed="7"), calls(second, seed="7")
    assert (first.invoked, first.events, first.records) == (
        second.invoked, second.events, second.records,
    )  # fmt: skip
