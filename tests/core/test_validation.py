"""Whether a call counts: every rule at its boundary, and both sides judged apart."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.call_facts import EarlierCall
from chalicelib.calls import Attempt
from chalicelib.criteria import Geography, Places
from chalicelib.findings import MEANING, Denial, Rule
from chalicelib.places import Area
from chalicelib.terms import EarningTerms, RepeatScope, Since
from chalicelib.validation import Verdict, judge
from tests.builders import NOW, an_attempt, call_facts, charge_terms

CALIFORNIA = Area(state="CA", area_code="415", source="carrier")
TICK = timedelta(microseconds=1)


def verdict(
    attempt: Attempt | None = None,
    *,
    talk_seconds: int = 90,
    area: Area = CALIFORNIA,
    last_approved_at: datetime | None = None,
) -> Verdict:
    """The verdict on a call that meets every rule, but for what is given."""
    terms = attempt or an_attempt()
    earlier = EarlierCall(
        scope=RepeatScope.CAMPAIGN,
        since=Since.APPROVED,
        call_id="call_0",
        arrived_at=last_approved_at or NOW,
    )
    facts = call_facts(
        talk_seconds=talk_seconds, area=area, earlier=(earlier,) if last_approved_at else ()
    )
    return judge(facts, terms.charge, terms.earning, now=NOW)


class TestApproval:
    def test_a_call_that_meets_every_rule_is_charged_and_earns(self) -> None:
        judged = verdict()
        assert judged.approved
        assert (judged.charge_cents, judged.earning_cents) == (2500, 1500)
        assert judged.reasons == ()

    def test_every_rule_tells_what_it_saw_even_when_all_is_well(self) -> None:
        judged = verdict()
        assert [finding.rule for finding in judged.charge] == [
            Rule.CONNECTED,
            Rule.MINIMUM_TALK,
            Rule.CALLER_AREA,
            Rule.REPEAT_CALLER,
        ]
        assert [finding.rule for finding in judged.earning] == [
            Rule.CONNECTED,
            Rule.MINIMUM_TALK,
            Rule.CHARGED,
        ]
        assert all(finding.saw and finding.asked for finding in judged.charge + judged.earning)

    def test_all_that_fails_is_told_at_once_in_the_order_of_the_rules(self) -> None:
        terms = charge_terms(repeat_days=30, geography=Geography(states=("NV",)))
        judged = verdict(an_attempt(charge=terms), talk_seconds=1, last_approved_at=NOW)
        assert judged.reasons == ("too_short", "out_of_area", "repeat_caller")
        assert (judged.charge_cents, judged.earning_cents) == (0, 0)

    def test_every_denial_has_a_meaning_for_people(self) -> None:
        assert set(MEANING) >= set(Denial)


class TestConnected:
    def test_a_call_that_was_never_offered_was_abandoned(self) -> None:
        judged = judge(call_facts(offered=False), None, None, now=NOW)
        assert not judged.approved
        assert judged.reasons == ("abandoned",)
        assert (judged.charge_cents, judged.earning_cents) == (0, 0)

    def test_without_a_conversation_nothing_else_is_judged(self) -> None:
        judged = verdict(talk_seconds=0, area=Area(), last_approved_at=NOW)
        assert judged.reasons == ("not_connected",)
        assert [finding.rule for finding in judged.charge] == [Rule.CONNECTED]
        assert judged.earning == judged.charge

    @pytest.mark.parametrize(("talk_seconds", "approved"), [(0, False), (1, True)])
    def test_a_second_of_talk_is_a_conversation(self, talk_seconds: int, approved: bool) -> None:
        without_minimum = an_attempt(charge=charge_terms(minimum_talk_seconds=0))
        assert verdict(without_minimum, talk_seconds=talk_seconds).approved is approved


class TestMinimumTalk:
    @pytest.mark.parametrize(("talk_seconds", "approved"), [(59, False), (60, True), (61, True)])
    def test_exactly_the_minimum_is_enough(self, talk_seconds: int, approved: bool) -> None:
        judged = verdict(talk_seconds=talk_seconds)
        assert judged.approved is approved
        assert judged.reasons == (() if approved else ("too_short",))

    @pytest.mark.parametrize(
        ("talk_seconds", "charge", "earning"), [(89, 2500, 0), (90, 2500, 1500), (59, 0, 0)]
    )
    def test_a_publishers_longer_minimum_keeps_the_charge_and_denies_the_earning(
        self, talk_seconds: int, charge: int, earning: int
    ) -> None:
        terms = EarningTerms(earning_cents=1500, minimum_talk_seconds=90)
        judged = verdict(an_attempt(earning=terms), talk_seconds=talk_seconds)
        assert (judged.charge_cents, judged.earning_cents) == (charge, earning)

    @pytest.mark.parametrize("own", [0, 30])
    def test_a_publishers_shorter_minimum_earns_nothing_without_a_charge(self, own: int) -> None:
        terms = EarningTerms(earning_cents=1500, minimum_talk_seconds=own)
        judged = verdict(an_attempt(earning=terms), talk_seconds=45)
        assert judged.earning_cents == 0
        assert [f.denial for f in judged.earning] == [None, None, Denial.NOT_CHARGED]


class TestCallerArea:
    @pytest.mark.parametrize(
        ("area", "approved"),
        [
            (CALIFORNIA, True),
            (Area(area_code="415"), True),
            (Area(state="NV", area_code="702"), False),
            (Area(), False),
        ],
    )
    def test_a_caller_from_elsewhere_is_denied(self, area: Area, approved: bool) -> None:
        geography = Geography(states=("CA",), area_codes=("415",))
        judged = verdict(an_attempt(charge=charge_terms(geography=geography)), area=area)
        assert judged.approved is approved
        assert judged.reasons == (() if approved else ("out_of_area",))

    def test_the_verdict_says_who_placed_the_caller(self) -> None:
        saw = verdict().charge[2].saw
        assert saw == "state CA, area code 415, told by carrier"

    def test_the_verdict_says_which_places_were_asked_for(self) -> None:
        geography = Geography(states=("CA", "NV"), area_codes=("415",))
        narrow = verdict(an_attempt(charge=charge_terms(geography=geography)))
        assert narrow.charge[2].asked == "CA or NV or 415"
        assert verdict().charge[2].asked == "anywhere"

    def test_the_verdict_says_which_places_were_excluded(self) -> None:
        geography = Geography(states=("CA",), exclude=Places(zips=("94103", "94104")))
        attempt = an_attempt(charge=charge_terms(geography=geography))
        judged = verdict(attempt, area=replace(CALIFORNIA, zip="94103"))
        seen = judged.charge[2]
        assert seen.saw == "state CA, area code 415, ZIP 94103, told by carrier"
        assert seen.asked == "CA, but not 94103 or 94104"
        assert judged.reasons == ("out_of_area",)

    def test_an_unknown_place_is_shown_as_unknown(self) -> None:
        assert verdict(area=Area()).charge[2].saw == "state ?, area code ?, told by prefix"


class TestRepeatCaller:
    def judged(self, days: int, apart: timedelta) -> Verdict:
        attempt = an_attempt(charge=charge_terms(repeat_days=days))
        return verdict(attempt, last_approved_at=NOW - apart)

    @pytest.mark.parametrize(
        ("apart", "approved"),
        [
            (timedelta(0), False),
            (timedelta(days=30) - TICK, False),
            (timedelta(days=30), True),
            (timedelta(days=30) + TICK, True),
        ],
    )
    def test_the_window_ends_whole_days_after_the_earlier_call(
        self, apart: timedelta, approved: bool
    ) -> None:
        judged = self.judged(30, apart)
        assert judged.approved is approved
        assert judged.reasons == (() if approved else ("repeat_caller",))

    def test_a_call_judged_out_of_order_is_still_a_repetition(self) -> None:
        assert not self.judged(30, -timedelta(days=1)).approved

    def test_without_a_window_a_caller_counts_again_at_once(self) -> None:
        assert self.judged(0, timedelta(0)).approved

    def test_a_first_call_is_no_repetition(self) -> None:
        assert verdict(an_attempt(charge=charge_terms(repeat_days=30))).approved


ATTEMPTS = st.builds(
    lambda charge, earning: an_attempt(charge=charge, earning=earning),
    st.builds(
        charge_terms,
        charge_cents=st.integers(0, 100_000),
        minimum_talk_seconds=st.integers(0, 300),
        repeat_days=st.integers(0, 60),
        geography=st.sampled_from([Geography(), Geography(states=("CA",))]),
    ),
    st.builds(
        EarningTerms,
        earning_cents=st.integers(0, 100_000),
        minimum_talk_seconds=st.none() | st.integers(0, 300),
    ),
)
AREAS = st.sampled_from([CALIFORNIA, Area(), Area(state="NV")])
EARLIER = st.none() | st.integers(0, 90).map(lambda days: NOW - timedelta(days=days))


@given(ATTEMPTS, AREAS, EARLIER, st.integers(0, 400), st.integers(0, 400))
def test_more_talk_never_loses_a_charge_or_an_earning(
    attempt: Attempt, area: Area, earlier: datetime | None, talk: int, more: int
) -> None:
    less = verdict(attempt, talk_seconds=talk, area=area, last_approved_at=earlier)
    longer = verdict(attempt, talk_seconds=talk + more, area=area, last_approved_at=earlier)
    assert longer.approved or not less.approved
    assert longer.charge_cents >= less.charge_cents
    assert longer.earning_cents >= less.earning_cents


@given(ATTEMPTS, AREAS, EARLIER, st.integers(0, 400))
def test_nobody_earns_on_what_nobody_owes(
    attempt: Attempt, area: Area, earlier: datetime | None, talk: int
) -> None:
    judged = verdict(attempt, talk_seconds=talk, area=area, last_approved_at=earlier)
    assert judged.charge_cents == (attempt.charge.charge_cents if judged.approved else 0)
    assert judged.approved == (not judged.reasons)
    if not judged.approved:
        assert judged.earning_cents == 0


@given(ATTEMPTS, AREAS, EARLIER, st.integers(0, 400))
def test_the_publishers_terms_never_touch_the_charge(
    attempt: Attempt, area: Area, earlier: datetime | None, talk: int
) -> None:
    other = replace(attempt, earning=EarningTerms(earning_cents=1, minimum_talk_seconds=999))
    one = verdict(attempt, talk_seconds=talk, area=area, last_approved_at=earlier)
    two = verdict(other, talk_seconds=talk, area=area, last_approved_at=earlier)
    assert one.charge == two.charge
    assert one.charge_cents == two.charge_cents
