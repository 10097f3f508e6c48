"""What is known of a line, for how long it counts, and what a carrier's answer tells."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import Call
from chalicelib.lines import KnownLine, Lookup, cost_of, kept_line, line_said
from chalicelib.offers import Offer
from chalicelib.store import codec
from tests.builders import NOW, a_call, a_line, a_lookup, an_offer

MOMENT = timedelta(milliseconds=1)
NOT_TEXT = st.none() | st.integers() | st.booleans() | st.lists(st.text()) | st.just({"type": "x"})


@pytest.mark.parametrize(
    ("lookup", "micros"),
    [
        (Lookup(), 8_000),
        (Lookup(caller_name=True), 18_000),
        (Lookup(caller_name=True, cost_micros=5_500), 5_500),
        (Lookup(cost_micros=0), 0),
    ],
)
def test_a_look_up_costs_what_the_offer_says_or_the_list_price(lookup: Lookup, micros: int) -> None:
    assert cost_of(lookup) == micros


def test_an_answer_counts_for_as_many_days_as_the_offer_says() -> None:
    lookup, line = Lookup(caller_name=True, keep_days=2), a_line()
    assert kept_line(lookup, line, NOW) == line
    assert kept_line(lookup, line, NOW + timedelta(days=2) - MOMENT) == line
    assert kept_line(lookup, line, NOW + timedelta(days=2)) is None
    assert kept_line(lookup, None, NOW) is None


def test_an_offer_that_wants_names_does_not_take_an_answer_to_which_none_was_asked() -> None:
    assert kept_line(Lookup(caller_name=True), a_line(with_name=False), NOW) is None
    nameless = a_line(caller_name=None)
    assert kept_line(Lookup(caller_name=True), nameless, NOW) == nameless


def test_an_offer_that_wants_no_names_learns_none_that_others_asked_for() -> None:
    kept = kept_line(Lookup(), a_line(), NOW)
    assert kept is not None
    assert (kept.line_type, kept.caller_name) == ("mobile", None)


def said(**facts: Any) -> KnownLine | None:
    return line_said(facts, with_name=True, now=NOW)


def test_what_a_carrier_says_is_known() -> None:
    assert a_line() == said(
        line_type=" mobile ", line_carrier="Example Wireless", caller_name="DOE JANE", country="US"
    )


@pytest.mark.parametrize("country", ["us", "USA", "", "U1", 1, None])
def test_what_is_no_code_of_a_country_names_none(country: object) -> None:
    line = said(line_type="mobile", country=country)
    assert line is not None
    assert line.country is None


def test_a_country_alone_tells_nothing_of_the_line() -> None:
    assert said(country="US") is None
    assert said(line_type="", line_carrier=" ", caller_name="x" * 101) is None


@given(NOT_TEXT, NOT_TEXT, NOT_TEXT)
def test_what_is_no_text_is_not_believed(line_type: Any, line_carrier: Any, name: Any) -> None:
    assert said(line_type=line_type, line_carrier=line_carrier, caller_name=name) is None
    line = said(line_type="mobile", line_carrier=line_carrier, caller_name=name)
    assert line is not None
    assert (line.line_carrier, line.caller_name) == (None, None)


def test_calls_and_offers_that_know_of_no_look_ups_still_read() -> None:
    for kind, thing in ((Call, a_call()), (Offer, an_offer())):
        older = codec.to_plain(thing)
        del older["lookup"]
        assert codec.from_plain(kind, older) == thing
    call = a_call(lookup=a_lookup())
    assert codec.from_json(Call, codec.to_json(call)) == call
