"""What does the API take and show of who bills and who is billed?

Owns the documents of the issuer, of how an advertiser is billed, of links to what is printed, and
of money that is owed. Import it inside handlers only: no other function shall pay for it.
"""

import base64
import binascii
import re
import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from chalicelib import dunning, issuer, mailing
from chalicelib.channels.fields import Currency, Document, Moment, plain_text

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}"
)
_HTTPS = re.compile(r"https://[a-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~-]+)*/?")
Cents = Annotated[int, Field(description="whole cents")]


def printed(text: str) -> str:
    """Text that an invoice has letters for, its accents joined to them."""
    joined = unicodedata.normalize("NFC", plain_text(text))
    missing = issuer.unprintable(joined)
    if missing:
        reason = (
            "cannot be printed: there are no letters for {missing}; write it in Latin, Greek, "
            "Cyrillic, Armenian or Georgian letters"
        )
        raise PydanticCustomError("letters", reason, {"missing": missing[:20]})
    return joined


def email(text: str) -> str:
    """An address that mail can be sent to."""
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise PydanticCustomError("email", "must be an e-mail address such as ap@example.com")
    return text


def https(text: str) -> str:
    """The https address of a server and perhaps a path on it, without a trailing slash."""
    if not _HTTPS.fullmatch(text):
        raise PydanticCustomError("url", "must be an https address such as https://api.example.com")
    return text.rstrip("/")


def png(text: str) -> str:
    """The Base64 of something; whether it is a picture is seen when it is opened."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise PydanticCustomError("base64", "must be a PNG picture in Base64") from wrong
    return text


Printed = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(printed)]
_Days = Annotated[int, Field(ge=-90, le=3_650)]
Email = Annotated[str, Field(max_length=254), AfterValidator(email)]


class Address(Document):
    """Where somebody gets letters; `country` is its code of two letters (ISO 3166)."""

    street: Annotated[list[Printed], Field(min_length=1, max_length=3)]
    city: Printed
    region: Printed | None = None
    postal_code: Annotated[str, Field(pattern="^[A-Z0-9][A-Z0-9 -]{1,11}$")] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"


class BillTo(Document):
    """How an advertiser is billed: who owes, and the order that its own books ask for."""

    legal_name: Printed
    address: Address | None = None
    purchase_order: Printed | None = None
    email: Email | None = None


class Mailing(Document):
    """Whose address mails come from, which SES must have verified, and the https address of this
    API, which their links lead to."""

    sender: Email
    api_url: Annotated[str, Field(max_length=200), AfterValidator(https)]


class IssuerBody(Document):
    """Who bills, as it stands on every document from now on. `tax_basis_points` hundredths of a
    percent are added to invoices, though not to the statements of prepaid advertisers. A charge
    can be disputed for `dispute_days` from the day of issue. Without `mail` nothing is mailed.
    A payer's browser goes to `paid_url` from a page to top up on; without it none is made."""

    legal_name: Printed | None = None
    address: Address | None = None
    tax_id: Annotated[str, Field(pattern=r"^\d{2}-\d{7}$", description="EIN")] | None = None
    remit_to: Annotated[list[Printed], Field(max_length=8, description="lines")] = Field(
        default_factory=list
    )
    dispute_contact: Printed | None = None
    dispute_days: Annotated[int, Field(ge=0, le=365)] = 10
    tax_name: Printed = "Sales tax"
    tax_basis_points: Annotated[int, Field(ge=0, le=5_000)] = 0
    mail: Mailing | None = None
    paid_url: Annotated[str, Field(pattern=r"^https://[!-~]{1,500}$")] | None = None


class IssuedBy(IssuerBody):
    """Who billed, as it stood on the day of issue."""

    logo_key: str | None
    version: int


class IssuerView(IssuedBy):
    """Who bills as it stands; version 0 was never said. `missing` is what a complete invoice says
    and nobody has told yet."""

    missing: list[str]


class LogoBody(Document):
    """A PNG picture of at most 64 KiB, in Base64; null takes the picture away."""

    png: Annotated[str, Field(max_length=100_000), AfterValidator(png)] | None


class DocumentLinkView(Document):
    """An address that fetches a document for whoever has it, until `expires_at`."""

    name: str
    url: str
    expires_at: Moment


class MailBody(Document):
    """Where an invoice, a credit note or a statement is to be mailed; null is the address that the
    invoice is made out to, or that the publisher has told."""

    to: Email | None = None


class MailView(Document):
    """A mail about an invoice, about the credit note `credit_id` on it, or about the statement of
    the payout `payout_id`. What stays `sending`, or is `unsure`, may have arrived."""

    invoice_id: str | None
    credit_id: str | None
    payout_id: str | None
    n: int
    to: str
    at: Moment
    about: str
    state: Annotated[mailing.MailState, Field(strict=False)]
    message_id: str | None
    error: str | None


class MailsView(Document):
    """Every mail about an invoice, the first first."""

    invoice_id: str
    mails: list[MailView]


class CreditMailsView(Document):
    """Every mail about a credit note, the first first."""

    credit_id: str
    mails: list[MailView]


class PayoutMailsView(Document):
    """Every mail about the statement of a payout, the first first."""

    payout_id: str
    mails: list[MailView]


class DunningPlanBody(Document):
    """How many days after the due date each step against an unpaid invoice comes, before it when
    negative, each after the one before. Nothing is done by itself unless the plan is `on`."""

    on: bool = False
    reminder: _Days = -3
    late: _Days = 1
    second: _Days = 7
    pause: _Days = 15
    final: _Days = 30
    write_off: _Days = 60

    @model_validator(mode="after")
    def _ascend(self) -> Self:
        days = [self.reminder, self.late, self.second, self.pause, self.final, self.write_off]
        if sorted(set(days)) != days:
            raise PydanticCustomError("order", "each step must come later than the one before")
        return self


class DunningPlanView(DunningPlanBody):
    """The plan as it stands; version 0 was never said."""

    version: int


class TakenView(Document):
    """A step that was taken; `mail` is the number of its letter, if one went."""

    invoice_id: str
    step: Annotated[dunning.Step, Field(strict=False)]
    at: Moment
    mail: int | None


class DueView(Document):
    """A step that is due; one that was missed is taken without its letter."""

    step: Annotated[dunning.Step, Field(strict=False)]
    letter: bool


class DunnedView(Document):
    """An open invoice with the steps against it."""

    invoice_id: str
    number: str
    advertiser_id: str
    owed_cents: Cents
    days_late: int
    taken: list[TakenView]
    due: list[DueView]


class DunningView(Document):
    """Every open invoice against which a step was taken or is due."""

    on: bool
    invoices: list[DunnedView]


class AgesView(Document):
    """What is owed by how many days ago it was due; `current` is not late."""

    current: Cents
    days_1_to_30: Cents
    days_31_to_60: Cents
    days_61_to_90: Cents
    days_over_90: Cents


class OwingView(Document):
    """What one invoice asks for."""

    invoice_id: str
    number: str
    due_at: Moment
    days_late: int
    owed_cents: Cents


class AdvertiserAgingView(Document):
    """What an advertiser owes, the oldest debt first."""

    advertiser_id: str
    as_of: Moment
    currency: Currency
    owed_cents: Cents
    ages: AgesView
    invoices: list[OwingView]


class DebtorView(Document):
    """What one advertiser owes."""

    advertiser_id: str
    currency: Currency
    owed_cents: Cents
    ages: AgesView


class AgingView(Document):
    """What every advertiser owes who owes anything."""

    as_of: Moment
    advertisers: list[DebtorView]
