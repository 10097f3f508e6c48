"""What holds of every back-test, whatever the terms and whatever is known of the calls."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.backtesting import JudgedAgain, PastCall, TriedTerms, both_sides, judge_again
from chalicelib.comparing import Ladder, compare
from chalicelib.terms import ChargeTerms, EarningTerms
from chalicelib.validation import judge
from tests.core.judging import CHARGES, EARNINGS, MOMENTS, facts_of_a_call
from tests.core.past import LATER, a_past_call, again, in_a_row

TIMES = st.lists(st.integers(0, 200), min_size=1, max_size=8)
MINIMA = st.integers(0, 200)


@st.composite
def past_calls(draw: st.DrawFn, /, **fixed: Any) -> list[PastCall]:
    """Some calls, each by its own terms and on whatever facts; they may name one another."""
    return [
        a_past_call(
            f"call_{n}",
            charge=draw(CHARGES),
            earning=draw(EARNINGS),
            facts=draw(facts_of_a_call(**fixed)),
            judged_at=draw(MOMENTS),
            publisher_id=draw(st.sampled_from(["pub_1", "pub_2"])),
        )
        for n in range(7, 7 + draw(st.integers(1, 4)))
    ]


@given(past_calls())
def test_unchanged_terms_change_nothing(calls: list[PastCall]) -> None:
    for one in again(calls).values():
        assert one.after == one.call.before


@given(TIMES, MINIMA, st.integers(0, 5))
def test_unchanged_terms_change_nothing_for_a_caller_who_keeps_calling(
    talks: list[int], minimum: int, days: int
) -> None:
    terms = ChargeTerms(charge_cents=2500, minimum_talk_seconds=minimum, repeat_days=days)
    calls = in_a_row(*talks, charge=terms)
    assert all(one.after == one.call.before for one in again(calls, terms).values())


@given(TIMES, MINIMA, MINIMA, st.integers(0, 5), st.integers(0, 5))
def test_a_back_test_finds_what_the_terms_would_have_found(
    talks: list[int], was: int, becomes: int, days_before: int, days_after: int
) -> None:
    before, after = (
        ChargeTerms(charge_cents=2500, minimum_talk_seconds=minimum, repeat_days=days)
        for minimum, days in ((was, days_before), (becomes, days_after))
    )
    tried = again(in_a_row(*talks, charge=before), after)
    would = in_a_row(*talks, charge=after)
    assert {id: one.after.approved for id, one in tried.items()} == {
        call.id: call.before.approved for call in would
    }


@given(past_calls(earlier=()), CHARGES, EARNINGS)
def test_calls_of_different_callers_are_judged_each_alone(
    calls: list[PastCall], charge: ChargeTerms, earning: EarningTerms
) -> None:
    together = again(calls, charge, earning)
    assert together == {call.id: again([call], charge, earning)[call.id] for call in calls}


@given(past_calls(dispositions=(), postbacks=(), reviews=()), CHARGES, EARNINGS)
def test_a_call_of_which_nothing_was_said_comes_to_what_the_rules_say_of_it_in_the_end(
    calls: list[PastCall], charge: ChargeTerms, earning: EarningTerms
) -> None:
    for call in calls:
        alone = again([call], charge, earning)[call.id]
        own = (charge, earning) == (call.charge, call.earning)
        judged_at = call.judged_at if own else LATER
        in_the_end = both_sides(judge(call.facts, charge, earning, now=judged_at))
        for one, other in ((alone.after.charge, in_the_end.charge),
                           (alone.after.earning, in_the_end.earning)):  # fmt: skip
            assert (one.standing, one.cents, one.step) == (other.standing, other.cents, other.step)


@given(past_calls(), CHARGES, EARNINGS, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(
    calls: list[PastCall], charge: ChargeTerms, earning: EarningTerms, dice: Any
) -> None:
    tried = TriedTerms(charge={"tgt_1": charge}, earning={"par_1": earning})
    shuffled = list(calls)
    dice.shuffle(shuffled)
    ids = {call.id for call in calls}
    one, other = (judge_again(it, tried, tested=ids, now=LATER) for it in (calls, shuffled))
    assert compare(one, tuple(Ladder)) == compare(other, tuple(Ladder))


@given(past_calls(), CHARGES, st.integers(0, 4))
def test_sums_of_parts_are_the_sum_of_the_whole(
    calls: list[PastCall], charge: ChargeTerms, cut: int
) -> None:
    judged = list(again(calls, charge).values())
    whole = compare(judged, tuple(Ladder))
    parts = [compare(part, tuple(Ladder)) for part in (judged[:cut], judged[cut:])]
    assert whole.changed == sum(part.changed for part in parts)
    for ladder in Ladder:
        for moment in ("before", "after"):
            told = [getattr(one.sums[ladder], moment) for one in (whole, *parts)]
            assert told[0].cents == sum(one.cents for one in told[1:])
            assert told[0].approved + told[0].denied + told[0].pending == whole.calls


@given(past_calls(), CHARGES)
def test_every_call_is_decided_by_some_rule(calls: list[PastCall], charge: ChargeTerms) -> None:
    judged = list(again(calls, charge).values())
    for one in judged:
        assert all(
            side.by for side in (one.after.charge, one.after.earning, one.call.before.charge)
        )
    found = compare(judged, (Ladder.CHARGE,))
    for moment in ("before", "after"):
        stands = getattr(found.sums[Ladder.CHARGE], moment)
        passed = [rule for rule in found.rules if rule.standing == "approved"]
        assert stands.approved == sum(getattr(rule, moment) for rule in passed)


def test_nothing_of_a_past_call_is_changed_by_judging_it_again() -> None:
    call = a_past_call()
    kept = replace(call)
    judged: JudgedAgain = again([call], ChargeTerms(charge_cents=1))["call_1"]
    assert (call, judged.call) == (kept, kept)
