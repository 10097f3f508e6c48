"""Which terms are refused, and in which words: every fault of a ladder, at its boundary."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.criteria import Filter, FilterTest
from chalicelib.terms import (
    ChargeTerms,
    Clock,
    Disqualifiers,
    EarningTerms,
    Minutes,
    Otherwise,
    Pay,
    PayKind,
    Reviewed,
    Step,
    StepTest,
    Withheld,
)
from chalicelib.terms_faults import MOST_BLOCKS, MOST_CHARACTERS, ladder_faults, rule_faults
from chalicelib.times import Hours, OpenBlock
from tests.builders import NOW, a_step

LONGEST = 3600
EVENING = Hours(
    blocks=(OpenBlock(weekday=0, opens=NOW.time(), closes=NOW.replace(hour=23).time()),)
)
GOLD = Filter(attribute="tag.plan", test=FilterTest.EQUALS, values=("gold",))


def found(*steps: Step, most: int = 100_000, **overrides: Any) -> list[tuple[str, str]]:
    """Where a ladder of charge terms is at fault, and by which rule."""
    terms = ChargeTerms(charge_cents=most, steps=steps, **overrides)
    return [(fault.field, fault.rule) for fault in ladder_faults(terms, LONGEST)]


def found_of_earning(*steps: Step, most: int = 100_000) -> list[tuple[str, str]]:
    terms = EarningTerms(earning_cents=most, steps=steps)
    return [(fault.field, fault.rule) for fault in ladder_faults(terms, LONGEST)]


def talk(seconds: int, cents: int, **more: Any) -> Step:
    return a_step(name=f"from {seconds} for {cents}", seconds=seconds, cents=cents, **more)


def test_ladders_that_hold_together_have_no_fault() -> None:
    per_minute = Pay(kind=PayKind.PER_MINUTE, cents=100)
    for steps in (
        (),
        (talk(90, 2000), talk(120, 3500)),
        (a_step(StepTest.ANSWERED, 100), talk(2, 100), talk(60, 100)),
        (talk(60, 2000), a_step(StepTest.DISPOSITION, 100, values=("sold",))),
        (talk(60, 200, pays=per_minute), talk(600, 1000)),
    ):
        assert found(*steps) == []


@pytest.mark.parametrize(("most", "faults"), [(3499, 1), (3500, 0), (3501, 0)])
def test_the_price_must_be_enough_for_every_step(most: int, faults: int) -> None:
    terms = ChargeTerms(charge_cents=most, steps=(talk(90, 2000), talk(120, 3500)))
    wrong = ladder_faults(terms, LONGEST)
    assert [(one.field, one.rule) for one in wrong] == [("charge_cents", "range")] * faults
    if wrong:
        assert wrong[0].reason == "must be at least 3500, which a step can come to"


@pytest.mark.parametrize(
    ("longest", "minutes", "most", "faults"),
    [
        (3600, Minutes.BEGUN, 5999, 1),
        (3600, Minutes.BEGUN, 6000, 0),
        (3601, Minutes.BEGUN, 6000, 1),
        (3601, Minutes.FULL, 6000, 0),
    ],
)
def test_a_price_by_the_minute_is_reckoned_to_the_longest_call(
    longest: int, minutes: Minutes, most: int, faults: int
) -> None:
    pays = Pay(kind=PayKind.PER_MINUTE, cents=100, minutes=minutes)
    terms = ChargeTerms(charge_cents=most, steps=(a_step(pays=pays),))
    assert len(ladder_faults(terms, longest)) == faults


@pytest.mark.parametrize(("cents", "faults"), [(1999, 1), (2000, 0), (2001, 0)])
def test_a_longer_talk_does_not_pay_less(cents: int, faults: int) -> None:
    wrong = found(talk(90, 2000), talk(120, cents))
    assert wrong == [("steps.1.pays", "order")] * faults


@pytest.mark.parametrize(("cents", "faults"), [(199, 1), (200, 0), (201, 0)])
def test_a_fixed_step_pays_at_least_what_the_minutes_before_it_came_to(
    cents: int, faults: int
) -> None:
    per_minute = Pay(kind=PayKind.PER_MINUTE, cents=100)
    wrong = found(talk(0, 0, pays=per_minute), talk(120, cents))
    assert wrong == [("steps.1.pays", "order")] * faults


@pytest.mark.parametrize(("seconds", "faults"), [(89, 1), (90, 1), (91, 0)])
def test_a_higher_step_that_asks_no_more_would_hide_the_lower(seconds: int, faults: int) -> None:
    assert found(talk(90, 2000), talk(seconds, 3000)) == [("steps.1", "order")] * faults


def test_steps_for_other_hours_or_other_calls_may_ask_the_same() -> None:
    assert found(talk(90, 2000), talk(90, 2500, hours=EVENING)) == []
    assert found(talk(90, 2000), talk(60, 2500, filters=(GOLD,))) == []


def test_the_seconds_of_two_clocks_are_not_compared() -> None:
    assert found(talk(90, 2000), talk(90, 2500, clock=Clock.ARRIVAL)) == []


def test_a_step_by_talk_does_not_take_away_what_another_step_gives() -> None:
    sold = a_step(StepTest.DISPOSITION, 9_000, values=("sold",))
    assert found(sold, talk(120, 8_999)) == [("steps.1.pays", "order")]
    assert found(sold, talk(120, 9_000)) == []


def test_shares_are_compared_by_their_own_terms() -> None:
    def share(points: int, **more: Any) -> Pay:
        return Pay(kind=PayKind.SHARE_OF_CHARGE, basis_points=points, **more)

    base = talk(0, 0, pays=share(5000))
    assert found_of_earning(base, talk(120, 1, pays=share(6000))) == []
    assert found_of_earning(base, talk(120, 1, pays=share(4999))) == [("steps.1.pays", "order")]
    capped = share(6000, ceiling_cents=5000)
    assert found_of_earning(base, talk(120, 1, pays=capped)) == [("steps.1.pays", "order")]


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (a_step(StepTest.KEYWORD, values=("roof",)), ("steps.0.test", "unknown_fact")),
        (a_step(StepTest.DISPOSITION), ("steps.0.values", "required")),
        (a_step(StepTest.IVR_ANSWER, question="owner"), ("steps.0.values", "required")),
        (a_step(StepTest.IVR_ANSWER, values=("yes",)), ("steps.0.question", "required")),
        (
            a_step(pays=Pay(kind=PayKind.SHARE_OF_CHARGE, basis_points=100)),
            ("steps.0.pays.kind", "choice"),
        ),
        (
            a_step(pays=Pay(kind=PayKind.SHARE_OF_POSTBACK, basis_points=100, ceiling_cents=9)),
            ("steps.0.pays.kind", "choice"),
        ),
        (
            a_step(StepTest.POSTBACK, pays=Pay(kind=PayKind.SHARE_OF_POSTBACK, basis_points=100)),
            ("steps.0.pays.ceiling_cents", "required"),
        ),
        (
            a_step(
                StepTest.POSTBACK,
                otherwise=Otherwise.APPROVE,
                pays=Pay(kind=PayKind.SHARE_OF_POSTBACK, basis_points=100, ceiling_cents=9),
            ),
            ("steps.0.otherwise", "choice"),
        ),
        (
            a_step(
                StepTest.POSTBACK,
                pays=Pay(
                    kind=PayKind.SHARE_OF_POSTBACK, basis_points=1, floor_cents=10, ceiling_cents=9
                ),
            ),
            ("steps.0.pays.ceiling_cents", "range"),
        ),
        (
            a_step(filters=(Filter(attribute="caller", test=FilterTest.PRESENT),)),
            ("steps.0.filters.0.attribute", "choice"),
        ),
        (
            a_step(filters=(Filter(attribute="tag.a", test=FilterTest.EQUALS),)),
            ("steps.0.filters.0.values", "filter"),
        ),
    ],
)
def test_a_step_that_cannot_be_judged_is_refused(step: Step, fault: tuple[str, str]) -> None:
    assert fault in found(step)


def test_no_two_steps_have_one_name() -> None:
    steps = (talk(90, 2000), a_step(name="from 90 for 2000", seconds=120, cents=2500))
    assert found(*steps) == [("steps.1.name", "repeated")]


def test_with_steps_no_other_minimum_is_said() -> None:
    assert found(talk(90, 2000), minimum_talk_seconds=60) == [("minimum_talk_seconds", "exclusive")]
    assert found(minimum_talk_seconds=60) == []


def test_only_an_earning_is_a_share_of_the_charge() -> None:
    step = a_step(pays=Pay(kind=PayKind.SHARE_OF_CHARGE, basis_points=7000))
    assert found_of_earning(step) == []


def test_every_fault_is_told_at_once() -> None:
    steps = (talk(90, 2000), talk(90, 1000), a_step(StepTest.KEYWORD))
    assert len(found(*steps, most=1500)) == 3


@pytest.mark.parametrize(
    ("withheld", "fields"),
    [
        (Withheld(), ["disqualifiers.consent_withheld"]),
        (Withheld(answers=("no",)), ["disqualifiers.consent_withheld.question"]),
        (Withheld(answers=("no",), question="consent"), []),
        (Withheld(dispositions=("refused",)), []),
        (Withheld(answers=("no",), question="other"), ["disqualifiers.consent_withheld.question"]),
    ],
)
def test_consent_is_withheld_in_words_that_somebody_can_say(
    withheld: Withheld, fields: list[str]
) -> None:
    terms = ChargeTerms(charge_cents=1, disqualifiers=Disqualifiers(consent_withheld=withheld))
    assert [one.field for one in rule_faults(terms, {"consent"})] == fields


def test_an_answer_that_nobody_is_asked_for_is_refused_with_the_reason() -> None:
    step = a_step(StepTest.IVR_ANSWER, question="owner", values=("yes",))
    terms = EarningTerms(earning_cents=2000, steps=(step,))
    (fault,) = rule_faults(terms, {"zip"})
    assert (fault.field, fault.rule) == ("steps.0.question", "unknown_fact")
    assert fault.reason == "the callers are not asked owner, so nobody knows the answer"
    assert rule_faults(terms, {"owner"}) == rule_faults(terms, None) == []


@pytest.mark.parametrize(("over", "faults"), [(-1, 0), (0, 0), (1, 1)])
def test_terms_say_no_more_than_fits_beside_every_call(over: int, faults: int) -> None:
    value = "x" * 100
    rest = "x" * (MOST_CHARACTERS - 3_900 - len("ivr") + over)
    values = (*(value for _ in range(39)), rest)
    step = a_step(StepTest.IVR_ANSWER, name="ivr", question="owner", values=values)
    assert found(step) == [("steps", "length")] * faults
    block = EVENING.blocks[0]
    hours = Hours(blocks=tuple(block for _ in range(MOST_BLOCKS + over)))
    assert found(a_step(hours=hours)) == [("steps", "length")] * faults


@pytest.mark.parametrize(
    ("one", "faults"),
    [
        (GOLD, []),
        (replace(GOLD, attribute="caller"), [("attribute", "choice")]),
        (replace(GOLD, attribute="publisher_id"), [("attribute", "choice")]),
        (replace(GOLD, values=("gold", "iron")), [("values", "filter")]),
        (replace(GOLD, test=FilterTest.MATCHES, values=("(",)), [("values", "filter")]),
    ],
)
def test_a_review_looks_at_what_both_sides_may_know(
    one: Filter, faults: list[tuple[str, str]]
) -> None:
    asked = Disqualifiers(review=Reviewed(within_hours=1, filters=(one,)))
    for terms in (
        ChargeTerms(charge_cents=1, disqualifiers=asked),
        EarningTerms(earning_cents=1, disqualifiers=asked),
    ):
        assert [(fault.field, fault.rule) for fault in rule_faults(terms)] == [
            (f"disqualifiers.review.filters.0.{field}", rule) for field, rule in faults
        ]


@pytest.mark.parametrize(("more", "faults"), [(-1, []), (0, []), (1, [("steps", "length")])])
def test_the_values_of_a_review_count_for_what_fits_beside_a_call(
    more: int, faults: list[tuple[str, str]]
) -> None:
    values = ("v" * 100,) * (MOST_CHARACTERS // 100 - 1) + ("w" * (100 + more),)
    long = Filter(attribute="tag.plan", test=FilterTest.IN, values=values)
    asked = Disqualifiers(review=Reviewed(within_hours=1, filters=(long,)))
    assert found(disqualifiers=asked) == faults
