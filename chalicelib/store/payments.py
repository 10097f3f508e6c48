"""How does money that came in lie in the books?

Owns the row of a payment and the transactions that record it and that let it pay an invoice. How
much goes where belongs to `chalicelib.payments`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib import ledger, times
from chalicelib.errors import Broken
from chalicelib.invoices import Invoice
from chalicelib.ledger import Entry
from chalicelib.payments import Application, Match, Payment, PaymentKind, with_application
from chalicelib.store import codec
from chalicelib.store.claims import waiting_items
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.funds import add_funds
from chalicelib.store.invoices import apply_change
from chalicelib.store.rows import (
    BOOKS,
    Absent,
    Action,
    Change,
    Condition,
    Equals,
    Item,
    Key,
    NotWritten,
    Put,
    Rows,
)

_PAYMENT, _FUNDS = 0, 1


def payment_key(payment_id: str) -> Key:
    """Where a payment lies."""
    return Key(BOOKS, f"PAYMENT#{payment_id}")


def unapplied(advertiser_id: str) -> str:
    """The partition of `by_open` with the payments of which something waits for an invoice."""
    return f"UNAPPLIED#{advertiser_id}"


def read_payment(item: Item) -> Payment:
    """The payment that a row holds."""
    return codec.from_json(Payment, item["doc"])


def payments_by_id(rows: Rows, ids: Sequence[str]) -> dict[str, Payment]:
    """The payments as they stand, by id; those that are not there are left out."""
    found, _ = rows.gather([payment_key(one) for one in ids])
    return {item["id"]: read_payment(item) for item in found.values()}


def find_payment(rows: Rows, payment_id: str) -> Payment | None:
    """The payment as it stands; None when there is none."""
    return payments_by_id(rows, [payment_id]).get(payment_id)


def unapplied_payments(rows: Rows, advertiser_id: str) -> tuple[Payment, ...]:
    """The advertiser's payments of which something waits, as they stand."""
    items = waiting_items(rows, unapplied(advertiser_id))
    found, _ = rows.gather([payment_key(item["id"]) for item in items])
    return tuple(read_payment(item) for item in found.values())


def record(rows: Rows, payment: Payment, invoices: Mapping[str, Invoice]) -> bool:
    """Keep a new payment, pay what it applies to, and raise what its advertiser may spend.

    `invoices` are those it pays, as they were read. False when the payment has been recorded
    before, or when an invoice has moved on since.
    """
    parts = [apply_change(invoices[part.invoice_id], part) for part in payment.applications]
    actions: list[Action] = [
        payment_put(payment),
        add_funds(payment.advertiser_id, payment.amount_cents),
        *parts,
        *entry_puts(_entry(payment)),
    ]
    try:
        book(rows, actions)
    except NotWritten as refused:
        if _PAYMENT not in refused.images and _FUNDS in refused.images:
            raise Broken(f"{payment.advertiser_id} has no funds") from refused
        return False
    return True


def apply_match(rows: Rows, match: Match, now: datetime) -> bool:
    """Let money that waited pay an invoice; False when either has moved on since it was read."""
    part = Application(invoice_id=match.invoice.id, amount_cents=match.amount_cents)
    entry = ledger.applied(
        invoice_id=match.invoice.id,
        payment_id=match.payment.id,
        advertiser_id=match.payment.advertiser_id,
        amount_cents=match.amount_cents,
        currency=match.payment.currency,
        now=now,
        times_before=sum(one.invoice_id == match.invoice.id for one in match.payment.applications),
    )
    actions: list[Action] = [
        payment_change(match.payment, with_application(match.payment, part)),
        apply_change(match.invoice, part),
        *entry_puts(entry),
    ]
    try:
        book(rows, actions)
    except NotWritten:
        return False
    return True


def payment_change(before: Payment, after: Payment) -> Change:
    """`after` in the place of `before`, while that is still the version stored."""
    stands: Condition = Equals(("version",), before.version)
    return Change(
        key=payment_key(before.id),
        set={
            ("doc",): codec.to_json(after),
            ("available_cents",): after.unapplied_cents,
            ("version",): after.version,
        },
        remove=[] if after.unapplied_cents else [("open",), ("open_key",)],
        when=[stands if before.version else Absent(("version",))],
    )


def _entry(payment: Payment) -> Entry:
    if payment.kind is PaymentKind.TOP_UP:
        return ledger.top_up(
            payment_id=payment.id,
            advertiser_id=payment.advertiser_id,
            amount_cents=payment.amount_cents,
            currency=payment.currency,
            now=payment.booked_at,
        )
    return ledger.payment(
        payment_id=payment.id,
        advertiser_id=payment.advertiser_id,
        applied_cents=payment.amount_cents - payment.unapplied_cents,
        unapplied_cents=payment.unapplied_cents,
        currency=payment.currency,
        now=payment.booked_at,
    )


def _order(payment: Payment) -> str:
    return f"{times.written(payment.booked_at)}#{payment.id}"


def payment_put(payment: Payment) -> Put:
    """The new row of a payment; refused when it has been recorded before."""
    key = payment_key(payment.id)
    waits = payment.unapplied_cents > 0
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "payment",
        "id": payment.id,
        "created_key": _order(payment),
        "amount_cents": payment.amount_cents,
        "available_cents": payment.unapplied_cents,
        "open": unapplied(payment.advertiser_id) if waits else None,
        "open_key": _order(payment) if waits else None,
        "doc": codec.to_json(payment),
    }
    return Put(BOOKS, item)
