"""From a call on a pool's number back to its visit: tags, place, keeping, races and crashes."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.answering import Answering, Line, Question, QuestionKind
from chalicelib.attribution import Attribution, Candidate, NoVisit
from chalicelib.calls import Call, call_id
from chalicelib.criteria import Filter, FilterTest
from chalicelib.flows.dry_run import Supposed, dry_run
from chalicelib.flows.inbound import Answer
from chalicelib.gate import BlockKind, Caller, GateReason
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.places import Area, AreaSource, prefix_evidence
from chalicelib.reasons import Reason
from chalicelib.store import codec
from chalicelib.store.attributions import calls_of_visit
from chalicelib.store.rows import CALLS, CATALOG, VISITS, Change, Key
from chalicelib.store.slots import lent_key, slot_key
from chalicelib.store.tallies import tallies_by_hour
from chalicelib.visits import Visit
from tests import builders
from tests.builders import CALLER
from tests.fakes import Crash, FakeRows
from tests.flows.door import Gated
from tests.flows.replaying import again, change, is_itself
from tests.pools import POOL, SITE, a_number_in, a_pool, change_slot, lay_pool, number_in, slot_row

SLOT = Slot(pool_id=POOL, area=ANYWHERE, number=0)
E164 = number_in(SLOT)
SPRING = Filter(attribute="tag.keyword", test=FilterTest.EQUALS, values=("roof leak",))
SERVICE = Question(
    name="service", prompt=Line(text="Press 1."), kind=QuestionKind.CHOICE, choices={"1": "repair"}
)
NOTHING: Mapping[str, str] = {}
SEEN = {"keyword": "roof leak", "gclid": "Cj0K"}


@dataclass
class Pooled(Gated):
    """A market whose numbers are of a pool, with visits that have been lent them."""

    def fills(self, *targets: Any, **more: Any) -> None:
        """The market opens, with a pool of three numbers."""
        self.opens(*targets, **more)
        lay_pool(self.rows, a_pool(attribution_seconds=3_600))

    def lends(
        self, visit_id: str, said: Mapping[str, str] = NOTHING, *, ago: int = 60, seen: int = 10
    ) -> None:
        """The visit is lent the number, so many seconds ago; who had it is the one before."""
        now, row = int(self.now.timestamp()), slot_row(self.rows)
        change_slot(
            self.rows, SLOT, visit_id=visit_id, since=now - ago, seen_at=now - seen,
            until=now - seen + 300, before_visit_id=row.get("visit_id"),
            before_since=row.get("since"), before_seen_at=row.get("seen_at"),
        )  # fmt: skip
        visit = Visit(
            id=visit_id, site_id=SITE, publisher_id="pub_1", began_at=self.now, seen_at=self.now,
            page="https://www.example.com/", attributes=said,
        )  # fmt: skip
        told = codec.to_json(visit)
        self.rows.write([Change(key=lent_key(SLOT), set={("visits", visit_id): told})])

    def rings(self, sid: str = "CA1", **more: Any) -> Answer:
        """A call on the pool's number."""
        return self.arrives(sid, e164=E164, **more)

    def found(self, sid: str = "CA1") -> Attribution:
        """Which visit the call belongs to, as the call tells."""
        found = self.call(sid).attribution
        assert found is not None
        return found

    def kept(self) -> int | None:
        """For how long from now on the number is kept."""
        until = slot_row(self.rows).get("kept_until")
        return None if until is None else int(until - self.now.timestamp())

    def calls_counted(self) -> int:
        """How many calls the pool has counted in the past hours."""
        hour = timedelta(hours=1)
        found = tallies_by_hour(self.rows, POOL, self.now - hour, self.now + hour)
        return sum(one.calls for one in found.values())

    def listed(self, visit_id: str = "visit_1") -> list[Call]:
        """The calls that are named beside a visit."""
        return list(calls_of_visit(self.rows, visit_id, limit=50).items)


@pytest.fixture
def rows() -> FakeRows:
    return FakeRows()


@pytest.fixture
def world(rows: FakeRows) -> Pooled:
    return Pooled(rows)


def taker(answer: Answer) -> str:
    return answer.attempt.hold.target_id if answer.attempt else "nobody"


def test_a_call_has_the_attributes_of_its_visit_as_tags_and_is_routed_by_them(
    world: Pooled,
) -> None:
    world.fills(
        builders.a_target(id="tgt_spring", filters=(SPRING,)),
        builders.a_target(id="tgt_rest", priority=2),
    )
    assert taker(world.rings("CA1")) == "tgt_rest"
    world.lends("visit_1", SEEN)
    assert taker(world.rings("CA2")) == "tgt_spring"
    assert world.call("CA2").tags == SEEN
    assert world.found("CA2") == Attribution(
        candidates=(Candidate(visit_id="visit_1", confidence_percent=99),), live=True
    )
    assert world.call("CA2").e164 == E164


def test_a_visit_comes_before_the_numbers_own_tags(world: Pooled, rows: FakeRows) -> None:
    world.fills()
    number = a_number_in(SLOT, E164, a_pool())
    tagged = codec.to_plain(number) | {"tags": {"medium": "web", "keyword": "any"}}
    key = Key(CATALOG, f"NUMBER#{E164}")
    rows.write([Change(key=key, set={("doc",): codec.to_json(tagged)})])
    world.lends("visit_1", SEEN)
    world.rings()
    assert world.call().tags == {"medium": "web", **SEEN}


def test_a_static_number_belongs_to_no_visit_and_says_nothing_of_one(
    world: Pooled, rows: FakeRows
) -> None:
    world.fills()
    world.lends("visit_1")
    world.arrives()
    assert world.call().attribution is None
    assert world.kept() is None


def test_both_visits_are_kept_where_two_may_have_called(world: Pooled) -> None:
    world.fills()
    world.lends("visit_1", {"keyword": "gutter"}, ago=900, seen=700)
    world.lends("visit_2", {"keyword": "roof leak"}, ago=60, seen=5)
    world.rings()
    assert [one.visit_id for one in world.found().candidates] == ["visit_2", "visit_1"]
    assert [one.confidence_percent for one in world.found().candidates] == [87, 5]
    assert world.call().tags == {"keyword": "roof leak"}
    assert ([one.id for one in world.listed("visit_2")], world.listed("visit_1")) == (
        [world.call().id],
        [],
    )


class TestPlace:
    def test_what_the_visitor_declared_goes_before_the_numbers_prefix(self, world: Pooled) -> None:
        world.fills()
        world.lends("visit_1", {"state": "nv", "zip": "89101-1234"})
        world.rings(area=self.california())
        area = world.call().area
        assert (area.state, area.zip, area.source) == ("NV", "89101", AreaSource.VISIT)
        assert ("state", "CA", "prefix") in [(e.what, e.value, e.source) for e in area.evidence]

    @pytest.mark.parametrize(
        "said", [{}, {"state": "Nevada", "zip": "8910"}, {"state": "", "zip": "ABCDE"}]
    )
    def test_what_is_no_place_is_no_evidence(self, world: Pooled, said: dict[str, str]) -> None:
        world.fills()
        world.lends("visit_1", said)
        world.rings(area=self.california())
        assert world.call().area == self.california()

    def test_it_does_not_count_where_another_is_likelier_to_call(self, world: Pooled) -> None:
        world.fills()
        world.lends("visit_1", ago=3_000, seen=2_500)
        world.lends("visit_2", {"state": "NV"}, ago=2_000, seen=1_900)
        world.rings(area=self.california())
        assert (world.found().confidence_percent or 0) < 50
        assert world.call().area.state == "CA"
        assert world.call().tags == {"state": "NV"}

    @staticmethod
    def california() -> Area:
        return Area.told_by(prefix_evidence(CALLER), "415")


class TestKeeping:
    def test_a_call_keeps_the_number_for_its_visit(self, world: Pooled) -> None:
        world.fills()
        world.lends("visit_1")
        world.rings("CA1")
        assert world.kept() == 1_800
        world.later(minutes=10)
        world.rings("CA2")
        assert (world.kept(), world.calls_counted()) == (1_800, 2)
        assert [one.id for one in world.listed()] == [
            call_id("twilio", sid) for sid in ("CA2", "CA1")
        ]

    def test_a_call_that_belongs_to_no_visit_keeps_nothing(self, world: Pooled) -> None:
        world.fills()
        world.rings()
        assert (world.found().why_none, world.kept()) == (NoVisit.NEVER_LENT, None)
        assert world.calls_counted() == 0

    def test_a_call_that_nobody_takes_keeps_it_as_well(self, world: Pooled) -> None:
        world.fills(builders.a_target(filters=(SPRING,)))
        world.lends("visit_1")
        assert world.rings().refusal is Reason.FILTERED
        assert (world.kept(), len(world.listed())) == (1_800, 1)

    def test_a_call_that_the_gate_shuts_out_keeps_it_as_well(self, world: Pooled) -> None:
        world.fills()
        world.lends("visit_1", SEEN)
        world.blocks(BlockKind.EXACT, CALLER)
        assert world.rings().refusal is GateReason.BLOCKED_NUMBER
        assert (world.kept(), world.call().tags) == (1_800, SEEN)

    def test_a_call_whose_caller_is_asked_first_keeps_it_as_well(self, world: Pooled) -> None:
        world.fills(offer=builders.an_offer(answering=Answering(questions=(SERVICE,))))
        world.lends("visit_1", SEEN)
        assert world.rings().page is not None
        assert (world.kept(), world.call().tags, len(world.listed())) == (1_800, SEEN, 1)

    def test_a_repeated_webhook_keeps_it_no_longer_and_names_the_call_once(
        self, world: Pooled
    ) -> None:
        world.fills()
        world.lends("visit_1")
        first = world.rings()
        world.later(seconds=9)
        assert world.rings() == first
        assert (world.kept(), len(world.listed()), world.calls_counted()) == (1_791, 1, 1)

    def test_a_failover_leaves_what_was_found(self, world: Pooled) -> None:
        world.fills(*(builders.a_target(id=f"tgt_{n}", priority=n) for n in (1, 2)))
        world.lends("visit_1", SEEN)
        world.rings()
        found = world.found()
        world.lends("visit_2", {"keyword": "other"})
        world.fails()
        assert (world.found(), world.call().tags) == (found, SEEN)


class TestRaces:
    def test_a_slot_that_is_lent_anew_meanwhile_refuses_no_call(
        self, world: Pooled, rows: FakeRows
    ) -> None:
        world.fills()
        world.lends("visit_1", ago=900, seen=700)
        rows.before_write(lambda: world.lends("visit_2", ago=0, seen=0))
        assert world.rings().attempt is not None
        assert world.found().visit_id == "visit_1"
        assert (slot_row(rows)["visit_id"], world.kept()) == ("visit_2", 1_800)

    def test_a_number_that_leaves_the_pool_meanwhile_refuses_no_call(
        self, world: Pooled, rows: FakeRows
    ) -> None:
        world.fills()
        world.lends("visit_1")
        rows.before_write(lambda: change_slot(rows, SLOT, id=None, e164=None))
        assert world.rings().attempt is not None
        assert world.found().visit_id == "visit_1"

    def test_two_calls_at_once_on_one_number_both_belong_to_its_visit(
        self, world: Pooled, rows: FakeRows
    ) -> None:
        world.fills()
        world.lends("visit_1")
        rows.before_write(lambda: world.rings("CA2", caller="+14155550177"))
        world.rings("CA1")
        assert [world.found(sid).visit_id for sid in ("CA1", "CA2")] == ["visit_1"] * 2
        assert len(world.listed()) == 2

    def test_two_deliveries_at_once_are_one_call(self, world: Pooled, rows: FakeRows) -> None:
        world.fills()
        world.lends("visit_1")
        rows.before_write(world.rings)
        assert world.rings().attempt is not None
        assert len(world.listed()) == 1

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_a_crash_leaves_the_call_and_its_mark_or_neither(
        self, world: Pooled, rows: FakeRows, moment: str
    ) -> None:
        world.fills()
        world.lends("visit_1", SEEN)
        getattr(rows, f"crash_{moment}_write")()
        with pytest.raises(Crash):
            world.rings()
        expected = (None, 0) if moment == "before" else (1_800, 1)
        assert (world.kept(), len(world.listed())) == expected
        assert world.rings().attempt is not None
        assert (world.kept(), len(world.listed()), world.call().tags) == (1_800, 1, SEEN)


class TestPoolsEdges:
    @pytest.mark.parametrize("left", [{"id": None}, {"e164": "+12129999999"}])
    def test_a_number_that_has_left_its_slot_belongs_to_no_visit(
        self, world: Pooled, left: dict[str, Any]
    ) -> None:
        world.fills()
        world.lends("visit_1", SEEN)
        change_slot(world.rows, SLOT, **left)
        assert world.rings().attempt is not None
        assert world.found() == Attribution(why_none=NoVisit.LEFT_POOL)
        assert (world.call().tags, world.kept()) == ({}, None)

    def test_a_number_whose_pool_has_no_rows_is_routed_all_the_same(self, rows: FakeRows) -> None:
        world = Pooled(rows)
        world.opens()
        lost = Slot(pool_id="pool_99", area="NY", number=7)
        number = codec.to_json(a_number_in(lost, builders.TRACKING_NUMBER, a_pool(id="pool_99")))
        key = Key(CATALOG, f"NUMBER#{builders.TRACKING_NUMBER}")
        rows.write([Change(key=key, set={("doc",): number})])
        assert world.arrives().attempt is not None
        assert world.found().why_none is NoVisit.LEFT_POOL
        assert rows.gather([slot_key(lost)])[0] == {}

    def test_a_visit_of_which_nothing_is_known_is_named_all_the_same(
        self, world: Pooled, rows: FakeRows
    ) -> None:
        world.fills()
        world.lends("visit_1", SEEN)
        rows.write([Change(key=lent_key(SLOT), remove=[("visits", "visit_1")])])
        assert world.rings().attempt is not None
        assert (world.found().visit_id, world.call().tags) == ("visit_1", {})

    def test_calls_stored_before_there_were_pools_still_read(self, world: Pooled) -> None:
        world.fills()
        world.rings()
        older = codec.to_plain(world.call())
        del older["attribution"]
        assert codec.from_plain(Call, older).attribution is None


class TestReplay:
    def test_a_decision_made_again_goes_by_what_the_visit_told_then(self, world: Pooled) -> None:
        world.fills(
            builders.a_target(id="tgt_1", filters=(SPRING,)),
            builders.a_target(id="tgt_2", priority=2),
        )
        world.lends("visit_1", {"state": "NV", **SEEN})
        assert taker(world.rings()) == "tgt_1"
        world.fails()
        world.later(hours=3)
        world.lends("visit_2", {"keyword": "other"})
        assert [is_itself(again(world, attempt=n)) for n in (1, 2)] == [True, True]
        changed = again(world, tgt_1=change(filters=()))
        assert changed.replayed["answer"]["hold"]["target_id"] == "tgt_1"

    def test_its_facts_hold_no_page_of_any_visit(self, world: Pooled, rows: FakeRows) -> None:
        world.fills()
        world.lends("visit_1", SEEN)
        world.rings()
        (packed,) = [row["facts"] for row in rows.rows_of(CALLS) if "facts" in row]
        assert b"example.com" not in zlib.decompress(packed)


def test_a_dry_run_supposes_no_visit_and_marks_nothing(world: Pooled, rows: FakeRows) -> None:
    world.fills(builders.a_target(filters=(SPRING,)))
    world.lends("visit_1", SEEN)
    supposed = Supposed(
        call_id="call_dry", e164=E164, caller=Caller(number=CALLER), at=world.now, tags={},
        declared=(),
    )  # fmt: skip
    before = rows.rows_of(VISITS)
    assert dry_run(supposed, stores=world.stores, now=world.now).refusal is Reason.FILTERED
    assert rows.rows_of(VISITS) == before
