"""What people see while calls go: each verdict once, and where to ask why."""

import io
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from demo.api import Json
from demo.board import Board
from demo.crowd import Stream, scripts
from demo.nextsteps import next_steps
from demo.screen import Screen
from demo.seed import seed
from demo.watch import Names, Watch
from tests.demo.platform import DirectApi, a_call, a_platform


@dataclass
class GoneCallers:
    """People who have called and hung up."""

    begun: set[str]
    over: set[str] = field(default_factory=set)
    finished: bool = True


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def api() -> DirectApi:
    return a_platform()


@pytest.fixture
def numbers(api: DirectApi, tmp_path: Path) -> list[Json]:
    return seed(api, tmp_path)


def watched(api: DirectApi, sids: set[str]) -> tuple[str, Board]:
    out = io.StringIO()
    board = Board(Names(api))
    since = api.deployment.now - timedelta(minutes=1)
    watch = Watch(api, board, Screen(out), since)
    assert watch.until_judged(GoneCallers(sids), len(sids))
    return out.getvalue(), board


def test_every_verdict_is_one_line(api: DirectApi, numbers: list[Json]) -> None:
    for at in range(120):
        a_call(api, numbers[at % 9], f"CA{at}", 600)
    said, board = watched(api, {f"CA{at}" for at in range(120)})
    lines = said.splitlines()
    assert lines[0].split() == [
        *("call", "publisher", "campaign", "target", "talk", "status", "reason"),
        *("charge", "earning"),
    ]
    assert sum(" approved " in line for line in lines) == 120
    assert len(board.judged) == 120


def test_calls_from_before_are_not_of_this_run(api: DirectApi, numbers: list[Json]) -> None:
    a_call(api, numbers[0], "CA-old", 600)
    api.deployment.later(hours=1)
    a_call(api, numbers[0], "CA-new", 600)
    _, board = watched(api, {"CA-new"})
    assert [call["carrier_call_id"] for call in board.judged] == ["CA-new"]


def test_one_may_ask_why_of_a_call_of_each_kind(api: DirectApi, numbers: list[Json]) -> None:
    paid = a_call(api, numbers[0], "CA1", 600)
    short = a_call(api, numbers[0], "CA2", 1)
    _, board = watched(api, {"CA1", "CA2"})
    said = "\n".join(next_steps(api, board, numbers))
    for call in (paid, short):
        assert f"/calls/{call.id}/decision" in said
        assert f"/calls/{call.id}/verdict" in said
    assert "Why is it denied?" in said
    assert f"--to {numbers[0]['e164']}" in said


def test_the_same_seed_brings_the_same_callers_and_never_the_same_call_ids(
    numbers: list[Json], tmp_path: Path
) -> None:
    stream = Stream(calls=30, rate=3.0, seed="seven")
    first, again = (scripts(stream, tmp_path / "demo.json") for _ in range(2))
    assert first == again
    assert {script.seed for script in first} == {None}
    assert {script.to for script in first} <= {number["e164"] for number in numbers}


def test_a_terminal_redraws_what_moves_and_keeps_what_stands() -> None:
    out = Terminal()
    screen = Screen(out)
    screen.show(["stands"], ["moves", "and moves"])
    screen.show(["stands too"], ["moved"])
    screen.say("the end")
    screen.close()
    first, second, third = out.getvalue().split("\x1b[J")[1:]
    assert first.startswith("stands\nmoves\nand moves\n")
    assert first.endswith("\x1b[2A\r")
    assert second.startswith("stands too\nmoved\n")
    assert second.endswith("\x1b[1A\r")
    assert third == "the end\n\x1b[?25h"


def test_without_a_terminal_nothing_is_drawn_twice() -> None:
    out = io.StringIO()
    screen = Screen(out)
    screen.show(["stands"], ["moves"], progress="1 of 2")
    screen.show([], ["moves"], progress="2 of 2")
    screen.close()
    assert out.getvalue() == "stands\n"
