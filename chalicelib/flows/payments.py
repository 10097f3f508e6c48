"""What happens when an advertiser's money comes in?

Joins a payment with the open invoices, lets it collect whole calls, and releases the earnings
behind them. Every step finds by itself what is left to do, so that the same request, or the next
closing, completes what a dead process began.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain

from chalicelib import payments
from chalicelib.campaigns import Advertiser
from chalicelib.errors import Busy, NotFound
from chalicelib.flows.collecting import collect_covered
from chalicelib.flows.dunning import resume
from chalicelib.flows.pacing import InTime, Latest, unhurried
from chalicelib.flows.uncollecting import settle_lost, take_back
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.payments import Payment, PaymentKind
from chalicelib.payouts import Earning
from chalicelib.store import collecting
from chalicelib.store import payments as store
from chalicelib.store.invoices import each_charge, invoices_by_id, open_invoices
from chalicelib.store.rows import chunks
from chalicelib.store.stores import Stores
from chalicelib.store.uncollecting import lost_invoices

_TRIES = 8
_MOST_INVOICES = 50
MOST_AT_ONCE = 5_000
"""Calls of an invoice that are collected, or taken back, while somebody waits for the answer; one
of more is left to the closing."""


def record_payment(
    *,
    advertiser_id: str,
    reference: str,
    amount_cents: int,
    currency: str,
    received_at: datetime | None,
    stores: Stores,
    now: datetime,
) -> Payment:
    """Record money that came in: a top-up when prepaid, else a payment of the oldest invoices.

    The same reference with the same content gives the same payment, however often; with another it
    is a Conflict. Money without a date came in `now`. NotFound without the advertiser, Invalid for
    an amount below one cent or a currency that is not the advertiser's.
    """
    advertiser = stores.catalog.find(Advertiser, advertiser_id)
    if advertiser is None:
        raise NotFound(f"there is no advertiser {advertiser_id}")
    wanted = payments.receive(
        advertiser, reference=reference, amount_cents=amount_cents, currency=currency,
        received_at=received_at, now=now,
    )  # fmt: skip
    return take_in(wanted, dated=received_at is not None, stores=stores, now=now)


def take_in(
    wanted: Payment,
    *,
    first: Collection[str] = (),
    dated: bool = True,
    stores: Stores,
    now: datetime,
) -> Payment:
    """Record a payment, and do what its money allows; returns it as it was recorded first.

    It pays the invoices of `first`, by id, before the others. Conflict when its id has recorded
    another payment; one that is not `dated` may have come at another time.
    """
    recorded = _record(wanted, first, stores=stores)
    payments.confirm_same(recorded, wanted, dated=dated)
    if recorded.kind is PaymentKind.PAYMENT:
        freed = pass_on(recorded.advertiser_id, stores=stores, now=now, most_calls=MOST_AT_ONCE)
        publishers = _publishers(freed, recorded, stores)
        for publisher_id in sorted(publishers):
            release_due(publisher_id, as_of=now, freed=freed, stores=stores, now=now)
        resume(recorded.advertiser_id, stores=stores)
    return store.find_payment(stores.rows, wanted.id) or recorded


def pass_on(
    advertiser_id: str,
    *,
    stores: Stores,
    now: datetime,
    most_calls: int | None = None,
    in_time: InTime = unhurried,
) -> Latest[Earning]:
    """Let money that waits pay open invoices, collect every whole call that is covered, and take
    back what was lost.

    Returns the earnings that this has freed for release. An invoice of which an index does not show
    all charges yet is left for the next time, and so is one of more than `most_calls`. TimeUp where
    the run's time is over.
    """
    apply_waiting(advertiser_id, stores=stores, now=now)
    rows, freed = stores.rows, Latest[Earning]()
    for lost in _handy(lost_invoices(rows, advertiser_id), most_calls):
        freed.merge(settle_lost(lost, rows, in_time))
    for invoice in _handy(open_invoices(rows, advertiser_id), most_calls):
        if invoice.spare_cents < 0:
            take_back(invoice, rows, in_time)
        elif invoice.spare_cents or invoice.state is InvoiceState.PAID:
            freed.merge(collect_covered(invoice, rows, in_time) or Latest())
    return freed


def release_due(
    publisher_id: str,
    *,
    as_of: datetime,
    freed: Iterable[Earning],
    stores: Stores,
    now: datetime,
    in_time: InTime = unhurried,
) -> Latest[Earning]:
    """Release the publisher's collected earnings whose hold is over at `as_of` (inclusive).

    `freed` are earnings known to be collected, of any publisher, which an index may not show yet.
    Once the time is up the rest is left for the next run.
    """
    fresh = {
        earning.call_id: earning
        for earning in freed
        if earning.publisher_id == publisher_id and earning.release_after <= as_of
    }
    shown = collecting.earnings_due(stores.rows, publisher_id, as_of)
    others = (earning for earning in shown if earning.call_id not in fresh)
    released = Latest[Earning]()
    for batch in chunks(chain(others, fresh.values()), collecting.RELEASES_A_BATCH):
        if not in_time():
            break
        released.add(collecting.release(stores.rows, batch, now))
    return released


def apply_waiting(advertiser_id: str, *, stores: Stores, now: datetime) -> None:
    """Pay invoices from earlier payments, pair by pair, until either side is used up."""
    lost = 0
    while lost < _TRIES:
        waiting = store.unapplied_payments(stores.rows, advertiser_id)
        if not waiting:
            return
        pair = payments.match(waiting, open_invoices(stores.rows, advertiser_id))
        if pair is None:
            return
        lost += not store.apply_match(stores.rows, pair, now)
    raise Busy(f"the payments of {advertiser_id} are being changed by others")


def _handy(invoices: Iterable[Invoice], most_calls: int | None) -> Iterator[Invoice]:
    """Those that do not have too many calls."""
    return (one for one in invoices if most_calls is None or one.call_count <= most_calls)


def _record(wanted: Payment, first: Collection[str], *, stores: Stores) -> Payment:
    """The payment as it was recorded first, whether now or before."""
    for _ in range(_TRIES):
        known = store.find_payment(stores.rows, wanted.id)
        if known:
            return known
        invoices = {} if wanted.kind is PaymentKind.TOP_UP else _payable(wanted, stores)
        parts = payments.allocate(
            wanted.amount_cents, invoices.values(), most=_MOST_INVOICES, first=first
        )
        payment = replace(wanted, applications=parts)
        if store.record(stores.rows, payment, invoices):
            return payment
    raise Busy(f"the invoices of {wanted.advertiser_id} are being changed by others")


def _payable(wanted: Payment, stores: Stores) -> dict[str, Invoice]:
    return {invoice.id: invoice for invoice in open_invoices(stores.rows, wanted.advertiser_id)}


def _publishers(freed: Iterable[Earning], payment: Payment, stores: Stores) -> set[str]:
    """Whose calls were collected now, or are on the invoices that the payment has paid."""
    paid = invoices_by_id(stores.rows, tuple(part.invoice_id for part in payment.applications))
    on_invoices = {
        charge.publisher_id
        for invoice in paid
        if invoice.call_count <= MOST_AT_ONCE
        for charge in each_charge(stores.rows, invoice.id)
    }
    return on_invoices | {earning.publisher_id for earning in freed}
