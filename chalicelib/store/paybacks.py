"""How does money that goes back lie in the books?

Owns the rows of refunds and chargebacks, and the transactions that make them. How much goes back
belongs to `chalicelib.paybacks`; calls that then wait for money again, to `uncollecting`.
"""

from collections.abc import Sequence

from chalicelib import paybacks, times
from chalicelib.errors import Conflict
from chalicelib.invoices import Invoice
from chalicelib.paybacks import Chargeback, Refund
from chalicelib.payments import Payment
from chalicelib.store import codec
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.funds import add_funds, take_funds
from chalicelib.store.payments import payment_change
from chalicelib.store.rows import BOOKS, Action, Item, Key, NotWritten, Put, Rows
from chalicelib.store.uncollecting import reopen_change

_FUNDS = 2


def find_refund(rows: Rows, refund_id: str) -> Refund | None:
    """The refund; None when there is none."""
    item = _find(rows, _refund_key(refund_id))
    return read_refund(item) if item else None


def find_chargeback(rows: Rows, chargeback_id: str) -> Chargeback | None:
    """The chargeback; None when there is none."""
    item = _find(rows, _chargeback_key(chargeback_id))
    return read_chargeback(item) if item else None


def read_refund(item: Item) -> Refund:
    """The refund that a row holds."""
    return codec.from_json(Refund, item["doc"])


def read_chargeback(item: Item) -> Chargeback:
    """The chargeback that a row holds."""
    return codec.from_json(Chargeback, item["doc"])


def keep_refund(rows: Rows, payment: Payment, given: Refund) -> bool:
    """Book a refund; False when it has been booked before, or the payment has moved on since it was
    read. Conflict when the advertiser may not spend that much: its calls have used it, or hold it.
    """
    actions: list[Action] = [
        Put(BOOKS, _item(_refund_key(given.id), "refund", given)),
        payment_change(payment, paybacks.refunded(payment, given)),
        take_funds(given.advertiser_id, given.amount_cents),
        *entry_puts(paybacks.refund_entry(payment, given)),
    ]
    try:
        book(rows, actions)
    except NotWritten as refused:
        if min(refused.images) < _FUNDS:
            return False
        detail = f"{given.advertiser_id} may spend less than {given.amount_cents} cents"
        raise Conflict(detail, code="funds_too_low") from refused
    return True


def keep_chargeback(
    rows: Rows, payment: Payment, taken: Chargeback, invoices: Sequence[Invoice]
) -> bool:
    """Book a chargeback, and open again the invoices that it is about; False when it has been
    booked before, or the payment has moved on since it was read.

    What the advertiser may spend falls by all of it but what is written off, below nothing if need
    be.
    """
    parts = {part.invoice_id: part for part in taken.reopened}
    actions: list[Action] = [
        Put(BOOKS, _item(_chargeback_key(taken.id), "chargeback", taken)),
        payment_change(payment, paybacks.charged_back(payment)),
        add_funds(taken.advertiser_id, taken.lost_cents - taken.amount_cents),
        *(reopen_change(invoice, parts[invoice.id]) for invoice in invoices),
        *entry_puts(paybacks.chargeback_entry(payment, taken)),
    ]
    try:
        book(rows, actions)
    except NotWritten:
        return False
    return True


def _refund_key(refund_id: str) -> Key:
    return Key(BOOKS, f"REFUND#{refund_id}")


def _chargeback_key(chargeback_id: str) -> Key:
    return Key(BOOKS, f"CHARGEBACK#{chargeback_id}")


def _find(rows: Rows, key: Key) -> Item | None:
    found, _ = rows.gather([key])
    return found.get(key)


def _item(key: Key, kind: str, thing: Refund | Chargeback) -> Item:
    return {
        "pk": key.pk,
        "sk": key.sk,
        "kind": kind,
        "id": thing.id,
        "created_key": f"{times.written(thing.booked_at)}#{thing.id}",
        "amount_cents": thing.amount_cents,
        "doc": codec.to_json(thing),
    }
