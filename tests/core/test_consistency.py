"""The rules between the things of the catalog."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import Billing, State
from chalicelib.consistency import Thing, faults, overlapping, partnership_faults
from chalicelib.offers import PartnershipState
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
