"""Questions between the ring and the choice: repeated, raced, interrupted, and by whom counted."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.answering import Answering, Line, Question, QuestionKind
from chalicelib.calls import Call, CallStatus, LegStatus, Signal, SignalKind, call_id
from chalicelib.flows.asking import next_step
from chalicelib.flows.inbound import Answer
from chalicelib.gate import GateReason, Velocity
from chalicelib.questions import Step
from chalicelib.reasons import Reason
from chalicelib.store import codec
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.rows import CATALOG, Change, Key
from tests import builders
from tests.builders import CALLER, TRACKING_NUMBER
from tests.fakes import Crash, FakeRows
from tests.flows.door import Gated
from tests.flows.replaying import again, is_itself
from tests.wire.test_round_trips import NUMBER, READ, RESERVE, watched

ZIP = Question(
    name="zip", prompt=Line(text="ZIP?"), kind=QuestionKind.DIGITS, min_digits=5, max_digits=5
)
FIRST, SECOND = Step(1, 1), Step(1, 2)


class Asked(Gated):
    """A market whose offer asks for a ZIP."""

    def asks_for_a_zip(self, *targets: Any, **more: Any) -> None:
        self.opens(*targets, offer=builders.an_offer(answering=Answering(questions=(ZIP,))), **more)

    def keys(self, pressed: str, step: Step = FIRST, sid: str = "CA1") -> Answer | None:
        """The caller has pressed keys, or none."""
        return next_step(
            call_id("twilio", sid), step, self.pressed(pressed, step), e164=TRACKING_NUMBER,
            caller=CALLER, stores=self.stores, clock=self.clock,
        )  # fmt: skip

    def pressed(self, pressed: str, step: Step) -> Signal:
        """What the carrier reports of it."""
        return Signal(
            kind=SignalKind.ANSWER, attempt=0, status=LegStatus.IN_PROGRESS, step=str(step),
            keys=pressed, received_at=self.now, raw={"Digits": pressed},
        )  # fmt: skip

    def leaves(self, sid: str = "CA1") -> Call:
        """The caller hangs up, and the stream tells."""
        ended = builders.a_signal(kind=SignalKind.CALL, attempt=0, seconds=9)
        self.reports(sid, ended)
        self.settles(sid)
        return self.call(sid)


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> Asked:
    return Asked(rows)


def asked_at(answer: Answer | None) -> Step | None:
    return answer.page.step if answer and answer.page else None


def test_a_caller_is_asked_before_anything_is_reserved(world: Asked) -> None:
    world.asks_for_a_zip()
    assert asked_at(world.arrives()) == FIRST
    call = world.call()
    assert (call.status, call.attempt, call.answered_early) == (CallStatus.LIVE, None, True)
    assert world.funds() == (100_000, 0)


def test_every_delivery_of_a_request_gets_its_own_answer_again(world: Asked) -> None:
    world.asks_for_a_zip()
    for _ in range(2):
        assert asked_at(world.arrives()) == FIRST
        assert asked_at(world.keys("12")) == SECOND
        dialled = world.keys("94105", SECOND)
        assert dialled is not None
        assert dialled.attempt is not None
        assert dialled.attempt.number == 1
    assert world.funds() == (97_500, 2_500)


def test_what_was_kept_first_is_what_was_keyed(world: Asked) -> None:
    world.asks_for_a_zip()
    world.arrives()
    world.keys("12")
    assert asked_at(world.keys("94105")) == SECOND


def test_two_deliveries_at_once_reserve_once(world: Asked, rows: FakeRows) -> None:
    world.asks_for_a_zip()
    world.arrives()
    rows.before_write(lambda: world.keys("94105"))
    answer = world.keys("94105")
    assert answer is not None
    assert answer.attempt is not None
    assert world.funds() == (97_500, 2_500)


def test_two_deliveries_of_a_wrong_answer_at_once_lead_to_the_same_question(
    world: Asked, rows: FakeRows
) -> None:
    world.asks_for_a_zip()
    world.arrives()
    rows.before_write(lambda: world.keys("1"))
    assert asked_at(world.keys("1")) == SECOND


def test_an_answer_that_another_has_overtaken_leads_where_that_one_led(
    world: Asked, rows: FakeRows
) -> None:
    world.asks_for_a_zip()
    world.arrives()
    rows.before_write(lambda: world.keys("94105"))
    answer = world.keys("1")
    assert answer is not None
    assert answer.attempt is not None
    assert world.call().area.zip == "94105"


def test_two_arrivals_of_a_call_at_once_count_its_caller_once(world: Asked, rows: FakeRows) -> None:
    world.asks_for_a_zip()
    world.asks(caller_velocity=Velocity(calls=5, minutes=10))
    rows.before_write(world.arrives)
    assert asked_at(world.arrives()) == FIRST
    assert world.counted() == [1]


def test_the_gate_stands_before_the_questions_and_is_passed_once(world: Asked) -> None:
    world.asks_for_a_zip()
    world.asks(caller_velocity=Velocity(calls=1, minutes=10))
    assert asked_at(world.arrives()) == FIRST
    assert world.arrives("CA2").refusal is GateReason.CALLER_TOO_OFTEN
    answer = world.keys("94105")
    assert answer is not None
    assert answer.attempt is not None
    assert is_itself(again(world))


def test_the_last_call_that_a_caller_may_make_goes_to_the_quicker(
    world: Asked, rows: FakeRows
) -> None:
    world.asks_for_a_zip()
    world.asks(caller_velocity=Velocity(calls=1, minutes=10))
    rows.before_write(lambda: world.arrives("CA2"))
    assert world.arrives("CA1").refusal is GateReason.CALLER_TOO_OFTEN
    assert world.call("CA1").status is CallStatus.DENIED


@pytest.mark.parametrize("die", [FakeRows.crash_before_write, FakeRows.crash_after_write])
@pytest.mark.parametrize("pressed", ["1", "94105"])
def test_a_process_that_dies_over_an_answer_loses_nothing(
    world: Asked, rows: FakeRows, die: Callable[[FakeRows], None], pressed: str
) -> None:
    world.asks_for_a_zip()
    world.arrives()
    die(rows)
    with pytest.raises(Crash):
        world.keys(pressed)
    repeated, later = world.keys(pressed), world.keys(pressed)
    assert repeated == later
    assert (asked_at(repeated) == SECOND) is (pressed == "1")
    assert world.funds()[1] == (0 if pressed == "1" else 2_500)


def test_a_caller_who_has_left_is_routed_to_nobody(world: Asked, rows: FakeRows) -> None:
    world.asks_for_a_zip()
    world.arrives()
    rows.before_write(world.leaves)
    answer = world.keys("94105")
    assert answer is not None
    assert answer.attempt is None
    assert world.call().reasons == ("abandoned",)
    assert world.keys("94105") is None
    assert world.funds() == (100_000, 0)


def test_a_caller_who_leaves_while_the_call_is_routed_gives_everything_back(world: Asked) -> None:
    world.asks_for_a_zip()
    world.arrives()
    world.reports("CA1", builders.a_signal(kind=SignalKind.CALL, attempt=0, seconds=9))
    world.keys("94105")
    world.reports("CA1", builders.a_signal(kind=SignalKind.DIAL, status=LegStatus.CANCELED))
    world.settles()
    assert (world.call().reasons, world.funds()) == (("not_connected",), (100_000, 0))


def test_the_questions_stay_as_they_were_when_the_call_came(world: Asked) -> None:
    world.asks_for_a_zip()
    world.arrives()
    unasked = codec.to_json(builders.an_offer())
    world.rows.write([Change(key=Key(CATALOG, "OFFER#off_1"), set={("doc",): unasked})])
    assert asked_at(world.keys("1")) == SECOND


def test_a_race_for_the_last_place_after_the_questions_goes_to_one(
    world: Asked, rows: FakeRows
) -> None:
    world.asks_for_a_zip(builders.a_target(daily_cap=1))
    world.arrives("CA1")
    world.arrives("CA2")
    rows.before_write(lambda: world.keys("94105", sid="CA2"))
    answer = world.keys("94105", sid="CA1")
    assert answer is not None
    assert (answer.attempt, answer.refusal) == (None, Reason.NO_TARGET)
    assert world.call("CA1").status is CallStatus.DENIED
    assert is_itself(again(world, "CA1"))


def test_an_answer_to_an_unknown_call_or_number_is_nothing_to_decide(world: Asked) -> None:
    assert world.keys("94105") is None
    world.asks_for_a_zip()
    assert world.keys("94105") is None


@pytest.mark.usefixtures("aws")
def test_an_answer_waits_twice_and_thrice_in_a_cold_process() -> None:
    world = Asked(DynamoRows())
    world.asks_for_a_zip()
    read = (*READ, "Query")
    world.arrives()
    world.stores = Asked(DynamoRows()).stores
    with watched(NUMBER, read, ("PutItem",)) as cold:
        world.keys("12")
    with watched(read, RESERVE) as warm:
        world.keys("94105", SECOND)
    for wire in (cold, warm):
        assert (wire.unexpected, wire.left) == ([], [])
