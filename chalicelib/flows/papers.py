"""What happens until the documents of invoices and credit notes are kept?

Joins what each says with the hands that print it: the page, the e-invoice, and the table of an
invoice's calls, which the closing has kept before. Made again they are the same to the byte, so
that any run may complete what another left unfinished.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from chalicelib import einvoices, runtime
from chalicelib.credit_notes import CreditNote, Printed
from chalicelib.errors import NotFound
from chalicelib.invoices import Invoice, InvoiceKind
from chalicelib.providers import note_paper, paper
from chalicelib.providers.documents import Documents
from chalicelib.providers.letterhead import CONTENT_TYPE, Read
from chalicelib.store.credits import find_note
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.papers import (
    mark_made,
    notes_waiting,
    papers_made,
    papers_waiting,
    papers_waiting_of,
)
from chalicelib.store.rows import Rows
from chalicelib.store.stores import Stores

Press = Callable[[Printed, Read], bytes]
"""How a page is printed; the same document gives the same bytes."""

_Find = Callable[[Rows, str], Printed]


class Paper(StrEnum):
    """What is kept of an invoice; of a credit note all but the table of calls."""

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
    """For how many invoices and credit notes documents were made, and for which they could not
    be."""

    made: int
    failed: tuple[str, ...]


def page_of(printed: Printed, read: Read) -> bytes:
    """The page of an invoice, a statement or a credit note; `read` fetches its logo."""
    if isinstance(printed, CreditNote):
        return note_paper.printed(printed, read)
    return paper.printed(printed, read)


def make_waiting(*, stores: Stores, documents: Documents, press: Press = page_of) -> PapersReport:
    """Make every document that is still to be made.

    One that fails is logged and keeps waiting, so that it does not keep back the others.
    """
    invoices = [(one, _issued) for one in papers_waiting(stores.rows)]
    notes = [(one, find_note) for one in notes_waiting(stores.rows)]
    return _make_all([*invoices, *notes], stores, documents, press)


def make_for(
    ids: Iterable[str], *, stores: Stores, documents: Documents, press: Press = page_of
) -> PapersReport:
    """Make the documents of these invoices, where they are still to be made."""
    waiting = [(one, _issued) for one in papers_waiting_of(stores.rows, ids)]
    return _make_all(waiting, stores, documents, press)


def _make_all(
    waiting: Iterable[tuple[str, _Find]], stores: Stores, documents: Documents, press: Press
) -> PapersReport:
    made, failed = 0, []
    for document_id, find in waiting:
        try:
            _make(find(stores.rows, document_id), stores, documents, press)
            made += 1
        except Exception:
            # Whatever is wrong with this one, the log says it and the next is made.
            runtime.logger().exception("documents not made", extra={"document_id": document_id})
            failed.append(document_id)
    return PapersReport(made=made, failed=tuple(failed))


def kept(printed: Printed, which: Paper, *, stores: Stores, documents: Documents) -> Kept:
    """Where a document of an issued invoice or a credit note lies, made now if it is not there yet.

    NotFound for the e-invoice of a statement, which asks for nothing, and of a note on one.
    """
    if which not in _papers_of(printed):
        raise NotFound(f"{printed.number} has no {_NAMES[which]}")
    if isinstance(printed, Invoice) and which is Paper.CALLS:
        return Kept(key=printed.calls_key or "", name=f"{printed.number}-calls.csv")
    if not papers_made(stores.rows, printed.id):
        _make(printed, stores, documents)
    suffix = _SUFFIXES[which]
    return Kept(key=printed.place(suffix), name=f"{printed.number}{suffix}")


_NAMES = {Paper.PDF: "page", Paper.UBL: "e-invoice", Paper.CALLS: "table of calls"}
_SUFFIXES = {Paper.PDF: ".pdf", Paper.UBL: ".xml"}


def _papers_of(printed: Printed) -> frozenset[Paper]:
    if isinstance(printed, CreditNote):
        return _papers_of(printed.invoice) - {Paper.CALLS}
    return frozenset(Paper) - (set() if printed.kind is InvoiceKind.INVOICE else {Paper.UBL})


def _make(printed: Printed, stores: Stores, documents: Documents, press: Press = page_of) -> None:
    """Keep the documents first, and mark them as made once they are all there."""
    documents.keep(printed.place(".pdf"), press(printed, documents.read), CONTENT_TYPE)
    if Paper.UBL in _papers_of(printed):
        documents.keep(printed.place(".xml"), _e_invoice(printed), einvoices.CONTENT_TYPE)
    mark_made(stores.rows, printed.id)


def _e_invoice(printed: Printed) -> bytes:
    if isinstance(printed, CreditNote):
        return einvoices.credit_note(printed)
    return einvoices.ubl(printed)


def _issued(rows: Rows, invoice_id: str) -> Invoice:
    (invoice,) = invoices_by_id(rows, (invoice_id,))
    return invoice
