"""Which invoices does money pay, and which calls are then collected?

Owns the money that came in from an advertiser: a top-up of a prepaid balance, or a payment that
goes to open invoices, the oldest first. What an invoice asks for belongs to `invoices`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib import times
from chalicelib.bank_files import BankLine
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.ids import derived
from chalicelib.invoices import Charge, Invoice, in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """What an advertiser may still spend, and what live and pending calls hold of it, in cents."""

    advertiser_id: str
    available_cents: int
    held_cents: int


class PaymentState(StrEnum):
    """Whether the money is still here: a bank takes back what a payer contests."""

    RECEIVED = "received"
    CHARGED_BACK = "charged_back"


class PaymentKind(StrEnum):
    """Money before the calls, or for invoiced ones; or money of before that a credit note has
    handed back, which waits for another invoice."""

    TOP_UP = "top_up"
    PAYMENT = "payment"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The part of a payment that pays one invoice."""

    invoice_id: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that came in, and the invoices it has paid; the rest of a payment waits unapplied.

    Once it is charged back, `applications` tell what it had paid. `version` counts its changes.
    """

    id: str
    kind: PaymentKind
    advertiser_id: str
    reference: str
    amount_cents: int
    currency: str
    received_at: datetime
    booked_at: datetime
    applications: tuple[Application, ...] = ()
    refunded_cents: int = 0
    state: PaymentState = PaymentState.RECEIVED
    version: int = 0

    @property
    def kept_cents(self) -> int:
        """What is left of the money after what went back."""
        kept = self.state is PaymentState.RECEIVED
        return self.amount_cents - self.refunded_cents if kept else 0

    @property
    def standing(self) -> tuple[Application, ...]:
        """What it pays: nothing, once it is charged back."""
        return self.applications if self.state is PaymentState.RECEIVED else ()

    @property
    def unapplied_cents(self) -> int:
        """What waits for an invoice; a top-up waits for none."""
        if self.kind is PaymentKind.TOP_UP:
            return 0
        return self.kept_cents - sum(part.amount_cents for part in self.standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Money that waited, and the invoice it is to pay."""

    payment: Payment
    invoice: Invoice
    amount_cents: int


def receive(
    advertiser: Advertiser,
    *,
    reference: str,
    amount_cents: int,
    currency: str,
    received_at: datetime | None,
    now: datetime,
) -> Payment:
    """The payment that the advertiser's money makes; one reference makes one payment.

    Money without a date came in `now`. Invalid when it is not positive, or in a currency that is
    not the advertiser's, or without a reference.
    """
    faults = (
        _fault("reference", "required", "A payment has a reference of the bank.", not reference),
        _fault("amount_cents", "positive", "A payment is at least one cent.", amount_cents < 1),
        _fault(
            "currency", "currency_of_advertiser", f"The advertiser pays in {advertiser.currency}.",
            currency != advertiser.currency,
        ),
    )  # fmt: skip
    found = tuple(fault for fault in faults if fault)
    if found:
        raise Invalid(found)
    prepaid = advertiser.billing is Billing.PREPAID
    return Payment(
        id=derived("pay", advertiser.id, reference),
        kind=PaymentKind.TOP_UP if prepaid else PaymentKind.PAYMENT,
        advertiser_id=advertiser.id,
        reference=reference,
        amount_cents=amount_cents,
        currency=currency,
        received_at=received_at or now,
        booked_at=now,
    )


def of_bank_line(advertiser: Advertiser, line: BankLine, *, now: datetime) -> Payment:
    """The payment that a line of a bank's statement makes, in whichever file it comes; it goes by
    what the payer wrote, or by who that was. Invalid as for `receive`."""
    made = receive(
        advertiser,
        reference=line.reference or line.payer,
        amount_cents=line.amount_cents,
        currency=line.currency,
        received_at=line.received_at,
        now=now,
    )
    return replace(made, id=line.payment_id)


def confirm_same(stored: Payment, repeated: Payment, *, dated: bool) -> None:
    """Conflict when a reference comes again with another amount or currency, or, where the
    repetition is `dated`, with another date."""
    same = (stored.amount_cents, stored.currency) == (repeated.amount_cents, repeated.currency)
    dates = {times.written(one.received_at) for one in (stored, repeated)}
    if not same or (dated and len(dates) > 1):
        raise Conflict(
            f"the reference {stored.reference} has recorded another payment",
            code="payment_reference_reused",
        )


def allocate(
    amount_cents: int, invoices: Iterable[Invoice], *, most: int, first: Collection[str] = ()
) -> tuple[Application, ...]:
    """The invoices that `amount_cents` pays, no more than `most` of them: those of `first`, by id,
    before the others, and of each the oldest before the newer."""
    parts: list[Application] = []
    left = amount_cents
    by_rank = sorted(_oldest_first(invoices), key=lambda invoice: invoice.id not in first)
    for invoice in by_rank[:most]:
        part = min(left, invoice.owed_cents)
        if part > 0:
            parts.append(Application(invoice_id=invoice.id, amount_cents=part))
            left -= part
    return tuple(parts)


def top_up_due(advertiser: Advertiser, funds: Funds) -> int | None:
    """The cents that a prepaid advertiser is asked for, because it may spend less than it wants to
    have; None when nothing is."""
    below = advertiser.top_up_below_cents
    due = below is not None and funds.available_cents < below
    return advertiser.top_up_cents if due else None


def match(payments: Iterable[Payment], invoices: Iterable[Invoice]) -> Match | None:
    """The oldest money that waits and the oldest invoice it can pay; None when either is lacking.

    It uses up the one or pays off the other, so that no pair meets twice.
    """
    waiting = sorted(payments, key=lambda payment: (payment.booked_at, payment.id))
    payment = next((one for one in waiting if one.unapplied_cents > 0), None)
    invoice = next(iter(_oldest_first(invoices)), None)
    if payment is None or invoice is None:
        return None
    amount = min(payment.unapplied_cents, invoice.owed_cents)
    return Match(payment=payment, invoice=invoice, amount_cents=amount)


def with_application(payment: Payment, part: Application) -> Payment:
    """The payment after it has paid another invoice."""
    applications = (*payment.applications, part)
    return replace(payment, applications=applications, version=payment.version + 1)


def covered(waiting: Iterable[tuple[str, int]], left_cents: int) -> Iterator[str]:
    """The calls that `left_cents` covers, of those that wait with what is due for them, in the
    order in which they come: whole calls only, up to the first that it does not cover."""
    left = left_cents
    for call_id, due_cents in waiting:
        left -= due_cents
        if left < 0:
            return
        yield call_id


def to_take_back(collected: Iterable[Charge], short_cents: int) -> tuple[Charge, ...]:
    """The latest of the `collected` charges that together come to what is short, or to more by less
    than one call; all of them where they come to less, none where nothing is short."""
    taken: list[Charge] = []
    short = short_cents
    for charge in reversed(in_order(collected)):
        if short <= 0:
            break
        if charge.due_cents:
            taken.append(charge)
            short -= charge.due_cents
    return tuple(taken)


def _oldest_first(invoices: Iterable[Invoice]) -> Sequence[Invoice]:
    owing = [
        (invoice.issued_at, invoice.id, invoice)
        for invoice in invoices
        if invoice.owed_cents > 0 and invoice.issued_at is not None
    ]
    return [invoice for _, _, invoice in sorted(owing, key=lambda place: place[:2])]


def _fault(field: str, rule: str, reason: str, broken: bool) -> Fault | None:
    return Fault(field=field, rule=rule, reason=reason) if broken else None
