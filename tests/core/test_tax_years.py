"""What a year comes to, and whether the tax office is told of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import tax_deposits
from chalicelib.errors import Conflict
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import Payout, PayoutState
from chalicelib.tax_forms import Classification, FormKind, withheld_cents
from chalicelib.tax_years import Sums, TaxYear, YearStanding, YearTotals, period, standing, totals
from tests.payees import a_payee

YEAR = period(2026, "UTC")
NEXT = period(2027, "UTC")
EMPTY = YearTotals(publisher_id="pub_1", year=2026)
IN_MAY = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
IN_JUNE, IN_2027 = IN_MAY + timedelta(days=30), IN_MAY + timedelta(days=300)
W9 = a_payee("pub_1").tax_form
assert W9 is not None
W8 = replace(W9, kind=FormKind.W8, tin=None, tin_type=None)
CORPORATION = replace(W9, classification=Classification.CORPORATION)


def a_payout(cents: int = 10_000, **said: Any) -> Payout:
    values: dict[str, Any] = {
        "id": "po_1", "publisher_id": "pub_1", "currency": "USD", "cutoff": IN_MAY,
        "state": PayoutState.SETTLED, "amount_cents": cents, "settled_at": IN_MAY,
    }  # fmt: skip
    return Payout(**values | said)


def came_back(at: datetime, cents: int = 10_000, **said: Any) -> Payout:
    return a_payout(cents, state=PayoutState.RETURNED, ended_at=at, **said)


def a_year(*payouts: Payout, processor_reports: bool = True) -> YearTotals:
    return totals(EMPTY, payouts, YEAR, processor_reports=processor_reports)


@pytest.mark.parametrize(
    ("payout", "own"),
    [
        (a_payout(), Sums(payout_count=1, paid_cents=10_000)),
        (a_payout(withheld_cents=2_400),
         Sums(payout_count=1, paid_cents=10_000, withheld_cents=2_400)),
        (a_payout(settled_at=YEAR.start), Sums(payout_count=1, paid_cents=10_000)),
        (a_payout(settled_at=YEAR.end), Sums()),
        (a_payout(settled_at=YEAR.start - timedelta(microseconds=1)), Sums()),
        (a_payout(state=PayoutState.SUBMITTED, settled_at=None), Sums()),
        (a_payout(state=PayoutState.FAILED, settled_at=None, ended_at=IN_MAY), Sums()),
        (came_back(IN_JUNE, settled_at=None), Sums()),
        (came_back(IN_JUNE, withheld_cents=2_400),
         Sums(payout_count=1, paid_cents=10_000, returned_cents=10_000)),
        (came_back(IN_2027, withheld_cents=2_400),
         Sums(payout_count=1, paid_cents=10_000, returned_later_cents=10_000,
              withheld_returned_later_cents=2_400)),
        (came_back(IN_2027, settled_at=IN_2027), Sums()),
    ],
)  # fmt: skip
def test_a_payout_counts_on_the_day_on_which_the_money_moved(payout: Payout, own: Sums) -> None:
    assert a_year(payout) == replace(EMPTY, own=own)


def test_what_paypal_paid_is_apart_unless_the_operator_tells_of_it() -> None:
    paid = a_payout(method=PayoutMethod.PAYPAL)
    one = Sums(payout_count=1, paid_cents=10_000)
    assert a_year(paid) == replace(EMPTY, processor=one)
    assert a_year(paid, processor_reports=False) == replace(EMPTY, own=one)
    assert a_year(replace(paid, withheld_cents=2_400)).own.withheld_cents == 2_400


def test_a_year_begins_at_midnight_of_its_zone() -> None:
    assert period(2026, "America/Los_Angeles").start == datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
    assert period(2026, "America/Los_Angeles").end == datetime(2027, 1, 1, 8, 0, tzinfo=UTC)
    assert period(2026, "Pacific/Auckland").start == datetime(2025, 12, 31, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "in_force"),
    [
        (TaxYear(year=2024), None),
        (TaxYear(year=2025), 60_000),
        (TaxYear(year=2026), 200_000),
        (TaxYear(year=2027), None),
        (TaxYear(year=2027, threshold_cents=210_000), 210_000),
        (TaxYear(year=2026, threshold_cents=60_000), 60_000),
    ],
)
def test_a_threshold_is_the_operators_else_the_tables_else_unknown(
    said: TaxYear, in_force: int | None
) -> None:
    assert said.in_force == in_force


@pytest.mark.parametrize(
    ("payouts", "form", "threshold", "expected"),
    [
        ([], W9, 60_000, YearStanding.NOTHING_PAID),
        ([came_back(IN_JUNE, 90_000)], W9, 60_000, YearStanding.NOTHING_PAID),
        ([a_payout(90_000, method=PayoutMethod.PAYPAL)], W9, 60_000, YearStanding.BY_PROCESSOR),
        ([a_payout(60_000)], W9, 60_000, YearStanding.FORM),
        ([a_payout(59_999)], W9, 60_000, YearStanding.BELOW_THRESHOLD),
        ([a_payout(30_000), a_payout(30_000)], W9, 60_000, YearStanding.FORM),
        ([came_back(IN_2027, 60_000)], W9, 60_000, YearStanding.FORM),
        ([a_payout(100, withheld_cents=24)], W9, 60_000, YearStanding.FORM),
        ([a_payout(100, withheld_cents=24)], W9, None, YearStanding.FORM),
        ([came_back(IN_2027, 100, withheld_cents=24)], W9, 60_000, YearStanding.FORM),
        ([a_payout(60_000)], W9, None, YearStanding.THRESHOLD_UNKNOWN),
        ([a_payout(60_000)], None, 60_000, YearStanding.FORM_MISSING),
        ([a_payout(59_999)], None, 60_000, YearStanding.BELOW_THRESHOLD),
        ([a_payout(60_000)], W8, 60_000, YearStanding.ABROAD),
        ([a_payout(60_000)], CORPORATION, 60_000, YearStanding.CORPORATION),
        ([a_payout(60_000, withheld_cents=14_400)], CORPORATION, 60_000, YearStanding.FORM),
    ],
)
def test_the_year_goes_on_a_form_or_says_why_not(
    payouts: list[Payout], form: Any, threshold: int | None, expected: YearStanding
) -> None:
    assert standing(a_year(*payouts), form, threshold) is expected


def test_a_year_in_another_currency_is_for_people_to_look_at() -> None:
    year = replace(a_year(a_payout(90_000)), currency="CAD")
    assert standing(year, W9, 60_000) is YearStanding.OTHER_CURRENCY


MOMENTS = st.timedeltas(timedelta(0), timedelta(days=1095)).map(
    lambda span: datetime(2025, 6, 1, tzinfo=UTC) + span
)


@st.composite
def payouts(draw: st.DrawFn) -> Payout:
    """One that was settled, and may have come back at any time after."""
    cents, at = draw(st.integers(1, 10**7)), draw(MOMENTS)
    method = draw(st.sampled_from(PayoutMethod))
    withheld = withheld_cents(cents) if draw(st.booleans()) else 0
    said = {"method": method, "withheld_cents": withheld, "settled_at": at}
    if draw(st.booleans()):
        return a_payout(cents, **said)
    return came_back(at + draw(st.timedeltas(timedelta(0), timedelta(days=800))), cents, **said)


@given(st.lists(payouts(), max_size=12), st.randoms(), st.booleans())
def test_every_payout_is_in_one_year_whatever_the_order(
    made: list[Payout], random: Any, reports: bool
) -> None:
    zone = "America/New_York"
    years = [
        totals(EMPTY, made, period(year, zone), processor_reports=reports)
        for year in range(2025, 2029)
    ]
    mixed = random.sample(made, len(made))
    assert years == [
        totals(EMPTY, mixed, period(year, zone), processor_reports=reports)
        for year in range(2025, 2029)
    ]
    sums = [part for year in years for part in (year.own, year.processor)]
    kept = [one for one in made if one.state is PayoutState.SETTLED]
    assert sum(one.payout_count for one in sums) == len(made)
    assert sum(one.paid_cents for one in sums) == sum(one.amount_cents for one in made)
    assert sum(one.net_cents for one in sums) == sum(one.amount_cents for one in kept)
    assert sum(one.withheld_cents for one in sums) == sum(one.withheld_cents for one in kept)
    assert all(one.year_end_cents >= one.net_cents >= one.withheld_cents for one in sums)
    assert not any(year.processor.withheld_cents for year in years)


def test_a_reference_that_comes_again_with_another_sum_is_a_conflict() -> None:
    def made(cents: int, year: int = 2026) -> tax_deposits.TaxDeposit:
        return tax_deposits.deposit(
            year=year, amount_cents=cents, currency="USD", reference="eftps-1", now=IN_MAY
        )

    tax_deposits.confirm_same(made(720), made(720))
    for other in (made(721), made(720, 2025)):
        with pytest.raises(Conflict, match="another deposit"):
            tax_deposits.confirm_same(made(720), other)
