"""What failed is taken up again: everything, in bounds, whatever dies on the way, done once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import CallStatus, SignalKind
from chalicelib.flows.settlement import settle_finally
from chalicelib.flows.taking_up import look, take_up
from chalicelib.parked import Place, Taken
from tests.fakes import FakeRows
from tests.parking import A_PART, SHARD, Desk, a_record, a_stretch
from tests.world import World

STREAM, SETTLE, RECORDINGS = Place.VALIDATE_FAILED, Place.SETTLE_DEAD, Place.RECORDINGS_DEAD
CLOSING = Place.CLOSING_DEAD


def runs(desk: Desk, limit: int = 100) -> dict[Place, Taken]:
    done = take_up(desk.yard, limit=limit, tell=lambda _: None)
    return {one.place: one for one in done}


def waiting(desk: Desk) -> dict[Place, int]:
    return {one.place: one.messages for one in look(desk.yard)}


def test_a_call_and_a_recording_go_back_to_the_queues_they_came_from() -> None:
    desk = Desk()
    desk.lot.parks(SETTLE, {"call_id": "call_a"})
    desk.lot.parks(RECORDINGS, {"call_id": "call_b", "recording_id": "rec_1"})
    done = runs(desk)
    assert (desk.settled, desk.fetched) == (["call_a"], [("call_b", "rec_1")])
    assert {place: one.taken_up for place, one in done.items()} == {
        STREAM: 0, SETTLE: 1, RECORDINGS: 1, CLOSING: 0,
    }  # fmt: skip
    assert set(waiting(desk).values()) == {0}


def test_a_part_of_a_closing_goes_back_to_its_queue_and_has_all_its_turns_again() -> None:
    desk = Desk()
    desk.lot.parks(CLOSING, A_PART)
    desk.lot.parks(CLOSING, A_PART | {"party_id": None})
    assert runs(desk)[CLOSING].taken_up == 2
    assert [(duty.run.id, duty.party_id, duty.turn) for duty in desk.closed] == [
        ("cls_1", "adv_1", 0), ("cls_1", None, 0),
    ]  # fmt: skip
    assert set(waiting(desk).values()) == {0}


def test_a_stretch_of_the_stream_leads_to_every_call_and_recording_of_it_once() -> None:
    desk = Desk()
    desk.lot.stream = [
        a_record(1, "call_before"),
        a_record(2, "call_a"),
        a_record(3, "call_a", "SIGNAL#dial#1#completed"),
        a_record(4, "call_b", "META"),
        a_record(5, "call_c", "REPORT#rec_1#completed"),
        a_record(6, "call_d", event="MODIFY"),
        a_record(7, "call_e"),
        a_record(8, "call_after"),
    ]
    desk.lot.parks(STREAM, a_stretch(2, 7))
    assert runs(desk)[STREAM].taken_up == 1
    assert desk.settled == ["call_a", "call_e"]
    assert desk.fetched == [("call_c", "rec_1")]


@pytest.mark.parametrize(
    "body", [a_stretch(1), a_stretch(5, shard="shardId-of-another-stream")], ids=["old", "shard"]
)
def test_what_the_stream_no_longer_has_is_left_to_the_sweep(body: dict[str, Any]) -> None:
    desk = Desk()
    desk.lot.stream = [a_record(5, "call_a")]
    desk.lot.parks(STREAM, body)
    done = runs(desk)[STREAM]
    assert (done.taken_up, done.expired, done.refused) == (0, 1, ())
    assert (waiting(desk)[STREAM], desk.settled) == (0, [])


UNREADABLE = ["", "no json", "[]", "{}", '{"call_id": 7}', '{"call_id": null}', "\x00"]


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("body", UNREADABLE)
def test_a_message_that_nobody_can_read_stays_and_keeps_no_other_from_being_taken_up(
    place: Place, body: str
) -> None:
    desk = Desk()
    desk.lot.stream = [a_record(1, "call_a"), a_record(2, "call_b")]
    good = {
        STREAM: a_stretch(1, 2),
        SETTLE: {"call_id": "call_a"},
        RECORDINGS: {"call_id": "call_a", "recording_id": "rec_1"},
        CLOSING: A_PART,
    }[place]
    desk.lot.parks(place, good)
    bad = desk.lot.parks(place, body)
    desk.lot.parks(place, good)
    done = runs(desk)[place]
    assert done.taken_up == 2
    assert [refusal.message_id for refusal in done.refused] == [bad]
    assert done.refused[0].reason
    assert waiting(desk)[place] == 1


def test_a_message_that_cannot_be_handed_on_stays_for_the_next_run() -> None:
    desk = Desk(away_for="call_b")
    for name in "abc":
        desk.lot.parks(SETTLE, {"call_id": f"call_{name}"})
    (refusal,) = runs(desk)[SETTLE].refused
    assert refusal.reason == "ConnectionError: the queue is away"
    desk.away_for = ""
    desk.lot.later()
    runs(desk)
    assert sorted(desk.settled) == ["call_a", "call_b", "call_c"]


def test_a_refused_message_that_comes_round_again_ends_the_place_and_not_the_others() -> None:
    desk = Desk()
    desk.lot.parks(SETTLE, "no json")
    desk.lot.parks(RECORDINGS, {"call_id": "call_a", "recording_id": "rec_1"})

    def slowly(taken: Taken) -> None:
        desk.lot.later()
        assert len(taken.refused) <= 1

    take_up(desk.yard, limit=50, tell=slowly)
    assert desk.fetched == [("call_a", "rec_1")]


def test_a_run_is_bounded_over_all_places_and_the_next_one_goes_on() -> None:
    desk = Desk()
    desk.lot.stream = [a_record(n, f"call_s{n}") for n in range(1, 15)]
    for n in range(1, 15):
        desk.lot.parks(STREAM, a_stretch(n))
        desk.lot.parks(SETTLE, {"call_id": f"call_{n}"})
    heard: list[tuple[Place, int]] = []
    take_up(desk.yard, limit=16, tell=lambda one: heard.append((one.place, one.taken_up)))
    assert heard == [(STREAM, 10), (STREAM, 14), (SETTLE, 2)]
    assert waiting(desk) == {STREAM: 0, SETTLE: 12, RECORDINGS: 0, CLOSING: 0}
    runs(desk)
    assert len(desk.settled) == len(set(desk.settled)) == 28


def test_a_second_run_takes_up_nothing() -> None:
    desk = Desk()
    desk.lot.parks(SETTLE, {"call_id": "call_a"})
    runs(desk)
    desk.lot.later(3600)
    assert {one.taken_up for one in runs(desk).values()} == {0}
    assert desk.settled == ["call_a"]


def test_a_look_touches_nothing() -> None:
    desk = Desk()
    desk.lot.parks(SETTLE, {"call_id": "call_a"})
    for _ in range(2):
        assert [(one.place, one.waiting, one.in_hand) for one in look(desk.yard)] == [
            (STREAM, 0, 0), (SETTLE, 1, 0), (RECORDINGS, 0, 0), (CLOSING, 0, 0),
        ]  # fmt: skip
    assert desk.settled == []


def test_what_a_run_that_died_had_in_hand_is_told_apart_until_it_waits_again() -> None:
    desk = Desk(dies_at={1})
    desk.lot.parks(SETTLE, {"call_id": "call_a"})
    with pytest.raises(SystemExit):
        runs(desk)
    assert [(one.waiting, one.in_hand) for one in look(desk.yard)][1] == (0, 1)
    assert {one.taken_up for one in runs(desk).values()} == {0}
    desk.lot.later()
    assert [(one.waiting, one.in_hand) for one in look(desk.yard)][1] == (1, 0)
    assert runs(desk)[SETTLE].taken_up == 1
    assert desk.settled == ["call_a"]


@given(
    count=st.integers(1, 25),
    deaths=st.sets(st.integers(1, 40), max_size=6),
    after=st.booleans(),
    limit=st.integers(1, 30),
)
def test_whatever_dies_between_receiving_and_sending_nothing_is_lost(
    count: int, deaths: set[int], after: bool, limit: int
) -> None:
    desk = Desk(dies_at=deaths, dies_after=after)
    desk.lot.stream = [a_record(n, f"call_s{n}") for n in range(1, count + 1)]
    for n in range(1, count + 1):
        desk.lot.parks(STREAM, a_stretch(n))
        desk.lot.parks(SETTLE, {"call_id": f"call_{n}"})
        desk.lot.parks(RECORDINGS, {"call_id": f"call_{n}", "recording_id": f"rec_{n}"})
    for _ in range(3 * count + len(deaths) + 1):
        try:
            runs(desk, limit)
        except SystemExit:
            desk.lot.later()
    numbers = range(1, count + 1)
    assert set(desk.settled) == {f"call_{n}" for n in numbers} | {f"call_s{n}" for n in numbers}
    assert set(desk.fetched) == {(f"call_{n}", f"rec_{n}") for n in numbers}
    assert set(waiting(desk).values()) == {0}
    assert len(desk.settled) + len(desk.fetched) <= 3 * count + len(deaths)


def test_a_call_that_is_taken_up_twice_from_two_places_is_booked_once() -> None:
    world = World(FakeRows())
    world.opens()
    world.arrives()
    world.reports("CA1", world.signal(SignalKind.LEG, 1, "completed", 90))
    call_id = world.call().id

    def settles(asked: str) -> None:
        settle_finally(asked, stores=world.stores, now=world.now, ask_carrier=lambda *_: ())

    desk = Desk()
    desk.lot.stream = [a_record(1, call_id)]
    for _ in range(2):
        desk.lot.parks(STREAM, a_stretch(1, shard=SHARD))
        desk.lot.parks(SETTLE, {"call_id": call_id})
    runs(desk)
    for asked in desk.settled:
        settles(asked)
    assert desk.settled == [call_id] * 4
    assert world.call().status is CallStatus.APPROVED
    assert world.funds() == (97_500, 0)
