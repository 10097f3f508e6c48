"""What happens when an advertiser's money goes back?

Joins a refund or a chargeback with the payment it is about. After a chargeback, calls that the
money had collected wait for it again, unless their earnings were released: these are told of, and
nothing is taken from publishers. Every step finds what is left to do, so that the same request, or
the next closing, completes what a dead process began, or what there was no time for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib import paybacks
from chalicelib.errors import Busy, NotFound
from chalicelib.flows.pacing import InTime, TimeUp, unhurried
from chalicelib.flows.uncollecting import released_unpaid, settle_lost, take_back
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.paybacks import Chargeback, Refund
from chalicelib.payments import Payment
from chalicelib.payouts import BookedEarning
from chalicelib.store import paybacks as store
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.payments import find_payment
from chalicelib.store.stores import Stores

_TRIES = 8
MOST_TOLD = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebackReport:
    """A chargeback, and the released earnings of calls that, as things stand, nobody has paid.

    It is not `whole` where the calls were too many to look all of them through in time, or the
    earnings too many to tell of.
    """

    chargeback: Chargeback
    released: tuple[BookedEarning, ...]
    whole: bool


def refund(
    payment_id: str, *, reference: str, amount_cents: int, stores: Stores, now: datetime
) -> Refund:
    """Record that so much of a payment went back.

    The same reference with the same amount gives the same refund, however often; with another it is
    a Conflict. NotFound without the payment, Conflict for more than nobody has used.
    """
    for _ in range(_TRIES):
        known = store.find_refund(stores.rows, paybacks.refund_id(payment_id, reference))
        if known:
            paybacks.confirm_same(known, amount_cents)
            return known
        payment = _payment(payment_id, stores)
        given = paybacks.refund(payment, reference=reference, amount_cents=amount_cents, now=now)
        if store.keep_refund(stores.rows, payment, given):
            return given
    raise Busy(f"{payment_id} is being changed by others")


def refund_up_to(
    payment_id: str, *, reference: str, total_cents: int, stores: Stores, now: datetime
) -> None:
    """Record refunds until so much of a payment went back in all; more than that stays as it is.

    NotFound without the payment, Conflict for more than nobody has used.
    """
    for _ in range(_TRIES):
        payment = _payment(payment_id, stores)
        missing = total_cents - payment.refunded_cents
        if missing <= 0:
            return
        given = paybacks.refund(
            payment, reference=f"{reference} {total_cents}", amount_cents=missing, now=now
        )
        if store.keep_refund(stores.rows, payment, given):
            return
    raise Busy(f"{payment_id} is being changed by others")


def charge_back(
    payment_id: str, *, reference: str, stores: Stores, now: datetime, in_time: InTime = unhurried
) -> ChargebackReport:
    """Record that the bank took a payment back; a repetition goes on where the first one stopped.
    Calls for which there is no time are taken back by the next closing.

    NotFound without the payment, Conflict when nothing is left of it.
    """
    taken = _recorded(payment_id, reference, stores=stores, now=now)
    try:
        for invoice in _reopened(taken, stores):
            lose = settle_lost if invoice.ended_at else take_back
            lose(invoice, stores.rows, in_time)
    except TimeUp:
        return ChargebackReport(chargeback=taken, released=(), whole=False)
    return report(taken, stores=stores, in_time=in_time)


def known_chargeback(
    payment_id: str, *, stores: Stores, in_time: InTime = unhurried
) -> ChargebackReport:
    """The chargeback of the payment; NotFound when there is none."""
    taken = store.find_chargeback(stores.rows, paybacks.chargeback_id(payment_id))
    if taken is None:
        raise NotFound(f"there is no chargeback of {payment_id}")
    return report(taken, stores=stores, in_time=in_time)


def report(
    taken: Chargeback,
    *,
    stores: Stores,
    in_time: InTime = unhurried,
    most_told: int = MOST_TOLD,
) -> ChargebackReport:
    """The chargeback with what it leaves to be dealt with, as things stand."""
    released: list[BookedEarning] = []
    whole = True
    try:
        for booked in _unpaid(taken, stores, in_time):
            if len(released) == most_told:
                whole = False
                break
            released.append(booked)
    except (TimeUp, Busy):
        whole = False
    return ChargebackReport(chargeback=taken, released=tuple(released), whole=whole)


def _unpaid(taken: Chargeback, stores: Stores, in_time: InTime) -> Iterator[BookedEarning]:
    for invoice in _reopened(taken, stores):
        yield from released_unpaid(invoice, stores.rows, in_time)


def _reopened(taken: Chargeback, stores: Stores) -> tuple[Invoice, ...]:
    return invoices_by_id(stores.rows, tuple(part.invoice_id for part in taken.reopened))


def _recorded(payment_id: str, reference: str, *, stores: Stores, now: datetime) -> Chargeback:
    """The chargeback as it was recorded first, whether now or before."""
    for _ in range(_TRIES):
        known = store.find_chargeback(stores.rows, paybacks.chargeback_id(payment_id))
        if known:
            return known
        payment = _payment(payment_id, stores)
        ids = tuple({part.invoice_id for part in payment.applications})
        invoices = invoices_by_id(stores.rows, ids)
        lost = [one.id for one in invoices if one.state is InvoiceState.UNCOLLECTIBLE]
        taken = paybacks.charge_back(payment, reference=reference, written_off=lost, now=now)
        if store.keep_chargeback(stores.rows, payment, taken, invoices):
            return taken
    raise Busy(f"{payment_id} is being changed by others")


def _payment(payment_id: str, stores: Stores) -> Payment:
    payment = find_payment(stores.rows, payment_id)
    if payment is None:
        raise NotFound(f"there is no payment {payment_id}")
    return payment
