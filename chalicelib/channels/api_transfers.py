"""How does the operator say over HTTP that it has moved its own money?

Owns the routes of transfers between the bank and the PayPal balance.
"""

from chalice import Blueprint

from chalicelib import times
from chalicelib.channels.bodies import validated
from chalicelib.channels.book_lists import shelf_page
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.views import View
from chalicelib.flows.transfers import record_transfer
from chalicelib.store.books import TRANSFERS
from chalicelib.store.codec import to_plain
from chalicelib.transfers import Cash, Transfer

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/transfers",
        summary="Record money that went between bank and PayPal balance",
        body="TransferBody",
        answers="TransferView",
        status=201,
    ),
)
def create_transfer(request: Request) -> Answer:
    """The reference makes the transfer once: a repetition is answered as the first."""
    from chalicelib.channels.schemas_paypal import TransferBody

    said = validated(TransferBody, request.document())
    now = request.context.clock()
    made = record_transfer(
        source=Cash(said["source"]),
        amount_cents=said["amount_cents"],
        currency=said["currency"],
        reference=said["reference"],
        stores=request.stores,
        now=now,
    )
    fresh = times.written(made.booked_at) == times.written(now)
    headers = {} if fresh else {"Idempotency-Hit": "true"}
    return Answer(body=transfer_view(made), status=201, headers=headers)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/transfers",
        summary="List transfers between bank and PayPal balance, the oldest first",
        answers="TransferView",
        paged=True,
    ),
)
def list_transfers(request: Request) -> Answer:
    """The operator's own money, moved."""
    return shelf_page(request, TRANSFERS, transfer_view)


def transfer_view(transfer: Transfer) -> View:
    """A transfer."""
    plain: View = to_plain(transfer)
    return plain
