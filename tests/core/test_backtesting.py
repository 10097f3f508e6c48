"""Calls judged again under other terms: what changes, when it would have been decided, and how
repeat rules follow."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.backtesting import asks_what_is_said, followed
from chalicelib.call_facts import EarlierCall
from chalicelib.findings import Denial, Rule
from chalicelib.terms import (
    ChargeTerms,
    Disqualifiers,
    EarningTerms,
    Missing,
    Otherwise,
    Pay,
    PayKind,
    Rejected,
    Repeat,
    RepeatScope,
    Reviewed,
    Since,
    StepTest,
    Withheld,
)
from chalicelib.validation import Standing
from tests.builders import (
    NOW,
    a_disposition,
    a_postback,
    a_review,
    a_step,
    call_facts,
    charge_terms,
)
from tests.core.past import a_past_call, again, approved, in_a_row


def off(**switches: Any) -> ChargeTerms:
    """25 dollars from 60 seconds on, with disqualifiers."""
    return charge_terms(disqualifiers=Disqualifiers(**switches))


@pytest.mark.parametrize(
    ("minimum", "standing", "cents", "denials"),
    [
        (89, Standing.APPROVED, 2500, []),
        (90, Standing.APPROVED, 2500, []),
        (91, Standing.DENIED, 0, [Denial.TOO_SHORT]),
    ],
)
def test_a_call_is_judged_by_the_minimum_that_is_tried(
    minimum: int, standing: Standing, cents: int, denials: list[Denial]
) -> None:
    judged = again([a_past_call()], charge_terms(minimum_talk_seconds=minimum))["call_1"]
    charge = judged.after.charge
    assert (charge.standing, charge.cents) == (standing, cents)
    assert [one.denial for one in charge.by if one.denial] == denials


def test_an_earning_follows_the_charge_that_is_tried() -> None:
    share = EarningTerms(
        earning_cents=5000,
        steps=(a_step(pays=Pay(kind=PayKind.SHARE_OF_CHARGE, basis_points=5_000)),),
    )
    dearer = again([a_past_call(earning=share)], charge_terms(charge_cents=4000))["call_1"]
    assert (dearer.call.before.earning.cents, dearer.after.earning.cents) == (1250, 2000)
    denied = again([a_past_call(earning=share)], charge_terms(minimum_talk_seconds=600))["call_1"]
    assert [one.rule for one in denied.after.earning.by] == [Rule.CHARGED]


def test_terms_of_another_target_or_partnership_do_not_reach_a_call() -> None:
    call = a_past_call(target_id="tgt_2", partnership_id="par_2")
    judged = again([call], charge_terms(charge_cents=9), EarningTerms(earning_cents=9))["call_1"]
    assert judged.after == call.before


def test_a_full_cap_still_keeps_a_call_from_earning() -> None:
    none = EarningTerms(earning_cents=0)
    call = a_past_call(earning=none, facts=call_facts(earning_stopped="partnership_capped_day"))
    judged = again([call], earning=EarningTerms(earning_cents=2000))["call_1"]
    assert [one.denial for one in judged.after.earning.by] == [Denial.PARTNERSHIP_CAPPED]


STEP = a_step(StepTest.DISPOSITION, 2500, values=("sold",), within_hours=24)


@pytest.mark.parametrize(
    ("after_hours", "standing"),
    [(0, Standing.APPROVED), (23.99, Standing.APPROVED), (24, Standing.APPROVED),
     (24.01, Standing.DENIED)],
)  # fmt: skip
def test_what_was_said_after_the_verdict_counts_up_to_the_deadline_that_is_tried(
    after_hours: float, standing: Standing
) -> None:
    at = NOW + timedelta(hours=after_hours)
    call = a_past_call(facts=call_facts(dispositions=(a_disposition(at=at, received_at=at),)))
    judged = again([call], charge_terms(minimum_talk_seconds=0, steps=(STEP,)))["call_1"]
    assert judged.after.charge.standing is standing


def test_a_call_is_decided_by_what_comes_first_and_not_by_what_comes_later() -> None:
    hours = (1, 2)
    said = tuple(
        a_disposition(value, at=NOW + timedelta(hours=h), received_at=NOW + timedelta(hours=h))
        for value, h in zip(("fine", "spam"), hours, strict=True)
    )
    call = a_past_call(facts=call_facts(dispositions=said))
    tried = off(disposition_rejected=Rejected(values=("spam",), within_hours=24))
    assert approved(again([call], tried)) == {"call_1"}


@pytest.mark.parametrize(("seconds", "counts"), [(-1, True), (0, True), (1, False)])
def test_a_review_after_the_verdict_counts_up_to_the_deadline_that_is_tried(
    seconds: int, counts: bool
) -> None:
    at = NOW + timedelta(hours=24, seconds=seconds)
    call = a_past_call(facts=call_facts(reviews=(a_review("approve", decided_at=at),)))
    tried = off(review=Reviewed(within_hours=24))
    assert approved(again([call], tried)) == ({"call_1"} if counts else set())


def test_consent_is_withheld_only_by_what_had_come_when_the_call_was_judged() -> None:
    tried = off(consent_withheld=Withheld(dispositions=("no_consent",)))
    for minutes, denied in ((0, True), (1, False)):
        at = NOW + timedelta(minutes=minutes)
        said = (a_disposition("no_consent", at=at, received_at=at),)
        judged = again([a_past_call(facts=call_facts(dispositions=said))], tried)
        assert approved(judged) == (set() if denied else {"call_1"})


@pytest.mark.parametrize("otherwise", Otherwise)
def test_a_deadline_that_has_passed_decides_as_the_terms_say(otherwise: Otherwise) -> None:
    tried = off(disposition_missing=Missing(within_hours=24, otherwise=otherwise))
    assert bool(approved(again([a_past_call()], tried))) is (otherwise is Otherwise.APPROVE)


def test_a_call_of_today_may_still_wait_under_the_terms_that_are_tried() -> None:
    tried = off(disposition_missing=Missing(within_hours=24 * 500))
    judged = again([a_past_call()], tried)["call_1"].after
    assert (judged.charge.standing, judged.charge.most_cents) == (Standing.PENDING, 2500)
    assert [one.rule for one in judged.charge.by] == [Rule.DISPOSITION_MISSING]


def test_a_share_of_a_postback_is_found_in_what_came_later() -> None:
    at = NOW + timedelta(hours=3)
    call = a_past_call(facts=call_facts(postbacks=(a_postback(20_000, at=at, received_at=at),)))
    pays = Pay(kind=PayKind.SHARE_OF_POSTBACK, basis_points=1_000, ceiling_cents=2500)
    step = a_step(StepTest.POSTBACK, pays=pays)
    judged = again([call], charge_terms(minimum_talk_seconds=0, steps=(step,)))["call_1"]
    assert (judged.after.charge.cents, judged.after.charge.step) == (2000, "postback")


def test_it_is_told_where_nobody_looked_whether_a_caller_was_blocked() -> None:
    tried = off(blocked_caller=True)
    looked = a_past_call("call_2", charge=tried)
    anonymous = a_past_call("call_3", facts=call_facts(anonymous=True))
    judged = again([a_past_call(), looked, anonymous], tried)
    assert {id for id, one in judged.items() if one.blocks_unknown} == {"call_1"}


REPEATS = charge_terms(repeat_days=30)


@pytest.mark.parametrize(
    ("seconds", "minimum", "was", "becomes"),
    [
        pytest.param((90, 200), 120, {"call_0"}, {"call_1"},
                     id="a call denied now makes the next one no repeat"),
        pytest.param((45, 90), 30, {"call_1"}, {"call_0"},
                     id="a call approved now makes the next one a repeat"),
        pytest.param((90, 90, 200), 120, {"call_0"}, {"call_2"},
                     id="two denied calls leave the third the first"),
        pytest.param((90, 45, 200), 120, {"call_0"}, {"call_2"},
                     id="a call that stays denied leads back to the one before"),
        pytest.param((45, 30, 90, 90), 40, {"call_2"}, {"call_0"},
                     id="an approved call is remembered past denied ones"),
        pytest.param((90, 90, 90), 61, {"call_0"}, {"call_0"},
                     id="nothing changes where no verdict does"),
    ],
)  # fmt: skip
def test_repeat_rules_follow_the_verdicts_that_change(
    seconds: tuple[int, ...], minimum: int, was: set[str], becomes: set[str]
) -> None:
    calls = in_a_row(*seconds, charge=REPEATS)
    assert {call.id for call in calls if call.before.approved} == was
    tried = charge_terms(repeat_days=30, minimum_talk_seconds=minimum)
    assert approved(again(calls, tried)) == becomes


def test_a_new_repeat_rule_counts_from_the_first_call_that_it_lets_pass() -> None:
    calls = in_a_row(90, 90, 90, 90, gap=10)
    assert approved(again(calls, REPEATS)) == {"call_0", "call_3"}


def test_a_rule_since_connected_calls_does_not_follow_verdicts() -> None:
    since = Repeat(since=Since.CONNECTED, days=30)
    calls = in_a_row(90, 200, charge=off(repeat_callers=(since,)))
    tried = charge_terms(
        minimum_talk_seconds=120, disqualifiers=Disqualifiers(repeat_callers=(since,))
    )
    assert approved(again(calls, tried)) == set()


def test_a_call_that_is_not_tested_stands_and_leads_back_to_those_before() -> None:
    calls = in_a_row(90, 90, 200, charge=REPEATS)
    tried = charge_terms(repeat_days=30, minimum_talk_seconds=120)
    assert approved(again(calls, tried, tested={"call_0", "call_2"})) == {"call_2"}
    assert approved(again(calls, tried, tested={"call_1", "call_2"})) == set()


def test_an_earlier_call_that_nobody_read_stands_as_the_facts_say() -> None:
    call = in_a_row(90, 200, charge=REPEATS)[1]
    assert approved(again([call], charge_terms(repeat_days=30, charge_cents=9))) == set()


def test_a_call_judged_late_repeats_the_one_that_was_approved_meanwhile() -> None:
    first, second = in_a_row(90, 90, charge=REPEATS)
    named = EarlierCall(
        scope=RepeatScope.CAMPAIGN, since=Since.APPROVED, call_id=second.id,
        arrived_at=second.facts.arrived_at,
    )  # fmt: skip
    alone = call_facts(arrived_at=second.facts.arrived_at, ended_at=second.facts.ended_at)
    second = a_past_call(second.id, charge=REPEATS, facts=alone)
    late = a_past_call(
        first.id, charge=REPEATS, facts=call_facts(earlier=(named,)),
        judged_at=NOW + timedelta(days=3),
    )  # fmt: skip
    assert approved(again([late, second], charge_terms(repeat_days=30))) == {second.id}
    longer = charge_terms(repeat_days=30, minimum_talk_seconds=60, charge_cents=1)
    assert approved(again([late, second], longer)) == {second.id}


@pytest.mark.parametrize(
    ("terms", "scopes"),
    [
        (charge_terms(), set()),
        (REPEATS, {RepeatScope.CAMPAIGN}),
        (off(repeat_callers=(Repeat(scope=RepeatScope.OFFER),)), {RepeatScope.OFFER}),
        (off(repeat_callers=(Repeat(since=Since.CONNECTED),)), set()),
    ],
)
def test_only_rules_since_approved_calls_are_followed(
    terms: ChargeTerms, scopes: set[RepeatScope]
) -> None:
    assert followed([terms]) == scopes


@pytest.mark.parametrize(
    ("terms", "asks"),
    [
        (charge_terms(), False),
        (charge_terms(minimum_talk_seconds=0, steps=(a_step(),)), False),
        (charge_terms(minimum_talk_seconds=0, steps=(STEP,)), True),
        (off(disposition_missing=Missing(within_hours=1)), True),
        (off(disposition_rejected=Rejected(values=("spam",))), True),
        (off(review=Reviewed(within_hours=1)), True),
        (off(consent_withheld=Withheld(dispositions=("no",))), True),
        (off(consent_withheld=Withheld(question="ok", answers=("2",))), False),
    ],
)
def test_advertisers_are_asked_only_where_a_rule_looks_at_what_they_say(
    terms: ChargeTerms, asks: bool
) -> None:
    assert asks_what_is_said(terms) is asks
