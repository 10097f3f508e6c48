"""Calls that await the operator's review: what stays held, what decides, what comes too late."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import CallStatus
from chalicelib.errors import Busy
from chalicelib.flows.reviews import Deciding, decide
from chalicelib.flows.settlement import Progress
from chalicelib.reviews import Review, ReviewDecision
from chalicelib.store.changes import told_call
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.reviews import page_of_unreviewed, reviews_of
from chalicelib.store.rows import CALLS, Rows
from chalicelib.store.verdicts import judgement_of
from chalicelib.terms import Disqualifiers, EarningTerms, Missing, Otherwise, Reviewed
from tests.fakes import Crash, FakeRows
from tests.flows.test_pending import booked, opened, says, swept
from tests.world import World

ASKED = Disqualifiers(review=Reviewed(within_hours=24))
BOTH = Disqualifiers(review=Reviewed(within_hours=24), disposition_missing=Missing(within_hours=48))


def reviewed(rows: FakeRows | None = None, asked: Disqualifiers = ASKED) -> World:
    """A market whose charges await a review, and a call that has talked."""
    world = opened(rows, disqualifiers=asked)
    world.talks(seconds=90)
    return world


def decides(world: World, decision: str = "approve", reason: str = "listened") -> Review:
    """The operator decides of the call, now."""
    deciding = Deciding(
        call_id=world.call().id, decision=ReviewDecision(decision), reason=reason, note="ask Ann"
    )
    return decide(deciding, stores=world.stores, now=world.now)


def history(world: World) -> list[tuple[int, str]]:
    return [(one.number, one.decision.value) for one in reviews_of(world.rows, world.call().id)]


def awaiting(world: World) -> list[str]:
    page = page_of_unreviewed(world.rows, limit=50, after=None)
    assert page.mark is None
    return [one.call.id for one in page.items]


def ends(world: World) -> tuple[object, ...]:
    call = world.call()
    return (call.status, call.reasons, world.funds(), booked(world), world.target()["used"])


def test_until_the_operator_decides_the_call_waits_and_its_price_stays_held() -> None:
    world = reviewed()
    assert (world.status(), world.funds()) == (CallStatus.PENDING, (97_500, 2_500))
    assert world.target()["leases"] == {}
    for _ in range(3):
        assert world.settles() is Progress.WAITING
    assert world.funds() == (97_500, 2_500)


@pytest.mark.parametrize(
    ("decision", "reasons", "funds", "money"),
    [
        ("approve", (), (97_500, 0), {"prepaid:adv_1": 2_500, "cost:publishers": 1_500}),
        ("deny", ("review_denied",), (100_000, 0), {}),
    ],
)
def test_the_decision_settles_the_call_at_once(
    decision: str, reasons: tuple[str, ...], funds: tuple[int, int], money: dict[str, int]
) -> None:
    world = reviewed()
    decides(world, decision)
    assert world.settles() is Progress.SETTLED
    assert world.call().reasons == reasons
    assert (world.funds(), booked(world)) == (funds, money)


@pytest.mark.parametrize("otherwise", list(Otherwise))
@pytest.mark.parametrize(("seconds", "decided"), [(-1, False), (0, False), (1, True)])
def test_at_the_deadline_the_named_choice_decides(
    otherwise: Otherwise, seconds: int, decided: bool
) -> None:
    asked = Disqualifiers(review=Reviewed(within_hours=24, otherwise=otherwise))
    world = reviewed(asked=asked)
    world.later(hours=24, seconds=seconds)
    swept(world)
    chosen = "approved" if otherwise is Otherwise.APPROVE else "denied"
    assert world.status() == (chosen if decided else "pending")


@pytest.mark.parametrize(("seconds", "status"), [(-1, "approved"), (0, "approved"), (1, "denied")])
def test_a_decision_counts_through_the_deadline_even_if_only_the_sweep_finds_it(
    seconds: int, status: str
) -> None:
    world = reviewed()
    world.later(hours=24, seconds=seconds)
    decides(world)
    world.later(hours=1)
    swept(world)
    assert world.status() == status


def test_a_late_decision_is_kept_and_moves_no_money() -> None:
    world = reviewed()
    world.later(hours=25)
    swept(world)
    before = ends(world)
    decides(world)
    assert world.settles() is Progress.SETTLED
    assert (ends(world), history(world)) == (before, [(1, "approve")])


def test_saying_what_stands_keeps_nothing_new_and_a_change_joins_the_history() -> None:
    world = reviewed()
    first = decides(world)
    world.later(hours=1)
    assert decides(world) == first
    decides(world, "deny")
    decides(world, "approve")
    assert history(world) == [(1, "approve"), (2, "deny"), (3, "approve")]


def test_while_something_else_is_awaited_the_last_decision_counts() -> None:
    world = reviewed(asked=BOTH)
    decides(world, "approve")
    assert world.settles() is Progress.WAITING
    world.later(hours=1)
    decides(world, "deny", "second thoughts")
    assert world.settles() is Progress.SETTLED
    assert world.call().reasons == ("review_denied",)
    assert booked(world) == {}


def test_a_decision_of_a_call_that_goes_on_is_known_at_its_end() -> None:
    world = opened(disqualifiers=ASKED)
    world.arrives()
    decides(world)
    assert world.settles() is Progress.LIVE
    world.talks(seconds=90)
    assert world.status() is CallStatus.APPROVED


def test_a_review_that_only_the_earning_asks_for_holds_up_only_the_earning() -> None:
    earning = EarningTerms(earning_cents=1_500, disqualifiers=ASKED)
    world = opened(earning=earning, charge_cents=2_500)
    world.talks(seconds=90)
    assert (world.status(), world.funds()) == (CallStatus.PENDING, (97_500, 2_500))
    decides(world, "deny")
    world.settles()
    call = world.call()
    assert (call.status, call.charge_cents, call.earning_cents) == ("approved", 2_500, 0)


def test_the_note_stays_out_of_the_verdict() -> None:
    world = reviewed()
    decides(world)
    world.settles()
    kept = judgement_of([world.row(CALLS, f"CALL#{world.call().id}", "VERDICT")])
    assert kept is not None
    assert [one.note for one in kept.facts.reviews] == [None]
    assert reviews_of(world.rows, world.call().id)[0].note == "ask Ann"


def test_a_new_review_leads_to_a_look_at_its_call() -> None:
    rows = FakeRows()
    world = reviewed(rows)
    decides(world)
    (row,) = (row for row in rows.rows_of(CALLS) if row["sk"].startswith("REVIEW#"))
    keys = {name: {"S": row[name]} for name in ("pk", "sk")}
    record = {"eventName": "INSERT", "dynamodb": {"Keys": keys}}
    assert told_call(record) == world.call().id


def test_only_calls_that_await_a_review_are_listed() -> None:
    world = opened(disqualifiers=BOTH)
    world.arrives("CA0", caller="+14155550177")
    assert (world.status("CA0"), awaiting(world)) == (CallStatus.LIVE, [])
    world.talks(seconds=90)
    assert awaiting(world) == [world.call().id]
    says(world)
    world.settles()
    assert awaiting(world) == [world.call().id]
    decides(world)
    world.settles()
    assert awaiting(world) == []


def test_a_call_that_awaits_only_something_else_is_not_listed() -> None:
    world = reviewed(asked=BOTH)
    decides(world)
    assert world.settles() is Progress.WAITING
    assert awaiting(world) == []


def test_the_walk_over_what_awaits_a_review_goes_page_by_page() -> None:
    world = opened(disqualifiers=ASKED)
    for n in range(5):
        world.talks(f"CA{n}", seconds=90, caller=f"+1415555011{n}")
        world.later(minutes=1)
    seen: list[str] = []
    mark: Any = None
    for _ in range(3):
        page = page_of_unreviewed(world.rows, limit=2, after=mark)
        seen += [one.call.id for one in page.items]
        mark = page.mark
    assert mark is None
    assert seen == [world.call(f"CA{n}").id for n in range(5)]


def lives(world: World) -> World:
    """A call talks, the operator denies and then approves it, it is judged; whoever dies on the way
    tries again."""
    acts = (
        lambda: world.talks(seconds=90),
        lambda: decides(world, "deny"),
        lambda: decides(world, "approve"),
        world.settles,
    )
    for act in acts:
        for _ in range(3):
            with suppress(Crash):
                act()
                break
    return world


@given(position=st.integers(1, 8), after=st.booleans())
def test_a_crash_anywhere_and_another_try_end_the_same(position: int, after: bool) -> None:
    rows = FakeRows()
    world = opened(rows, disqualifiers=ASKED)
    (rows.crash_after_write if after else rows.crash_before_write)(position)
    calm = lives(opened(disqualifiers=ASKED))
    assert ends(lives(world)) == ends(calm)
    assert history(world) == history(calm) == [(1, "deny"), (2, "approve")]


def test_two_who_decide_alike_at_once_decide_once() -> None:
    rows = FakeRows()
    world = reviewed(rows)
    rows.before_write(lambda: decides(world))
    decides(world)
    assert history(world) == [(1, "approve")]


def test_of_two_who_decide_otherwise_at_once_both_are_kept_in_their_order() -> None:
    rows = FakeRows()
    world = reviewed(rows)
    rows.before_write(lambda: decides(world, "deny"))
    decides(world, "approve")
    assert history(world) == [(1, "deny"), (2, "approve")]
    world.settles()
    assert world.status() is CallStatus.APPROVED


def test_whoever_always_comes_second_is_told_to_try_again() -> None:
    rows = FakeRows()
    world = reviewed(rows)
    others = iter(range(100))

    def another() -> None:
        rows.before_write(lambda: None)
        decides(world, "deny", f"thought {next(others)}")
        rows.before_write(another)

    rows.before_write(another)
    with pytest.raises(Busy):
        decides(world)


def test_a_decision_and_the_deadline_at_once_end_in_one_verdict() -> None:
    rows = FakeRows()
    world = reviewed(rows)
    world.later(hours=24)
    decides(world)
    world.later(seconds=1)
    rows.before_write(lambda: swept(world))
    world.settles()
    assert (world.status(), booked(world)["prepaid:adv_1"]) == (CallStatus.APPROVED, 2_500)


def test_two_that_judge_a_decision_at_once_book_once() -> None:
    rows = FakeRows()
    world = reviewed(rows)
    decides(world)
    rows.before_write(world.settles)
    assert world.settles() is Progress.SETTLED
    assert (booked(world)["prepaid:adv_1"], world.funds()) == (2_500, (97_500, 0))


@pytest.fixture(params=["fake", "dynamodb"])
def either(request: pytest.FixtureRequest) -> Rows:
    """Rows in memory, and those of DynamoDB."""
    if request.param == "dynamodb":
        request.getfixturevalue("aws")
    return FakeRows() if request.param == "fake" else DynamoRows()


def test_reviews_are_the_same_on_both_kinds_of_rows(either: Rows) -> None:
    world = opened(either, disqualifiers=BOTH)
    world.talks(seconds=90)
    assert awaiting(world) == [world.call().id]
    first = decides(world, "deny")
    assert decides(world, "deny") == first
    decides(world, "approve")
    assert history(world) == [(1, "deny"), (2, "approve")]
    assert world.settles() is Progress.WAITING
    assert awaiting(world) == []
