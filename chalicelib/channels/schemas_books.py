"""What does the API take and show of money and its documents?

Owns the documents of invoices, payments, entries, balances and closings. Import it inside handlers
only: no other function shall pay for it.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import auditing, invoices, payments
from chalicelib.channels.fields import AdvertiserId, Currency, Document, Moment, Name, PositiveCents
from chalicelib.channels.schemas_billing import BillTo, IssuedBy, TakenView
from chalicelib.channels.schemas_payouts import PayoutView

CallId = Annotated[str, Field(pattern="^call_")]
Balance = Annotated[int, Field(description="whole cents; debits positive, credits negative")]
Amount = Annotated[int, Field(description="whole cents")]


class PaymentBody(Document):
    """Money that came in. The advertiser's `reference` makes one payment, however often it is
    recorded."""

    advertiser_id: AdvertiserId
    reference: Name
    amount_cents: PositiveCents
    currency: Currency
    received_at: Moment | None = None


class ClosingBody(Document):
    """Which moment counts as the end; null is now."""

    as_of: Moment | None = None


class PeriodView(Document):
    """A stretch of time that includes `start` and excludes `end`."""

    start: Moment
    end: Moment


class LineView(Document):
    """The calls of one campaign at one rate."""

    campaign_id: str
    unit_cents: Amount
    quantity: int
    amount_cents: Amount
    campaign: Annotated[str | None, Field(description="its name on the day of issue")]


class InvoiceView(Document):
    """An invoice, or the statement of a prepaid advertiser. `calls_path` leads to its calls.
    `issuer`, `bill_to` and `net_days` are what stood on the day of issue; `ended_at` is when it was
    made void or written off."""

    id: str
    kind: Annotated[invoices.InvoiceKind, Field(strict=False)]
    number: str | None
    advertiser_id: str
    state: Annotated[invoices.InvoiceState, Field(strict=False)]
    currency: Currency
    period: PeriodView
    issued_at: Moment | None
    due_at: Moment | None
    net_days: int | None
    lines: list[LineView]
    call_count: int
    subtotal_cents: Amount
    tax_cents: Amount
    amount_cents: Amount
    credited_cents: Annotated[int, Field(description="of credit notes since, in whole cents")]
    paid_cents: Amount
    returned_cents: Annotated[int, Field(description="paid, and handed back by credit notes")]
    owed_cents: Amount
    written_off_cents: Amount
    past_due: bool
    ended_at: Moment | None
    issuer: IssuedBy | None
    bill_to: BillTo | None
    calls_path: str


class ChargeView(Document):
    """What one call cost its advertiser. Credits leave `amount_cents` as it was."""

    call_id: CallId
    advertiser_id: str
    campaign_id: str
    publisher_id: str
    talk_seconds: int
    amount_cents: Amount
    currency: Currency
    arrived_at: Moment
    booked_at: Moment
    collected: bool
    caller: Annotated[str | None, Field(description="masked")]
    rule: Annotated[str | None, Field(description="from when on the call counts")]
    reduced_cents: Annotated[int, Field(description="credited before it was billed")]
    credited_cents: Annotated[int, Field(description="of credit notes since")]


class ApplicationView(Document):
    """The part of a payment that pays one invoice."""

    invoice_id: str
    amount_cents: Amount


class PaymentView(Document):
    """Money that came in, and the invoices that it paid, or had paid when it was charged back."""

    id: str
    kind: Annotated[payments.PaymentKind, Field(strict=False)]
    advertiser_id: str
    reference: str
    amount_cents: Amount
    currency: Currency
    received_at: Moment
    booked_at: Moment
    applications: list[ApplicationView]
    refunded_cents: Amount
    state: Annotated[payments.PaymentState, Field(strict=False)]
    unapplied_cents: Amount


class LegView(Document):
    """One side of an entry."""

    account: str
    amount_cents: Balance


class EntryView(Document):
    """A balanced posting, never changed once written."""

    id: str
    key: str
    template: str
    currency: Currency
    booked_at: Moment
    legs: list[LegView]
    refs: dict[str, str]


class BalanceView(Document):
    """What an account comes to."""

    account: str
    balance_cents: Balance


class AccountView(Document):
    """What an account comes to: `sealed_cents` up to its last checkpoint, of the `sealed_day`, and
    `tail_cents` after it."""

    account: str
    balance_cents: Balance
    sealed_day: str | None
    sealed_cents: Balance
    tail_cents: Balance


class SealView(Document):
    """All checkpoints of a day in one hash, which holds that of the day before."""

    day: str
    checkpoints: int
    head: str


class TrialBalanceView(Document):
    """Every account of the chart; the total is zero."""

    accounts: list[BalanceView]
    total_cents: Balance


class DifferenceView(Document):
    """One law broken: by what, what the law asks for, and what is there instead."""

    law: Annotated[auditing.Law, Field(strict=False)]
    subject: str
    expected: str
    found: str


class AuditView(Document):
    """How much was compared, the last seal, and the first differences of each law."""

    clean: bool
    total_cents: Balance
    counted: dict[str, int]
    seal: SealView | None
    differences: list[DifferenceView]


class FundsView(Document):
    """What an advertiser may still spend, and what live and pending calls hold of it.
    `top_up_due_cents` is what it is asked for, null when nothing is."""

    advertiser_id: str
    available_cents: Balance
    held_cents: Amount
    top_up_due_cents: Amount | None


class ClosingRunView(Document):
    """A closing that is done party by party."""

    id: str
    as_of: Moment
    asked_at: Moment


class WaitingPartView(Document):
    """An advertiser or a publisher for whom not all is done, and why not when it was last begun."""

    party_id: str
    said: str | None
    at: Moment


class ClosingProgressView(ClosingRunView):
    """What a run has done: the ids of documents and payouts, and how many earnings were released.
    Of the parts that wait, the first hundred are shown. Publishers have a part once no advertiser's
    waits."""

    parts_done: int
    parts_waiting: int
    waiting: list[WaitingPartView]
    issued: list[str]
    released: int
    payouts: list[str]


class ClosingView(Document):
    """What a closing has done while you waited. `unfinished` are completed by another run soon
    after, and so are the documents of the `unprinted`, invoices and credit notes. Where it took too
    long, the rest is done by `run`."""

    as_of: Moment
    issued: list[InvoiceView]
    released: int
    payouts: list[PayoutView]
    unfinished: list[str]
    unprinted: list[str]
    dunned: list[TakenView]
    run: ClosingRunView | None


class HealthView(Document):
    """A sign of life."""

    status: str
