"""Invoices that nobody pays: void ones are billed again exactly once, written-off ones never."""

from datetime import UTC, datetime

import pytest

from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.issuer import set_issuer
from chalicelib.flows.pacing import InTime
from chalicelib.flows.voiding import void_invoice
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.issuer import Issuer
from chalicelib.payouts import EarningState
from chalicelib.store.books import CHARGES
from tests.flows.office import Office, busy_november, every_crash, long_november

JANUARY = datetime(2027, 1, 1, 6, 10, tzinfo=UTC)


def closed(calls: int = 3) -> Office:
    """One open invoice."""
    office = long_november(calls)
    office.closes()
    return office


def numbered(office: Office) -> list[Invoice]:
    """Every invoice by its number: several may have been issued at one time."""
    return sorted(office.invoices, key=lambda invoice: str(invoice.number))


def test_a_void_invoice_keeps_its_number_and_its_calls_are_billed_again() -> None:
    office = closed()
    before = office.audits().accounts
    (invoice,) = office.invoices
    void = office.voids(invoice.id)
    assert (void.number, void.state) == ("INV-000001", InvoiceState.VOID)
    accounts = office.audits().accounts
    assert (accounts["ar:adv_net"], accounts["unbilled:adv_net"]) == (0, 7_500)
    office.closes()
    first, second = numbered(office)
    assert (first.number, first.call_count, first.total_cents) == ("INV-000001", 3, 7_500)
    assert (second.number, second.call_count, second.total_cents) == ("INV-000002", 3, 7_500)
    assert second.period == first.period
    assert second.id != first.id
    assert office.audits().accounts == before
    assert office.audits().clean


def test_a_void_invoice_asks_for_no_money() -> None:
    office = closed()
    (invoice,) = office.invoices
    office.voids(invoice.id)
    payment = office.receives("wire-1", 7_500)
    assert (payment.applications, payment.unapplied_cents) == ((), 7_500)
    office.closes()
    assert [one.state for one in numbered(office)] == [InvoiceState.VOID, InvoiceState.PAID]
    assert office.audits().clean


def test_calls_of_a_void_invoice_of_long_ago_are_on_the_next_one() -> None:
    office = closed()
    (invoice,) = office.invoices
    office.now = datetime(2026, 12, 10, tzinfo=UTC)
    office.approves("call_december")
    office.now = JANUARY
    office.voids(invoice.id)
    office.closes()
    assert [one.call_count for one in office.invoices] == [3, 4]
    assert office.audits().clean


def test_an_invoice_can_be_made_void_time_and_again() -> None:
    office = closed()
    for _ in range(3):
        office.later(hours=1).voids(office.invoices[-1].id)
        office.closes()
    assert [one.number for one in office.invoices] == [f"INV-{n:06d}" for n in range(1, 5)]
    assert [one.state for one in office.invoices[:3]] == [InvoiceState.VOID] * 3
    assert office.invoices[-1].call_count == 3
    assert office.audits().clean


def test_making_an_invoice_void_twice_changes_nothing() -> None:
    office = closed()
    (invoice,) = office.invoices
    once = office.voids(invoice.id)
    picture = office.picture()
    assert office.later(days=1).voids(invoice.id) == once
    assert office.picture() == picture


@pytest.mark.parametrize("batches", range(4))
def test_calls_for_which_there_was_no_time_are_given_back_by_the_next_closing(batches: int) -> None:
    office = closed(200)
    (invoice,) = office.invoices
    void = void_invoice(
        invoice.id, stores=office.stores, now=office.now, in_time=times_up_after(batches)
    )
    assert void.state is InvoiceState.VOID
    left = list(office.stores.books.each_of(CHARGES, invoice.id))
    assert len(left) == max(0, 200 - 90 * (batches + 1))
    assert office.audits().clean
    office.closes()
    second = numbered(office)[1]
    assert (second.number, second.call_count, second.total_cents) == ("INV-000002", 200, 500_000)
    assert office.audits().clean


def test_voiding_again_goes_on_with_what_there_was_no_time_for() -> None:
    office = closed(200)
    (invoice,) = office.invoices
    for left in (110, 20, 0, 0):
        void_invoice(invoice.id, stores=office.stores, now=office.now, in_time=times_up_after(0))
        assert len(list(office.stores.books.each_of(CHARGES, invoice.id))) == left
        assert office.audits().clean


def times_up_after(looks: int) -> InTime:
    """There is time at so many looks at the clock."""
    left = iter([True] * looks)
    return lambda: next(left, False)


def test_tax_goes_back_with_a_void_invoice() -> None:
    office = long_november(2)
    before = office.funds()
    set_issuer(Issuer(tax_basis_points=1000), stores=office.stores, version=None)
    office.closes()
    assert office.funds() == (before[0] - 500, before[1])
    office.voids(office.invoices[0].id)
    assert office.funds() == before
    assert office.audits().accounts["tax:sales"] == 0
    assert office.audits().clean


def test_the_rest_of_an_invoice_is_written_off_and_what_was_paid_stays_collected() -> None:
    office = closed()
    (invoice,) = office.invoices
    office.receives("wire-1", 3_000)
    lost = office.writes_off(invoice.id)
    assert (lost.state, lost.written_off_cents) == (InvoiceState.UNCOLLECTIBLE, 4_500)
    assert office.writes_off(invoice.id).ended_at == lost.ended_at
    accounts = office.audits().accounts
    assert (accounts["expense:bad_debt"], accounts["ar:adv_net"]) == (4_500, 0)
    assert office.collected() == {"call_000"}
    assert office.earning("call_001").state is EarningState.APPROVED, "never released"
    assert office.audits().clean, office.audits().differences
    payment = office.receives("wire-2", 5_000)
    assert payment.unapplied_cents == 5_000
    assert office.later(days=40).closes().issued == ()
    assert office.audits().clean


def test_a_call_that_costs_nothing_is_collected_before_an_invoice_that_nobody_pays_ends() -> None:
    office = Office().opens()
    office.approves("call_000", charge=0)
    office.approves("call_001")
    office.later(days=31).closes()
    (invoice,) = office.invoices
    assert office.writes_off(invoice.id).written_off_cents == 2_500
    assert office.collected() == {"call_000"}
    office.later(days=31).closes()
    assert office.earning("call_000").document_id == office.payouts[0].id
    assert office.earning("call_001").state is EarningState.APPROVED
    assert office.audits().clean, office.audits().differences


def test_wherever_writing_off_dies_it_is_booked_once() -> None:
    def owing() -> Office:
        office = closed()
        office.receives("wire-1", 3_000)
        return office

    for office in every_crash(owing, lambda office: office.writes_off(office.invoices[0].id)):
        assert office.audits().clean
        office.writes_off(office.invoices[0].id)
        assert office.audits().accounts["expense:bad_debt"] == 4_500
        assert office.audits().clean


def test_money_that_comes_first_stops_an_invoice_from_being_made_void() -> None:
    office = closed()
    (invoice,) = office.invoices
    rows = office.rows
    rows.before_write(lambda: office.receives("wire-1", 100))  # type: ignore[attr-defined]
    with pytest.raises(Conflict) as refused:
        office.voids(invoice.id)
    assert refused.value.code == "invoice_paid_in_part"
    assert office.audits().clean


def test_what_is_paid_void_or_no_invoice_cannot_be_written_off() -> None:
    office = busy_november()
    office.closes()
    (statement,) = office.statements
    with pytest.raises(Conflict):
        office.voids(statement.id)
    with pytest.raises(NotFound):
        office.voids("inv_nobody")
    office.receives("wire-9", 50_000)
    with pytest.raises(Conflict):
        office.writes_off(office.invoices[0].id)
