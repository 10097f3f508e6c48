"""How are payouts by PayPal let go over HTTP, and how does PayPal tell of them?

Owns the routes of batches, and the one that PayPal calls. What PayPal calls with is checked with
PayPal, and then no more than a hint to ask it.
"""

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.book_lists import shelf_page
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.signing import signed
from chalicelib.channels.views import View
from chalicelib.errors import Unauthenticated
from chalicelib.flows import paypal_batches as flow
from chalicelib.flows import paypal_reports
from chalicelib.paypal_batches import Batch
from chalicelib.store.books import PAYPAL_BATCHES
from chalicelib.store.codec import to_plain
from chalicelib.store.paypal_batches import page_of_items

blueprint = Blueprint(__name__)

_BATCH = "/paypal-batches/{id}"


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/paypal-batches",
        summary="Gather the payouts that wait for PayPal",
        answers="GatheredPayPalView",
        status=201,
    ),
)
def gather(request: Request) -> Answer:
    """The batches that are ready now, which the clock would have made a while later."""
    made = flow.gather(stores=request.stores, now=request.context.clock())
    return Answer(body={"batches": [batch_view(one) for one in made]}, status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/paypal-batches",
        summary="List batches for PayPal, the oldest first",
        answers="PayPalBatchView",
        query=("state",),
        paged=True,
    ),
)
def list_batches(request: Request) -> Answer:
    """Payouts that PayPal makes together."""
    return shelf_page(request, PAYPAL_BATCHES, batch_view)


@endpoint(
    blueprint,
    Route(method="GET", path=_BATCH, summary="Read a batch", answers="PayPalBatchView"),
)
def read_batch(request: Request, id: str) -> Answer:
    """One batch."""
    return _shown(request.stores.books.get(PAYPAL_BATCHES, id))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path=_BATCH + "/items",
        summary="List the payouts of a batch, with what PayPal says of each",
        answers="PayPalItemView",
        paged=True,
    ),
)
def list_items(request: Request, id: str) -> Answer:
    """To whom, how much, and what has become of it."""
    request.stores.books.get(PAYPAL_BATCHES, id)
    listing = request.listing()
    page = page_of_items(request.stores.rows, id, limit=listing.limit, after=listing.after)
    shown = [to_plain(one) | {"fate": one.fate.value} for one in page.items]
    return request.page(shown, listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_BATCH + "/approve",
        summary="Approve a batch, which another operator releases",
        answers="PayPalBatchView",
    ),
)
def approve(request: Request, id: str) -> Answer:
    """The batch; only keys of the operator's people approve."""
    return _shown(flow.approve(id, by=signed(request), stores=request.stores))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_BATCH + "/release",
        summary="Let an approved batch be sent to PayPal",
        answers="PayPalBatchView",
    ),
)
def release(request: Request, id: str) -> Answer:
    """The batch, which the next run sends; whoever approved it is refused."""
    return _shown(flow.release(id, by=signed(request), stores=request.stores))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_BATCH + "/withdraw",
        summary="Have nobody paid by a batch",
        body="PayPalWithdrawalBody",
        answers="PayPalBatchView",
    ),
)
def withdraw(request: Request, id: str) -> Answer:
    """The batch, whose payouts fail: what they were made of is paid by later ones."""
    from chalicelib.channels.schemas_paypal import PayPalWithdrawalBody

    said = validated(PayPalWithdrawalBody, request.document())
    return _shown(flow.withdraw(id, **said, by=signed(request), stores=request.stores))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_BATCH + "/name",
        summary="Name PayPal's batch, where its answer was lost",
        body="PayPalNameBody",
        answers="PayPalBatchView",
    ),
)
def name(request: Request, id: str) -> Answer:
    """The batch, which PayPal has, as PayPal itself says."""
    from chalicelib.channels.schemas_paypal import PayPalNameBody

    said = validated(PayPalNameBody, request.document())
    batch = flow.name(
        id,
        said["payout_batch_id"],
        paypal=request.context.paypal(),
        stores=request.stores,
        now=request.context.clock(),
    )
    return _shown(batch)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/paypal/webhooks",
        summary="PayPal tells of a payout",
        answers="PayPalHintView",
        public=True,
    ),
)
def hear(request: Request) -> Answer:
    """What PayPal says of a payout or a batch when it is asked about it.

    PayPal sends again what is not answered 2xx; what it sends of others' payouts is let pass.
    """
    event = request.document()
    webhook_id = request.context.secrets().paypal_webhook_id
    paypal = request.context.paypal()
    if not webhook_id or not paypal.sent(webhook_id, request.headers, request.raw):
        raise Unauthenticated("this was not sent by PayPal", code="bad_signature")
    errand = flow.Errand(
        paypal=paypal,
        stores=request.stores,
        documents=request.context.documents(),
        now=request.context.clock(),
    )
    return Answer(body={"batch_id": paypal_reports.take_hint(event, errand)})


def batch_view(batch: Batch) -> View:
    """A batch; its items are at `items_path`."""
    plain: View = to_plain(batch)
    return plain | {
        "sender_id": batch.sender_id,
        "items_path": f"/v1/paypal-batches/{batch.id}/items",
    }


def _shown(batch: Batch) -> Answer:
    return Answer(body=batch_view(batch))
