"""A year as the books tell it: paid, withheld, come back, and deposited."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Conflict
from chalicelib.flows.tax_years import PayeeYear, payee_years, rules_of, set_threshold
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import Payout, PayoutState
from chalicelib.store.books import TAX_DEPOSITS
from chalicelib.tax_years import Sums, YearStanding
from tests.flows.office import HELD, PREPAID, WEEKLY, Office, every_crash


def a_year(office: Office, year: int) -> PayeeYear:
    rules = rules_of(year, office.stores)
    (found,) = payee_years([WEEKLY], rules, stores=office.stores)
    return found


def pays(office: Office, number: int, cents: int = 1_500) -> Payout:
    """A call is earned and collected, and a payout made of it some weeks later."""
    office.receives(f"wire-{number}", 2 * cents, PREPAID)
    office.approves(f"call_{number}", PREPAID, charge=2 * cents, earning=cents)
    before = {one.id for one in office.payouts}
    office.later(days=40).closes()
    (made,) = (one for one in office.payouts if one.id not in before)
    return made


def test_what_is_withheld_of_a_payout_is_owed_until_it_is_deposited() -> None:
    office = Office().opens().withholds()
    payout = pays(office, 1)
    assert (payout.withheld_cents, payout.sent_cents) == (360, 1_140)
    office.settles(payout.id)
    found = a_year(office, 2026)
    assert found.totals.own == Sums(payout_count=1, paid_cents=1_500, withheld_cents=360)
    assert found.standing is YearStanding.FORM
    assert office.audits().accounts["tax:backup_withholding"] == -360
    office.deposits(360)
    report = office.audits()
    assert (report.clean, report.accounts["tax:backup_withholding"]) == (True, 0)


def test_what_was_deposited_of_a_payout_that_comes_back_is_made_up_for_by_the_next() -> None:
    office = Office().opens().withholds()
    first = pays(office, 1)
    office.settles(first.id)
    office.deposits(360)
    office.comes_back(first.id)
    assert office.audits().accounts["tax:backup_withholding"] == 360
    office.releases(first.id)
    second = pays(office, 2)
    assert second.withheld_cents == 720
    office.settles(second.id)
    office.deposits(360, "eftps-2")
    report = office.audits()
    assert (report.clean, report.accounts["tax:backup_withholding"]) == (True, 0)


def test_what_the_tax_office_gives_back_is_in_the_bank_again() -> None:
    office = Office().opens()
    office.deposits(500)
    office.later(days=1).deposits(-500, "refund-1")
    report = office.audits()
    assert (report.clean, report.accounts["cash:bank"]) == (True, 0)
    assert [one.amount_cents for one in office.all(TAX_DEPOSITS)] == [500, -500]


def test_a_deposit_is_recorded_once_through_every_crash() -> None:
    for office in every_crash(lambda: Office().opens(), lambda one: one.deposits(720)):
        office.later(days=1).deposits(720)
        report = office.audits()
        assert (report.clean, report.accounts["cash:bank"]) == (True, -720)
    with pytest.raises(Conflict) as differs:
        office.deposits(721)
    assert differs.value.code == "tax_deposit_differs"


def test_a_return_after_the_end_of_the_year_corrects_the_year_that_has_ended() -> None:
    office = Office().opens()
    payout = pays(office, 1)
    office.now = datetime(2026, 12, 30, tzinfo=UTC)
    office.settles(payout.id)
    office.now = datetime(2027, 1, 4, tzinfo=UTC)
    office.comes_back(payout.id)
    own = a_year(office, 2026).totals.own
    assert (own.year_end_cents, own.net_cents) == (1_500, 0)
    assert a_year(office, 2027).totals.own == Sums()
    office.releases(payout.id)
    again = pays(office, 2)
    office.settles(again.id)
    assert a_year(office, 2027).totals.own == Sums(payout_count=1, paid_cents=3_000)


def test_one_who_was_paid_nothing_and_another_publishers_money_do_not_mix() -> None:
    office = Office().opens()
    office.settles(pays(office, 1).id)
    rules = rules_of(2026, office.stores)
    one, other = payee_years([HELD, WEEKLY], rules, stores=office.stores)
    assert (one.totals.own, one.standing) == (Sums(), YearStanding.NOTHING_PAID)
    assert other.totals.own.paid_cents == 1_500


def test_saying_a_threshold_again_changes_nothing_and_a_passed_version_is_refused() -> None:
    stores = Office().opens().stores
    said = set_threshold(2027, 210_000, stores=stores, version=0)
    assert set_threshold(2027, 210_000, stores=stores, version=1) == said
    assert rules_of(2027, stores).threshold_cents == 210_000
    assert rules_of(2026, stores).threshold_cents == 200_000
    with pytest.raises(Conflict):
        set_threshold(2027, 220_000, stores=stores, version=0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("pays", "settles", "fails", "returns", "releases", "withholds")),
        st.integers(0, 3),
        st.integers(0, 60),
    ),
    max_size=20,
)


def takes(office: Office, what: str, which: int, number: int) -> None:
    """A step, where the state of the chosen payout allows it."""
    if what == "withholds":
        office.withholds()
        return
    if what == "pays":
        office.receives(f"wire-{number}", 3_000, PREPAID)
        office.approves(f"call_{number}", PREPAID, charge=3_000, earning=1_501 + number)
        office.closes()
        return
    fitting = [one for one in office.payouts if _fits(one, what)]
    if not fitting:
        return
    payout = fitting[which % len(fitting)]
    if what == "settles":
        method = (PayoutMethod.ACH, PayoutMethod.PAYPAL, PayoutMethod.MANUAL)[which % 3]
        office.submits(payout.id, f"ref-{number}", method)
        office.settles(payout.id)
    else:
        {"fails": office.fails, "returns": office.comes_back, "releases": office.releases}[what](
            payout.id
        )


def _fits(payout: Payout, what: str) -> bool:
    if what in ("settles", "fails"):
        return payout.state is PayoutState.CREATED
    if what == "returns":
        return payout.state is PayoutState.SETTLED
    return payout.state is PayoutState.RETURNED and payout.released_at is None


@given(STEPS)
def test_the_ledgers_years_are_the_sums_of_its_payouts(
    steps: list[tuple[str, int, int]],
) -> None:
    office = Office().opens()
    office.now = datetime(2026, 10, 1, tzinfo=UTC)
    for number, (what, which, days) in enumerate(steps):
        office.now += timedelta(days=days)
        takes(office, what, which, number)
    sums = [
        part
        for year in range(2026, office.now.year + 1)
        for totals in (a_year(office, year).totals,)
        for part in (totals.own, totals.processor)
    ]
    paid = [one for one in office.payouts if one.settled_at]
    kept = [one for one in paid if one.state is PayoutState.SETTLED]
    assert sum(one.payout_count for one in sums) == len(paid)
    assert sum(one.paid_cents for one in sums) == sum(one.amount_cents for one in paid)
    assert sum(one.net_cents for one in sums) == sum(one.amount_cents for one in kept)
    assert sum(one.withheld_cents for one in sums) == sum(one.withheld_cents for one in kept)
    waiting = sum(one.withheld_cents for one in office.payouts if one.in_flight)
    report = office.audits()
    assert report.clean
    assert report.accounts["tax:backup_withholding"] == -waiting - sum(
        one.withheld_cents for one in kept
    )
