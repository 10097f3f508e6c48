"""Which callers are wanted: geographies with what they exclude, filters over attributes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import eligibility
from chalicelib.criteria import Filter, FilterTest, Geography, Places, RouteByArea, passes
from chalicelib.criteria import value_fault as fault
from chalicelib.places import Area
from chalicelib.reasons import Reason
from tests.builders import (
    a_campaign,
    a_market,
    a_target,
    campaign_facts,
    charge_terms,
    target_facts,
)
from tests.core.deciding import decide, first_attempt

SAN_FRANCISCO = Area(state="CA", zip="94103", area_code="415")
UNKNOWN = Area()
CALIFORNIA, ELSEWHERE = Geography(states=("CA",)), Geography(states=("NV",))


class TestGeography:
    @pytest.mark.parametrize(
        ("geography", "known", "unknown"),
        [
            (Geography(), True, True),
            (Geography(zips=("94103",)), True, False),
            (Geography(zips=("94104",)), False, False),
            (Geography(states=("NV",), zips=("94103",)), True, False),
            (Geography(exclude=Places(states=("NV",))), True, True),
            (Geography(exclude=Places(states=("CA",))), False, True),
            (Geography(exclude=Places(area_codes=("415",))), False, True),
            (Geography(exclude=Places(zips=("94103",))), False, True),
            (Geography(states=("CA",), exclude=Places(zips=("94103",))), False, False),
            (Geography(states=("CA",), exclude=Places(area_codes=("213",))), True, False),
        ],
    )
    def test_a_caller_is_inside_of_what_is_named_and_outside_of_what_is_excluded(
        self, geography: Geography, known: bool, unknown: bool
    ) -> None:
        assert eligibility.covers(geography, SAN_FRANCISCO) is known
        assert eligibility.covers(geography, UNKNOWN) is unknown


class TestRoutingByArea:
    @pytest.mark.parametrize(
        ("campaigns", "own", "reason"),
        [
            (CALIFORNIA, None, None),
            (ELSEWHERE, None, Reason.OUT_OF_AREA),
            (ELSEWHERE, CALIFORNIA, None),
            (CALIFORNIA, ELSEWHERE, Reason.OUT_OF_AREA),
            (ELSEWHERE, Geography(), None),
        ],
        ids=[
            "inside the campaign's", "outside the campaign's", "inside the target's own",
            "outside the target's own", "the target's own is anywhere",
        ],
    )  # fmt: skip
    def test_a_caller_outside_is_not_routed_where_only_those_inside_are(
        self, campaigns: Geography, own: Geography | None, reason: Reason | None
    ) -> None:
        terms, target = charge_terms(geography=campaigns), a_target(geography=own)
        asked = a_campaign(terms=terms), target, SAN_FRANCISCO
        assert eligibility.out_of_area(*asked, RouteByArea.INSIDE_ONLY) is reason
        assert eligibility.out_of_area(*asked, RouteByArea.ANYWHERE) is None

    def test_the_decision_passes_over_who_does_not_want_callers_from_there(self) -> None:
        strict = a_campaign(
            terms=charge_terms(geography=CALIFORNIA), route_by_area=RouteByArea.INSIDE_ONLY
        )
        market = a_market(campaigns=(campaign_facts(campaign=strict),))
        assert decide(market, area=SAN_FRANCISCO).refusal is None
        assert decide(market, area=Area(state="NV")).refusal is Reason.OUT_OF_AREA
        assert decide(market).refusal is Reason.OUT_OF_AREA

    def test_the_call_is_judged_later_by_the_geography_that_routed_it(self) -> None:
        own = a_market(target_facts(geography=CALIFORNIA))
        assert first_attempt(own).charge.geography == CALIFORNIA
        campaigns = first_attempt(a_market()).charge
        assert campaigns == charge_terms()


def a_filter(test: str, *values: str, **more: Any) -> Filter:
    return Filter(attribute="tag", test=FilterTest(test), values=values, **more)


FILTERS = [
    (a_filter("equals", "roof"), "roof", True),
    (a_filter("equals", "roof"), "Roof", False),
    (a_filter("equals", "roof"), "roofing", False),
    (a_filter("in", "gutter", "roof"), "roof", True),
    (a_filter("in", "gutter", "roof"), "wall", False),
    (a_filter("contains", "oo"), "roof", True),
    (a_filter("contains", "x"), "roof", False),
    (a_filter("prefix", "ro"), "roof", True),
    (a_filter("prefix", "oo"), "roof", False),
    (a_filter("greater", "65"), "65", False),
    (a_filter("greater", "65"), "65.01", True),
    (a_filter("greater", "9"), "10", True),
    (a_filter("greater", "-1"), "0", True),
    (a_filter("less", "65"), "64.99", True),
    (a_filter("less", "65"), "65", False),
    (a_filter("less", "65"), "young", False),
    (a_filter("less", "65"), "nan", False),
    (a_filter("present"), "", True),
]


class TestFilters:
    @pytest.mark.parametrize(("one", "value", "passing"), FILTERS)
    def test_a_filter_tests_the_attribute_it_names(
        self, one: Filter, value: str, passing: bool
    ) -> None:
        assert passes(one, {"tag": value, "other": "x"}) is passing

    @pytest.mark.parametrize(
        "one", dict.fromkeys(one for one, _, _ in FILTERS), ids=lambda one: one.test
    )
    def test_an_attribute_that_is_not_there_passes_no_filter(self, one: Filter) -> None:
        assert not passes(one, {"other": "roof"})

    @given(st.sampled_from(FilterTest), st.text(max_size=5), st.none() | st.text(max_size=5))
    def test_a_negated_filter_passes_exactly_what_the_filter_does_not(
        self, test: FilterTest, value: str, found: str | None
    ) -> None:
        attributes = {} if found is None else {"tag": found}
        plain, negated = a_filter(test, value), a_filter(test, value, negated=True)
        assert passes(plain, attributes) is not passes(negated, attributes)

    def test_every_filter_of_a_target_must_pass(self) -> None:
        target = a_target(filters=(a_filter("prefix", "ro"), a_filter("contains", "of")))
        table = [("roof", None), ("root", Reason.FILTERED), ("hoof", Reason.FILTERED)]
        for value, reason in table:
            assert eligibility.filtered(target, {"tag": value}) is reason
        assert eligibility.filtered(a_target(), {}) is None

    def test_the_decision_passes_over_who_does_not_want_such_calls(self) -> None:
        market = a_market(target_facts(filters=(a_filter("equals", "roof"),)))
        assert decide(market, attributes={"tag": "roof"}).refusal is None
        assert decide(market, attributes={"tag": "wall"}).refusal is Reason.FILTERED
        assert decide(market).refusal is Reason.FILTERED

    @pytest.mark.parametrize(
        ("one", "fault_is"),
        [
            (a_filter("present"), None),
            (a_filter("present", "x"), "present takes no value"),
            (a_filter("in"), "in takes at least one value"),
            (a_filter("in", "x"), None),
            (a_filter("equals"), "equals takes exactly one value"),
            (a_filter("prefix", "x", "y"), "prefix takes exactly one value"),
            (a_filter("greater", "many"), "greater takes a decimal number"),
            (a_filter("less", "-1.5"), None),
            (a_filter("less", "1e5"), "less takes a decimal number"),
        ],
    )
    def test_a_filter_has_the_values_that_its_test_takes(
        self, one: Filter, fault_is: str | None
    ) -> None:
        assert fault(one) == fault_is
