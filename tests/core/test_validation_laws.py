"""What holds of every verdict, whatever the terms and whatever the facts."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar, cast

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.call_facts import CallFacts
from chalicelib.findings import Outcome
from chalicelib.places import Area
from chalicelib.store import codec
from chalicelib.terms import ChargeTerms, EarningTerms
from chalicelib.terms_faults import ladder_faults
from chalicelib.validation import Standing, Verdict, judge
from tests.builders import NOW
from tests.core.judging import CHARGES, EARNINGS, facts_of_a_call

T = TypeVar("T", ChargeTerms, EarningTerms)
FACTS = facts_of_a_call()
LATER = st.integers(0, 90).map(lambda hours: NOW + timedelta(hours=hours))


LONGEST = 1200
PLAIN = facts_of_a_call(
    offered=True,
    talk_seconds=400,
    area=Area(state="CA"),
    anonymous=False,
    blocked_by=None,
    earlier=(),
    earning_stopped=None,
)
SOUND_CHARGES = CHARGES.map(lambda terms: sound(replace(terms, charge_cents=100_000)))
SOUND_EARNINGS = EARNINGS.map(lambda terms: sound(replace(terms, earning_cents=100_000)))


def sound(terms: T) -> T:
    """The terms with those of their steps, from the lowest up, with which they may be saved."""
    kept: Any = replace(terms, steps=(), minimum_talk_seconds=0)
    for number, step in enumerate(terms.steps):
        more = replace(kept, steps=(*kept.steps, replace(step, name=f"step {number}")))
        kept = kept if ladder_faults(more, LONGEST) else more
    return cast(T, kept if kept.steps else terms)


def known_by(now: datetime, facts: CallFacts) -> CallFacts:
    """The facts without the dispositions and reviews that have yet to come."""
    return replace(
        facts,
        dispositions=tuple(one for one in facts.dispositions if one.received_at <= now),
        reviews=tuple(one for one in facts.reviews if one.decided_at <= now),
    )


@given(FACTS, CHARGES, EARNINGS, LATER, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(
    facts: CallFacts, charge: ChargeTerms, earning: EarningTerms, now: datetime, dice: Random
) -> None:
    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dice.sample(items, len(items)))

    other = replace(
        facts,
        dispositions=shuffled(facts.dispositions),
        postbacks=shuffled(facts.postbacks),
        reviews=shuffled(facts.reviews),
        earlier=shuffled(facts.earlier),
    )
    assert judge(other, charge, earning, now=now) == judge(facts, charge, earning, now=now)


@given(FACTS, SOUND_CHARGES, SOUND_EARNINGS, LATER, st.integers(0, 300))
def test_more_talk_never_loses_a_charge_or_an_earning(
    facts: CallFacts, charge: ChargeTerms, earning: EarningTerms, now: datetime, more: int
) -> None:
    less = judge(facts, charge, earning, now=now)
    longer_facts = replace(facts, talk_seconds=facts.talk_seconds + more)
    longer = judge(longer_facts, charge, earning, now=now)
    assert longer.charge_most_cents >= less.charge_most_cents
    assert longer.earning_most_cents >= less.earning_most_cents
    if less.charge_standing is Standing.APPROVED:
        assert longer.charge_standing is not Standing.DENIED


@given(FACTS, CHARGES, EARNINGS, LATER)
def test_a_verdict_is_a_function_of_kept_facts_and_terms_alone(
    facts: CallFacts, charge: ChargeTerms, earning: EarningTerms, now: datetime
) -> None:
    verdict = judge(facts, charge, earning, now=now)
    again = judge(
        codec.from_json(CallFacts, codec.to_json(facts)),
        codec.from_json(ChargeTerms, codec.to_json(charge)),
        codec.from_json(EarningTerms, codec.to_json(earning)),
        now=now,
    )
    assert again == verdict
    assert codec.from_json(Verdict, codec.to_json(verdict)) == verdict


@given(FACTS, CHARGES, EARNINGS, LATER, st.integers(0, 10_000))
def test_what_is_decided_stays_decided_however_much_time_goes_by(
    facts: CallFacts, charge: ChargeTerms, earning: EarningTerms, now: datetime, hours: int
) -> None:
    facts = known_by(now, facts)
    verdict = judge(facts, charge, earning, now=now)
    later = judge(facts, charge, earning, now=now + timedelta(hours=hours))
    for side in ("charge", "earning"):
        stood = getattr(verdict, f"{side}_standing")
        if stood is not Standing.PENDING:
            assert getattr(later, f"{side}_standing") is stood
            assert getattr(later, f"{side}_cents") == getattr(verdict, f"{side}_cents")


@given(FACTS, CHARGES, EARNINGS)
def test_every_wait_ends(facts: CallFacts, charge: ChargeTerms, earning: EarningTerms) -> None:
    now = NOW
    for _ in range(20):
        verdict = judge(facts, charge, earning, now=now)
        if verdict.waits_until is None:
            break
        assert verdict.waits_until >= now
        now = verdict.waits_until + timedelta(microseconds=1)
    assert verdict.standing is not Standing.PENDING


@given(PLAIN, CHARGES, EARNINGS, LATER)
def test_what_is_held_is_enough_for_whatever_may_still_come(
    facts: CallFacts,
    charge: ChargeTerms,
    earning: EarningTerms,
    now: datetime,
) -> None:
    before = judge(known_by(now, facts), charge, earning, now=now)
    if before.standing is not Standing.PENDING:
        return
    after = judge(facts, charge, earning, now=now + timedelta(hours=80))
    assert after.charge_cents <= before.charge_most_cents
    assert after.earning_cents <= before.earning_most_cents


@given(FACTS, CHARGES, EARNINGS, LATER)
def test_nobody_earns_on_what_nobody_owes(
    facts: CallFacts, charge: ChargeTerms, earning: EarningTerms, now: datetime
) -> None:
    verdict = judge(facts, charge, earning, now=now)
    assert verdict.charge_cents <= verdict.charge_most_cents <= charge.charge_cents
    assert verdict.earning_cents <= verdict.earning_most_cents <= earning.earning_cents
    if verdict.charge_standing is not Standing.APPROVED:
        assert (verdict.charge_cents, verdict.earning_cents) == (0, 0)
    if verdict.charge_standing is Standing.DENIED:
        assert verdict.earning_standing is Standing.DENIED
        assert verdict.reasons


@given(FACTS, CHARGES, EARNINGS, EARNINGS, LATER)
def test_the_publishers_terms_never_touch_the_charge(
    facts: CallFacts,
    charge: ChargeTerms,
    earning: EarningTerms,
    other: EarningTerms,
    now: datetime,
) -> None:
    one, two = (judge(facts, charge, terms, now=now) for terms in (earning, other))
    assert (one.charge, one.charge_cents) == (two.charge, two.charge_cents)


@given(FACTS, CHARGES, EARNINGS, LATER)
def test_every_finding_says_what_it_saw_and_what_it_asked_for(
    facts: CallFacts, charge: ChargeTerms, earning: EarningTerms, now: datetime
) -> None:
    verdict = judge(facts, charge, earning, now=now)
    for one in (*verdict.charge, *verdict.earning):
        assert one.saw and one.asked and one.source
        assert (one.denial is None) or one.outcome is Outcome.FAIL
        assert (one.until is None) or one.outcome is Outcome.WAITING
