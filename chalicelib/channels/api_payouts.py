"""How are payouts read and taken to their end over HTTP?

Owns what is shown of a payout, to a publisher of its own, with the calls behind it, and the steps
that an operator reports of one that is paid by hand, such as a wire or a check: submitted, settled,
failed, returned, and released for the next payday. What whoever else pays reports itself takes the
same steps.
"""

from collections.abc import Callable

from chalice import Blueprint

from chalicelib.channels.bodies import Document, validated
from chalicelib.channels.book_lists import shelf_page
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.views import View, earning_view, line_view, own_payout_view, payout_view
from chalicelib.errors import NotFound
from chalicelib.flows import payouts as flow
from chalicelib.flows.payout_statements import lines_of
from chalicelib.keys import PartyKind
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import Payout
from chalicelib.store.books import EARNINGS, PAYOUTS

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payouts",
        summary="List payouts, the oldest first",
        answers="PayoutView",
        query=("publisher_id", "state"),
        paged=True,
        sides=(Side(party=PartyKind.PUBLISHER, answers="OwnPayoutView", query=("state",)),),
    ),
)
def list_payouts(request: Request) -> Answer:
    """Money that goes out."""
    return shelf_page(request, PAYOUTS, _view_for(request))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payouts/{id}",
        summary="Read a payout",
        answers="PayoutView",
        sides=(Side(party=PartyKind.PUBLISHER, answers="OwnPayoutView"),),
    ),
)
def read_payout(request: Request, id: str) -> Answer:
    """One payout."""
    return Answer(body=_view_for(request)(own_payout(request, id)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/payouts/{id}/calls",
        summary="List the calls behind a payout",
        answers="EarningView",
        paged=True,
        sides=(Side(party=PartyKind.PUBLISHER, answers="StatementLineView"),),
    ),
)
def list_payout_calls(request: Request, id: str) -> Answer:
    """Every earning that the payout pays, page by page, in the order of the ids of their calls."""
    payout, listing = own_payout(request, id), request.listing()
    page = request.stores.books.page_of(EARNINGS, id, limit=listing.limit, after=listing.after)
    earnings = [one.earning for one in page.items]
    if request.party.kind is PartyKind.OPERATOR:
        return request.page([earning_view(one) for one in earnings], listing, page.mark)
    lines = lines_of(payout, earnings, stores=request.stores)
    return request.page([line_view(one) for one in lines], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payouts/{id}/submit",
        summary="Mark a payout as handed to whoever pays",
        body="SubmissionBody",
        answers="PayoutView",
    ),
)
def submit(request: Request, id: str) -> Answer:
    """The payout, submitted; submitting it again the same way changes nothing."""
    said = _said(request, "SubmissionBody")
    payout = flow.submit_payout(
        id,
        method=PayoutMethod(said["method"]),
        reference=said["reference"],
        stores=request.stores,
        now=request.context.clock(),
    )
    return Answer(body=payout_view(payout))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payouts/{id}/settle",
        summary="Mark a payout as paid",
        body="SettlementBody",
        answers="PayoutView",
    ),
)
def settle(request: Request, id: str) -> Answer:
    """The payout, settled; settling it again changes nothing."""
    said = _said(request, "SettlementBody")
    now = request.context.clock()
    payout = flow.settle_payout(id, **said, by_hand=True, stores=request.stores, now=now)
    return Answer(body=payout_view(payout))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payouts/{id}/fail",
        summary="Mark a payout as one that is not paid",
        body="FailureBody",
        answers="PayoutView",
    ),
)
def fail(request: Request, id: str) -> Answer:
    """The payout, failed; what it was made of is paid by a later one."""
    said = _said(request, "FailureBody")
    now = request.context.clock()
    payout = flow.fail_payout(id, **said, by_hand=True, stores=request.stores, now=now)
    return Answer(body=payout_view(payout))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payouts/{id}/return",
        summary="Mark a payout as come back",
        body="ReturnBody",
        answers="PayoutView",
    ),
)
def send_back(request: Request, id: str) -> Answer:
    """The payout, returned; its money waits until it is released."""
    said = _said(request, "ReturnBody")
    now = request.context.clock()
    payout = flow.return_payout(id, **said, by_hand=True, stores=request.stores, now=now)
    return Answer(body=payout_view(payout))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payouts/{id}/release",
        summary="Let a returned payout be paid again",
        answers="PayoutView",
    ),
)
def release(request: Request, id: str) -> Answer:
    """The payout, whose earnings are paid by a later one."""
    now = request.context.clock()
    return Answer(body=payout_view(flow.release_payout(id, stores=request.stores, now=now)))


def own_payout(request: Request, payout_id: str) -> Payout:
    """The payout; NotFound for one of another publisher than the one that asks."""
    payout = request.stores.books.get(PAYOUTS, payout_id)
    if not request.party.owns(payout):
        raise NotFound(f"there is no payout {payout_id}")
    return payout


def _view_for(request: Request) -> Callable[[Payout], View]:
    """How whoever asks sees a payout."""
    return payout_view if request.party.kind is PartyKind.OPERATOR else own_payout_view


def _said(request: Request, schema: str) -> Document:
    """What the body says; no body says nothing."""
    from chalicelib.channels import schemas_payouts

    document = request.document() if request.raw else {}
    return validated(getattr(schemas_payouts, schema), document)
