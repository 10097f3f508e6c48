"""Where numbers belong, and whose word about a caller's place counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import places
from chalicelib.places import (
    Area,
    AreaEvidence,
    AreaFact,
    AreaSource,
    NumberKind,
    Place,
    Provenance,
    kind_of,
    place_of,
)
from chalicelib.store.codec import from_plain, to_plain


def carrier(what: AreaFact, value: str) -> AreaEvidence:
    return AreaEvidence(
        what=what, value=value, source=AreaSource.CARRIER, provenance=Provenance.MEASURED
    )


def prefix(what: AreaFact, value: str) -> AreaEvidence:
    return AreaEvidence(
        what=what, value=value, source=AreaSource.PREFIX, provenance=Provenance.LOOKED_UP
    )


class TestNumbers:
    @pytest.mark.parametrize(
        ("number", "country", "state", "zones"),
        [
            ("+14155550100", "US", "CA", ("America/Los_Angeles",)),
            ("+13055550100", "US", "FL", ("America/New_York",)),
            ("+12083345550", "US", "ID", ("America/Denver",)),
            ("+12087465550", "US", "ID", ("America/Los_Angeles",)),
            ("+12707455550", "US", "KY", ("America/Chicago",)),
            ("+12707655550", "US", "KY", ("America/New_York",)),
            ("+12025550100", "US", "DC", ("America/New_York",)),
            ("+14165550100", "CA", "ON", ("America/Toronto",)),
            ("+17875550100", "PR", "PR", ("America/Puerto_Rico",)),
            ("+12425550100", "BS", None, ("America/Nassau",)),
        ],
    )
    def test_a_number_belongs_to_the_place_of_its_prefix(
        self, number: str, country: str, state: str | None, zones: tuple[str, ...]
    ) -> None:
        assert place_of(number) == Place(country=country, state=state, zones=zones)
        assert kind_of(number) is NumberKind.GEOGRAPHIC

    def test_one_area_code_of_two_provinces_needs_its_exchange(self) -> None:
        nova_scotia, unlisted = place_of("+19024205550"), place_of("+19025550100")
        assert nova_scotia is not None and unlisted is not None
        assert nova_scotia.state == "NS"
        assert (unlisted.state, unlisted.zones) == (None, ("America/Halifax",))

    @pytest.mark.parametrize(
        ("number", "kind"),
        [
            ("+18005550100", NumberKind.TOLL_FREE),
            ("+18335550100", NumberKind.TOLL_FREE),
            ("+19005550100", NumberKind.PREMIUM),
            ("+15005550100", NumberKind.NON_GEOGRAPHIC),
            ("+16005550100", NumberKind.NON_GEOGRAPHIC),
            ("+442071838750", NumberKind.FOREIGN),
            ("+5215512345678", NumberKind.FOREIGN),
            ("+12115550100", NumberKind.UNKNOWN),
            ("+14151550100", NumberKind.UNKNOWN),
            ("+1415555010", NumberKind.UNKNOWN),
            ("+1415555٠100", NumberKind.UNKNOWN),
            ("4155550100", NumberKind.UNKNOWN),
            ("", NumberKind.UNKNOWN),
        ],
    )
    def test_a_number_of_no_place_is_named_by_its_kind_and_never_guessed(
        self, number: str, kind: NumberKind
    ) -> None:
        assert place_of(number) is None
        assert kind_of(number) is kind
        assert places.prefix_evidence(number) == (prefix(AreaFact.KIND, kind.value),)

    @given(st.text(max_size=20) | st.from_regex(r"\+1[0-9]{10}", fullmatch=True))
    def test_any_text_has_a_kind_and_only_geographic_numbers_a_place(self, text: str) -> None:
        assert (place_of(text) is not None) == (kind_of(text) is NumberKind.GEOGRAPHIC)

    def test_the_area_code_of_every_north_american_number_is_known(self) -> None:
        assert places.area_code_of("+18005550100") == "800"
        assert places.area_code_of("+442071838750") is None
        assert places.area_code_of(None) is None


class TestEvidence:
    def test_a_number_tells_country_state_and_every_zone(self) -> None:
        assert places.prefix_evidence("+12085550100") == (
            prefix(AreaFact.COUNTRY, "US"),
            prefix(AreaFact.STATE, "ID"),
            prefix(AreaFact.ZONE, "America/Boise"),
            prefix(AreaFact.ZONE, "America/Los_Angeles"),
        )

    def test_the_most_trusted_source_that_knows_a_state_wins_and_the_other_is_kept(self) -> None:
        evidence = (prefix(AreaFact.STATE, "CA"), carrier(AreaFact.STATE, "NV"))
        area = Area.told_by(evidence, area_code="415")
        assert (area.state, area.source, area.area_code) == ("NV", "carrier", "415")
        assert area.evidence == evidence

    @pytest.mark.parametrize(
        "told",
        [
            (),
            (carrier(AreaFact.STATE, "ZZ"),),
            (carrier(AreaFact.STATE, "CALIFORNIA"),),
            (carrier(AreaFact.COUNTRY, "IT"), carrier(AreaFact.STATE, "NV")),
            (carrier(AreaFact.COUNTRY, "US"),),
        ],
    )
    def test_a_source_that_names_no_known_state_leaves_it_to_the_next(
        self, told: tuple[AreaEvidence, ...]
    ) -> None:
        area = Area.told_by((*told, prefix(AreaFact.STATE, "CA")), area_code=None)
        assert (area.state, area.source) == ("CA", "prefix")

    def test_a_zip_is_taken_from_whoever_knows_one(self) -> None:
        evidence = (carrier(AreaFact.ZIP, "94103"), prefix(AreaFact.STATE, "CA"))
        area = Area.told_by(evidence, area_code="415")
        assert (area.zip, area.state, area.source) == ("94103", "CA", "prefix")

    def test_what_the_caller_declared_on_a_visit_comes_before_what_is_measured(self) -> None:
        declared = places.visit_evidence("TX", None)
        evidence = (carrier(AreaFact.STATE, "NV"), carrier(AreaFact.ZIP, "89101"), *declared)
        area = Area.told_by(evidence, area_code="415")
        assert (area.state, area.zip, area.source) == ("TX", "89101", "visit")
        assert {one.provenance for one in declared} == {Provenance.DECLARED}
        assert places.visit_evidence(None, None) == ()

    def test_a_line_of_another_country_takes_the_state_from_its_carrier(self) -> None:
        came = Area.told_by((carrier(AreaFact.STATE, "AL"), prefix(AreaFact.STATE, "CA")), "415")
        area = came.looked_up("IT")
        assert (area.state, area.source, area.area_code) == ("CA", "prefix", "415")
        looked_up = [one for one in area.evidence if one.source is AreaSource.CARRIER]
        assert {(one.value, one.provenance.value) for one in looked_up} == {
            ("AL", "measured"), ("IT", "looked_up"),
        }  # fmt: skip

    def test_the_country_that_came_with_the_call_goes_before_that_of_the_line(self) -> None:
        evidence = (carrier(AreaFact.COUNTRY, "US"), carrier(AreaFact.STATE, "NV"))
        area = Area.told_by(evidence, "415").looked_up("IT")
        assert (area.state, area.source) == ("NV", "carrier")

    def test_without_evidence_the_place_is_unknown(self) -> None:
        assert Area.told_by((), area_code=None) == Area()

    @given(
        st.permutations(
            [
                carrier(AreaFact.STATE, "NV"),
                carrier(AreaFact.ZIP, "89101"),
                prefix(AreaFact.STATE, "CA"),
                prefix(AreaFact.COUNTRY, "US"),
            ]
        )
    )
    def test_the_order_in_which_evidence_is_heard_does_not_matter(
        self, evidence: list[AreaEvidence]
    ) -> None:
        area = Area.told_by(tuple(evidence), area_code="415")
        assert (area.state, area.zip, area.source) == ("NV", "89101", "carrier")

    def test_an_area_stored_before_evidence_was_kept_still_reads(self) -> None:
        stored = {"state": "CA", "zip": None, "area_code": "415", "source": "carrier"}
        area = from_plain(Area, stored)
        assert area == Area(state="CA", area_code="415", source="carrier")

    def test_evidence_comes_back_from_the_store_as_it_went(self) -> None:
        area = Area.told_by(places.prefix_evidence("+14155550100"), area_code="415")
        assert from_plain(Area, to_plain(area)) == area
        assert isinstance(from_plain(Area, to_plain(area)).evidence[0].source, AreaSource)
