"""What does the API take and show of years of taxes?

Owns the documents of a year, of what a payee was paid in it, of exports and of deposits. Import it
inside handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib import tax_exports, tax_years
from chalicelib.channels.fields import Currency, Document, Moment, Name, PositiveCents
from chalicelib.channels.schemas_billing import Address

YearStanding = Annotated[tax_years.YearStanding, Field(strict=False)]
ExportState = Annotated[tax_exports.ExportState, Field(strict=False)]
ExportFile = Annotated[tax_exports.ExportFile, Field(strict=False)]
Year = Annotated[int, Field(ge=tax_years.FIRST_YEAR, le=tax_years.LAST_YEAR)]


def _not_zero(cents: int) -> int:
    if cents == 0:
        raise PydanticCustomError("range", "must not be zero")
    return cents


class TaxYearBody(Document):
    """From how many cents (included) on a payee's year is told of; null leaves it to the table of
    the platform, which knows 2025 and 2026."""

    threshold_cents: PositiveCents | None


class TaxYearView(Document):
    """A calendar year: it includes `start` and excludes `end`. `threshold_cents` is null while
    nobody knows it: then say it. `said_by` is `operator`, `table` or null; version 0 was never
    said."""

    year: int
    start: Moment
    end: Moment
    threshold_cents: int | None
    said_by: Annotated[str, Field(pattern="^(operator|table)$")] | None
    version: int


class YearSumsView(Document):
    """Payouts that were settled in the year, before what was withheld. Some of them came back in
    the same year, some after it: `net_cents` is what is left, `year_end_cents` what was left when
    the year ended. `withheld_cents` is of what is left."""

    payout_count: int
    paid_cents: int
    returned_cents: int
    returned_later_cents: int
    withheld_cents: int
    withheld_returned_later_cents: int
    year_end_cents: int
    net_cents: int


class PayeeYearView(Document):
    """What a publisher was paid in a year: `own` is the operator's to tell the tax office,
    `processor` is told by PayPal. `standing` says whether the year goes on a form 1099-NEC, and if
    not, why."""

    publisher_id: str
    year: int
    currency: Currency
    own: YearSumsView
    processor: YearSumsView
    standing: YearStanding


class OperatorPayeeYearView(PayeeYearView):
    """A publisher's year with its name, and what the tax office has written of its number."""

    name: str
    withholding: bool
    b_notice: Annotated[str, Field(pattern="^(none|first|second)$")]


class TaxDepositBody(Document):
    """What was withheld and paid to the tax office for a year; below zero, what it gave back."""

    year: Year
    amount_cents: Annotated[
        int, Field(ge=-(10**11), le=10**11, description="whole cents"), AfterValidator(_not_zero)
    ]
    currency: Currency = "USD"
    reference: Name


class TaxDepositView(Document):
    """Money that went from the bank to the tax office; below zero, what it gave back."""

    id: str
    year: int
    amount_cents: int
    currency: Currency
    reference: str
    booked_at: Moment


class PayerView(Document):
    """Who has paid, as the forms name it."""

    legal_name: str
    address: Address
    tax_id: str


class FetchView(Document):
    """One link that was given to a file: which, when, and `by` the operator or which key."""

    file: ExportFile
    by: str
    at: Moment


class TaxExportView(Document):
    """The forms of a year, asked for `by` the operator or a key, with payer and threshold as they
    stood then. The files are there from `done_at` up to `ends_at`."""

    id: str
    year: int
    threshold_cents: int
    payer: PayerView
    by: str
    asked_at: Moment
    state: ExportState
    done_at: Moment | None
    ends_at: Moment | None
    form_count: int
    left_out_count: int
    fetches: list[FetchView]


class TaxExportLinkBody(Document):
    """Which file: the `forms`, which hold tax numbers in full, or who was `left_out`, with why."""

    file: ExportFile


class TaxExportLinkView(Document):
    """An address at which anybody who has it can fetch the file until it expires."""

    file: ExportFile
    url: str
    expires_at: Moment
