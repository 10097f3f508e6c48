"""What happens when Stripe tells of an advertiser's money, and what is it asked for?

Joins an event with the payment, the refund or the chargeback that it tells of. Each effect has an
id that follows from its cause, and the event is kept last: one that died on the way is done again
when Stripe repeats it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib import payments, stripe_events
from chalicelib.campaigns import Advertiser
from chalicelib.errors import Busy, Conflict, Fault, Invalid, NotFound, Refused
from chalicelib.flows.pacing import InTime, unhurried
from chalicelib.flows.paybacks import charge_back, refund_up_to
from chalicelib.flows.payments import take_in
from chalicelib.flows.top_ups import move_link
from chalicelib.providers.stripe import Checkout, Order, PaymentLink
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.payments import find_payment
from chalicelib.store.stores import Stores
from chalicelib.store.stripe_events import find_event, keep_event
from chalicelib.stripe_events import Disputed, Event, Outcome, Paid, SentBack, TakenEvent

_OVERTAKES = timedelta(hours=1)
"""So long an event may come before the one of the payment that it is about."""


def take_event(
    event: Event, *, stores: Stores, now: datetime, in_time: InTime = unhurried
) -> TakenEvent:
    """Book what the event tells; one that came before changes nothing.

    What cannot be booked is kept with its cause. Busy when it is to be told again later. Calls of a
    disputed payment for which there is no time are taken back by the next closing.
    """
    known = find_event(stores.rows, event.id)
    if known:
        return known
    told = stripe_events.told(event)
    cause = None
    try:
        if told:
            _book(told, event, stores=stores, now=now, in_time=in_time)
    except Busy:
        raise
    except Refused as refused:
        cause = refused.code
    page = stripe_events.page_moved(event)
    if page and cause is None:
        move_link(page.advertiser_id, page.top_up_id, page.state, stores=stores)
    outcome = Outcome.BOOKED if told and cause is None else Outcome.KEPT
    taken = TakenEvent(id=event.id, type=event.type, received_at=now, outcome=outcome, cause=cause)
    keep_event(stores.rows, taken)
    return taken


def payment_link(order: Order, *, stores: Stores, checkout: Checkout) -> PaymentLink:
    """A page on which the advertiser pays; NotFound without the advertiser or the invoice, Invalid
    for a currency or an invoice that is not the advertiser's, or more than the invoice asks."""
    advertiser = stores.catalog.find(Advertiser, order.advertiser_id)
    if advertiser is None:
        raise NotFound(f"there is no advertiser {order.advertiser_id}")
    faults = []
    if advertiser.currency != order.currency:
        reason = f"The advertiser pays in {advertiser.currency}."
        faults.append(Fault(field="currency", rule="currency_of_advertiser", reason=reason))
    if order.invoice_id:
        faults += _invoice_faults(order, stores)
    if faults:
        raise Invalid(tuple(faults))
    return checkout(order)


def _invoice_faults(order: Order, stores: Stores) -> list[Fault]:
    found = invoices_by_id(stores.rows, (order.invoice_id or "",))
    if not found or found[0].advertiser_id != order.advertiser_id:
        raise NotFound(f"the advertiser has no invoice {order.invoice_id}")
    if order.amount_cents > found[0].owed_cents:
        reason = f"The invoice asks for {found[0].owed_cents} cents."
        return [Fault(field="amount_cents", rule="range", reason=reason)]
    return []


def _book(
    told: Paid | SentBack | Disputed,
    event: Event,
    *,
    stores: Stores,
    now: datetime,
    in_time: InTime,
) -> None:
    if isinstance(told, Paid):
        _take_in(told, event, stores=stores, now=now)
        return
    payment = find_payment(stores.rows, stripe_events.payment_id(told.intent))
    if payment is None:
        if now - event.created_at < _OVERTAKES:
            raise Busy("the payment is not known yet")
        raise NotFound("there is no payment of this intent")
    if isinstance(told, SentBack):
        refund_up_to(
            payment.id, reference=told.reference, total_cents=told.total_cents, stores=stores,
            now=now,
        )  # fmt: skip
        return
    charged_back = not payment.kept_cents
    if not charged_back and told.amount_cents != payment.kept_cents:
        raise Conflict("the dispute is about a part of the payment", code="partial_dispute")
    charge_back(payment.id, reference=told.reference, stores=stores, now=now, in_time=in_time)


def _take_in(told: Paid, event: Event, *, stores: Stores, now: datetime) -> None:
    advertiser = stores.catalog.find(Advertiser, told.advertiser_id)
    if advertiser is None:
        raise NotFound(f"there is no advertiser {told.advertiser_id}")
    made = payments.receive(
        advertiser, reference=told.intent, amount_cents=told.amount_cents,
        currency=told.currency, received_at=event.created_at, now=now,
    )  # fmt: skip
    wanted = replace(made, id=stripe_events.payment_id(told.intent))
    first = (told.invoice_id,) if told.invoice_id else ()
    take_in(wanted, first=first, dated=False, stores=stores, now=now)
