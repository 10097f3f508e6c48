"""What does the API take and show of how publishers are paid?

Owns the documents of accounts, tax forms and withholding, and of what happened to them. Numbers
come in and never go out. Import it inside handlers only, as the other schemas.
"""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib import bank_details, payees, tax_forms
from chalicelib.channels.fields import Document, Moment
from chalicelib.channels.schemas_billing import Address, Email, Printed

AccountKind = Annotated[bank_details.AccountKind, Field(strict=False)]
HolderKind = Annotated[bank_details.HolderKind, Field(strict=False)]
FormKind = Annotated[tax_forms.FormKind, Field(strict=False)]
TinType = Annotated[tax_forms.TinType, Field(strict=False)]
Classification = Annotated[tax_forms.Classification, Field(strict=False)]
BNotice = Annotated[tax_forms.BNotice, Field(strict=False)]
Detail = Annotated[payees.Detail, Field(strict=False)]
NoticeState = Annotated[payees.NoticeState, Field(strict=False)]


def _routing_number(text: str) -> str:
    fault = bank_details.routing_fault(text)
    if fault:
        raise PydanticCustomError("routing_number", "{fault}", {"fault": fault})
    return text


def _account_number(text: str) -> str:
    """The number without the spaces in which people write it."""
    number = text.replace(" ", "")
    if not bank_details.ACCOUNT_NUMBER.fullmatch(number):
        reason = "must be an account number: 4 to 17 digits, letters or hyphens"
        raise PydanticCustomError("format", reason)
    return number


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError as wrong:
        raise PydanticCustomError("format", "must be a day such as 2026-11-23") from wrong
    if day.isoformat() != text or not 2000 <= day.year <= 2099:
        raise PydanticCustomError("format", "must be a day of this century such as 2026-11-23")
    return text


RoutingNumber = Annotated[str, Field(max_length=20), AfterValidator(_routing_number)]
AccountNumber = Annotated[
    str,
    Field(max_length=40, json_schema_extra={"writeOnly": True}),
    AfterValidator(_account_number),
]
Day = Annotated[str, Field(max_length=10, description="such as 2026-11-23"), AfterValidator(_day)]


class BankDetailsBody(Document):
    """The account of a bank in the United States. `account_number` is never shown again."""

    routing_number: RoutingNumber
    account_number: AccountNumber
    kind: AccountKind
    holder_name: Printed
    holder_kind: HolderKind


class BankDetailsView(Document):
    """The account as it stands `since`. `refused` is the code with which the bank sent a payment
    back; it is then paid no more until it is said anew."""

    routing_number: str
    account_last: Annotated[str, Field(description="the last characters of its number")]
    kind: AccountKind
    holder_name: str
    holder_kind: HolderKind
    since: Moment
    refused: str | None


class PayPalBody(Document):
    """The e-mail address of a PayPal account; null takes it away."""

    email: Email | None


class PayPalView(Document):
    """The e-mail address of a PayPal account, as it stands `since`."""

    email: str
    since: Moment


class PayeeEmailBody(Document):
    """Who is told of changes; null is nobody but the operator."""

    email: Email | None


class TaxFormBody(Document):
    """A W-9 with its number, or a W-8 with its end; without one a W-8 holds up to the end of the
    third year after it was received. `tin` is nine digits, never shown again. `received_on` is
    today when nothing is said."""

    kind: FormKind
    legal_name: Printed
    address: Address
    signed_by: Printed
    received_on: Day | None = None
    classification: Classification = tax_forms.Classification.INDIVIDUAL
    tin: (
        Annotated[
            str,
            Field(pattern=r"^[0-9 -]{9,20}$", json_schema_extra={"writeOnly": True}),
            AfterValidator(lambda text: text.replace("-", "").replace(" ", "")),
        ]
        | None
    ) = None
    tin_type: TinType | None = None
    expires_on: Day | None = None


class TaxFormView(Document):
    """A form as it was received; of its number the last characters."""

    kind: FormKind
    legal_name: str
    address: Address
    signed_by: str
    received_on: str
    classification: Classification
    tin_type: TinType | None
    tin_last: str | None
    expires_on: str | None


class WithholdingBody(Document):
    """Whether 24 percent of every payout go to the tax office, and which notices led there."""

    on: bool
    b_notice: BNotice = tax_forms.BNotice.NONE


class ObstacleView(Document):
    """What keeps the publisher from being paid now, and until when where that is known."""

    code: str
    detail: str
    until: Moment | None


class PayeeView(Document):
    """How a publisher is paid, and what keeps it from being paid now; version 0 was never said."""

    publisher_id: str
    email: str | None
    bank_details: BankDetailsView | None
    paypal: PayPalView | None
    tax_form: TaxFormView | None
    withholding: WithholdingBody
    obstacles: list[ObstacleView]
    version: int


class NoticeView(Document):
    """A mail that told of a change. One that stays `waiting` is sent by the next closing."""

    to: str
    state: NoticeState
    error: str | None


class PublisherPayeeEventView(Document):
    """One change, or one reading of a number in full: `by` the operator, a key or a file, with what
    stood there before and after."""

    id: str
    what: Detail
    at: Moment
    by: str
    before: str | None
    after: str | None


class PayeeEventView(PublisherPayeeEventView):
    """One change with its reason, where there is one, and who was told of it."""

    reason: str | None
    notices: list[NoticeView]
