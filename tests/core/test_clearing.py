"""What keeps a publisher from being paid: its accounts, its tax form, its name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clearing import PayeeRules, currency_obstacles, obstacles, withheld
from chalicelib.offers import PayoutMethod
from chalicelib.payees import Payee
from chalicelib.screening import Screening, ScreeningState
from chalicelib.tax_forms import FormKind, Withholding
from tests.payees import LONG_AGO, a_payee

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
READY = a_payee("pub_1")
ACH, PAYPAL, MANUAL = PayoutMethod.ACH, PayoutMethod.PAYPAL, PayoutMethod.MANUAL


def codes(
    payee: Payee = READY,
    screening: Screening | None = None,
    *,
    method: PayoutMethod = ACH,
    rules: PayeeRules | None = None,
    now: datetime = NOW,
) -> list[str]:
    rules = rules or PayeeRules()
    found = obstacles(payee, screening, method=method, rules=rules, now=now)
    return [one.code for one in found]


@pytest.mark.parametrize("method", PayoutMethod)
def test_whoever_has_told_all_is_paid_by_every_method(method: PayoutMethod) -> None:
    assert codes(method=method) == []


def test_ach_pays_dollars_alone() -> None:
    assert [one.code for one in currency_obstacles("EUR", ACH)] == ["currency"]
    assert currency_obstacles("USD", ACH) == ()
    assert currency_obstacles("EUR", PAYPAL) == currency_obstacles("EUR", MANUAL) == ()


def test_of_whom_nothing_is_known_what_the_method_needs_is_missing() -> None:
    nobody = Payee(publisher_id="pub_1")
    assert codes(nobody) == ["details_missing", "tax_form_missing"]
    assert codes(nobody, method=PAYPAL) == ["details_missing", "tax_form_missing"]
    assert codes(nobody, method=MANUAL) == ["tax_form_missing"]
    assert codes(nobody, method=MANUAL, rules=PayeeRules(tax_form_required=False)) == []


@given(st.integers(0, 90), st.integers(-3, 3))
def test_an_account_is_used_from_the_end_of_its_cool_down_on(days: int, seconds: int) -> None:
    ends = LONG_AGO + timedelta(days=days)
    rules, now = PayeeRules(cooldown_days=days), ends + timedelta(seconds=seconds)
    expected = ["cooling_down"] if seconds < 0 else []
    for method in (ACH, PAYPAL):
        assert codes(method=method, rules=rules, now=now) == expected
    assert codes(method=MANUAL, rules=rules, now=now) == []
    for one in obstacles(READY, None, method=ACH, rules=rules, now=now):
        assert one.until == ends


def test_an_account_that_the_bank_refused_is_paid_no_more() -> None:
    assert READY.bank is not None
    refused = replace(READY, bank=replace(READY.bank, refused="R03"))
    assert codes(refused) == ["details_refused"]
    assert codes(refused, method=PAYPAL) == []


def test_a_form_counts_through_its_last_day() -> None:
    assert READY.tax_form is not None
    form = replace(READY.tax_form, kind=FormKind.W8, tin=None, expires_on="2026-11-23")
    payee = replace(READY, tax_form=form)
    assert codes(payee, now=datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)) == []
    assert codes(payee, now=datetime(2026, 11, 24, tzinfo=UTC)) == ["tax_form_expired"]


@pytest.mark.parametrize("state", ScreeningState)
def test_a_finding_stops_while_it_is_open_or_confirmed(state: ScreeningState) -> None:
    stops = state in (ScreeningState.OPEN, ScreeningState.CONFIRMED)
    found = codes(screening=Screening(publisher_id="pub_1", state=state))
    assert found == (["screening"] if stops else [])


def test_nothing_is_withheld_unless_it_is_said() -> None:
    assert withheld(READY, 10_000) == 0
    assert withheld(replace(READY, withholding=Withholding(on=True)), 10_000) == 2_400
