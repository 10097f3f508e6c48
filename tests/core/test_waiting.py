"""When a caller waits on hold, for what, and for how long."""

from datetime import timedelta

import pytest

from chalicelib.answering import Answering, Line, Question, QuestionKind, Wait
from chalicelib.reasons import Reason
from chalicelib.routing import Considered, Decision
from chalicelib.waiting import MOST_LOOKS, waits
from tests.builders import NOW

HELLO, STAY = Line(text="Hello."), Line(text="All lines are busy, please stay.")
MENU = Question(name="menu", prompt=Line(text="1?"), kind=QuestionKind.CHOICE, choices={"1": "one"})


def answering(**overrides: object) -> Answering:
    wait = {"line": STAY, "every_seconds": 10, "seconds": 60, **overrides}
    return Answering(greeting=HELLO, wait=Wait(**wait))  # type: ignore[arg-type]


def refused_for(*reasons: Reason) -> Decision:
    seen = (
        Considered(
            target_id=f"tgt_{at}", campaign_id="cmp_1", priority=1, weight=1,
            charge_cents=2500, reason=reason,
        )
        for at, reason in enumerate(reasons)
    )  # fmt: skip
    return Decision(considered=tuple(seen), refusal=Reason.NO_TARGET)


BUSY = refused_for(Reason.AT_CONCURRENCY)


@pytest.mark.parametrize("passing", [Reason.AT_CONCURRENCY, Reason.TOO_SOON, Reason.LOST_RACE])
def test_a_caller_waits_for_a_target_that_is_merely_busy(passing: Reason) -> None:
    decision = refused_for(Reason.CLOSED, passing)
    found = waits(decision, answering(), since=NOW, look=1, now=NOW)
    assert found is not None
    assert (found.lines, found.seconds) == ((HELLO, STAY), 10)


@pytest.mark.parametrize(
    "lasting", [Reason.CLOSED, Reason.CAPPED_DAY, Reason.NO_FUNDS, Reason.FILTERED]
)
def test_nobody_waits_for_what_does_not_pass_in_time(lasting: Reason) -> None:
    assert waits(refused_for(lasting), answering(), since=NOW, look=1, now=NOW) is None


def test_nobody_waits_where_the_offer_does_not_want_it() -> None:
    assert waits(BUSY, None, since=NOW, look=1, now=NOW) is None
    assert waits(BUSY, Answering(greeting=HELLO), since=NOW, look=1, now=NOW) is None


@pytest.mark.parametrize(("seconds", "goes_on"), [(59, True), (60, False), (61, False)])
def test_a_wait_is_over_after_all_its_seconds(seconds: int, goes_on: bool) -> None:
    now = NOW + timedelta(seconds=seconds)
    found = waits(BUSY, answering(), since=NOW, look=5, now=now)
    assert (found is not None) is goes_on


def test_a_wait_has_an_end_whatever_the_clock_says() -> None:
    assert waits(BUSY, answering(), since=NOW, look=MOST_LOOKS, now=NOW) is not None
    assert waits(BUSY, answering(), since=NOW, look=MOST_LOOKS + 1, now=NOW) is None


def test_what_was_said_once_is_not_said_at_the_next_look() -> None:
    found = waits(BUSY, answering(), since=NOW, look=2, now=NOW)
    assert found is not None
    assert found.lines == ()


def test_a_greeting_that_came_before_the_questions_is_not_said_again() -> None:
    asked = Answering(greeting=HELLO, questions=(MENU,), wait=Wait(line=STAY))
    found = waits(BUSY, asked, since=NOW, look=1, now=NOW)
    assert found is not None
    assert found.lines == (STAY,)


def test_music_says_by_its_length_when_the_next_look_is() -> None:
    found = waits(BUSY, answering(music_url="https://a.example/m.mp3"), since=NOW, look=3, now=NOW)
    assert found is not None
    assert (found.music_url, found.seconds) == ("https://a.example/m.mp3", 1)
