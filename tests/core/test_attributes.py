"""What filters can ask of a call: its attributes by name, and its tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.attributes import ATTRIBUTES, LINE_ATTRIBUTES, attributes_of, can_have
from chalicelib.lines import CallLookup
from chalicelib.offers import TAG_NAME
from chalicelib.places import Area
from tests.builders import CALLER, TRACKING_NUMBER, a_call, a_line, a_lookup

TAGS = st.dictionaries(st.from_regex(TAG_NAME, fullmatch=True), st.text(max_size=5), max_size=5)


def test_a_call_of_which_all_is_known_has_every_attribute() -> None:
    known = attributes_of(a_call(lookup=a_lookup()))
    assert tuple(known) == ATTRIBUTES
    assert known == {
        "caller": CALLER, "state": "CA", "zip": "94103", "area_code": "415",
        "number": TRACKING_NUMBER, "offer_id": "off_1", "publisher_id": "pub_1",
        "placement_id": "plc_1", "line_type": "mobile", "line_carrier": "Example Wireless",
        "caller_name": "DOE JANE",
    }  # fmt: skip


@pytest.mark.parametrize("lookup", [None, a_lookup(line=None)])
def test_a_call_whose_line_nobody_knows_has_no_attribute_of_it(lookup: CallLookup | None) -> None:
    assert LINE_ATTRIBUTES.isdisjoint(attributes_of(a_call(lookup=lookup)))


def test_a_line_has_the_attributes_that_are_known_of_it() -> None:
    known = attributes_of(a_call(lookup=a_lookup(line=a_line(caller_name=None))))
    assert LINE_ATTRIBUTES & set(known) == {"line_type", "line_carrier"}


def test_what_is_not_known_of_a_call_is_not_there() -> None:
    anonymous = a_call(caller=None, area=Area(), placement_id=None)
    assert set(attributes_of(anonymous)) == {"number", "offer_id", "publisher_id"}


def test_tags_are_attributes_of_their_own() -> None:
    tagged = attributes_of(a_call(tags={"source": "radio", "caller": "me"}))
    assert (tagged["tag.source"], tagged["tag.caller"]) == ("radio", "me")
    assert tagged["caller"] == CALLER


@given(TAGS)
def test_every_attribute_of_a_call_is_one_that_calls_can_have(tags: dict[str, str]) -> None:
    found = attributes_of(a_call(tags=tags, lookup=a_lookup()))
    assert all(can_have(name) for name in found)
    assert len(found) == len(ATTRIBUTES) + len(tags)


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("zip", True), ("tag.zip", True), ("tag.a", True), ("tag." + "a" * 32, True),
        ("tag." + "a" * 33, False), ("tag.", False), ("tag", False), ("tag.1", False),
        ("tag.Source", False), ("tag.a.b", False), ("tag.a\n", False), ("source", False),
        ("Zip", False), ("", False),
    ],
)  # fmt: skip
def test_no_call_has_an_attribute_of_another_name(name: str, possible: bool) -> None:
    assert can_have(name) is possible
