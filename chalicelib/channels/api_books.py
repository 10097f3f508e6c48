"""How are invoices and payments read and recorded over HTTP?

Owns what is shown of each, with the calls behind it, and how an operator reports money that came
in. Payouts are served by `api_payouts`.
"""

import json

from chalice import Blueprint

from chalicelib import times
from chalicelib.call_tables import calls_csv
from chalicelib.channels.bodies import validated
from chalicelib.channels.book_lists import page_behind, shelf_page
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.views import charge_view, invoice_view, payment_view
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.payments import record_payment
from chalicelib.invoices import Invoice
from chalicelib.keys import PartyKind
from chalicelib.store.books import CHARGES, INVOICES, PAYMENTS, STATEMENTS

blueprint = Blueprint(__name__)

_MOST_IN_CSV = 10_000
"""More are too much for one answer; the table that was kept at the issue has all."""


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/invoices",
        summary="List invoices, or statements, the oldest first",
        answers="InvoiceView",
        query=("kind", "advertiser_id", "state"),
        paged=True,
        sides=(Side(party=PartyKind.ADVERTISER, query=("kind", "state")),),
    ),
)
def list_invoices(request: Request) -> Answer:
    """Invoices, or with `kind=statement` the statements of prepaid advertisers."""
    shelf = STATEMENTS if request.query.get("kind") == "statement" else INVOICES
    now = request.context.clock()
    return shelf_page(request, shelf, lambda invoice: invoice_view(invoice, now))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/invoices/{id}",
        summary="Read an invoice or a statement",
        answers="InvoiceView",
        sides=(Side(party=PartyKind.ADVERTISER),),
    ),
)
def read_invoice(request: Request, id: str) -> Answer:
    """One document with its lines."""
    return Answer(body=invoice_view(own_document(request, id), request.context.clock()))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/invoices/{id}/calls",
        summary="List the calls behind an invoice or a statement, as JSON or CSV",
        answers="ChargeView",
        query=("format",),
        paged=True,
    ),
)
def list_invoice_calls(request: Request, id: str) -> Answer:
    """Every call that the document charges, page by page, in the order of their ids; CSV holds all
    of them in the order of booking, of up to 10,000."""
    document = own_document(request, id)
    if request.query.get("format") != "csv":
        return page_behind(request, CHARGES, id, lambda one: charge_view(one.charge))
    if document.call_count > _MOST_IN_CSV:
        detail = f"{document.number} is of {document.call_count} calls; take its calls.csv instead"
        raise Conflict(detail, code="too_many_calls")
    charges = (one.charge for one in request.stores.books.each_of(CHARGES, id))
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{id}.csv"',
    }
    return Answer(body=calls_csv(charges), headers=headers)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payments",
        summary="Record money that came in from an advertiser",
        body="PaymentBody",
        answers="PaymentView",
        status=201,
        keyed=True,
    ),
)
def create_payment(request: Request) -> Answer:
    """The advertiser's reference makes the payment once: a repetition is answered as the first."""
    from chalicelib.channels.schemas_books import PaymentBody

    said = validated(PaymentBody, request.document())
    claim = request.claim(json.dumps(said, sort_keys=True))
    if claim is not None:
        request.stores.catalog.claimed(claim)
    now = request.context.clock()
    received = said.pop("received_at")
    payment = record_payment(
        **said,
        received_at=times.read(received) if received else None,
        stores=request.stores,
        now=now,
    )
    if claim is not None:
        request.stores.catalog.write([claim.put(payment.id)])
    fresh = times.written(payment.booked_at) == times.written(now)
    headers = {} if fresh else {"Idempotency-Hit": "true"}
    return Answer(body=payment_view(payment), status=201, headers=headers)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payments",
        summary="List payments, the oldest first",
        answers="PaymentView",
        query=("advertiser_id",),
        paged=True,
    ),
)
def list_payments(request: Request) -> Answer:
    """Money that came in."""
    return shelf_page(request, PAYMENTS, payment_view)


@endpoint(
    blueprint,
    Route(method="GET", path="/payments/{id}", summary="Read a payment", answers="PaymentView"),
)
def read_payment(request: Request, id: str) -> Answer:
    """One payment with the invoices it paid."""
    return Answer(body=payment_view(request.stores.books.get(PAYMENTS, id)))


def own_document(request: Request, invoice_id: str) -> Invoice:
    """The invoice, or the statement, with this id; NotFound for whoever's it is not."""
    try:
        found = request.stores.books.get(INVOICES, invoice_id)
    except NotFound:
        found = request.stores.books.get(STATEMENTS, invoice_id)
    if not request.party.owns(found):
        raise NotFound(f"there is no statement {invoice_id}")
    return found
