"""A replay equals its original, whatever happened in between; and a changed rule decides as if it
had always been so."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import Attestation, SignalKind, call_id
from chalicelib.campaigns import Campaign, State, Target
from chalicelib.criteria import Filter, FilterTest
from chalicelib.flows.replay import Replay, replay
from chalicelib.gate import Block, BlockKind, Callers, GateSettings, Velocity, block_id
from chalicelib.lines import Lookup
from chalicelib.offers import CapEffect, Offer, Partnership, Strategy
from chalicelib.settings import RepeatCallers
from chalicelib.store import codec
from chalicelib.store.blocks import block_writes
from chalicelib.store.gate import settings_write
from chalicelib.store.rows import CALLS, CATALOG, Change, Key
from chalicelib.times import Hours, OpenBlock
from tests import builders
from tests.builders import CALLER
from tests.fakes import FakeRows
from tests.world import World

CALLERS = (CALLER, CALLER[:-1] + "9", "+12125550111", None)
STATES = st.sampled_from([State.ACTIVE] * 9 + [State.PAUSED])
CAPS = st.sampled_from([None, None, None, 1, 2])
CENTS = st.sampled_from([None, None, None, 2_500, 5_000])
HOURS = st.sampled_from(
    [Hours(), Hours(blocks=(OpenBlock(weekday=0, opens=time(9), closes=time(15, 30)),))]
)
MOBILE = Filter(attribute="line_type", test=FilterTest.EQUALS, values=("mobile",))
FILTERS = st.sampled_from(
    [(), (Filter(attribute="caller", test=FilterTest.PRESENT),), (MOBILE,),
     (replace(MOBILE, negated=True),)]
)  # fmt: skip
LOOKUPS = st.none() | st.builds(
    Lookup, caller_name=st.booleans(), from_charge_cents=st.sampled_from([0, 2_500]),
    keep_days=st.sampled_from([1, 30]),
)  # fmt: skip
RULES: dict[type[Any], dict[str, st.SearchStrategy[Any]]] = {
    Target: {
        "state": STATES, "priority": st.integers(1, 2), "weight": st.integers(1, 9),
        "hours": HOURS, "filters": FILTERS, "concurrency_cap": CAPS, "daily_cap": CAPS,
        "total_cap": CAPS, "hourly_cap_cents": CENTS, "ring_seconds": st.sampled_from([20, 30]),
        "spacing_seconds": st.sampled_from([None, 600]),
        "charge_cents": st.sampled_from([None, 3_000]),
        "ring_group": st.sampled_from([None, None, "front"]),
        "destination": st.sampled_from(["+12125550100", "+12125550101", "+12125550102"]),
    },
    Campaign: {
        "state": STATES, "daily_budget_cents": CENTS, "max_attempts": st.integers(1, 3),
        "repeat_callers": st.none() | st.sampled_from(RepeatCallers),
        "repeat_days": st.sampled_from([None, 1]),
        "terms": st.sampled_from([1_000, 2_500]).map(
            lambda cents: builders.charge_terms(charge_cents=cents)
        ),
    },
    Offer: {
        "strategy": st.sampled_from(Strategy), "explore_percent": st.sampled_from([0, 50]),
    },
    Partnership: {
        "cap_effect": st.sampled_from(CapEffect), "daily_cap": CAPS,
        "hourly_cap_cents": st.sampled_from([None, 3_000]),
    },
}  # fmt: skip
MAKE: dict[type[Any], Callable[..., Any]] = {
    Target: builders.a_target, Campaign: builders.a_campaign,
    Offer: builders.an_offer, Partnership: builders.a_partnership,
}  # fmt: skip
BUYERS = {"cmp_1": "adv_1", "cmp_2": "adv_2"}


def rules(kind: type[Any], id: str, **fixed: Any) -> st.SearchStrategy[Any]:
    """One thing of the catalog by rules of any kind."""
    make = MAKE[kind]
    return st.fixed_dictionaries(RULES[kind]).map(lambda fields: make(id=id, **fixed, **fields))


CATALOG_OF_TWO = st.tuples(
    rules(Offer, "off_1", campaign_ids=tuple(BUYERS)),
    rules(Partnership, "par_1"),
    *(rules(Campaign, id, advertiser_id=buyer) for id, buyer in BUYERS.items()),
    *(rules(Target, f"tgt_{n}", campaign_id=f"cmp_{1 + n % 2}") for n in range(4)),
)
VELOCITIES = st.sampled_from([None, None, *(Velocity(calls=n, minutes=5) for n in (1, 3))])
GATES = st.builds(
    GateSettings,
    offer_id=st.just("off_1"),
    version=st.just(1),
    minimum_attestation=st.sampled_from([Attestation.NONE, Attestation.NONE, Attestation.C]),
    caller_velocity=VELOCITIES,
    prefix_velocity=VELOCITIES,
)
CALL = st.tuples(
    st.sampled_from(["call", "raced call"]),
    st.sampled_from(CALLERS),
    st.sampled_from([Attestation.A, Attestation.A, Attestation.NONE]),
)
AFTERWARDS = st.tuples(
    st.sampled_from(["fail", "fail", "talk"]), st.integers(1, 3), st.sampled_from([1, 1, 2])
)
ELSE = st.one_of(
    st.tuples(st.just("hurry"), st.sampled_from(CALLERS), st.integers(1, 2)),
    st.tuples(st.just("later"), st.integers(1, 40), st.none()),
    st.tuples(st.just("later"), st.just(2 * 24 * 60), st.none()),
    st.tuples(st.just("carrier away"), st.booleans(), st.none()),
    st.tuples(
        st.just("block"), st.sampled_from(["+1415", "+1212"]), st.sampled_from([None, "adv_1"])
    ),
)
STEPS = st.tuples(CALL, AFTERWARDS, st.lists(CALL | AFTERWARDS | ELSE, max_size=8)).map(
    lambda several: [several[0], several[1], *several[2]]
)


@dataclass
class Story(World):
    """A world in which calls come, race, hurry and fail."""

    count: int = 0
    hurried: int = 0

    def clock(self) -> datetime:
        """The world's present; a hurried decision finds its time used up after so many looks."""
        if self.hurried:
            self.hurried -= 1
            if not self.hurried:
                return self.now + timedelta(seconds=5)
        return self.now

    def lays(self, things: tuple[Any, ...], funds: int) -> None:
        """A market of two campaigns with two targets each."""
        offer, partnership, first, second, *targets = things
        self.opens(targets[0], targets[2], campaign=first, funds=funds, partnership=partnership)
        self.joins(second, targets[1], builders.an_advertiser(id="adv_2"))
        self.rows.write([self._target(targets[3], second)])
        self.set(row_of(offer), codec.to_json(offer))

    def comes(self, caller: str | None, attestation: Attestation) -> None:
        """A call of its own, with what is told of its caller."""
        self.count += 1
        prefix = f"hash-of-{caller[:9]}" if caller else None
        self.arrives(f"CA{self.count}", caller=caller, prefix_hash=prefix, attestation=attestation)

    def goes(self, step: tuple[str, Any, Any]) -> None:
        """One step of the story."""
        what, one, other = step
        assert isinstance(self.rows, FakeRows)
        if what == "raced call":
            self.rows.before_write(lambda: self.comes(CALLER, Attestation.A))
        if what in ("call", "raced call"):
            self.comes(one, other)
        elif what == "hurry":
            self.hurried = other + 1
            self.comes(one, Attestation.A)
            self.hurried = 0
        elif what == "fail":
            self.fails(f"CA{one}", attempt=other)
        elif what == "talk":
            self.reports(f"CA{one}", self.signal(SignalKind.LEG, other, "completed", 90))
            self.settles(f"CA{one}")
        elif what == "carrier away":
            self.lines.away = one
        elif what == "later":
            self.later(minutes=one)
        elif not self.row(CATALOG, f"BLOCK#{self.an_entry(one, other).id}"):
            self.rows.write(block_writes(None, self.an_entry(one, other), {}))

    def an_entry(self, prefix: str, advertiser_id: str | None) -> Block:
        """An entry of the block list about a prefix, of an advertiser or of the deployment."""
        callers = Callers(BlockKind.PREFIX, prefix)
        return Block(
            id=block_id(callers, advertiser_id), kind=callers.kind, number=callers.number,
            advertiser_id=advertiser_id, reason="Robocalls", expires_at=None, created_at=self.now,
        )  # fmt: skip

    def replays(self) -> list[Replay]:
        """Every decision that was kept, made again."""
        assert isinstance(self.rows, FakeRows)
        kept = [row for row in self.rows.rows_of(CALLS) if row["sk"].startswith("DECISION#")]
        decided = [
            (row["pk"].removeprefix("CALL#"), json.loads(row["doc"])["number"])
            for row in kept
            if row["pk"].startswith("CALL#")
        ]
        return [replay(id, number, {}, stores=self.stores) for id, number in decided]

    def turns_over(self) -> None:
        """Everything in the catalog is archived, and nothing counts as used."""
        assert isinstance(self.rows, FakeRows)
        for row in self.rows.rows_of(CATALOG):
            if "kind" in row:
                doc = json.loads(row["doc"]) | {"state": "archived", "priority": 9}
                self.set(Key(CATALOG, row["pk"], row["sk"]), json.dumps(doc))

    def set(self, key: Key, doc: str) -> None:
        """The document of a row becomes this."""
        self.rows.write([Change(key=key, set={("doc",): doc})])


def row_of(thing: Any) -> Key:
    """Where a thing lies in the world."""
    if isinstance(thing, Target):
        return Key(CATALOG, f"CAMPAIGN#{thing.campaign_id}", f"TARGET#{thing.id}")
    return Key(CATALOG, f"{type(thing).__name__.upper()}#{thing.id}")


def told(things: tuple[Any, ...], steps: list[Any], gate: GateSettings, funds: int) -> Story:
    """The story of these steps, from the start."""
    story = Story(FakeRows())
    story.lays(things, funds)
    story.rows.write([settings_write(GateSettings(offer_id="off_1"), gate)])
    for step in steps:
        story.goes(step)
    return story


@given(CATALOG_OF_TWO, STEPS, GATES, st.sampled_from([2_500, 6_000, 100_000]), LOOKUPS)
def test_every_decision_is_made_again_as_it_was(
    things: tuple[Any, ...],
    steps: list[Any],
    gate: GateSettings,
    funds: int,
    lookup: Lookup | None,
) -> None:
    offer, *others = things
    story = told((replace(offer, lookup=lookup), *others), steps, gate, funds)
    story.lines.away = True
    for made in story.replays():
        assert made.original == made.replayed
        assert made.same and not made.differences
    story.later(days=80)
    story.turns_over()
    for made in story.replays():
        assert made.original == made.replayed


@given(CATALOG_OF_TWO, CATALOG_OF_TWO, STEPS, GATES)
def test_changed_rules_decide_as_if_they_had_always_been_so(
    things: tuple[Any, ...], others: tuple[Any, ...], steps: list[Any], gate: GateSettings
) -> None:
    story, twin = (told(things, steps, gate, 100_000) for _ in range(2))
    for thing in others:
        twin.set(row_of(thing), codec.to_json(thing))
    for one in (story, twin):
        one.arrives("last", caller="+12065550199", attestation=Attestation.A)
    changes = {thing.id: lambda _, thing=thing: replace(thing) for thing in others}
    last = call_id("twilio", "last")
    supposed = replay(last, 1, changes, stores=story.stores)
    (actual,) = twin.stores.calls.decisions(last)
    assert supposed.replayed == actual
