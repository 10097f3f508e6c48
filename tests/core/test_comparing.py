"""What calls come to together, by publisher and by rule, and which of them change."""

from datetime import timedelta
from typing import Any

from chalicelib.comparing import MOST_LISTED, Comparison, Ladder, RuleCount, Sum, compare
from chalicelib.findings import Rule
from chalicelib.terms import Disqualifiers, EarningTerms
from chalicelib.validation import Standing
from tests.builders import NOW, a_step, call_facts, charge_terms
from tests.core.past import a_past_call, again


def tried(minimum: int, *ladders: Ladder) -> Comparison:
    """Three calls of 60, 90 and 120 seconds by two publishers, under another minimum."""
    calls = [
        a_past_call(f"call_{n}", publisher_id=publisher, facts=call_facts(talk_seconds=talk))
        for n, (talk, publisher) in enumerate([(60, "pub_1"), (90, "pub_2"), (120, "pub_1")])
    ]
    judged = again(calls, charge_terms(minimum_talk_seconds=minimum))
    return compare(judged.values(), ladders or tuple(Ladder))


def test_sums_tell_how_many_calls_stand_how_and_what_they_come_to() -> None:
    found = tried(91)
    assert found.calls == 3
    charge = found.sums[Ladder.CHARGE]
    assert charge.before == Sum(approved=3, cents=7500, most_cents=7500)
    assert charge.after == Sum(approved=1, denied=2, cents=2500, most_cents=2500)
    assert found.sums[Ladder.EARNING].after == Sum(
        approved=1, denied=2, cents=1500, most_cents=1500
    )


def test_every_publisher_has_its_own_sums() -> None:
    found = tried(91)
    assert {id: sums[Ladder.CHARGE].after.cents for id, sums in found.publishers.items()} == {
        "pub_1": 2500, "pub_2": 0,
    }  # fmt: skip


def test_every_rule_tells_how_many_calls_it_decided() -> None:
    minimum: Any = {"ladder": Ladder.CHARGE, "rule": Rule.MINIMUM_TALK, "step": None}
    assert tried(91, Ladder.CHARGE).rules == (
        RuleCount(**minimum, standing=Standing.APPROVED, before=3, after=1),
        RuleCount(**minimum, standing=Standing.DENIED, before=0, after=2),
    )


def test_steps_are_told_apart_and_only_the_one_that_holds_counts() -> None:
    steps = (a_step(seconds=30, name="short"), a_step(seconds=100, name="long", cents=2500))
    calls = [
        a_past_call(f"call_{n}", facts=call_facts(talk_seconds=talk))
        for n, talk in enumerate((60, 120))
    ]
    judged = again(calls, charge_terms(minimum_talk_seconds=0, steps=steps))
    found = compare(judged.values(), (Ladder.CHARGE,))
    assert {(one.step, one.after) for one in found.rules if one.after} == {
        ("short", 1),
        ("long", 1),
    }


def test_a_call_that_two_rules_deny_counts_for_both() -> None:
    off = Disqualifiers(anonymous_caller=True)
    call = a_past_call(facts=call_facts(anonymous=True, talk_seconds=59))
    found = compare(again([call], charge_terms(disqualifiers=off)).values(), (Ladder.CHARGE,))
    assert {(one.rule, one.before, one.after) for one in found.rules} == {
        (Rule.MINIMUM_TALK, 1, 1), (Rule.ANONYMOUS_CALLER, 0, 1),
    }  # fmt: skip
    assert found.changed == 0


def test_changes_are_listed_by_arrival_and_counted_beyond_the_list() -> None:
    calls = [
        a_past_call(f"call_{n:04}", facts=call_facts(arrived_at=NOW + timedelta(minutes=-n)))
        for n in range(MOST_LISTED + 2)
    ]
    found = compare(again(calls, charge_terms(charge_cents=1)).values(), tuple(Ladder))
    assert (found.changed, len(found.changes)) == (MOST_LISTED + 2, MOST_LISTED)
    assert found.changes[0].call.id == f"call_{MOST_LISTED + 1:04}"


def test_a_call_changes_only_on_the_sides_that_are_compared() -> None:
    judged = again([a_past_call()], earning=EarningTerms(earning_cents=1))
    assert compare(judged.values(), (Ladder.CHARGE,)).changed == 0
    assert compare(judged.values(), tuple(Ladder)).changed == 1


def test_no_calls_come_to_nothing() -> None:
    found = compare((), (Ladder.CHARGE,))
    assert (found.calls, found.changed, found.rules, dict(found.publishers)) == (0, 0, (), {})
    assert found.sums[Ladder.CHARGE].before == Sum()
