"""An advertiser of so many calls that no page, no memory and no answer holds all of them."""

from dataclasses import replace

import pytest

from chalicelib.flows.issuer import set_issuer
from chalicelib.flows.pacing import Latest, TimeUp, paced
from chalicelib.flows.payments import pass_on
from chalicelib.invoices import InvoiceState
from chalicelib.issuer import Issuer
from chalicelib.payments import Application, receive
from chalicelib.store.invoices import open_invoices
from chalicelib.store.payments import record
from chalicelib.store.rows import Page, Question
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, NET, Office, long_november


class ShortPages(FakeRows):
    """Rows that wait, or are on a document, come seven at a time."""

    def page(self, question: Question) -> Page:
        short = question.index in {"by_open", "by_document"}
        return super().page(replace(question, limit=7) if short else question)


def test_pages_are_claimed_told_collected_and_released_one_after_the_other() -> None:
    office = long_november(100, ShortPages())
    office.receives("wire-1", 40 * 2500)
    report = office.closes()
    (invoice,) = office.invoices
    assert (invoice.call_count, invoice.total_cents) == (100, 250_000)
    table = office.documents[str(invoice.calls_key)].decode().splitlines()
    assert [line.split(",")[0] for line in table[1:]] == [f"call_{n:03d}" for n in range(100)]
    assert office.collected() == {f"call_{n:03d}" for n in range(40)}
    assert report.released == 40
    assert office.audits().clean


def test_a_void_invoice_gives_its_calls_back_page_by_page() -> None:
    office = long_november(100, ShortPages())
    office.closes()
    office.voids(office.invoices[0].id)
    office.closes()
    assert {(one.state, one.call_count) for one in office.invoices} == {
        (InvoiceState.VOID, 100), (InvoiceState.OPEN, 100),
    }  # fmt: skip
    assert office.audits().clean


def test_an_invoice_of_too_many_calls_to_wait_for_is_left_to_the_closing() -> None:
    office = long_november(3)
    office.closes()
    (invoice,) = office.invoices
    rows = office.rows
    payment = replace(
        receive(NET, reference="wire-1", amount_cents=7500, currency="USD", received_at=None,
                now=office.now),
        applications=(Application(invoice_id=invoice.id, amount_cents=7500),),
    )  # fmt: skip
    assert record(rows, payment, {invoice.id: invoice})
    for most, collected in ((2, 0), (3, 3)):
        pass_on(NET.id, stores=office.stores, now=office.now, most_calls=most)
        assert len(office.collected()) == collected
    assert office.audits().clean


def test_an_invoice_whose_tax_is_paid_last_waits_no_more() -> None:
    office = Office().opens()
    issuer = Issuer(tax_basis_points=1000)
    set_issuer(issuer, stores=office.stores, version=None)
    office.approves("call_1")
    office.now = CLOSING
    office.closes()
    office.receives("wire-1", 2500)
    assert office.collected() == {"call_1"}
    office.receives("wire-2", 250)
    assert office.invoices[0].state is InvoiceState.PAID
    assert open_invoices(office.rows, "adv_net") == ()
    assert office.audits().clean


def test_the_latest_are_remembered_and_all_are_counted() -> None:
    things = Latest(range(10), most=3)
    assert (things.count, list(things)) == (10, [7, 8, 9])
    things.merge(Latest([1, 2], most=3))
    assert (things.count, list(things)) == (12, [9, 1, 2])


def test_nothing_is_begun_once_the_time_is_up() -> None:
    looks = iter([True, True, False])
    begun: list[int] = []
    with pytest.raises(TimeUp):
        begun.extend(paced(range(10), lambda: next(looks)))
    assert begun == [0, 1]
