"""Several targets ring at once: the first to answer has the call, the others are free again."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from twilio.twiml.voice_response import Dial, VoiceResponse

from chalicelib.answering import Acceptance, Line
from chalicelib.calls import CallStatus, HungUpBy, Signal
from chalicelib.flows.settlement import settle_finally
from chalicelib.settings import CapUse, MachineDetection
from chalicelib.store.rows import CALLS, CATALOG
from simulator import Faults
from simulator.engine import LiveCall
from tests.channels.calling import BASE, said
from tests.channels.groups import (
    BUSY,
    CHARGES,
    DESTINATIONS,
    HIGHEST,
    SILENT,
    answers,
    charged,
    flawless,
    grouped,
    leases,
    places,
    rung,
    taker,
    target_of,
    trials,
)
from tests.flows.replaying import again, is_itself, outcomes


def test_one_dial_rings_them_all_as_the_carriers_own_package_would_write_it() -> None:
    telephone = grouped()
    live = rung(telephone, answers(6), answers(4), answers(9))
    call = f"call={telephone.call(live).id}"
    built, dial = VoiceResponse(), Dial(
        action=f"{BASE}/twilio/dial?attempt=1&{call}&together=1", method="POST",
        answer_on_bridge=True, timeout=25, time_limit=3600,
    )  # fmt: skip
    for target in CHARGES:
        dial.number(
            DESTINATIONS[target],
            status_callback=f"{BASE}/twilio/leg?attempt=1&{call}&target={target}",
            status_callback_method="POST", status_callback_event="answered completed",
        )  # fmt: skip
    built.append(dial)
    document = said(live, "inbound")[0]
    assert ElementTree.canonicalize(document) == ElementTree.canonicalize(str(built))
    assert flawless(live)


@pytest.mark.parametrize("target", CHARGES)
def test_the_first_to_answer_has_the_call_at_its_own_charge(target: str) -> None:
    telephone = grouped()
    behaviours = [answers(3 if one == target else 8) for one in CHARGES]
    live = rung(telephone, *behaviours)
    call = telephone.settled(live)
    assert (call.status, call.talk_seconds) == (CallStatus.APPROVED, 130)
    assert taker(live) == target_of(call) == target
    assert charged(telephone, call) == CHARGES[target]
    assert leases(telephone) == []
    assert places(telephone) == trials(telephone) == {target: 1}
    assert call.hung_up_by is HungUpBy.TARGET
    talked = telephone.world.row(CALLS, f"TALKED#{call.caller_hash}")
    assert [one for one in CHARGES if one in talked] == [target]
    spent = telephone.world.row(CATALOG, "CAMPAIGN#cmp_1")["spent"]
    assert set(spent.values()) == {CHARGES[target]}


def test_the_others_are_free_as_soon_as_one_has_answered() -> None:
    telephone, seen = grouped(), []

    def look(live: LiveCall) -> None:
        seen.append((live.clock.second, leases(telephone), telephone.world.funds()[1]))

    telephone.looks = look
    rung(telephone, answers(6), answers(4), answers(9))
    before = {tuple(taken) for second, taken, _ in seen if second < 4}
    talking = {tuple(taken) for second, taken, _ in seen if 4 < second < 134}
    assert before == {("tgt_1", "tgt_2", "tgt_3")}
    assert talking <= {("tgt_2",)}
    assert {held for second, _, held in seen if second < 134} == {HIGHEST}


def test_a_lost_answer_frees_them_at_the_end() -> None:
    telephone = grouped()
    live = rung(
        telephone, answers(6), answers(4), answers(9), faults=Faults(drop=("leg-answered",))
    )
    call = telephone.settled(live)
    assert (target_of(call), charged(telephone, call)) == ("tgt_2", HIGHEST)
    assert leases(telephone) == []
    assert places(telephone) == trials(telephone) == {"tgt_2": 1}


@pytest.mark.parametrize(
    "drop", [("leg",), ("leg", "status"), ("leg", "dial"), ("leg", "dial", "status")]
)
def test_without_any_word_of_a_leg_the_carriers_record_names_it(drop: tuple[str, ...]) -> None:
    telephone = grouped()
    live = rung(telephone, answers(6), answers(4), answers(9), faults=Faults(drop=drop))
    call = telephone.settled(live)
    assert (target_of(call), call.talk_seconds) == ("tgt_2", 130)
    assert charged(telephone, call) == HIGHEST
    assert leases(telephone) == []


def test_where_nobody_names_it_the_call_costs_what_the_cheapest_would() -> None:
    telephone = grouped()
    live = rung(telephone, answers(6), answers(4), answers(9), faults=Faults(drop=("leg",)))
    world, call_id = telephone.world, telephone.call(live).id

    def knows_nothing(_call: Any, _now: Any) -> tuple[Signal, ...]:
        return ()

    assert world.status(live.sid) is CallStatus.PENDING
    settle_finally(call_id, stores=world.stores, now=world.now, ask_carrier=knows_nothing)
    call = telephone.call(live)
    assert (target_of(call), call.talk_seconds) == ("tgt_3", 130)
    assert charged(telephone, call) == CHARGES["tgt_3"]
    assert leases(telephone) == []


def test_when_nobody_answers_all_are_tried_and_the_next_is_dialled() -> None:
    telephone = grouped()
    live = rung(telephone, BUSY, SILENT, BUSY, answers(5))
    call = telephone.settled(live)
    assert (target_of(call), charged(telephone, call)) == ("tgt_4", 2_500)
    assert call.tried == ("tgt_1", "tgt_2", "tgt_3")
    assert trials(telephone) == {f"tgt_{n}": 1 for n in range(1, 5)}
    assert leases(telephone) == []
    assert is_itself(again(telephone.world, live.sid))
    assert is_itself(again(telephone.world, live.sid, attempt=2))
    counted = telephone.world.row(CATALOG, "PARTNERSHIP#par_1", "TRIALS#cmp_1")
    assert {f"tgt_{n}#dialled#14d#1484" for n in range(1, 5)} <= counted.keys()


def test_the_decision_tells_who_rings_along() -> None:
    telephone = grouped()
    live = rung(telephone, answers(6), answers(4))
    (decision,) = telephone.world.stores.calls.decisions(telephone.call(live).id)
    assert outcomes(decision) == [
        ("tgt_1", "chosen"),
        ("tgt_2", "ringing_together"),
        ("tgt_3", "ringing_together"),
        ("tgt_4", "outranked"),
    ]
    assert is_itself(again(telephone.world, live.sid))


def test_a_caller_who_leaves_while_they_ring_costs_nothing() -> None:
    telephone = grouped()
    live = rung(telephone, SILENT, SILENT, SILENT, hangup_while_ringing=7)
    call = telephone.settled(live)
    assert (call.status, call.hung_up_by) == (CallStatus.DENIED, HungUpBy.CALLER)
    assert charged(telephone, call) == 0
    assert (leases(telephone), places(telephone)) == ([], {})
    assert trials(telephone) == {"tgt_1": 1, "tgt_2": 1, "tgt_3": 1}


@pytest.mark.parametrize(
    ("cap_use", "used"),
    [
        (CapUse.APPROVAL, {}),
        (CapUse.CONNECT, {"tgt_2": 1}),
        (CapUse.ATTEMPT, {"tgt_1": 1, "tgt_2": 1, "tgt_3": 1}),
    ],
)
def test_a_short_talk_uses_up_the_places_that_it_should(
    cap_use: CapUse, used: dict[str, int]
) -> None:
    for drop in ((), ("leg-answered",)):
        telephone = grouped(cap_use=cap_use)
        live = rung(telephone, SILENT, answers(4, talk=10), SILENT, faults=Faults(drop=drop))
        call = telephone.settled(live)
        assert call.reasons == ("too_short",)
        assert places(telephone) == used
        assert (leases(telephone), charged(telephone, call)) == ([], 0)


def test_a_target_of_the_group_that_hangs_up_at_once_is_followed_by_another() -> None:
    telephone = grouped(recover_seconds=10)
    live = rung(telephone, SILENT, answers(4, talk=5), SILENT, answers(3))
    call = telephone.settled(live)
    assert (target_of(call), call.recoveries) == ("tgt_4", 1)
    assert call.tried == ("tgt_1", "tgt_2", "tgt_3")
    assert trials(telephone) == {"tgt_2": 1, "tgt_4": 1}
    talked = telephone.world.row(CALLS, f"TALKED#{call.caller_hash}")
    assert [one for one in DESTINATIONS if one in talked] == ["tgt_2", "tgt_4"]
    assert (leases(telephone), charged(telephone, call)) == ([], 2_500)
    assert is_itself(again(telephone.world, live.sid, attempt=2))


WHISPERS = {"whisper": Line(text="A caller."), "acceptance": Acceptance(seconds=4)}


def test_the_one_that_accepts_has_the_call_and_talk_counts_from_then() -> None:
    telephone = grouped(WHISPERS)
    live = rung(telephone, answers(6), answers(4, talk=80, whisper_digits="1"), SILENT)
    call = telephone.settled(live)
    assert target_of(call) == "tgt_2"
    assert call.talk_seconds is not None and abs(call.talk_seconds - 80) <= 1
    assert charged(telephone, call) == HIGHEST
    assert (leases(telephone), flawless(live)) == ([], True)


def test_one_that_refuses_ends_the_ringing_of_all_and_the_next_is_tried() -> None:
    telephone = grouped(WHISPERS)
    live = rung(telephone, answers(6), answers(4), SILENT, answers(3, whisper_digits="1"))
    call = telephone.settled(live)
    assert target_of(call) == "tgt_4"
    assert call.tried == ("tgt_1", "tgt_2", "tgt_3")
    assert leases(telephone) == []
    assert trials(telephone) == {f"tgt_{n}": 1 for n in range(1, 5)}


def test_each_leg_is_listened_to_for_itself() -> None:
    telephone = grouped(machine_detection=MachineDetection.REFUSE)
    heard = answers(4, answered_by="machine_start")
    live = rung(telephone, SILENT, heard, SILENT, answers(3))
    call = telephone.settled(live)
    assert target_of(call) == "tgt_4"
    urls = [
        one.get("amdStatusCallback", "")
        for one in ElementTree.fromstring(said(live, "inbound")[0]).iter("Number")
    ]
    assert [parse_qs(urlsplit(url).query)["target"] for url in urls] == [[one] for one in CHARGES]
    assert leases(telephone) == []


def test_a_leg_that_nobody_dialled_hears_nothing_and_changes_nothing() -> None:
    telephone = grouped(WHISPERS)
    live = rung(telephone, SILENT, answers(4, whisper_digits="1"), SILENT)
    call = telephone.settled(live)
    for target in ("tgt_4", "tgt_9", "<odd>", ""):
        path = f"/twilio/whisper?attempt=1&call={call.id}&target={target}"
        document = telephone.posts(path, live, ("CallStatus", "in-progress"))
        assert ("Gather" in document) is (target in ("<odd>", ""))
        telephone.posts(f"/twilio/leg?attempt=1&call={call.id}&target={target}", live)
    assert telephone.settled(live) == call
