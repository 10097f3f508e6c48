"""How does the operator say over HTTP that it has paid the tax office?

Owns the routes of deposits of what was withheld.
"""

from typing import Any

from chalice import Blueprint

from chalicelib import times
from chalicelib.channels.bodies import validated
from chalicelib.channels.book_lists import shelf_page
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.flows.tax_deposits import record_deposit
from chalicelib.store.books import TAX_DEPOSITS
from chalicelib.store.codec import to_plain
from chalicelib.tax_deposits import TaxDeposit

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/tax-deposits",
        summary="Record that what was withheld went to the tax office",
        body="TaxDepositBody",
        answers="TaxDepositView",
        status=201,
    ),
)
def create_deposit(request: Request) -> Answer:
    """The reference makes the deposit once: a repetition is answered as the first."""
    from chalicelib.channels.schemas_tax import TaxDepositBody

    said = validated(TaxDepositBody, request.document())
    now = request.context.clock()
    made = record_deposit(**said, stores=request.stores, now=now)
    fresh = times.written(made.booked_at) == times.written(now)
    headers = {} if fresh else {"Idempotency-Hit": "true"}
    return Answer(body=_view(made), status=201, headers=headers)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/tax-deposits",
        summary="List what went to the tax office, the oldest first",
        answers="TaxDepositView",
        paged=True,
    ),
)
def list_deposits(request: Request) -> Answer:
    """Every deposit, and what came back."""
    return shelf_page(request, TAX_DEPOSITS, _view)


def _view(deposit: TaxDeposit) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(deposit)
    return plain
