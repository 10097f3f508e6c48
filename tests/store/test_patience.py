"""How often a write gets another turn, and whether all of a crowd get theirs in time."""

import heapq
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.patience import PATIENCE_SECONDS, Patience, pauses


class Clock:
    """Moves while somebody sleeps by it, and while a request is under way."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


def turns(clock: Clock, seed: int) -> Iterator[int]:
    return Patience(clock=clock.now, sleep=clock.pass_by, draw=Random(seed).randrange).turns()


def test_the_first_turn_comes_at_once() -> None:
    clock = Clock()
    assert next(turns(clock, 1)) == 1
    assert clock.seconds == 1_000


def test_pauses_grow_to_a_fifth_of_a_second_at_most() -> None:
    longest = pauses(lambda n: n - 1)
    assert [next(longest) for _ in range(6)] == [0.025, 0.05, 0.1, 0.2, 0.2, 0.2]


@given(seed=st.integers(0, 2**32), request=st.floats(0, 3))
def test_no_turn_begins_after_the_patience_has_ended(seed: int, request: float) -> None:
    clock = Clock()
    for _ in turns(clock, seed):
        assert clock.seconds <= 1_000 + PATIENCE_SECONDS
        clock.pass_by(request or 0.001)
    assert clock.seconds <= 1_000 + PATIENCE_SECONDS + request + 0.001


@pytest.mark.parametrize("rivals", [2, 10, 50])
def test_all_of_a_crowd_that_fights_over_one_row_come_through(rivals: int) -> None:
    assert [crowd(rivals, seed) for seed in range(20)] == [rivals] * 20


def crowd(rivals: int, seed: int) -> int:
    """How many of the rivals write in time, when a write keeps the row for 8 to 20 ms and everybody
    who comes meanwhile is told so after 5 to 12."""
    chance = Random(seed)
    waiting = [(chance.uniform(0, 0.005), rival) for rival in range(rivals)]
    heapq.heapify(waiting)
    resting = {rival: pauses(chance.randrange) for rival in range(rivals)}
    free_at, written = 0.0, 0
    while waiting:
        at, rival = heapq.heappop(waiting)
        if at >= free_at:
            free_at, written = at + chance.uniform(0.008, 0.020), written + 1
            continue
        again = at + chance.uniform(0.005, 0.012) + next(resting[rival])
        if again <= PATIENCE_SECONDS:
            heapq.heappush(waiting, (again, rival))
    return written
