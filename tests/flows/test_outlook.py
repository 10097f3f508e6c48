"""What each earning that is not paid yet waits for, and until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.errors import NotFound
from chalicelib.flows.outlook import Outlook, look_ahead
from chalicelib.offers import PayoutTerms, Publisher
from chalicelib.outlook import WaitsFor
from tests.flows.office import CLOSING, IN_NOVEMBER, NET, PREPAID, WEEKLY, Office


def office_for(publisher: Publisher, calls: int = 1) -> Office:
    office = Office().opens(publishers=(publisher,))
    office.receives("topup-1", 90_000, PREPAID)
    for number in range(calls):
        office.approves(f"call_{number}", PREPAID, publisher)
    return office


def on_terms(**terms: int) -> Publisher:
    return replace(WEEKLY, payout_terms=PayoutTerms(**{"net_days": 0, **terms}))  # type: ignore[arg-type]


def ahead(office: Office) -> Outlook:
    return look_ahead(WEEKLY.id, stores=office.stores, documents=office.bucket(), now=office.now)


def told(office: Office) -> dict[WaitsFor, tuple[int, datetime | None]]:
    return {one.waits_for: (one.amount_cents, one.until) for one in ahead(office).sums}


def test_what_is_not_collected_waits_for_the_advertiser() -> None:
    office = office_for(on_terms(), calls=0)
    office.approves("call_0", NET, WEEKLY)
    assert told(office) == {WaitsFor.COLLECTION: (1500, None)}


def test_what_is_collected_waits_for_its_hold_days_and_then_for_its_terms() -> None:
    office = office_for(on_terms(hold_days=7, net_days=15))
    office.approves("call_more", PREPAID, on_terms(hold_days=7, net_days=15))
    hold_over = IN_NOVEMBER + timedelta(days=7)
    assert told(office) == {WaitsFor.HOLD_DAYS: (3000, hold_over)}
    office.later(days=8)
    due = datetime(2026, 12, 16, tzinfo=UTC)
    assert told(office) == {WaitsFor.TERMS: (3000, due)}
    office.closes()
    assert told(office) == {WaitsFor.TERMS: (3000, due)}
    office.now = due
    assert told(office) == {WaitsFor.PAYDAY: (3000, None)}


def test_what_is_past_its_terms_waits_for_the_next_payday_and_is_told_no_more() -> None:
    office = office_for(on_terms(minimum_cents=1500))
    office.closes()
    office.now = CLOSING
    assert told(office) == {WaitsFor.PAYDAY: (1500, None)}
    office.closes()
    assert told(office) == {}


def test_a_sum_below_the_minimum_says_so() -> None:
    office = office_for(on_terms(minimum_cents=2000))
    office.now = CLOSING
    office.closes()
    assert told(office) == {WaitsFor.MINIMUM: (1500, None)}


def test_what_comes_after_the_payout_of_its_cutoff_waits_for_the_next() -> None:
    office = office_for(on_terms(), calls=2)
    hold = office.holds_call("call_1")
    office.now = CLOSING
    office.closes()
    assert told(office) == {WaitsFor.HOLD: (1500, None)}
    office.lifts(hold.id)
    office.closes()
    assert told(office) == {WaitsFor.TERMS: (1500, datetime(2027, 1, 1, tzinfo=UTC))}


def test_an_obstacle_is_told_with_its_reason() -> None:
    office = office_for(on_terms())
    office.holds(reason="We look into it.")
    office.now = CLOSING
    office.closes()
    assert told(office) == {WaitsFor.OBSTACLE: (1500, None)}
    assert [(one.code, one.detail) for one in ahead(office).obstacles] == [
        ("held", "We look into it.")
    ]


def test_a_reserve_and_what_came_back_wait_until_they_are_released() -> None:
    office = office_for(on_terms(reserve_percent=10, reserve_days=60))
    office.now = CLOSING
    office.closes()
    reserve = {WaitsFor.RESERVE: (150, CLOSING + timedelta(days=60))}
    assert told(office) == reserve
    office.settles(office.payouts[0].id)
    office.comes_back(office.payouts[0].id)
    assert told(office) == reserve | {WaitsFor.RETURNED: (1350, None)}


def test_the_sums_are_all_that_is_owed_and_not_in_flight() -> None:
    office = office_for(on_terms(reserve_percent=10, hold_days=3), calls=3)
    office.approves("call_net", NET, WEEKLY)
    office.now = CLOSING
    office.closes()
    office.later(days=3).approves("call_late", PREPAID, on_terms(hold_days=3))
    office.holds_call("call_late")
    accounts = office.audits().accounts
    owed = -sum(accounts[f"pub:pub_a:{kind}"] for kind in ("approved", "payable", "held"))
    assert sum(one.amount_cents for one in ahead(office).sums) == owed > 0


def test_there_is_no_outlook_of_an_unknown_publisher() -> None:
    with pytest.raises(NotFound):
        ahead(Office())
