"""What happens when an advertiser's money goes back?

Joins a refund or a chargeback with the payment it is about. After a chargeback, calls that the
money had collected wait for it again, unless their earnings were released: these are told of, and
nothing is taken from publishers. Every step finds what is left to do, so that the same request, or
the next closing, completes what a dead process began.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import paybacks
from chalicelib.errors import Busy, NotFound
from chalicelib.flows.payments import take_back
from chalicelib.invoices import InvoiceState
from chalicelib.paybacks import Chargeback, Refund
from chalicelib.payments import Payment
from chalicelib.payouts import BookedEarning
from chalicelib.store import paybacks as store
from chalicelib.store.invoices import charges_of, invoices_by_id
from chalicelib.store.payments import find_payment
from chalicelib.store.stores import Stores
from chalicelib.store.uncollecting import released_unpaid

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebackReport:
    """A chargeback, and the released earnings of calls that, as things stand, nobody has paid."""

    chargeback: Chargeback
    released: tuple[BookedEarning, ...]


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
    payment_id: str, *, reference: str, stores: Stores, now: datetime
) -> ChargebackReport:
    """Record that the bank took a payment back; a repetition goes on where the first one stopped.

    NotFound without the payment, Conflict when nothing is left of it.
    """
    taken = _recorded(payment_id, reference, stores=stores, now=now)
    for invoice in invoices_by_id(stores.rows, tuple(part.invoice_id for part in taken.reopened)):
        take_back(invoice, stores=stores)
    return report(taken, stores=stores)


def known_chargeback(payment_id: str, *, stores: Stores) -> ChargebackReport:
    """The chargeback of the payment; NotFound when there is none."""
    taken = store.find_chargeback(stores.rows, paybacks.chargeback_id(payment_id))
    if taken is None:
        raise NotFound(f"there is no chargeback of {payment_id}")
    return report(taken, stores=stores)


def report(taken: Chargeback, *, stores: Stores) -> ChargebackReport:
    """The chargeback with what it leaves to be dealt with, as things stand."""
    released: list[BookedEarning] = []
    for part in taken.reopened:
        charges = [booked.charge for booked in charges_of(stores.rows, part.invoice_id)]
        released += released_unpaid(stores.rows, part.invoice_id, charges)
    return ChargebackReport(chargeback=taken, released=tuple(released))


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
