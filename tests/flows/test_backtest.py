"""A back-test over rows: what it reads, that it writes nothing, and that it finds what the terms
would have made of the same calls."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.backtesting import JudgedAgain
from chalicelib.calls import Call, CallStatus, SignalKind, call_id
from chalicelib.campaigns import Campaign
from chalicelib.comparing import Ladder
from chalicelib.errors import Refused
from chalicelib.flows import backtest as flow
from chalicelib.flows.backtest import Asked, BackTest, backtest
from chalicelib.flows.judging_again import judge_call_again
from chalicelib.flows.settlement import sweep
from chalicelib.store import codec
from chalicelib.store.dispositions import disposition_put
from chalicelib.store.rows import CALLS, Action, Change, Item, Key, Page, Question
from chalicelib.store.stores import Stores
from chalicelib.store.terms import terms_put
from chalicelib.terms import (
    ChargeTerms,
    Disqualifiers,
    EarningTerms,
    Missing,
    Rejected,
    Repeat,
    RepeatScope,
    StepTest,
)
from chalicelib.times import Period
from tests import builders
from tests.builders import NOW, a_disposition, a_step, charge_terms
from tests.fakes import FakeRows
from tests.world import World

CALLERS = ("+14155550100", "+14155550101", "+14155550102")
YEAR = Period(start=NOW - timedelta(days=1), end=NOW + timedelta(days=365))
Played = tuple[int, int, float]
"""A caller, seconds of talk, and the days before the next call."""
PLAYS = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from([0, 30, 90, 200]), st.sampled_from([0.01, 1.0, 2.0])
    ),
    min_size=1,
    max_size=10,
)


class ReadOnly:
    """Rows that nobody may write."""

    def __init__(self, rows: FakeRows) -> None:
        self.rows = rows

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        return self.rows.gather(keys, questions)

    def page(self, question: Question) -> Page:
        return self.rows.page(question)

    def write(self, actions: Sequence[Action]) -> None:
        raise AssertionError(f"a back-test wrote {actions}")


def played(plays: Sequence[Played], terms: ChargeTerms | None = None, **more: Any) -> World:
    """These calls, one after the other, on a campaign with these terms."""
    world = World(FakeRows())
    world.opens(campaign=builders.a_campaign(terms=terms or charge_terms()), funds=10**9, **more)
    for n, (caller, seconds, days) in enumerate(plays):
        world.talks(f"CA{n}", seconds=seconds, caller=CALLERS[caller])
        world.later(days=days)
    return world


def tried(
    world: World,
    terms: ChargeTerms | None = None,
    *,
    campaign: Campaign | None = None,
    **more: Any,
) -> BackTest:
    """A back-test of the campaign's calls, on rows that refuse every write."""
    as_it_would_be = builders.a_campaign(terms=terms) if terms else campaign
    asked: dict[str, Any] = {"campaign_id": "cmp_1", "period": YEAR, "campaign": as_it_would_be}
    stores = Stores(ReadOnly(world.rows))  # type: ignore[arg-type]
    return backtest(Asked(**(asked | more)), stores=stores, now=world.now)


def slices(world: World, terms: ChargeTerms, limit: int) -> Iterator[BackTest]:
    """The same in slices of so many calls."""
    found = tried(world, terms, limit=limit)
    yield found
    while found.mark is not None:
        found = tried(world, terms, limit=limit, after=found.mark)
        yield found


def charges(found: BackTest, moment: str = "after") -> tuple[int, int, int]:
    """How many calls are approved and denied, and the cents."""
    told = getattr(found.comparison.sums[Ladder.CHARGE], moment)
    return told.approved, told.denied, told.cents


def changes(found: BackTest) -> dict[str, JudgedAgain]:
    return {one.call.id: one for one in found.comparison.changes}


def approved(world: World, plays: Sequence[Played]) -> list[bool]:
    return [world.status(f"CA{n}") is CallStatus.APPROVED for n in range(len(plays))]


@given(PLAYS, st.integers(0, 3))
def test_unchanged_terms_change_nothing(plays: list[Played], days: int) -> None:
    terms = charge_terms(repeat_days=days)
    world = played(plays, terms)
    for found in (tried(world), tried(world, terms)):
        assert found.comparison.changed == 0
        assert found.comparison.calls == len(plays)
        assert charges(found, "before") == charges(found)


@given(PLAYS, st.integers(0, 3), st.integers(0, 3), st.sampled_from([30, 60, 91]))
def test_it_finds_what_the_terms_would_have_made_of_the_same_calls(
    plays: list[Played], days_before: int, days_after: int, minimum: int
) -> None:
    world = played(plays, charge_terms(repeat_days=days_before))
    terms = charge_terms(repeat_days=days_after, minimum_talk_seconds=minimum, charge_cents=900)
    would = played(plays, terms)
    found = tried(world, terms)
    after = charges(found)
    assert after[2] == sum(would.call(f"CA{n}").charge_cents for n in range(len(plays)))
    assert after[0] == sum(approved(would, plays))
    for id, one in changes(found).items():
        assert one.after.approved is (would.stores.calls.get(id).status is CallStatus.APPROVED)


@given(PLAYS, st.integers(0, 3), st.integers(1, 3))
def test_slices_come_to_the_same_as_the_whole(plays: list[Played], days: int, limit: int) -> None:
    world = played(plays, charge_terms(repeat_days=1))
    terms = charge_terms(repeat_days=days, minimum_talk_seconds=91)
    whole, parts = tried(world, terms), list(slices(world, terms, limit))
    assert sum(part.comparison.calls for part in parts) == whole.comparison.calls == len(plays)
    assert sum(part.comparison.changed for part in parts) == whole.comparison.changed
    assert [sum(sums) for sums in zip(*map(charges, parts), strict=True)] == list(charges(whole))
    assert {id: one.after for part in parts for id, one in changes(part).items()} == {
        id: one.after for id, one in changes(whole).items()
    }


def test_a_slice_follows_repeated_callers_into_slices_before() -> None:
    plays = [(0, 90, 1.0), (0, 90, 1.0), (0, 90, 1.0), (0, 200, 1.0)]
    world = played(plays, charge_terms(repeat_days=30))
    terms = charge_terms(repeat_days=30, minimum_talk_seconds=120)
    last = list(slices(world, terms, 1))[-1]
    assert charges(last) == (1, 0, 2500)
    assert last.not_followed == 0


def test_calls_before_the_period_stand_as_they_do() -> None:
    plays = [(0, 90, 1.0), (0, 200, 1.0)]
    world = played(plays, charge_terms(repeat_days=30))
    terms = charge_terms(repeat_days=30, minimum_talk_seconds=120)
    later = Period(start=NOW + timedelta(hours=1), end=YEAR.end)
    assert charges(tried(world, terms, period=later)) == (0, 1, 0)
    assert charges(tried(world, terms)) == (1, 1, 2500)


def test_the_period_begins_with_its_start_and_excludes_its_end() -> None:
    world = played([(0, 90, 1.0), (1, 90, 1.0)])
    for start, end, calls in ((0, 1, 1), (0, 1.001, 2), (1, 2, 1), (0.001, 1, 0)):
        moments = (NOW + timedelta(days=days) for days in (start, end))
        period = Period(start=next(moments), end=next(moments))
        assert tried(world, charge_terms(charge_cents=1), period=period).comparison.calls == calls


def test_more_earlier_calls_than_are_looked_at_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MOST_CALLS", 1)
    world = played([(0, 90, 1.0)] * 3 + [(0, 200, 1.0)], charge_terms(repeat_days=30))
    terms = charge_terms(repeat_days=30, minimum_talk_seconds=120)
    assert [part.not_followed for part in slices(world, terms, 1)] == [0, 0, 1, 2]


def test_a_targets_own_price_goes_before_the_campaigns() -> None:
    world = World(FakeRows())
    world.opens(builders.a_target(charge_cents=4000))
    world.talks()
    assert charges(tried(world, charge_terms(charge_cents=900))) == (1, 0, 4000)
    assert charges(tried(world, charge_terms(minimum_talk_seconds=600))) == (0, 1, 0)


def test_a_call_that_rang_a_group_is_judged_by_the_target_that_took_it() -> None:
    world = World(FakeRows())
    world.opens(*(
        builders.a_target(id=f"tgt_{n}", ring_group="front", concurrency_cap=1,
                          destination=f"+1212555010{n}", charge_cents=cents)
        for n, cents in ((1, 2500), (2, 3000), (3, None))
    ))  # fmt: skip
    world.arrives()
    for status, seconds in (("in-progress", None), ("completed", 90)):
        told = world.signal(SignalKind.LEG, 1, status, seconds)
        world.reports("CA1", replace(told, target_id="tgt_2", leg_id="leg-2"))
    world.settles()
    found = tried(world)
    assert charges(found, "before") == charges(found) == (1, 0, 3000)
    assert charges(tried(world, charge_terms(charge_cents=1))) == (1, 0, 3000)
    assert charges(tried(world, charge_terms(minimum_talk_seconds=91))) == (0, 1, 0)
    original, replayed = judge_call_again(world.call(), stores=world.stores)
    assert replayed == original


def test_an_offers_earning_reaches_the_partnerships_without_one_of_their_own() -> None:
    for own, cents in ((None, 900), (EarningTerms(earning_cents=1100), 1100)):
        world = played([(0, 90, 0)], partnership=builders.a_partnership(earning=own))
        found = tried(world, earning={"off_1": EarningTerms(earning_cents=900)})
        assert found.comparison.sums[Ladder.EARNING].after.cents == cents
        found = tried(world, earning={"par_1": EarningTerms(earning_cents=700)})
        assert found.comparison.sums[Ladder.EARNING].after.cents == 700
        assert found.comparison.sums[Ladder.CHARGE].after.cents == 2500


def says(world: World, sid: str, value: str) -> None:
    said = a_disposition(value, call_id=call_id("twilio", sid), at=world.now,
                         received_at=world.now, note="Jane Doe called back")  # fmt: skip
    world.rows.write([disposition_put(said)])


def test_dispositions_that_no_rule_asked_for_are_found_beside_their_calls() -> None:
    world = played([(0, 90, 0.1), (1, 90, 0.1)])
    says(world, "CA0", "sold")
    says(world, "CA1", "lost")
    world.later(days=2)
    sold = a_step(StepTest.DISPOSITION, 2500, values=("sold",), within_hours=24)
    terms = charge_terms(minimum_talk_seconds=0, steps=(sold,))
    found = tried(world, terms)
    assert charges(found) == (1, 1, 2500)
    (one,) = changes(found).values()
    assert "Jane" not in repr(one)
    rejected = Disqualifiers(disposition_rejected=Rejected(values=("lost",), within_hours=24))
    assert charges(tried(world, charge_terms(disqualifiers=rejected))) == (1, 1, 2500)


def test_slices_are_smaller_where_each_call_takes_questions_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flow, "MOST_CALLS_ASKED_FOR", 1)
    world = played([(0, 90, 0.1), (1, 90, 0.1)])
    terms = charge_terms(disqualifiers=Disqualifiers(disposition_missing=Missing(within_hours=1)))
    assert [part.comparison.calls for part in slices(world, terms, 500)] == [1, 1]
    assert [part.comparison.calls for part in slices(world, charge_terms(charge_cents=1), 500)] == [
        2
    ]


def test_calls_that_wait_are_counted_as_they_stand_and_as_they_would() -> None:
    owed = Disqualifiers(disposition_missing=Missing(within_hours=24))
    world = played([(0, 90, 0)], charge_terms(disqualifiers=owed))
    found = tried(world, charge_terms())
    before, after = (
        getattr(found.comparison.sums[Ladder.CHARGE], it) for it in ("before", "after")
    )
    assert (before.pending, before.cents, before.most_cents) == (1, 0, 2500)
    assert (after.approved, after.cents) == (1, 2500)
    world.later(days=3)
    sweep(stores=world.stores, now=world.now, ask_carrier=lambda call, now: ())
    assert charges(tried(world, charge_terms()), "before") == (0, 1, 0)
    assert charges(tried(world, charge_terms())) == (1, 0, 2500)


def without_facts(world: World, sid: str) -> Call:
    """The call's verdict becomes one of an earlier release."""
    call = world.call(sid)
    row = world.row(CALLS, f"CALL#{call.id}", "VERDICT")
    judged = codec.from_json(dict[str, Any], row["doc"])
    kept = {name: one for name, one in judged.items() if name != "facts"}
    key = Key(CALLS, f"CALL#{call.id}", "VERDICT")
    world.rows.write([Change(key=key, set={("doc",): codec.to_json(kept)})])
    return call


def test_calls_that_cannot_be_judged_again_are_told_and_in_no_sum() -> None:
    world = played([(0, 90, 0.1), (1, 90, 0.1)])
    without_facts(world, "CA0")
    world.arrives("CA9", caller=CALLERS[2])
    found = tried(world, charge_terms(charge_cents=1))
    assert (found.comparison.calls, found.facts_not_kept, found.not_judged) == (1, 1, 1)
    assert charges(found) == (1, 0, 1)
    assert found.through == world.call("CA1").arrived_at


def test_an_empty_period_comes_to_nothing() -> None:
    found = tried(played([]), charge_terms(charge_cents=1))
    assert (found.comparison.calls, found.through, found.mark) == (0, None, None)


def test_another_campaigns_call_stands_but_is_seen_by_wider_rules() -> None:
    wide = Repeat(scope=RepeatScope.ADVERTISER, days=30)
    off = Disqualifiers(repeat_callers=(wide,))
    world = World(FakeRows())
    other = builders.a_campaign(id="cmp_2", terms=charge_terms(disqualifiers=off))
    world.opens(builders.a_target(priority=2), campaign=builders.a_campaign(
        terms=charge_terms(disqualifiers=off)))  # fmt: skip
    world.talks("CA0", seconds=90)
    world.joins(other, builders.a_target(id="tgt_2", campaign_id="cmp_2"),
                builders.an_advertiser(id="adv_2"))  # fmt: skip
    world.later(days=1)
    assert world.talks("CA1", seconds=90).attempt is not None
    found = tried(world, charge_terms(minimum_talk_seconds=120, disqualifiers=off))
    assert found.comparison.calls == 1
    assert charges(found) == (0, 1, 0)


class TestOneVerdict:
    def test_a_verdict_follows_from_what_is_kept_again(self) -> None:
        world = played([(0, 90, 0.1), (0, 30, 0.1), (1, 0, 0)], charge_terms(repeat_days=30))
        for n in range(3):
            original, replayed = judge_call_again(world.call(f"CA{n}"), stores=world.stores)
            assert replayed == original

    def test_it_is_judged_by_the_version_that_it_names(self) -> None:
        world = played([(0, 90, 0)])
        things = (builders.a_campaign(), builders.a_target(), builders.an_offer(),
                  builders.a_partnership())  # fmt: skip
        world.rows.write([terms_put(thing) for thing in things])
        original, replayed = judge_call_again(world.call("CA0"), stores=world.stores)
        assert replayed == original
        other = builders.a_campaign(terms=charge_terms(minimum_talk_seconds=120))
        put = terms_put(other).item
        world.rows.write(
            [Change(key=Key("catalog", put["pk"], put["sk"]), set={("doc",): put["doc"]})]
        )
        _, replayed = judge_call_again(world.call("CA0"), stores=world.stores)
        assert replayed["approved"] is False

    def test_a_call_without_facts_or_verdict_is_refused(self) -> None:
        world = played([(0, 90, 0)])
        with pytest.raises(Refused) as refused:
            judge_call_again(without_facts(world, "CA0"), stores=world.stores)
        assert refused.value.code == "facts_not_kept"
        world.arrives("CA9")
        with pytest.raises(Refused) as refused:
            judge_call_again(world.call("CA9"), stores=world.stores)
        assert refused.value.code == "not_judged"
