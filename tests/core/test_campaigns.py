"""The catalog's own rules: who is inside a geography, whose terms hold."""

import pytest

from chalicelib.criteria import Geography
from chalicelib.eligibility import covers
from chalicelib.offers import earning_terms
from chalicelib.places import Area
from chalicelib.terms import EarningTerms
from tests.builders import a_partnership, an_offer

CALIFORNIA = Area(state="CA", area_code="415")
UNKNOWN = Area()


@pytest.mark.parametrize("area", [CALIFORNIA, UNKNOWN])
def test_a_geography_without_places_is_everywhere(area: Area) -> None:
    assert covers(Geography(), area)


@pytest.mark.parametrize(
    ("geography", "inside"),
    [
        (Geography(states=("CA",)), True),
        (Geography(states=("NV", "CA")), True),
        (Geography(states=("NV",)), False),
        (Geography(area_codes=("415",)), True),
        (Geography(area_codes=("212",)), False),
        (Geography(states=("NV",), area_codes=("415",)), True),
        (Geography(states=("CA",), area_codes=("212",)), True),
        (Geography(states=("NV",), area_codes=("212",)), False),
    ],
)
def test_a_caller_is_inside_by_state_or_by_area_code(geography: Geography, inside: bool) -> None:
    assert covers(geography, CALIFORNIA) is inside


@pytest.mark.parametrize("geography", [Geography(states=("CA",)), Geography(area_codes=("415",))])
def test_a_caller_of_unknown_place_is_inside_no_named_place(geography: Geography) -> None:
    assert not covers(geography, UNKNOWN)


def test_a_known_state_suffices_when_the_area_code_is_unknown() -> None:
    geography = Geography(states=("CA",), area_codes=("415",))
    assert covers(geography, Area(state="CA"))
    assert covers(geography, Area(area_code="415"))


def test_a_partnership_earns_on_its_own_terms_before_the_offers() -> None:
    offered, agreed = EarningTerms(earning_cents=1500), EarningTerms(earning_cents=1800)
    offer = an_offer(earning=offered)
    assert earning_terms(offer, a_partnership()) == offered
    assert earning_terms(offer, a_partnership(earning=agreed)) == agreed


def test_own_terms_of_nothing_are_terms() -> None:
    nothing = EarningTerms(earning_cents=0)
    assert earning_terms(an_offer(), a_partnership(earning=nothing)) == nothing
