"""What does an advertiser owe for a period?

Owns the charge of a call, and the document that a closed period becomes: an invoice for an
advertiser on terms, a statement for a prepaid one, with its lines and its number. What it says on
the day of issue belongs to `issuing`, the table of its calls to `call_tables`, which money pays it
to `payments`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib import times
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.ids import derived
from chalicelib.issuer import BillTo, Issuer, unprintable
from chalicelib.times import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What the advertiser owes for one approved call; `collected` once its money is in.

    `caller` is masked, `rule` says from when on the call counts; charges that were booked before
    these were kept have neither.

    Credits take nothing from `amount_cents`: what they came to before the charge was billed is
    `reduced_cents`, what credit notes have come to since is `credited_cents`.
    """

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
    caller: str | None = None
    rule: str | None = None
    reduced_cents: int = 0
    credited_cents: int = 0

    @property
    def billed_cents(self) -> int:
        """What its document asks for it."""
        return self.amount_cents - self.reduced_cents

    @property
    def due_cents(self) -> int:
        """What is left of it, after every credit."""
        return self.billed_cents - self.credited_cents


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
    """A draft still gathers charges; an open invoice waits for money.

    A void one keeps its number and asks for nothing; its charges are billed again. What is not paid
    of an uncollectible one is written off.
    """

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The calls of one campaign at one rate: quantity times unit is the amount, to the cent.

    `campaign` is its name on the day of issue. A line of credits from before has a negative unit.
    """

    campaign_id: str
    unit_cents: int
    quantity: int
    amount_cents: int
    campaign: str | None = None

    @property
    def gives_back(self) -> bool:
        """Whether the line is of credits that were given before the calls were billed."""
        return self.unit_cents < 0

    @property
    def printed_name(self) -> str:
        """The campaign's name, or its id where there are no letters for the name."""
        name = self.campaign or self.campaign_id
        return self.campaign_id if unprintable(name) else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice or a statement. A draft has neither number nor lines.

    `due_at` is the first instant of the day on which the money is due, in UTC; a statement has
    none. `spare_cents` is what was paid and has not yet collected a whole call. `calls_key` names
    the table of the calls among the documents. Credit notes since come to `credited_cents`, with
    `credited_tax_cents` in it; what of its payments these have handed back is `returned_cents`.

    `issuer`, `bill_to` and `net_days` are what stood on the day of issue. `ended_at` is when an
    invoice was made void or written off.
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
    issuer: Issuer | None = None
    bill_to: BillTo | None = None
    net_days: int | None = None
    tax_cents: int = 0
    ended_at: datetime | None = None
    credited_cents: int = 0
    credited_tax_cents: int = 0
    returned_cents: int = 0

    @property
    def subtotal_cents(self) -> int:
        """What the calls come to, before tax."""
        return self.total_cents - self.tax_cents

    @property
    def held_cents(self) -> int:
        """What was paid and not handed back."""
        return self.paid_cents - self.returned_cents

    @property
    def owed_cents(self) -> int:
        """What is still to be paid."""
        return 0 if self.ended_at else self.unsettled_cents

    @property
    def unsettled_cents(self) -> int:
        """What neither payments nor credit notes have settled."""
        return self.total_cents - self.credited_cents - self.held_cents

    @property
    def written_off_cents(self) -> int:
        """What will never be paid."""
        return self.unsettled_cents if self.state is InvoiceState.UNCOLLECTIBLE else 0

    def place(self, name: str) -> str:
        """Where a document of this invoice is kept, by its name."""
        return f"{self.kind}s/{self.advertiser_id}/{self.id}/{self.number}{name}"


def draft(advertiser: Advertiser, period: Period, voided: int = 0) -> Invoice:
    """The empty document of a period; the same advertiser and period give the same id, and another
    one for each that was made void."""
    prepaid = advertiser.billing is Billing.PREPAID
    again = (f"again {voided}",) if voided else ()
    return Invoice(
        id=derived("inv", advertiser.id, times.written(period.start), *again),
        kind=InvoiceKind.STATEMENT if prepaid else InvoiceKind.INVOICE,
        advertiser_id=advertiser.id,
        currency=advertiser.currency,
        period=period,
    )


def booking_order(charge: Charge) -> str:
    """The place of a charge among others in the order of booking, as a text that sorts so."""
    return f"{times.written(charge.booked_at)}#{charge.call_id}"


def in_order(charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """Charges in the order in which they were booked, which is also how money collects them."""
    return tuple(sorted(charges, key=booking_order))


def number(kind: InvoiceKind, position: int) -> str:
    """The number of the document at `position` (1 is the first) of its kind's series."""
    return f"{'INV' if kind is InvoiceKind.INVOICE else 'ST'}-{position:06d}"
