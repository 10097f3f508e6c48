"""How does Stripe tell of money, and how does the operator ask for a page to pay on?

Owns the webhook, which checks its own signature before anything is read or written, the links, and
the list of the events.
"""

import hashlib
from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.errors import Conflict
from chalicelib.flows import stripe as flow
from chalicelib.flows.pacing import while_somebody_waits
from chalicelib.providers.stripe import Order
from chalicelib.store.books import STRIPE_EVENTS
from chalicelib.store.codec import to_plain
from chalicelib.stripe_events import confirm_signed, read_event

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/stripe/webhook",
        summary="Tell of a payment at Stripe, signed by Stripe",
        body="StripeEventBody",
        answers="StripeEventView",
        public=True,
        signed=True,
    ),
)
def take_event(request: Request) -> Answer:
    """Book a payment, a refund or a dispute; other events are kept and move nothing."""
    secrets = request.context.secrets().stripe_webhook_secrets
    if not secrets:
        detail = "no parameter stripe/webhook-secret is set"
        raise Conflict(detail, code="stripe_not_configured")
    now = request.context.clock()
    confirm_signed(
        request.headers.get("stripe-signature", ""), request.raw, secrets=secrets, now=now
    )
    event = read_event(request.document())
    in_time = while_somebody_waits(request.context.clock)
    taken = flow.take_event(event, stores=request.stores, now=now, in_time=in_time)
    return Answer(body=to_plain(taken))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/stripe/events",
        summary="List what became of Stripe's events, the oldest first",
        answers="StripeEventView",
        paged=True,
    ),
)
def list_events(request: Request) -> Answer:
    """Every event that came; one that tells of money and was not booked has a cause."""
    listing = request.listing()
    page = request.stores.books.list(STRIPE_EVENTS, limit=listing.limit, after=listing.after)
    return request.page([to_plain(one) for one in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/payment-links",
        summary="Make a page on which an advertiser pays by Stripe",
        body="PaymentLinkBody",
        answers="PaymentLinkView",
        status=201,
        keyed=True,
    ),
)
def create_link(request: Request) -> Answer:
    """A page of Stripe's Checkout for a top-up or an invoice; what is paid on it comes back by the
    webhook. The same Idempotency-Key gives the same page for a day."""
    from chalicelib.channels.schemas_money import PaymentLinkBody

    said: dict[str, Any] = validated(PaymentLinkBody, request.document())
    claim = request.claim("")
    name = f"{claim.scope} {claim.name}" if claim else request.context.new_id("lnk")
    order = Order(key=hashlib.sha256(name.encode()).hexdigest(), **said)
    link = flow.payment_link(order, stores=request.stores, checkout=request.context.checkout)
    return Answer(body=to_plain(link), status=201)
