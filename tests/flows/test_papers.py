"""What is kept of every invoice, whoever died while it was being made."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.errors import NotFound
from chalicelib.flows.issuer import set_issuer, set_logo
from chalicelib.flows.papers import Paper, kept
from chalicelib.invoices import Invoice
from chalicelib.issuer import Issuer
from chalicelib.store.invoices import invoice_key
from chalicelib.store.issuer import issuer_write
from chalicelib.store.papers import paper_key, paper_put, papers_made, papers_waiting
from chalicelib.store.rows import Change
from tests.builders import A_BUYER, AN_ISSUER
from tests.flows.office import CLOSING, NET, PREPAID, Office, busy_november, every_crash
from tests.providers.test_paper import a_picture


def where(office: Office, invoice: Invoice, which: Paper) -> str:
    return kept(invoice, which, stores=office.stores, documents=office.bucket()).key


def not_made(invoice: Invoice) -> Change:
    """As if nothing had been kept of it."""
    waiting = paper_put(invoice).item
    return Change(
        key=paper_key(invoice.id),
        set={("open",): waiting["open"], ("open_key",): waiting["open_key"]},
    )


def test_a_closing_keeps_page_e_invoice_and_calls_of_every_document() -> None:
    office = busy_november()
    report = office.closes()
    assert report.unprinted == ()
    (invoice,), (statement,) = office.invoices, office.statements
    for document in (invoice, statement):
        assert office.documents[where(office, document, Paper.PDF)].startswith(b"%PDF")
        assert office.documents[where(office, document, Paper.CALLS)].startswith(b"call_id,")
    assert b"INV-000001" in office.documents[where(office, invoice, Paper.UBL)]
    assert papers_waiting(office.rows) == ()
    with pytest.raises(NotFound, match="has no e-invoice"):
        where(office, statement, Paper.UBL)


def test_the_documents_are_the_same_wherever_a_closing_has_died() -> None:
    finished = busy_november()
    finished.closes()
    died = every_crash(busy_november, Office.closes)
    assert len(died) > 20
    for office in died:
        office.later(hours=24).closes(as_of=CLOSING)
        assert papers_waiting(office.rows) == ()
        assert set(office.documents) >= set(finished.documents)
        assert len(office.invoices) == len(office.statements) == 1


def test_a_document_made_again_is_the_same_to_the_byte() -> None:
    office = busy_november()
    office.closes()
    (invoice,) = office.invoices
    first = dict(office.documents)
    office.documents.clear()
    office.rows.write([not_made(invoice)])
    office.later(days=3).receives("wire-2", 500)
    office.closes()
    printed = {key: body for key, body in first.items() if not key.endswith(".csv")}
    assert {key: office.documents[key] for key in printed if invoice.id in key} == {
        key: body for key, body in printed.items() if invoice.id in key
    }


def test_an_invoice_of_before_documents_were_kept_is_printed_when_it_is_asked_for() -> None:
    office = busy_november()
    office.closes()
    (invoice,) = office.invoices
    office.rows.write([not_made(invoice)])
    office.documents.clear()
    assert not papers_made(office.rows, invoice.id)
    assert office.documents[where(office, invoice, Paper.PDF)].startswith(b"%PDF")
    assert papers_made(office.rows, invoice.id)


def test_one_that_cannot_be_made_is_told_and_keeps_back_no_other() -> None:
    office = busy_november()
    office.rows.write([issuer_write(Issuer(), Issuer(logo_key="logos/lost.png", version=1))])
    report = office.closes()
    assert len(report.unprinted) == 2
    assert len(report.payouts) == 2, "money does not wait for paper"
    office.documents["logos/lost.png"] = a_picture()
    assert office.closes().unprinted == ()
    assert papers_waiting(office.rows) == ()


def test_an_invoice_keeps_what_stood_on_the_day_of_issue() -> None:
    billed = replace(NET, bill_to=A_BUYER)
    office = Office().opens(advertisers=(billed, PREPAID))
    office.approves("call_1")
    set_issuer(AN_ISSUER, stores=office.stores, version=None)
    set_logo(a_picture(), stores=office.stores, documents=office.bucket())
    office.now = CLOSING
    office.closes()
    set_issuer(Issuer(legal_name="Another LLC"), stores=office.stores, version=None)
    set_logo(a_picture((10, 10)), stores=office.stores, documents=office.bucket())
    (invoice,) = office.invoices
    assert invoice.issuer is not None
    assert invoice.issuer.legal_name == "Ring & Röder Lead Exchange LLC"
    assert invoice.issuer.logo_key in office.documents
    assert invoice.bill_to == A_BUYER
    assert invoice.net_days == NET.net_days


def test_a_name_that_cannot_be_printed_does_not_stop_a_closing() -> None:
    odd = replace(NET, name="東京 Roofing")
    office = Office().opens(advertisers=(odd,))
    office.approves("call_1")
    office.now = CLOSING
    assert office.closes().unprinted == ()
    assert office.invoices[0].bill_to is not None
    assert office.invoices[0].bill_to.legal_name == "?? Roofing"


def test_tax_is_owed_beside_the_calls_and_paid_after_them() -> None:
    office = Office().opens()
    office.approves("call_1")
    office.approves("call_2")
    set_issuer(Issuer(tax_basis_points=1000), stores=office.stores, version=None)
    before = office.funds()
    office.now = CLOSING
    office.closes()
    (invoice,) = office.invoices
    assert (invoice.subtotal_cents, invoice.tax_cents, invoice.total_cents) == (5000, 500, 5500)
    assert office.funds() == (before[0] - 500, before[1])
    assert office.audits().clean, office.audits().differences
    office.receives("wire-1", 5_000)
    assert office.collected() == {"call_1", "call_2"}
    assert office.invoices[0].owed_cents == 500
    office.receives("wire-2", 500)
    assert office.invoices[0].state == "paid"
    accounts = office.audits().accounts
    assert (accounts["tax:sales"], accounts["ar:adv_net"]) == (-500, 0)
    assert office.audits().clean
    assert office.funds() == (before[0] + 5_000, before[1])


def test_the_statement_of_a_prepaid_advertiser_bears_no_tax() -> None:
    office = busy_november()
    set_issuer(Issuer(tax_basis_points=1000), stores=office.stores, version=None)
    office.closes()
    assert office.statements[0].tax_cents == 0
    assert office.audits().clean


def test_an_invoice_of_before_reads_as_it_was_written() -> None:
    office = busy_november()
    office.closes()
    key = invoice_key(office.invoices[0].id)
    said = json.loads(office.rows.gather([key])[0][key]["doc"])
    for name in ("issuer", "bill_to", "net_days", "tax_cents", "ended_at"):
        del said[name]
    for line in said["lines"]:
        del line["campaign"]
    office.rows.write([Change(key=key, set={("doc",): json.dumps(said)})])
    office.rows.write([not_made(office.invoices[0])])
    (invoice,) = office.invoices
    assert (invoice.issuer, invoice.bill_to, invoice.tax_cents) == (None, None, 0)
    assert where(office, invoice, Paper.PDF)
    assert office.audits().clean
    assert invoice.issued_at == datetime(2026, 12, 1, 6, 10, tzinfo=UTC)
