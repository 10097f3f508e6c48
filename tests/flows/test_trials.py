"""How calls that end are counted as trials: each once, whatever repeats, crashes or races."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import CallStatus, SignalKind
from chalicelib.campaigns import Target
from chalicelib.offers import Strategy
from chalicelib.reasons import Reason
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.rows import CATALOG, Change, Item, Path
from chalicelib.store.trials import read_trials, trials_key
from tests import builders
from tests.fakes import Crash, FakeRows
from tests.world import World

DIALLED, APPROVED = "dialled#14d#1484", "approved#14d#1484"
BOTH = (f"tgt_1#{DIALLED}", f"tgt_1#{APPROVED}")
LEG = SignalKind.LEG
TWO = (builders.a_target(id="tgt_1", priority=1), builders.a_target(id="tgt_2", priority=2))


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> World:
    made = World(rows)
    made.opens(*TWO)
    return made


def everyones(world: World, target_id: str = "tgt_1") -> dict[str, int]:
    """What the target's own row counts."""
    return read_trials(world.target(target_id))


def row_of(world: World, campaign_id: str = "cmp_1") -> Item:
    return world.row(CATALOG, "PARTNERSHIP#par_1", f"TRIALS#{campaign_id}")


def publishers(world: World) -> dict[str, int]:
    """What the row of the partnership counts."""
    return read_trials(row_of(world))


def test_an_approved_call_is_a_trial_that_succeeded(world: World) -> None:
    assert world.talks().status is CallStatus.APPROVED
    assert everyones(world) == {DIALLED: 1, APPROVED: 1}
    assert publishers(world) == {f"tgt_1#{DIALLED}": 1, f"tgt_1#{APPROVED}": 1}


def test_a_denied_call_is_a_trial_that_did_not(world: World) -> None:
    assert world.talks(seconds=1).status is CallStatus.DENIED
    assert everyones(world) == {DIALLED: 1}
    assert publishers(world) == {f"tgt_1#{DIALLED}": 1}


def test_a_call_that_is_not_over_is_no_trial_yet(world: World) -> None:
    world.arrives()
    world.reports("CA1", world.signal(SignalKind.CALL, 0, "completed", 90))
    world.settles()
    assert world.status() is CallStatus.PENDING
    assert everyones(world) == publishers(world) == {}


def test_a_refused_call_is_no_trial(rows: FakeRows) -> None:
    world = World(rows)
    world.opens(builders.a_target(total_cap=0))
    assert world.arrives().refusal is Reason.CAPPED_TOTAL
    assert everyones(world) == publishers(world) == {}


def test_a_failover_is_a_trial_of_the_target_that_failed(world: World) -> None:
    world.arrives()
    world.fails()
    assert everyones(world, "tgt_1") == {DIALLED: 1}
    assert everyones(world, "tgt_2") == {}
    assert publishers(world) == {f"tgt_1#{DIALLED}": 1}
    world.reports("CA1", world.signal(LEG, 2, "completed", 90))
    world.settles()
    assert everyones(world, "tgt_2") == {DIALLED: 1, APPROVED: 1}
    assert publishers(world) == {
        f"tgt_1#{DIALLED}": 1,
        f"tgt_2#{DIALLED}": 1,
        f"tgt_2#{APPROVED}": 1,
    }


def test_an_attempt_that_nobody_follows_is_a_trial_when_the_call_is_settled(
    rows: FakeRows,
) -> None:
    world = World(rows)
    world.opens()
    world.arrives()
    world.fails()
    assert publishers(world) == {}
    world.settles()
    assert (everyones(world), publishers(world)) == ({DIALLED: 1}, {f"tgt_1#{DIALLED}": 1})


def test_a_repeated_report_counts_nothing_again(world: World) -> None:
    world.arrives()
    for _ in range(3):
        world.fails()
    world.reports("CA1", world.signal(LEG, 2, "completed", 90))
    for _ in range(3):
        world.settles()
    assert everyones(world, "tgt_1") == {DIALLED: 1}
    assert everyones(world, "tgt_2") == {DIALLED: 1, APPROVED: 1}
    assert sum(publishers(world).values()) == 3


@given(position=st.integers(1, 5), after=st.booleans())
def test_a_crash_anywhere_and_another_try_count_each_attempt_once(
    position: int, after: bool
) -> None:
    rows = FakeRows()
    world = World(rows)
    world.opens(*TWO)

    def whole_call() -> None:
        world.arrives()
        world.fails()
        world.reports("CA1", world.signal(LEG, 2, "completed", 90))
        world.settles()

    (rows.crash_after_write if after else rows.crash_before_write)(position)
    for _ in range(3):
        try:
            whole_call()
        except Crash:
            continue
    assert everyones(world, "tgt_1") == {DIALLED: 1}
    assert everyones(world, "tgt_2") == {DIALLED: 1, APPROVED: 1}
    assert sum(publishers(world).values()) == 3


@pytest.mark.parametrize("rival", ["another call", "the same call"])
def test_two_settlements_at_once_lose_no_count(world: World, rows: FakeRows, rival: str) -> None:
    for sid in ("CA1", "CA2"):
        world.arrives(sid, caller=f"+1415555010{sid[-1]}")
        world.reports(sid, world.signal(LEG, 1, "completed", 90))
    rows.before_write(lambda: world.settles("CA2" if rival == "another call" else "CA1"))
    world.settles("CA1")
    counted = 2 if rival == "another call" else 1
    assert everyones(world) == {DIALLED: counted, APPROVED: counted}
    assert publishers(world) == {f"tgt_1#{DIALLED}": counted, f"tgt_1#{APPROVED}": counted}


def test_of_two_failovers_of_a_call_at_once_one_counts(world: World, rows: FakeRows) -> None:
    world.arrives()
    rows.before_write(lambda: world.fails(status="no-answer"))
    world.fails(status="busy")
    assert publishers(world) == {f"tgt_1#{DIALLED}": 1}
    assert everyones(world) == {DIALLED: 1}


def test_a_failover_that_loses_its_race_counts_once_with_the_target_it_gets(
    rows: FakeRows,
) -> None:
    world = World(rows)
    narrow = [builders.a_target(id=f"tgt_{n}", priority=n, concurrency_cap=1) for n in (2, 3)]
    world.opens(TWO[0], *narrow)
    world.arrives("CA1")
    world.arrives("CA2", caller="+14155550102")
    rows.before_write(lambda: world.fails("CA2"))
    world.fails("CA1")
    attempt = world.call("CA1").attempt
    assert attempt is not None and attempt.hold.target_id == "tgt_3"
    assert publishers(world) == {f"tgt_1#{DIALLED}": 2}


def test_each_campaign_of_an_offer_has_a_row_of_its_own(world: World) -> None:
    second = builders.a_campaign(id="cmp_2", advertiser_id="adv_2")
    first_choice = builders.a_target(id="tgt_9", campaign_id="cmp_2", priority=1, weight=1000)
    world.joins(second, first_choice, builders.an_advertiser(id="adv_2"))
    world.arrives("CA1")
    world.fails("CA1")
    world.reports("CA1", world.signal(LEG, 2, "completed", 90))
    world.settles("CA1")
    rows = {name: read_trials(row_of(world, name)) for name in ("cmp_1", "cmp_2")}
    assert {name.partition("#")[0] for name in rows["cmp_2"]} == {"tgt_9"}
    assert {name.partition("#")[0] for name in rows["cmp_1"]} == {"tgt_1"}
    assert Counter(sum(row.values()) for row in rows.values()) == {1: 1, 2: 1}


class TestForgetting:
    # The present stretch began on the 19th of November, so that it is over on the 31st of December.
    @pytest.mark.parametrize(("day", "kept"), [(30, True), (31, False)])
    def test_stretches_that_are_over_are_forgotten_when_the_rows_are_written(
        self, world: World, day: int, kept: bool
    ) -> None:
        world.talks("CA1")
        world.now = world.now.replace(month=12, day=day)
        world.talks("CA2")
        assert [name in publishers(world) for name in BOTH] == [kept, kept]
        assert [name in everyones(world) for name in (DIALLED, APPROVED)] == [kept, kept]

    def test_at_most_so_many_are_forgotten_at_once_that_the_write_can_carry_them(
        self, world: World
    ) -> None:
        old: dict[Path, int] = {(f"tgt_{n}#dialled#14d#1400",): 1 for n in range(100)}
        world.rows.write([Change(key=trials_key("par_1", "cmp_1"), set=old)])
        left = []
        for n in range(4):
            world.talks(f"CA{n}")
            left.append(sum("#1400" in name for name in publishers(world)))
        assert left == [60, 20, 0, 0]
        assert publishers(world)[f"tgt_1#{DIALLED}"] == 4

    def test_a_row_that_is_full_takes_no_new_name_and_keeps_no_call_from_its_end(
        self, world: World
    ) -> None:
        key = trials_key("par_1", "cmp_1")
        full: dict[Path, int] = {(f"tgt_x{n}#{DIALLED}",): 1 for n in range(4_000)}
        world.rows.write([Change(key=key, set=full)])
        assert world.talks("CA1").status is CallStatus.APPROVED
        assert len(publishers(world)) == 4_000
        assert everyones(world) == {DIALLED: 1, APPROVED: 1}
        world.arrives("CA2")
        assert world.fails("CA2") is not None
        assert len(publishers(world)) == 4_000


class TestOrder:
    """What is counted decides who is tried first."""

    @staticmethod
    def opened(rows: FakeRows | DynamoRows, *targets: Target, explore: int = 0) -> World:
        world = World(rows)
        offer = builders.an_offer(strategy=Strategy.EXPECTED_REVENUE, explore_percent=explore)
        world.opens(*targets, offer=offer)
        return world

    @staticmethod
    def first(world: World, sid: str) -> str:
        attempt = world.arrives(sid).attempt
        return attempt.hold.target_id if attempt else "nobody"

    def learns(self, world: World) -> set[str]:
        """tgt_2 turns out well for everyone, tgt_1 badly; answers who is tried first after that.
        Then nobody knows any more."""
        for n in range(10):
            seconds = {"tgt_1": 1, "tgt_2": 90}
            first = self.first(world, f"CA{n}")
            world.reports(f"CA{n}", world.signal(LEG, 1, "completed", seconds[first]))
            world.settles(f"CA{n}")
        firsts = {self.first(world, f"CB{n}") for n in range(10)}
        for n in range(10):
            world.reports(f"CB{n}", world.signal(LEG, 1, "canceled"))
            world.settles(f"CB{n}")
        return firsts

    def test_calls_go_where_calls_were_approved(self, rows: FakeRows) -> None:
        targets = (builders.a_target(id="tgt_1"), builders.a_target(id="tgt_2"))
        world = self.opened(rows, *targets)
        assert self.learns(world) == {"tgt_2"}

    def test_what_is_long_past_no_longer_counts(self, rows: FakeRows) -> None:
        targets = (builders.a_target(id="tgt_1"), builders.a_target(id="tgt_2"))
        world = self.opened(rows, *targets)
        self.learns(world)
        world.later(days=43)
        decisions = [world.arrives(f"CC{n}") for n in range(2)]
        for answer in decisions:
            (trace,) = world.stores.calls.decisions(answer.call_id)
            assert {seen["expected_cents"] for seen in trace["considered"]} == {1_250}

    def test_a_target_whose_row_is_from_before_trials_were_counted_is_unknown(
        self, rows: FakeRows
    ) -> None:
        world = self.opened(rows)
        assert set(world.target()) == {
            "pk", "sk", "kind", "id", "version", "doc", "leases", "used"
        }  # fmt: skip
        (trace,) = world.stores.calls.decisions(world.arrives().call_id)
        assert (trace["strategy"], trace["considered"][0]["expected_cents"]) == (
            "expected_revenue",
            1_250,
        )

    @pytest.mark.usefixtures("aws")
    def test_trials_are_counted_and_forgotten_on_dynamodb_alike(self) -> None:
        world = self.opened(DynamoRows(), *TWO)
        world.arrives("CA1")
        world.fails("CA1")
        world.reports("CA1", world.signal(LEG, 2, "completed", 90))
        world.settles("CA1")
        assert publishers(world) == {
            f"tgt_1#{DIALLED}": 1,
            f"tgt_2#{DIALLED}": 1,
            f"tgt_2#{APPROVED}": 1,
        }
        assert everyones(world, "tgt_2") == {DIALLED: 1, APPROVED: 1}
        world.later(days=42)
        world.arrives("CA2")
        world.fails("CA2")
        assert publishers(world) == {"tgt_1#dialled#14d#1487": 1}
        assert everyones(world, "tgt_2") == {}


PLAYS: list[Callable[[World, str], object]] = [
    lambda world, sid: world.talks(sid),
    lambda world, sid: world.talks(sid, seconds=2),
    lambda world, sid: (world.arrives(sid), world.fails(sid)),
    lambda world, sid: (world.arrives(sid), world.fails(sid), world.fails(sid, attempt=2)),
    lambda world, sid: world.arrives(sid),
]


@given(st.lists(st.sampled_from(PLAYS), max_size=8))
def test_every_attempt_that_is_over_is_one_trial_on_either_side(
    plays: list[Callable[[World, str], object]],
) -> None:
    world = World(FakeRows())
    world.opens(*TWO)
    for n, play in enumerate(plays):
        play(world, f"CA{n}")
        world.settles(f"CA{n}")
    calls = [world.call(f"CA{n}") for n in range(len(plays))]
    judged = (CallStatus.APPROVED, CallStatus.DENIED)
    over = sum(len(call.tried) + (call.status in judged) for call in calls)
    approved = sum(call.status is CallStatus.APPROVED for call in calls)
    counted = Counter(everyones(world, "tgt_1")) + Counter(everyones(world, "tgt_2"))
    assert (counted[DIALLED], counted[APPROVED]) == (over, approved)
    of_publisher = {name.partition("#")[2] for name in publishers(world)}
    assert of_publisher == {name for name, count in counted.items() if count}
    assert sum(publishers(world).values()) == over + approved
