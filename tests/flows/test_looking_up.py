"""The caller's line, asked or remembered: what a call knows of it, and that it never waits long."""

import threading
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.answering import Answering, Line, Question, QuestionKind
from chalicelib.criteria import Filter, FilterTest
from chalicelib.errors import Busy
from chalicelib.flows.dry_run import Supposed, dry_run
from chalicelib.flows.looking_up import Inquiry
from chalicelib.gate import BlockKind, Caller, GateReason, Velocity
from chalicelib.lines import CallLookup, Lookup, LookupState
from chalicelib.numbers import LineFacts
from chalicelib.places import Area, prefix_evidence
from chalicelib.providers.carriers import CarrierAway, CarrierRefused
from chalicelib.reasons import Reason
from chalicelib.store.rows import CALLS
from tests import builders
from tests.builders import CALLER, TRACKING_NUMBER
from tests.fakes import Crash, FakeRows
from tests.flows.door import NEIGHBOUR, Gated
from tests.flows.replaying import again, change, is_itself
from tests.waiting import eventually

MOBILE = Filter(attribute="line_type", test=FilterTest.EQUALS, values=("mobile",))
LANDLINE = Filter(attribute="line_type", test=FilterTest.EQUALS, values=("landline",))
JANE = Filter(attribute="caller_name", test=FilterTest.CONTAINS, values=("JANE",))
SERVICE = Question(
    name="service", prompt=Line(text="Press 1."), kind=QuestionKind.CHOICE, choices={"1": "repair"}
)


class Lined(Gated):
    """A market whose offer wants to know its callers' lines."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.looks, self.takes_from_the_second_look_on = 0, timedelta()

    def clock(self) -> datetime:
        """The world's present; a slow read lets time pass before it is looked at again."""
        self.looks += 1
        return self.now + (self.takes_from_the_second_look_on if self.looks > 1 else timedelta())

    def wants(self, *targets: Any, answering: Answering | None = None, **lookup: Any) -> None:
        self.opens(*targets, offer=builders.an_offer(lookup=Lookup(**lookup), answering=answering))

    def known(self, sid: str = "CA1") -> CallLookup:
        """What the call knows of its caller's line."""
        known = self.call(sid).lookup
        assert known is not None
        return known

    def state(self, sid: str = "CA1") -> LookupState:
        return self.known(sid).state

    def remembers(self, caller: str = CALLER) -> bool:
        """Whether anything is remembered of the caller's line."""
        return bool(self.row(CALLS, f"LINE#hash-of-{caller}"))

    def answers(self, ask: Callable[..., LineFacts]) -> None:
        """The carrier answers like this."""
        self.inquiry = Inquiry(ask=ask, seconds=10)


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> Lined:
    return Lined(rows)


def test_a_call_gets_the_target_that_wants_its_line(world: Lined) -> None:
    world.wants(
        builders.a_target(id="tgt_1", priority=1, filters=(LANDLINE,)),
        builders.a_target(id="tgt_2", priority=2, filters=(MOBILE, JANE)),
        caller_name=True,
    )
    answer = world.arrives()
    assert answer.attempt is not None
    assert answer.attempt.hold.target_id == "tgt_2"
    assert world.known() == builders.a_lookup()
    assert world.lines.looked_up == [(CALLER, True)]


def test_an_offer_that_does_not_want_to_know_asks_nobody(world: Lined) -> None:
    world.opens()
    world.arrives()
    assert world.call().lookup is None
    assert world.lines.looked_up == []


def test_the_next_call_of_the_caller_knows_the_line_at_no_cost(world: Lined) -> None:
    world.wants(caller_name=True, keep_days=2)
    world.arrives("CA1")
    world.later(days=1)
    world.arrives("CA2")
    assert world.known("CA2") == CallLookup(state=LookupState.KEPT, line=builders.a_line())
    world.later(days=1)
    world.arrives("CA3")
    assert world.state("CA3") is LookupState.ASKED
    assert len(world.lines.looked_up) == 2


def test_what_is_remembered_expires_with_the_days_it_is_kept(world: Lined) -> None:
    world.wants(keep_days=2)
    world.arrives()
    row = world.row(CALLS, f"LINE#hash-of-{CALLER}")
    assert row["expires_at"] == int((world.now + timedelta(days=2)).timestamp())


def test_a_failover_keeps_what_the_call_knows(world: Lined) -> None:
    targets = (builders.a_target(id=f"tgt_{n}", priority=n, filters=(MOBILE,)) for n in (1, 2))
    world.wants(*targets)
    world.arrives()
    answer = world.fails()
    assert answer is not None
    assert answer.attempt is not None
    assert answer.attempt.hold.target_id == "tgt_2"
    assert (world.state(), len(world.lines.looked_up)) == (LookupState.ASKED, 1)


def test_a_repeated_webhook_asks_once(world: Lined) -> None:
    world.wants()
    first, second = (world.arrives().attempt for _ in range(2))
    assert first == second == world.call().attempt
    assert len(world.lines.looked_up) == 1


def test_two_deliveries_at_once_reserve_once_and_remember_the_line(
    world: Lined, rows: FakeRows
) -> None:
    world.wants()
    rows.before_write(world.arrives)
    assert world.arrives().attempt is not None
    assert world.funds() == (97_500, 2_500)
    assert world.remembers()


def test_two_calls_of_one_caller_at_once_are_both_routed(world: Lined, rows: FakeRows) -> None:
    world.wants()
    rows.before_write(lambda: world.arrives("CA2"))
    assert world.arrives("CA1").attempt is not None
    assert [world.state(sid) for sid in ("CA1", "CA2")] == [LookupState.ASKED] * 2
    world.arrives("CA3")
    assert world.state("CA3") is LookupState.KEPT


def test_a_crash_before_the_write_remembers_nothing_and_the_retry_asks_again(
    world: Lined, rows: FakeRows
) -> None:
    world.wants()
    rows.crash_before_write()
    with pytest.raises(Crash):
        world.arrives()
    assert not world.remembers()
    assert world.arrives().attempt is not None
    assert (world.state(), world.remembers()) == (LookupState.ASKED, True)


class TestNobodyIsAsked:
    def test_about_an_anonymous_caller(self, world: Lined) -> None:
        world.wants()
        assert world.arrives(caller=None).attempt is not None
        assert (world.state(), world.lines.looked_up) == (LookupState.NOT_WANTED, [])

    def test_about_a_caller_whom_the_gate_shuts_out(self, world: Lined) -> None:
        world.wants()
        world.arrives("CA1")
        world.blocks(BlockKind.EXACT, CALLER)
        assert world.arrives("CA2").refusal is GateReason.BLOCKED_NUMBER
        assert world.known("CA2") == CallLookup(state=LookupState.NOT_WANTED)
        assert len(world.lines.looked_up) == 1

    def test_about_a_call_that_costs_nobody_enough(self, world: Lined) -> None:
        world.wants(from_charge_cents=2_501)
        assert world.arrives().attempt is not None
        assert (world.state(), world.lines.looked_up) == (LookupState.NOT_WANTED, [])

    def test_where_nobody_could_take_the_call(self, world: Lined) -> None:
        world.wants(builders.a_target(concurrency_cap=1))
        world.arrives("CA1")
        assert world.arrives("CA2", caller=NEIGHBOUR).refusal is Reason.AT_CONCURRENCY
        assert (world.state("CA2"), len(world.lines.looked_up)) == (LookupState.NOT_WANTED, 1)

    def test_by_a_dry_run_which_knows_what_is_remembered(self, world: Lined) -> None:
        world.wants(builders.a_target(filters=(MOBILE,)))
        assert self.would_get(world) is Reason.FILTERED
        world.arrives()
        assert self.would_get(world) is None
        assert len(world.lines.looked_up) == 1
        world.later(days=30)
        assert self.would_get(world) is Reason.FILTERED

    @staticmethod
    def would_get(world: Lined) -> Any:
        """Why nobody would get a call of the caller's; None where somebody would."""
        caller = Caller(number=CALLER, number_hash=f"hash-of-{CALLER}")
        supposed = Supposed(
            call_id="call_dry", e164=TRACKING_NUMBER, caller=caller, at=world.now, tags={},
            declared=(),
        )  # fmt: skip
        return dry_run(supposed, stores=world.stores, now=world.now).refusal


def test_a_call_that_loses_its_last_place_at_the_gate_still_remembers_the_line(
    world: Lined, rows: FakeRows
) -> None:
    world.wants()
    world.asks(caller_velocity=Velocity(calls=1, minutes=5))
    rows.before_write(lambda: world.calls("CA2"))
    assert world.calls("CA1") is GateReason.CALLER_TOO_OFTEN
    assert (world.state(), world.remembers()) == (LookupState.ASKED, True)
    assert is_itself(again(world))


def test_callers_are_looked_up_before_they_are_asked_questions(world: Lined) -> None:
    world.wants(answering=Answering(questions=(SERVICE,)))
    assert world.arrives().page is not None
    assert (world.state(), world.remembers()) == (LookupState.ASKED, True)


def raising(fault: Exception) -> Callable[..., LineFacts]:
    def ask(e164: str, *, caller_name: bool = False) -> LineFacts:
        raise fault

    return ask


def saying(**facts: Any) -> Callable[..., LineFacts]:
    def ask(e164: str, *, caller_name: bool = False) -> LineFacts:
        told: dict[str, Any] = {"e164": e164, "valid": True} | facts
        return LineFacts(**told)

    return ask


@pytest.mark.parametrize(
    "ask",
    [
        raising(CarrierAway("the carrier does not answer")),
        raising(CarrierRefused("the carrier refuses: no money", carrier_code=20003)),
        raising(Busy("no secrets")),
        raising(TimeoutError()),
        raising(AttributeError("'str' object has no attribute 'get'")),
        saying(valid=False, line_type="mobile"),
        saying(),
        saying(line_type=7, carrier_name=["x"], caller_name={}),
    ],
)
def test_whatever_the_carrier_does_the_call_is_decided_and_says_that_it_failed(
    world: Lined, ask: Callable[..., LineFacts]
) -> None:
    world.wants()
    world.answers(ask)
    assert world.arrives().attempt is not None
    assert world.known() == CallLookup(state=LookupState.FAILED)
    assert not world.remembers()


class TestLate:
    def test_a_carrier_that_hangs_is_waited_for_no_longer_than_its_budget(
        self, world: Lined
    ) -> None:
        world.wants(builders.a_target(filters=(MOBILE,)), cost_micros=5_000)
        answers = threading.Event()
        world.lines.happens_before("look_up", lambda: answers.wait(10))
        world.inquiry = Inquiry(ask=world.lines.look_up, seconds=0.05)
        try:
            assert world.arrives("CA1").refusal is Reason.FILTERED
            assert world.known("CA1") == CallLookup(state=LookupState.LATE, cost_micros=5_000)
            assert not world.remembers()
        finally:
            answers.set()
        assert eventually(world.remembers)
        assert world.arrives("CA2").attempt is not None
        assert world.state("CA2") is LookupState.KEPT

    def test_a_late_answer_that_cannot_be_kept_is_asked_for_again(
        self, world: Lined, rows: FakeRows
    ) -> None:
        world.wants()
        answers, tried = threading.Event(), threading.Event()

        def refused() -> None:
            tried.set()
            raise Busy("DynamoDB is overloaded")

        world.lines.happens_before("look_up", lambda: answers.wait(10))
        world.inquiry = Inquiry(ask=world.lines.look_up, seconds=0.05)
        try:
            assert world.arrives("CA1").attempt is not None
            rows.before_write(refused)
        finally:
            answers.set()
        assert tried.wait(10)
        world.answers(world.lines.look_up)
        world.arrives("CA2")
        assert world.state("CA2") is LookupState.ASKED

    def test_where_the_time_is_used_up_already_nobody_is_asked_or_paid(self, world: Lined) -> None:
        world.wants()
        world.takes_from_the_second_look_on = timedelta(seconds=1.5)
        assert world.arrives().attempt is not None
        assert world.known() == CallLookup(state=LookupState.LATE)
        assert world.lines.looked_up == []


def test_a_line_tells_of_the_country_where_the_caller_is(world: Lined) -> None:
    world.wants()
    area = Area.told_by(prefix_evidence(CALLER), "415")
    world.arrives(area=area)
    found = world.call().area
    assert (found.state, found.area_code, found.source) == ("CA", "415", "prefix")
    first = found.evidence[0]
    assert (first.what, first.value, first.source, first.provenance) == (
        "country", "US", "carrier", "looked_up",
    )  # fmt: skip


def test_a_replay_goes_by_what_was_known_then_and_asks_nobody(world: Lined) -> None:
    targets = (builders.a_target(id=f"tgt_{n}", priority=n, filters=(MOBILE,)) for n in (1, 2))
    world.wants(*targets, caller_name=True)
    world.arrives()
    world.fails()
    world.later(days=40)
    assert [is_itself(again(world, attempt=n)) for n in (1, 2)] == [True, True]
    changed = again(world, tgt_1=change(filters=(LANDLINE,)))
    assert changed.replayed["answer"]["hold"]["target_id"] == "tgt_2"
    assert len(world.lines.looked_up) == 1


def test_the_facts_of_a_decision_hold_no_name(world: Lined, rows: FakeRows) -> None:
    world.wants(caller_name=True)
    world.arrives("CA1")
    world.arrives("CA2")
    packed = [row["facts"] for row in rows.rows_of(CALLS) if row["pk"].startswith("FACTS#")]
    assert len(packed) == 2
    assert not [facts for facts in packed if b"DOE" in zlib.decompress(facts)]
