"""How are invoices, payments and payouts read and recorded over HTTP?

Owns what is shown of each, with the calls behind it, and the two things an operator reports: money
that came in, and a payout that the bank has made.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalice import Blueprint

from chalicelib import times
from chalicelib.call_tables import calls_csv
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.views import (
    charge_view,
    earning_view,
    invoice_view,
    payment_view,
    payout_view,
)
from chalicelib.errors import NotFound
from chalicelib.flows.payments import record_payment
from chalicelib.flows.payouts import settle_payout
from chalicelib.invoices import Invoice
from chalicelib.keys import PartyKind
from chalicelib.store.books import INVOICES, PAYMENTS, PAYOUTS, STATEMENTS, Shelf

T = TypeVar("T")
View = dict[str, Any]

blueprint = Blueprint(__name__)

_MOST_PAGES = 10


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
    return _list(request, shelf, lambda invoice: invoice_view(invoice, now))


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
    """Every call that the document charges, in the order of booking; CSV holds all of them."""
    own_document(request, id)
    booked = request.stores.books.charges_of(id)
    charges = sorted((one.charge for one in booked), key=lambda one: (one.booked_at, one.call_id))
    if request.query.get("format") != "csv":
        return _slice(request, [charge_view(charge) for charge in charges])
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
    return _list(request, PAYMENTS, payment_view)


@endpoint(
    blueprint,
    Route(method="GET", path="/payments/{id}", summary="Read a payment", answers="PaymentView"),
)
def read_payment(request: Request, id: str) -> Answer:
    """One payment with the invoices it paid."""
    return Answer(body=payment_view(request.stores.books.get(PAYMENTS, id)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payouts",
        summary="List payouts, the oldest first",
        answers="PayoutView",
        query=("publisher_id", "state"),
        paged=True,
    ),
)
def list_payouts(request: Request) -> Answer:
    """Money that goes out."""
    return _list(request, PAYOUTS, payout_view)


@endpoint(
    blueprint,
    Route(method="GET", path="/payouts/{id}", summary="Read a payout", answers="PayoutView"),
)
def read_payout(request: Request, id: str) -> Answer:
    """One payout."""
    return Answer(body=payout_view(request.stores.books.get(PAYOUTS, id)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payouts/{id}/calls",
        summary="List the calls behind a payout",
        answers="EarningView",
        paged=True,
    ),
)
def list_payout_calls(request: Request, id: str) -> Answer:
    """Every earning that the payout pays, in the order of booking."""
    request.stores.books.get(PAYOUTS, id)
    booked = [one.earning for one in request.stores.books.earnings_of(id)]
    earnings = sorted(booked, key=lambda one: (one.booked_at, one.call_id))
    return _slice(request, [earning_view(earning) for earning in earnings])


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payouts/{id}/settle",
        summary="Mark a payout as paid by the bank",
        answers="PayoutView",
    ),
)
def settle(request: Request, id: str) -> Answer:
    """The payout, settled; settling it again changes nothing."""
    payout = settle_payout(id, stores=request.stores, now=request.context.clock())
    return Answer(body=payout_view(payout))


def own_document(request: Request, invoice_id: str) -> Invoice:
    """The invoice, or the statement, with this id; NotFound for whoever's it is not."""
    try:
        found = request.stores.books.get(INVOICES, invoice_id)
    except NotFound:
        found = request.stores.books.get(STATEMENTS, invoice_id)
    if not request.party.owns(found):
        raise NotFound(f"there is no statement {invoice_id}")
    return found


def _list(request: Request, shelf: Shelf[T], view: Callable[[T], View]) -> Answer:
    """A page of a shelf; what the filters leave out is passed over, up to a bound."""
    listing = request.listing()
    said = {name: value for name, value in listing.filters.items() if name != "kind"}
    wanted = said | request.party.own
    found: list[View] = []
    after: Mapping[str, str] | None = listing.after
    for _ in range(_MOST_PAGES):
        page = request.stores.books.list(shelf, limit=listing.limit, after=after)
        shown = [view(thing) for thing in page.items]
        fitting = [at for at, one in enumerate(shown) if _fits(one, wanted)]
        room = listing.limit - len(found)
        if len(fitting) > room:
            upto = fitting[room - 1] + 1
            page = request.stores.books.list(shelf, limit=upto, after=after)
        found += [shown[at] for at in fitting[:room]]
        after = page.mark
        if after is None or len(found) == listing.limit:
            break
    return request.page(found, listing, after)


def _fits(shown: View, wanted: Mapping[str, str]) -> bool:
    return all(shown[name] == value for name, value in wanted.items())


def _slice(request: Request, rows: list[View]) -> Answer:
    """A page of what was read whole."""
    listing = request.listing()
    start = int(listing.after["position"]) if listing.after else 0
    end = start + listing.limit
    mark = {"position": str(end)} if end < len(rows) else None
    return request.page(rows[start:end], listing, mark)
