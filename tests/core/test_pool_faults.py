"""What a pool and a site may not say, every fault at once."""

from typing import Any

import pytest

from chalicelib.campaigns import State
from chalicelib.numbers import SearchKind
from chalicelib.offers import Slot
from chalicelib.pool_faults import pool_faults, site_faults
from chalicelib.pools import Overflow, Swap
from tests import builders
from tests.flows.pooling import a_pool, a_site

E164 = builders.TRACKING_NUMBER


def faults_of(*, number: dict[str, Any] | None = None, **said: Any) -> set[tuple[str, str]]:
    pool = a_pool(offer_id="off_1", publisher_id="pub_1", **said)
    numbers = {} if number is None else {E164: builders.a_number(**number)}
    return {(fault.field, fault.rule) for fault in pool_faults(pool, numbers)}


def of_a_site(*, number: dict[str, Any] | None = None, **said: Any) -> set[tuple[str, str]]:
    numbers = {} if number is None else {E164: builders.a_number(**number)}
    pools = {
        "pool_1": a_pool(publisher_id="pub_1"), "pool_2": a_pool(id="pool_2", publisher_id="pub_2"),
    }  # fmt: skip
    found = site_faults(a_site(**said), pools, numbers)
    return {(fault.field, fault.rule) for fault in found}


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({}, set()),
        ({"hold_seconds": 600, "max_lease_seconds": 600}, set()),
        ({"hold_seconds": 601, "max_lease_seconds": 600}, {("hold_seconds", "order")}),
        ({"minimum_numbers": 51, "reserve": 60},
         {("minimum_numbers", "order"), ("reserve", "order")}),
        ({"area_codes": ("415", "212")}, set()),
        ({"area_codes": ("415", "800", "999", "415")},
         {("area_codes.1", "choice"), ("area_codes.2", "choice"), ("area_codes.3", "repeated")}),
        ({"kind": SearchKind.TOLL_FREE, "area_codes": ("415",), "near_visitor": True},
         {("area_codes", "exclusive"), ("near_visitor", "exclusive")}),
        ({"overflow": Overflow.FALLBACK_NUMBER}, {("fallback_e164", "required")}),
        ({"overflow": Overflow.FALLBACK_NUMBER, "hold_seconds": 601, "max_lease_seconds": 600},
         {("fallback_e164", "required"), ("hold_seconds", "order")}),
    ],
)  # fmt: skip
def test_a_pool_holds_together(said: dict[str, Any], faults: set[tuple[str, str]]) -> None:
    assert faults_of(**said) == faults


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ({}, None),
        (None, "unknown_reference"),
        ({"publisher_id": "pub_2"}, "unknown_reference"),
        ({"offer_id": "off_2"}, "offer_mismatch"),
        ({"state": State.ARCHIVED}, "archived_reference"),
        ({"slot": Slot(pool_id="pool_1", area="", number=0)}, "in_pool"),
    ],
)
def test_the_fallback_leads_somewhere_of_the_offer(
    number: dict[str, Any] | None, rule: str | None
) -> None:
    expected = {("fallback_e164", rule)} if rule else set()
    assert faults_of(number=number, fallback_e164=E164) == expected


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({}, set()),
        ({"domains": ("example.com", "shop.example.com", "example.com")},
         {("domains.2", "repeated")}),
        ({"swaps": (Swap(find="+1"), Swap(find="+2", pool_id="pool_1", e164=E164))},
         {("swaps.0", "exclusive"), ("swaps.1", "exclusive")}),
        ({"swaps": (Swap(find="+1", pool_id="pool_1"), Swap(find="+1", e164=E164))},
         {("swaps.1.find", "repeated")}),
        ({"swaps": (Swap(find="+1", pool_id="pool_1"), Swap(find="+2", pool_id="pool_1"))},
         {("swaps.1.pool_id", "repeated")}),
        ({"swaps": (Swap(find="+1", pool_id="pool_2"),)}, {("swaps.0.pool_id", "pool_mismatch")}),
    ],
)  # fmt: skip
def test_a_site_holds_together(said: dict[str, Any], faults: set[tuple[str, str]]) -> None:
    assert of_a_site(number={}, **said) == faults


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ({"offer_id": "off_2"}, None),
        (None, "unknown_reference"),
        ({"publisher_id": "pub_2"}, "unknown_reference"),
        ({"state": State.ARCHIVED}, "archived_reference"),
        ({"slot": Slot(pool_id="pool_1", area="", number=0)}, "in_pool"),
    ],
)
def test_a_number_that_all_are_shown_is_the_publishers_own(
    number: dict[str, Any] | None, rule: str | None
) -> None:
    expected = {("swaps.0.e164", rule)} if rule else set()
    assert of_a_site(number=number, swaps=(Swap(find="+1", e164=E164),)) == expected
