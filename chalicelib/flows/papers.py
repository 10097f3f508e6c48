"""What happens until the documents of an invoice are kept?

Joins what an invoice says with the hands that print it: the page, the e-invoice, and the table of
its calls, which the closing has kept before. Made again they are the same to the byte, so that any
run may complete what another left unfinished.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from chalicelib import einvoices, runtime
from chalicelib.errors import NotFound
from chalicelib.invoices import Invoice, InvoiceKind
from chalicelib.providers import paper
from chalicelib.providers.documents import Documents
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.papers import mark_made, papers_made, papers_waiting, papers_waiting_of
from chalicelib.store.stores import Stores


class Paper(StrEnum):
    """What is kept of an invoice."""

    PDF = "pdf"
    UBL = "ubl"
    CALLS = "calls.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a document lies, and what a file of it is called."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersReport:
    """For how many invoices documents were made, and for which they could not be."""

    made: int
    failed: tuple[str, ...]


def make_waiting(*, stores: Stores, documents: Documents) -> PapersReport:
    """Make every document that is still to be made.

    One that fails is logged and keeps waiting, so that it does not keep back the others.
    """
    return _make_all(papers_waiting(stores.rows), stores, documents)


def make_for(ids: Iterable[str], *, stores: Stores, documents: Documents) -> PapersReport:
    """Make the documents of these invoices, where they are still to be made."""
    return _make_all(papers_waiting_of(stores.rows, ids), stores, documents)


def _make_all(ids: tuple[str, ...], stores: Stores, documents: Documents) -> PapersReport:
    made, failed = 0, []
    for invoice_id in ids:
        (invoice,) = invoices_by_id(stores.rows, (invoice_id,))
        try:
            _make(invoice, stores, documents)
            made += 1
        except Exception:
            # Whatever is wrong with this one, the log says it and the next is made.
            runtime.logger().exception("documents not made", extra={"invoice_id": invoice_id})
            failed.append(invoice_id)
    return PapersReport(made=made, failed=tuple(failed))


def kept(invoice: Invoice, which: Paper, *, stores: Stores, documents: Documents) -> Kept:
    """Where the document of an issued invoice lies, made now if it is not there yet.

    NotFound for the e-invoice of a statement, which asks for nothing.
    """
    if which is Paper.CALLS:
        return Kept(key=invoice.calls_key or "", name=f"{invoice.number}-calls.csv")
    if which is Paper.UBL and invoice.kind is not InvoiceKind.INVOICE:
        raise NotFound(f"{invoice.number} is a statement and has no e-invoice")
    if not papers_made(stores.rows, invoice.id):
        _make(invoice, stores, documents)
    suffix = ".pdf" if which is Paper.PDF else ".xml"
    return Kept(key=invoice.place(suffix), name=f"{invoice.number}{suffix}")


def _make(invoice: Invoice, stores: Stores, documents: Documents) -> None:
    """Keep the documents first, and mark them as made once they are all there."""
    documents.keep(
        invoice.place(".pdf"), paper.printed(invoice, documents.read), paper.CONTENT_TYPE
    )
    if invoice.kind is InvoiceKind.INVOICE:
        documents.keep(invoice.place(".xml"), einvoices.ubl(invoice), einvoices.CONTENT_TYPE)
    mark_made(stores.rows, invoice.id)
