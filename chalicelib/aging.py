"""How long has money been owed?

Owns how late an invoice is, what it still asked for on any day, and the sums by age. Which payments
there are belongs to the store.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib import times
from chalicelib.invoices import Invoice, InvoiceKind
from chalicelib.payments import Payment


class Age(StrEnum):
    """How many days ago an invoice was due."""

    CURRENT = "current"
    TO_30 = "days_1_to_30"
    TO_60 = "days_31_to_60"
    TO_90 = "days_61_to_90"
    OVER_90 = "days_over_90"


_LAST_DAYS = ((0, Age.CURRENT), (30, Age.TO_30), (60, Age.TO_60), (90, Age.TO_90))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """What one invoice still asks for, and for how many days it has been late."""

    invoice: Invoice
    owed_cents: int
    days_late: int

    @property
    def age(self) -> Age:
        """The age that it counts under."""
        return next((age for last, age in _LAST_DAYS if self.days_late <= last), Age.OVER_90)


def days_late(invoice: Invoice, as_of: datetime) -> int:
    """How many days before that of `as_of` the invoice was due; 0 up to the day itself, in UTC."""
    if invoice.due_at is None:
        return 0
    days = (times.utc(as_of).date() - times.utc(invoice.due_at).date()).days
    return max(days, 0)


def past_due(invoice: Invoice, as_of: datetime) -> bool:
    """Whether money is asked for that should have come in on a day before that of `as_of`."""
    return invoice.owed_cents > 0 and days_late(invoice, as_of) > 0


def owing(
    invoices: Iterable[Invoice], payments: Iterable[Payment], as_of: datetime
) -> tuple[Owing, ...]:
    """Every invoice that asked for money at `as_of` (inclusive), the oldest debt first.

    Money counts from when it was recorded, and not before the invoice that it pays was issued.
    """
    applied = _applied(payments, as_of)
    found = []
    for invoice in invoices:
        owed = _owed_at(invoice, applied, as_of)
        if owed > 0:
            late = days_late(invoice, as_of)
            found.append(Owing(invoice=invoice, owed_cents=owed, days_late=late))
    return tuple(sorted(found, key=lambda one: (-one.days_late, one.invoice.id)))


def sums(owed: Iterable[Owing]) -> dict[Age, int]:
    """What is owed in all, in cents, by age; every age is there."""
    totals: Counter[Age] = Counter()
    for one in owed:
        totals[one.age] += one.owed_cents
    return {age: totals[age] for age in Age}


def _applied(payments: Iterable[Payment], as_of: datetime) -> Mapping[str, int]:
    """What had paid each invoice at `as_of`."""
    totals: Counter[str] = Counter()
    for payment in payments:
        if payment.booked_at <= as_of:
            for part in payment.applications:
                totals[part.invoice_id] += part.amount_cents
    return totals


def _owed_at(invoice: Invoice, applied: Mapping[str, int], as_of: datetime) -> int:
    """What the invoice asked for: nothing before its issue, and nothing once it was given up."""
    issued = invoice.issued_at is not None and invoice.issued_at <= as_of
    ended = invoice.ended_at is not None and invoice.ended_at <= as_of
    if not issued or ended or invoice.kind is not InvoiceKind.INVOICE:
        return 0
    return invoice.total_cents - applied.get(invoice.id, 0)
