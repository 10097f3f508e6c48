"""The rules between the things of the catalog."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import Billing, State
from chalicelib.channels.schemas import TargetBody
from chalicelib.consistency import (
    Thing,
    faults,
    partnership_faults,
)
from chalicelib.criteria import Filter, FilterTest
from chalicelib.offers import PartnershipState
from chalicelib.overlaps import overlapping
from chalicelib.store.catalog import thing_item
from chalicelib.store.codec import from_plain
from chalicelib.target_faults import MOST_FILTER_CHARACTERS, MOST_FILTER_VALUES
from chalicelib.times import Hours, OpenBlock
from tests import builders
from tests.builders import NOW


def said(thing: Thing, *named: Thing, before: Thing | None = None) -> set[tuple[str, str]]:
    found = {other.id: other for other in named}
    return {(fault.field, fault.rule) for fault in faults(thing, found, before)}


def block(weekday: int, opens: str, closes: str) -> OpenBlock:
    return OpenBlock(
        weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
    )


def test_a_thing_that_fits_what_it_names_has_no_fault() -> None:
    offer, publisher = builders.an_offer(), builders.a_publisher()
    placement = builders.a_placement()
    assert said(builders.a_campaign(), builders.an_advertiser()) == set()
    assert said(offer, builders.a_campaign()) == set()
    assert said(builders.a_number(), offer, publisher, placement) == set()


def test_every_reference_to_nothing_is_named() -> None:
    assert said(builders.a_number()) == {
        ("offer_id", "unknown_reference"),
        ("publisher_id", "unknown_reference"),
        ("placement_id", "unknown_reference"),
    }
    offer = builders.an_offer(campaign_ids=("cmp_1", "cmp_2"))
    assert said(offer, builders.a_campaign()) == {("campaign_ids.1", "unknown_reference")}


def test_an_archived_thing_can_stay_named_and_cannot_be_named_anew() -> None:
    campaign = builders.a_campaign()
    archived = builders.an_advertiser(state=State.ARCHIVED)
    assert said(campaign, archived) == {("advertiser_id", "archived_reference")}
    assert said(campaign, archived, before=campaign) == set()


def test_a_currency_never_changes_on_the_way_from_advertiser_to_publisher() -> None:
    euros = builders.an_advertiser(currency="EUR")
    assert said(builders.a_campaign(), euros) == {("advertiser_id", "currency_mismatch")}
    pounds = builders.a_publisher(currency="GBP")
    wrong = {("publisher_id", "currency_mismatch")}
    assert said(builders.a_partnership(), builders.an_offer(), pounds) == wrong


def test_a_campaign_competes_once_on_an_offer() -> None:
    offer = builders.an_offer(campaign_ids=("cmp_1", "cmp_1"))
    assert said(offer, builders.a_campaign()) == {("campaign_ids.1", "repeated")}


def test_a_prepaid_advertiser_has_no_credit_limit() -> None:
    limited = builders.an_advertiser(credit_limit_cents=1)
    assert said(limited) == {("credit_limit_cents", "prepaid")}
    assert said(builders.an_advertiser(billing=Billing.NET, credit_limit_cents=1)) == set()


def test_a_number_stands_on_a_placement_of_its_publisher_and_offer() -> None:
    elsewhere = builders.a_placement(offer_id="off_2")
    found = (builders.an_offer(), builders.a_publisher(), elsewhere)
    assert said(builders.a_number(), *found) == {("placement_id", "placement_mismatch")}


def test_a_number_needs_a_partnership_that_has_not_ended() -> None:
    number = builders.a_number()
    ended = builders.a_partnership(state=PartnershipState.ENDED)
    assert [fault.rule for fault in partnership_faults(number, None)] == ["no_partnership"]
    assert [fault.rule for fault in partnership_faults(number, ended)] == ["partnership_ended"]
    assert partnership_faults(number, builders.a_partnership()) == []


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("applied", "approved", True), ("applied", "ended", True), ("applied", "paused", False),
        ("approved", "paused", True), ("approved", "ended", True), ("approved", "applied", False),
        ("paused", "approved", True), ("paused", "ended", True), ("paused", "applied", False),
        ("ended", "applied", True), ("ended", "approved", False), ("ended", "paused", False),
        ("ended", "ended", True),
    ],
)  # fmt: skip
def test_a_partnership_lives_step_by_step(before: str, after: str, allowed: bool) -> None:
    was = builders.a_partnership(state=PartnershipState(before))
    becomes = builders.a_partnership(state=PartnershipState(after))
    wrong = said(becomes, builders.an_offer(), builders.a_publisher(), before=was)
    assert wrong == (set() if allowed else {("state", "transition")})


def test_a_partnership_does_not_begin_with_its_end() -> None:
    ended = builders.a_partnership(state=PartnershipState.ENDED)
    assert said(ended, builders.an_offer(), builders.a_publisher()) == {("state", "transition")}


def test_what_is_said_once_does_not_change() -> None:
    before = builders.an_advertiser()
    after = builders.an_advertiser(billing=Billing.NET, currency="EUR")
    assert said(after, before=before) == {("billing", "fixed"), ("currency", "fixed")}


def a_filter(attribute: str, test: str = "present", *values: str) -> Filter:
    return Filter(attribute=attribute, test=FilterTest(test), values=values)


def filters_of(values: int, length: int) -> tuple[Filter, ...]:
    """Filters of up to 500 values each, as an operator would have to spread so many."""
    left = [f"{number:0{length}d}" for number in range(values)]
    return tuple(
        a_filter("zip", "in", *left[first : first + 500]) for first in range(0, values, 500)
    )


def test_every_filter_of_a_target_asks_for_what_calls_have_and_can_be_judged() -> None:
    wrong = builders.a_target(
        filters=(
            a_filter("zip"), a_filter("colour"), a_filter("tag.colour"), a_filter("tag.Colour"),
            a_filter("caller", "matches", "("), a_filter("age", "greater", "old"),
        )
    )  # fmt: skip
    assert said(wrong, builders.a_campaign()) == {
        ("filters.1.attribute", "choice"), ("filters.3.attribute", "choice"),
        ("filters.4.values", "filter"),
        ("filters.5.attribute", "choice"), ("filters.5.values", "filter"),
    }  # fmt: skip


def test_an_attribute_that_no_call_has_is_answered_with_those_that_calls_have() -> None:
    target, campaign = builders.a_target(filters=(a_filter("colour"),)), builders.a_campaign()
    (fault,) = faults(target, {campaign.id: campaign})
    assert fault.reason == (
        "no call has the attribute colour; calls have caller, state, zip, area_code, number, "
        "offer_id, publisher_id, placement_id, line_type, line_carrier, caller_name, and tag.name "
        "for a tag of that name"
    )


def test_filters_that_stood_before_keep_no_target_from_being_changed() -> None:
    before = builders.a_target(filters=(a_filter("age"), a_filter("caller", "matches", "(")))
    paused = builders.a_target(filters=before.filters, state=State.PAUSED)
    assert said(paused, builders.a_campaign(), before=before) == set()
    fewer = builders.a_target(filters=before.filters[:1])
    assert said(fewer, builders.a_campaign(), before=before) == {("filters.0.attribute", "choice")}


@pytest.mark.parametrize(
    ("filters", "wrong"),
    [
        (filters_of(MOST_FILTER_VALUES, 5), 0),
        (filters_of(MOST_FILTER_VALUES + 1, 5), 1),
        (filters_of(MOST_FILTER_CHARACTERS // 100, 100), 0),
        (filters_of(MOST_FILTER_CHARACTERS // 100 + 1, 100), 1),
        (filters_of(25_000, 200), 2),
    ],
    ids=["all values", "one value more", "all characters", "more characters", "far too much"],
)
def test_all_filters_of_a_target_together_say_no_more_than_its_row_holds(
    filters: tuple[Filter, ...], wrong: int
) -> None:
    found = faults(builders.a_target(filters=filters), {"cmp_1": builders.a_campaign()})
    assert [(fault.field, fault.rule) for fault in found] == [("filters", "length")] * wrong


def largest_body() -> dict[str, Any]:
    """A target in which each field is as long as it may be, in letters that take the most room."""
    letter, days = "\U0001f600", [date(2026, 1, 1) + timedelta(days=n) for n in range(100)]
    full = {
        "states": ["CA"] * 70, "area_codes": ["415"] * 400, "zips": ["94103"] * 500,
    }  # fmt: skip
    times = [(f"{n * 2:02d}:00", f"{n * 2 + 1:02d}:59") for n in range(10)]
    dated = [{"opens": opens, "closes": closes} for opens, closes in times]
    per_filter, in_each = MOST_FILTER_VALUES // 50, MOST_FILTER_CHARACTERS // MOST_FILTER_VALUES
    return {
        "name": letter * 200,
        "destination": "sip:" + "a" * 100 + "@" + "b" * 150,
        "hours": {
            "zone": "America/Argentina/ComodRivadavia",
            "blocks": [block | {"weekday": day} for day in range(7) for block in dated],
            "exceptions": [{"date": day.isoformat(), "blocks": dated} for day in days],
        },
        "geography": full | {"exclude": full},
        "filters": [
            {"attribute": "tag." + "a" * 32, "test": "in", "negated": True,
             "values": [letter * in_each] * per_filter}
            for _ in range(50)
        ],
    }  # fmt: skip


def test_the_largest_target_that_is_taken_leaves_room_in_its_row_for_its_calls() -> None:
    said_whole = TargetBody.model_validate(largest_body()).model_dump(mode="json")
    born = {"id": "tgt_" + "0" * 26, "campaign_id": "cmp_" + "0" * 26}
    born["created_at"] = "2026-11-23T15:00:00.000Z"
    largest = from_plain(type(builders.a_target()), said_whole | born)
    campaign = builders.a_campaign(id=largest.campaign_id)
    assert said(largest, campaign) == set()
    row = sum(len(str(value).encode()) for value in thing_item(largest).values())
    assert 300_000 < row < 340_000, "of the 400 KB that DynamoDB takes"


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (block(0, "09:00", "12:00"), block(0, "12:00", "17:00"), False),
        (block(0, "09:00", "12:01"), block(0, "12:00", "17:00"), True),
        (block(0, "22:00", "02:00"), block(1, "01:00", "03:00"), True),
        (block(0, "22:00", "02:00"), block(1, "02:00", "03:00"), False),
        (block(6, "22:00", "02:00"), block(0, "01:59", "03:00"), True),
        (block(3, "08:00", "08:00"), block(4, "07:00", "07:30"), True),
    ],
)
def test_opening_hours_overlap_when_both_are_open_at_some_minute(
    one: OpenBlock, other: OpenBlock, overlap: bool
) -> None:
    assert overlapping([one, other]) == ([(0, 1)] if overlap else [])


clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
blocks = st.builds(OpenBlock, weekday=st.integers(0, 6), opens=clocks, closes=clocks)


@given(blocks, blocks)
def test_overlap_agrees_with_the_clock(one: OpenBlock, other: OpenBlock) -> None:
    from datetime import timedelta

    monday = NOW.replace(hour=0)
    quarters = (monday + timedelta(minutes=15 * n) for n in range(7 * 96))
    both = any(
        Hours(blocks=(one,)).open_at(moment) and Hours(blocks=(other,)).open_at(moment)
        for moment in quarters
    )
    assert bool(overlapping([one, other])) == both


def test_a_top_up_is_asked_for_below_a_balance_and_of_prepaid_advertisers_alone() -> None:
    asked = {"top_up_below_cents": 5_000, "top_up_cents": 10_000}
    assert said(builders.an_advertiser(**asked)) == set()
    for name in asked:
        lacking = builders.an_advertiser(**(asked | {name: None}))
        assert said(lacking) == {(name, "required")}
    on_terms = builders.an_advertiser(billing=Billing.NET, **asked)
    assert said(on_terms) == {(name, "net") for name in asked}


def test_a_threshold_is_for_those_on_terms_and_within_their_credit() -> None:
    on_terms = {"billing": Billing.NET, "credit_limit_cents": 5_000}
    assert said(builders.an_advertiser(bill_at_cents=5_000, **on_terms)) == set()
    beyond = builders.an_advertiser(bill_at_cents=5_001, **on_terms)
    assert said(beyond) == {("bill_at_cents", "range")}
    prepaid = builders.an_advertiser(billing=Billing.PREPAID, bill_at_cents=5_000)
    assert said(prepaid) == {("bill_at_cents", "prepaid")}
