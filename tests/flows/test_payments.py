"""What is left when an advertiser's money has come in, once, twice, or half."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.errors import Broken, Conflict, Invalid, NotFound
from chalicelib.invoices import InvoiceState
from chalicelib.payments import PaymentKind
from chalicelib.payouts import EarningState
from chalicelib.store.catalog import thing_puts
from chalicelib.times import Cycle
from tests.flows.office import (
    CLOSING,
    HELD,
    NET,
    PREPAID,
    WEEKLY,
    Office,
    every_crash,
)

WEEKLY_BILLED = replace(NET, billing_cycle=Cycle.WEEKLY)


def invoiced() -> Office:
    """One open invoice of 10000 for four calls of two publishers, one of them with a hold."""
    office = Office().opens()
    for number, publisher in enumerate((WEEKLY, HELD, WEEKLY, WEEKLY), start=1):
        office.later(minutes=1).approves(f"call_{number}", NET, publisher)
    office.now = CLOSING
    office.closes()
    return office


def two_invoices() -> Office:
    """Open invoices of 2500 and 5000, a week apart."""
    office = Office().opens(advertisers=(WEEKLY_BILLED,))
    office.approves("call_1", WEEKLY_BILLED)
    office.later(days=7).approves("call_2", WEEKLY_BILLED)
    office.closes()
    office.approves("call_3", WEEKLY_BILLED)
    office.later(days=7).closes()
    return office


def test_a_top_up_raises_what_a_prepaid_advertiser_may_spend() -> None:
    office = Office().opens()
    payment = office.receives("topup-1", 5000, PREPAID)
    assert (payment.kind, payment.unapplied_cents) == (PaymentKind.TOP_UP, 0)
    assert office.funds(PREPAID) == (5000, 0)
    assert office.audits().accounts["prepaid:adv_pre"] == -5000


def test_a_payment_on_terms_gives_the_credit_back() -> None:
    office = invoiced()
    assert office.funds() == (990_000, 0)
    office.receives("wire-1", 12_000)
    assert office.funds() == (1_002_000, 0)
    assert office.audits().clean


def test_a_payment_collects_whole_calls_only() -> None:
    office = invoiced()
    office.receives("wire-1", 5_900)
    assert office.collected() == {"call_1", "call_2"}
    (invoice,) = office.invoices
    assert (invoice.paid_cents, invoice.spare_cents, invoice.owed_cents) == (5900, 900, 4100)


def test_parts_of_calls_add_up_over_payments() -> None:
    office = invoiced()
    office.receives("wire-1", 1_300)
    assert office.collected() == set()
    office.receives("wire-2", 1_200)
    assert office.collected() == {"call_1"}
    assert office.invoices[0].spare_cents == 0


def test_a_collected_call_is_released_at_once_when_nothing_holds_it() -> None:
    office = invoiced()
    office.receives("wire-1", 10_000)
    states = [office.earning(f"call_{n}").state for n in (1, 2, 3, 4)]
    assert states == [EarningState.PAYABLE] * 4


def test_a_collected_call_is_not_released_before_its_hold_is_over() -> None:
    held = replace(HELD, payout_terms=replace(HELD.payout_terms, hold_days=40))
    office = Office().opens(publishers=(held,))
    office.approves("call_1", NET, held)
    office.now = CLOSING
    office.closes()
    office.receives("wire-1", 2500)
    assert office.earning("call_1").state is EarningState.APPROVED
    office.later(days=20).closes()
    assert office.earning("call_1").state is EarningState.PAYABLE
    assert office.audits().clean


def test_money_pays_the_oldest_invoice_first() -> None:
    office = two_invoices()
    payment = office.receives("wire-1", 4000, WEEKLY_BILLED)
    older, newer = office.invoices
    assert [part.invoice_id for part in payment.applications] == [older.id, newer.id]
    assert [part.amount_cents for part in payment.applications] == [2500, 1500]
    assert (older.state, newer.state) == (InvoiceState.PAID, InvoiceState.OPEN)


def test_what_no_invoice_asks_for_waits_unapplied() -> None:
    office = invoiced()
    payment = office.receives("wire-1", 11_000)
    assert payment.unapplied_cents == 1000
    accounts = office.audits().accounts
    assert (accounts["ar:adv_net"], accounts["unapplied:adv_net"]) == (0, -1000)


def test_unapplied_money_pays_a_later_invoice_and_is_then_used_up() -> None:
    office = Office().opens()
    office.receives("wire-1", 4000)
    office.receives("wire-2", 4000)
    office.approves("call_1")
    office.approves("call_2")
    office.now = CLOSING
    office.closes()
    (invoice,) = office.invoices
    assert invoice.state is InvoiceState.PAID
    assert sorted(one.unapplied_cents for one in office.payments) == [0, 3000]
    report = office.audits()
    assert report.clean
    assert report.accounts["unapplied:adv_net"] == -3000


def test_a_payment_of_more_invoices_than_one_transaction_takes_pays_them_all() -> None:
    office = Office().opens(advertisers=(WEEKLY_BILLED,))
    for number in range(55):
        office.approves(f"call_{number}", WEEKLY_BILLED)
        office.later(days=7).closes()
    payment = office.receives("wire-1", 55 * 2500, WEEKLY_BILLED)
    assert len(payment.applications) == 55
    assert {one.state for one in office.invoices} == {InvoiceState.PAID}
    assert office.audits().clean


def test_the_same_reference_is_recorded_once() -> None:
    office = invoiced()
    first = office.receives("wire-1", 10_000)
    once = office.picture()
    assert office.later(hours=1).receives("wire-1", 10_000) == first
    assert office.picture() == once


@pytest.mark.parametrize(
    ("cents", "received_at"),
    [(9_999, None), (10_000, datetime(2026, 11, 30, tzinfo=UTC))],
    ids=["another amount", "another date"],
)
def test_the_same_reference_with_other_content_is_a_conflict(
    cents: int, received_at: datetime | None
) -> None:
    office = invoiced()
    office.receives("wire-1", 10_000)
    once = office.picture()
    with pytest.raises(Conflict) as refusal:
        office.receives("wire-1", cents, received_at=received_at)
    assert refusal.value.code == "payment_reference_reused"
    assert office.picture() == once


def test_two_advertisers_may_use_the_same_reference() -> None:
    office = Office().opens()
    assert office.receives("1001", 500, NET).id != office.receives("1001", 500, PREPAID).id


def test_every_fault_of_a_payment_is_named() -> None:
    office = Office().opens()
    with pytest.raises(Invalid) as refusal:
        office.receives("", 0, currency="EUR")
    assert [fault.field for fault in refusal.value.faults] == [
        "reference",
        "amount_cents",
        "currency",
    ]


def test_money_of_an_unknown_advertiser_is_refused() -> None:
    with pytest.raises(NotFound):
        Office().opens().receives("wire-1", 500, replace(NET, id="adv_unknown"))


def test_an_advertiser_without_funds_breaks_loudly() -> None:
    office = Office().opens(advertisers=())
    office.rows.write(thing_puts(NET))
    with pytest.raises(Broken, match="no funds"):
        office.receives("wire-1", 500)


def test_a_payment_that_died_anywhere_is_completed_by_the_same_request() -> None:
    def pays(office: Office) -> object:
        return office.receives("wire-1", 10_500)

    whole = invoiced()
    pays(whole)
    expected = whole.picture()
    offices = every_crash(invoiced, pays)
    assert len(offices) > 4
    for office in offices:
        pays(office)
        assert office.picture() == expected
        assert office.audits().clean


def test_a_recorded_payment_that_died_is_completed_by_the_next_closing() -> None:
    def pays(office: Office) -> object:
        return office.receives("wire-1", 10_500)

    whole = invoiced()
    pays(whole)
    whole.later(days=1).closes()
    expected = balances_and_states(whole)
    for office in every_crash(invoiced, pays):
        if not office.payments:
            continue
        office.later(days=1).closes()
        assert balances_and_states(office) == expected
        assert office.audits().clean


def balances_and_states(office: Office) -> object:
    """What the books say, whatever the hour at which each step was taken."""
    earnings = [office.earning(f"call_{n}") for n in (1, 2, 3, 4)]
    return office.audits().accounts, earnings, office.invoices
