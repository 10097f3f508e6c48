"""What a pending call may still come to: enough is held for whatever another word may change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.call_facts import CallFacts
from chalicelib.reviews import ReviewDecision
from chalicelib.terms import (
    ChargeTerms,
    Disqualifiers,
    EarningTerms,
    Otherwise,
    Pay,
    PayKind,
    Rejected,
    Reviewed,
    Step,
    StepTest,
)
from chalicelib.validation import Standing, Verdict, judge
from tests.builders import NOW, a_disposition, a_postback, a_review, call_facts, charge_terms

ANSWERED = Step(name="answered", test=StepTest.ANSWERED, pays=Pay(cents=500))
SOLD = Step(
    name="sold", test=StepTest.DISPOSITION, values=("sold",), within_hours=4, pays=Pay(cents=2500)
)
CHARGE = charge_terms(minimum_talk_seconds=0, steps=(ANSWERED, SOLD))
REVIEWED = Reviewed(within_hours=48, otherwise=Otherwise.APPROVE)
AFTER_REVIEW = EarningTerms(earning_cents=1500, disqualifiers=Disqualifiers(review=REVIEWED))
HALF = Pay(kind=PayKind.SHARE_OF_CHARGE, basis_points=5_000)
HALF_AFTER_REVIEW = replace(
    AFTER_REVIEW, steps=(Step(name="half", test=StepTest.ANSWERED, pays=HALF),)
)


def judged(
    facts: CallFacts,
    charge: ChargeTerms = CHARGE,
    earning: EarningTerms = AFTER_REVIEW,
    *,
    hours: int = 0,
) -> Verdict:
    return judge(facts, charge, earning, now=NOW + timedelta(hours=hours))


def said(*values: str) -> CallFacts:
    """A call of which the advertiser has said these, an hour apart."""
    return call_facts(
        dispositions=tuple(
            a_disposition(value, id=f"dsp_{hour}", at=moment, received_at=moment)
            for hour, value in enumerate(values)
            for moment in (NOW + timedelta(hours=hour),)
        )
    )


def test_a_charge_that_another_disposition_may_raise_is_held_in_full_while_the_call_is_open() -> (
    None
):
    before = judged(said("lost"))
    assert before.standing is Standing.PENDING
    assert (before.charge_cents, before.charge_most_cents) == (500, 2500)
    assert judged(said("lost", "sold"), hours=50).charge_cents == 2500


def test_after_the_deadline_of_its_disposition_a_charge_is_what_it_is() -> None:
    assert judged(said("lost"), hours=5).charge_most_cents == 500


def test_a_decided_call_holds_what_it_costs() -> None:
    decided = judged(said("lost"), earning=EarningTerms(earning_cents=1500))
    assert decided.standing is Standing.APPROVED
    assert (decided.charge_cents, decided.charge_most_cents) == (500, 500)


def test_a_share_of_a_charge_that_may_rise_may_rise_with_it() -> None:
    before = judged(said("lost"), earning=HALF_AFTER_REVIEW)
    assert (before.charge_most_cents, before.earning_most_cents) == (2500, 1250)
    after = judged(said("lost", "sold"), earning=HALF_AFTER_REVIEW, hours=50)
    assert (after.charge_cents, after.earning_cents) == (2500, 1250)
    assert judged(said("lost"), earning=HALF_AFTER_REVIEW, hours=50).earning_cents == 250


def test_a_larger_conversion_may_raise_a_share_of_it() -> None:
    shared = Step(
        name="converted", test=StepTest.POSTBACK, within_hours=4,
        pays=Pay(kind=PayKind.SHARE_OF_POSTBACK, basis_points=1_000, ceiling_cents=2_000),
    )  # fmt: skip
    facts = call_facts(postbacks=(a_postback(amount_cents=5_000),))
    terms = charge_terms(minimum_talk_seconds=0, steps=(shared,))
    before = judged(facts, terms)
    assert (before.charge_cents, before.charge_most_cents) == (500, 2000)
    assert judged(facts, terms, hours=5).charge_most_cents == 500


@pytest.mark.parametrize(
    ("facts", "disqualifiers", "most"),
    [
        (
            said("spam"),
            Disqualifiers(disposition_rejected=Rejected(values=("spam",), within_hours=4)),
            1500,
        ),
        (
            call_facts(reviews=(a_review(decision=ReviewDecision.DENY),)),
            Disqualifiers(review=REVIEWED),
            1500,
        ),
        (call_facts(blocked_by="operator"), Disqualifiers(blocked_caller=True), 0),
    ],
    ids=["rejected", "denied in review", "blocked"],
)
def test_a_denied_earning_may_come_back_only_by_another_word(
    facts: CallFacts, disqualifiers: Disqualifiers, most: int
) -> None:
    waiting = Step(name="converted", test=StepTest.POSTBACK, within_hours=4, pays=Pay(cents=2500))
    verdict = judged(
        facts,
        charge_terms(minimum_talk_seconds=0, steps=(waiting,)),
        EarningTerms(earning_cents=1500, disqualifiers=disqualifiers),
    )
    assert (verdict.standing, verdict.earning_standing) == (Standing.PENDING, Standing.DENIED)
    assert verdict.earning_most_cents == most
