"""What does an advertiser owe for a period?

Owns the charge of a call, and the document that a closed period becomes: an invoice for an
advertiser on terms, a statement for a prepaid one, with its lines, its number, its due date and the
table of its calls. Which money pays it belongs to `payments`.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import times
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.errors import Broken
from chalicelib.ids import derived
from chalicelib.times import Period

CSV_COLUMNS = (
    "call_id",
    "start_utc",
    "campaign_id",
    "billable_seconds",
    "charge_cents",
    "currency",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What the advertiser owes for one approved call; `collected` once its money is in."""

    call_id: str
    advertiser_id: str
    campaign_id: str
    publisher_id: str
    talk_seconds: int
    amount_cents: int
    currency: str
    arrived_at: datetime
    booked_at: datetime
    collected: bool


class ChargeState(StrEnum):
    """Whether the advertiser's money for a charge is in."""

    OPEN = "open"
    COLLECTED = "collected"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedCharge:
    """A charge as the books hold it: `document_id` is its invoice or statement, once it has one."""

    charge: Charge
    document_id: str | None


class InvoiceKind(StrEnum):
    """What a closed period becomes: money asked for, or money accounted for."""

    INVOICE = "invoice"
    STATEMENT = "statement"


class InvoiceState(StrEnum):
    """A draft still gathers charges; an open invoice waits for money."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The calls of one campaign at one rate: quantity times unit is the amount, to the cent."""

    campaign_id: str
    unit_cents: int
    quantity: int
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice or a statement. A draft has neither number nor lines.

    `due_at` is the first instant of the day on which the money is due, in UTC; a statement has
    none. `spare_cents` is what was paid and has not yet collected a whole call. `calls_key` names
    the table of the calls among the documents.
    """

    id: str
    kind: InvoiceKind
    advertiser_id: str
    currency: str
    period: Period
    state: InvoiceState = InvoiceState.DRAFT
    number: str | None = None
    issued_at: datetime | None = None
    due_at: datetime | None = None
    lines: tuple[Line, ...] = ()
    call_count: int = 0
    total_cents: int = 0
    paid_cents: int = 0
    spare_cents: int = 0
    calls_key: str | None = None

    @property
    def owed_cents(self) -> int:
        """What is still to be paid."""
        return self.total_cents - self.paid_cents


def draft(advertiser: Advertiser, period: Period) -> Invoice:
    """The empty document of a period; the same advertiser and period give the same id."""
    prepaid = advertiser.billing is Billing.PREPAID
    return Invoice(
        id=derived("inv", advertiser.id, times.written(period.start)),
        kind=InvoiceKind.STATEMENT if prepaid else InvoiceKind.INVOICE,
        advertiser_id=advertiser.id,
        currency=advertiser.currency,
        period=period,
    )


def in_order(charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """Charges in the order in which they were booked, which is also how money collects them."""
    return tuple(sorted(charges, key=lambda charge: (charge.booked_at, charge.call_id)))


def lines(charges: Iterable[Charge]) -> tuple[Line, ...]:
    """One line for each campaign and rate, by campaign, then by rate."""
    quantities = Counter((charge.campaign_id, charge.amount_cents) for charge in charges)
    return tuple(
        Line(campaign_id=campaign, unit_cents=unit, quantity=n, amount_cents=n * unit)
        for (campaign, unit), n in sorted(quantities.items())
    )


def issue(
    document: Invoice, charges: tuple[Charge, ...], *, net_days: int, calls_key: str, now: datetime
) -> Invoice:
    """The draft as it goes out on the day of `now`, but for its number.

    A statement is paid, because its calls were; so is an invoice of nothing. An invoice is due
    `net_days` calendar days after the day of issue.
    """
    if any(charge.currency != document.currency for charge in charges):
        raise Broken(f"{document.id} has charges in another currency than {document.currency}")
    total = sum(charge.amount_cents for charge in charges)
    statement = document.kind is InvoiceKind.STATEMENT
    return replace(
        document,
        state=InvoiceState.PAID if statement or not total else InvoiceState.OPEN,
        issued_at=now,
        due_at=None if statement else due_at(now, net_days),
        lines=lines(charges),
        call_count=len(charges),
        total_cents=total,
        paid_cents=total if statement else 0,
        calls_key=calls_key,
    )


def due_at(issued_at: datetime, net_days: int) -> datetime:
    """The start of the day `net_days` calendar days after the day of issue, in UTC."""
    midnight = times.utc(issued_at).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=net_days)


def number(kind: InvoiceKind, position: int) -> str:
    """The number of the document at `position` (1 is the first) of its kind's series."""
    return f"{'INV' if kind is InvoiceKind.INVOICE else 'ST'}-{position:06d}"


def calls_csv(charges: Iterable[Charge]) -> str:
    """The table of the calls behind a document, in the order of booking.

    The same charges give the same text. It names neither callers nor publishers.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(CSV_COLUMNS)
    table.writerows(
        (
            charge.call_id,
            times.written(charge.arrived_at),
            charge.campaign_id,
            charge.talk_seconds,
            charge.amount_cents,
            charge.currency,
        )
        for charge in in_order(charges)
    )
    return text.getvalue()


def calls_place(document: Invoice, body: str) -> str:
    """Where the table of calls is kept: another content has another place.

    So a slower closing that knew fewer charges cannot write over the table of the finished one.
    """
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    return f"{document.kind}s/{document.advertiser_id}/{document.id}/calls-{digest}.csv"
