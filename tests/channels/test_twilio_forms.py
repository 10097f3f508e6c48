"""What Twilio's fields say of where a caller is."""

import pytest

from chalicelib.channels import schemas_calls
from chalicelib.channels.api_calls import call_view
from chalicelib.channels.twilio_forms import arrival
from chalicelib.places import Area, AreaFact, AreaSource, Provenance
from tests import builders

CALIFORNIAN = "+14155550100"


def area_of(caller: str, **fields: str) -> Area:
    form = {"CallSid": "CA1", "From": caller, "To": "+18005550100"} | fields
    return arrival(form, "hash-key").area


def words(area: Area) -> set[tuple[str, str, str]]:
    return {(one.source.value, one.what.value, one.value) for one in area.evidence}


def test_the_carriers_state_counts_and_both_words_are_kept() -> None:
    area = area_of(CALIFORNIAN, FromState="NV", FromZip="89101", FromCountry="US")
    assert (area.state, area.zip, area.area_code) == ("NV", "89101", "415")
    assert area.source == "carrier"
    assert words(area) == {
        ("carrier", "country", "US"),
        ("carrier", "state", "NV"),
        ("carrier", "zip", "89101"),
        ("prefix", "country", "US"),
        ("prefix", "state", "CA"),
        ("prefix", "zone", "America/Los_Angeles"),
    }


def test_every_piece_of_evidence_says_how_it_was_come_by() -> None:
    area = area_of(CALIFORNIAN, FromState="NV")
    assert {(one.source, one.provenance) for one in area.evidence} == {
        (AreaSource.CARRIER, Provenance.MEASURED),
        (AreaSource.PREFIX, Provenance.LOOKED_UP),
    }


@pytest.mark.parametrize("told", [{}, {"FromState": ""}, {"FromState": "??", "FromCountry": "US"}])
def test_without_a_state_of_the_carrier_the_prefix_counts(told: dict[str, str]) -> None:
    area = area_of(CALIFORNIAN, **told)
    assert (area.state, area.source) == ("CA", "prefix")


def test_a_state_in_small_letters_is_the_same_state() -> None:
    area = area_of("+14165550100", FromState="on", FromCountry="ca")
    assert (area.state, area.source) == ("ON", "carrier")


def test_a_foreign_caller_has_no_state_whatever_the_carrier_calls_its_region() -> None:
    area = area_of("+390612345678", FromState="AL", FromCountry="IT")
    assert (area.state, area.area_code) == (None, None)
    assert ("prefix", "kind", "foreign") in words(area)
    assert ("carrier", "state", "AL") in words(area)


def test_a_toll_free_caller_is_not_placed() -> None:
    area = area_of("+18335550100")
    assert (area.state, area.area_code) == (None, "833")
    assert [(one.what, one.value) for one in area.evidence] == [(AreaFact.KIND, "toll_free")]


@pytest.mark.parametrize("withheld", ["anonymous", "+266696687", ""])
def test_a_withheld_number_says_nothing_of_a_place(withheld: str) -> None:
    assert area_of(withheld) == Area()


def test_the_api_shows_the_evidence_beside_the_area() -> None:
    area = area_of(CALIFORNIAN, FromState="NV")
    shown = call_view(builders.a_call(area=area))
    schemas_calls.CallView.model_validate(shown)
    assert (shown["area"]["state"], shown["area"]["source"]) == ("NV", "carrier")
    assert shown["area"]["evidence"][0] == {
        "what": "state", "value": "NV", "source": "carrier", "provenance": "measured",
    }  # fmt: skip
    assert len(shown["area"]["evidence"]) == len(area.evidence)
