"""Which money goes back to an advertiser, and what does its bank take back?

Owns refunds of money that nothing has used, and chargebacks of whole payments, each with its entry.
Money that comes in belongs to `payments`. Nothing is taken from publishers here.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.ids import derived
from chalicelib.ledger import AdvertiserAccount, Entry, House, Leg, advertiser_account
from chalicelib.payments import Application, Payment, PaymentKind, PaymentState

MOST_REOPENED = 80
"""How many applications one transaction takes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money of a payment that went back to the advertiser, by the bank's `reference`."""

    id: str
    payment_id: str
    advertiser_id: str
    reference: str
    amount_cents: int
    currency: str
    booked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargeback:
    """A payment that the bank took back, less what had been refunded: which invoices lack again
    what it had paid, and the rest, which was prepaid or unapplied. `lost_cents` of it had paid
    invoices that were written off since, and are written off as well."""

    id: str
    payment_id: str
    advertiser_id: str
    reference: str
    amount_cents: int
    currency: str
    booked_at: datetime
    reopened: tuple[Application, ...] = ()
    lost_cents: int = 0


def refundable_cents(payment: Payment) -> int:
    """What of the payment can go back: all of a top-up, of another what no invoice took."""
    return payment.kept_cents if payment.kind is PaymentKind.TOP_UP else payment.unapplied_cents


def refund_id(payment_id: str, reference: str) -> str:
    """One reference refunds a payment once."""
    return derived("rfd", payment_id, reference)


def chargeback_id(payment_id: str) -> str:
    """A payment is charged back once."""
    return derived("cbk", payment_id)


def refund(payment: Payment, *, reference: str, amount_cents: int, now: datetime) -> Refund:
    """The refund of so much of the payment; Invalid below one cent, Conflict for more than the
    payment has left. Whether the balance carries it is for the database to say."""
    if amount_cents < 1:
        reason = "A refund is at least one cent."
        raise Invalid((Fault(field="amount_cents", rule="positive", reason=reason),))
    left = refundable_cents(payment)
    if amount_cents > left:
        detail = f"{payment.id} has {left} cents that can be refunded"
        raise Conflict(detail, code="not_refundable")
    return Refund(
        id=refund_id(payment.id, reference),
        payment_id=payment.id,
        advertiser_id=payment.advertiser_id,
        reference=reference,
        amount_cents=amount_cents,
        currency=payment.currency,
        booked_at=now,
    )


def refunded(payment: Payment, given: Refund) -> Payment:
    """The payment after the refund."""
    cents = payment.refunded_cents + given.amount_cents
    return replace(payment, refunded_cents=cents, version=payment.version + 1)


def confirm_same(stored: Refund, amount_cents: int) -> None:
    """Conflict when a reference comes again with another amount."""
    if stored.amount_cents != amount_cents:
        detail = f"the reference {stored.reference} has refunded another amount"
        raise Conflict(detail, code="refund_reference_reused")


def charge_back(
    payment: Payment, *, reference: str, written_off: Collection[str] = (), now: datetime
) -> Chargeback:
    """The chargeback of all that is left of the payment; `written_off` are the ids of invoices that
    are. Conflict when nothing is left, when it has paid more invoices than one transaction takes,
    or when a credit note made it: no bank has sent that money, so that none takes it back."""
    if payment.kind is PaymentKind.CREDIT:
        raise Conflict(f"{payment.id} was handed back by a credit note", code="not_from_a_bank")
    if not payment.kept_cents:
        raise Conflict(f"nothing is left of {payment.id}", code="nothing_left")
    if len(payment.applications) > MOST_REOPENED:
        detail = f"{payment.id} has paid more than {MOST_REOPENED} invoices"
        raise Conflict(detail, code="too_many_invoices")
    reopened = _by_invoice(payment.applications)
    return Chargeback(
        id=chargeback_id(payment.id),
        payment_id=payment.id,
        advertiser_id=payment.advertiser_id,
        reference=reference,
        amount_cents=payment.kept_cents,
        currency=payment.currency,
        booked_at=now,
        reopened=reopened,
        lost_cents=sum(part.amount_cents for part in reopened if part.invoice_id in written_off),
    )


def charged_back(payment: Payment) -> Payment:
    """The payment after the chargeback."""
    return replace(payment, state=PaymentState.CHARGED_BACK, version=payment.version + 1)


def refund_entry(payment: Payment, given: Refund) -> Entry:
    """Money that was prepaid, or waits unapplied, goes back."""
    prepaid = payment.kind is PaymentKind.TOP_UP
    account = AdvertiserAccount.PREPAID if prepaid else AdvertiserAccount.UNAPPLIED
    return Entry(
        key=f"refund:{given.id}",
        template="refund",
        currency=given.currency,
        booked_at=given.booked_at,
        legs=_back({advertiser_account(account, given.advertiser_id): given.amount_cents}),
        refs={"refund_id": given.id, "payment_id": given.payment_id},
    )


def chargeback_entry(payment: Payment, taken: Chargeback) -> Entry:
    """The bank takes the payment back: each part is owed, or missing, where it had gone."""
    owed = sum(part.amount_cents for part in taken.reopened)
    rest = taken.amount_cents - owed
    prepaid = payment.kind is PaymentKind.TOP_UP
    receivable = advertiser_account(AdvertiserAccount.RECEIVABLE, taken.advertiser_id)
    elsewhere = AdvertiserAccount.PREPAID if prepaid else AdvertiserAccount.UNAPPLIED
    parts = {
        receivable: owed - taken.lost_cents,
        House.BAD_DEBT.value: taken.lost_cents,
        advertiser_account(elsewhere, taken.advertiser_id): rest,
    }
    return Entry(
        key=f"cb:{payment.id}",
        template="chargeback",
        currency=taken.currency,
        booked_at=taken.booked_at,
        legs=_back(parts),
        refs={"chargeback_id": taken.id, "payment_id": payment.id},
    )


def _back(parts: dict[str, int]) -> tuple[Leg, ...]:
    """A debit for each part that is more than nothing, and their sum out of the bank."""
    debits = [Leg(account=account, amount_cents=cents) for account, cents in parts.items() if cents]
    out = -sum(leg.amount_cents for leg in debits)
    return (*debits, Leg(account=House.CASH_BANK, amount_cents=out))


def _by_invoice(parts: tuple[Application, ...]) -> tuple[Application, ...]:
    """One part for each invoice, however often the payment paid it."""
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.invoice_id] = sums.get(part.invoice_id, 0) + part.amount_cents
    return tuple(Application(invoice_id=one, amount_cents=cents) for one, cents in sums.items())
