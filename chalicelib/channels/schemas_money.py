"""What does the API take and show of a bank's statement, and of money that goes back?

Owns the documents of bank files, refunds, chargebacks, and of Stripe. Import it inside handlers
only: no other function shall pay for it.
"""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chalicelib import bank_matching, mailing, payouts, previews, stripe_events, top_ups
from chalicelib.channels.fields import (
    AdvertiserId,
    Currency,
    Document,
    Moment,
    Name,
    PositiveCents,
)
from chalicelib.channels.schemas_books import Amount, ApplicationView, CallId

PaymentId = Annotated[str, Field(pattern=r"^pay_[0-9A-HJKMNP-TV-Z]{26}$")]
Count = Annotated[int, Field(ge=0)]


class BankFileView(Document):
    """A bank's statement. The first `done` of its lines are through: so many of them are booked,
    the rest are listed as unmatched."""

    id: str
    state: Annotated[previews.PreviewState, Field(strict=False)]
    lines: Count
    done: Count
    booked: Count
    unmatched: Count
    created_at: Moment
    expires_at: Moment


class BankFileBody(Document):
    """The statement that is to be booked, by its preview."""

    bank_file_id: Annotated[str, Field(pattern=r"^bnk_[0-9A-HJKMNP-TV-Z]{26}$")]


class BankLineView(Document):
    """A line of a statement, numbered as a spreadsheet shows it, and whose money it is as things
    stand: by which match, or from which cause nobody's. `payment_id` is there once it is booked,
    from whichever file, and the advertiser is then that of the payment."""

    row: int
    received_at: Moment
    amount_cents: Amount
    currency: str
    reference: str
    payer: str
    advertiser_id: str | None
    invoice_ids: list[str]
    matched_by: Annotated[bank_matching.MatchedBy, Field(strict=False)] | None
    cause: Annotated[bank_matching.Cause, Field(strict=False)] | None
    payment_id: str | None


class RefundBody(Document):
    """Money of a payment that the bank has sent back. The bank's `reference` makes one refund of
    the payment, however often it is recorded."""

    payment_id: PaymentId
    reference: Name
    amount_cents: PositiveCents


class RefundView(Document):
    """Money of a payment that went back."""

    id: str
    payment_id: str
    advertiser_id: str
    reference: str
    amount_cents: Amount
    currency: Currency
    booked_at: Moment


class ChargebackBody(Document):
    """That the bank took a payment back, by its `reference`."""

    reference: Name


class UnpaidEarningView(Document):
    """A released earning of a call that nobody has paid."""

    call_id: CallId
    publisher_id: str
    amount_cents: Amount
    state: Annotated[payouts.EarningState, Field(strict=False)]
    payout_id: str | None


class ChargebackSummaryView(Document):
    """A payment that the bank took back: `reopened` are the invoices that lack again what it had
    paid, `lost_cents` of it invoices that had been written off."""

    id: str
    payment_id: str
    advertiser_id: str
    reference: str
    amount_cents: Amount
    currency: Currency
    booked_at: Moment
    reopened: list[ApplicationView]
    lost_cents: Amount


class ChargebackView(ChargebackSummaryView):
    """A chargeback, and what it leaves to be dealt with: `released` are earnings of its calls that
    were released before and that, as things stand, nobody has paid, those of the latest calls
    first. It is not `whole`, and some may be missing, while the next closing has calls to take
    back, and where there are too many calls to look through, or more than 5,000 such earnings."""

    released: list[UnpaidEarningView]
    whole: bool


class StripeEventBody(Document):
    """An event as Stripe sends it; members that are not named here are passed over."""

    model_config = ConfigDict(strict=True, extra="allow")

    id: str
    type: str
    created: int
    data: dict[str, Any]


class StripeEventView(Document):
    """What became of an event: `booked`, or `kept` because it tells of no money, or from a
    cause."""

    id: str
    type: str
    received_at: Moment
    outcome: Annotated[stripe_events.Outcome, Field(strict=False)]
    cause: str | None


class PaymentLinkBody(Document):
    """What an advertiser is to pay: a top-up, or for an invoice. `title` is what the page says;
    the browser goes to `success_url` once it is paid."""

    advertiser_id: AdvertiserId
    invoice_id: Annotated[str, Field(pattern=r"^inv_[0-9A-HJKMNP-TV-Z]{26}$")] | None = None
    title: Name
    amount_cents: PositiveCents
    currency: Currency
    success_url: Annotated[str, Field(pattern=r"^https://[!-~]{1,500}$")]


class PaymentLinkView(Document):
    """A page on which to pay, until it expires."""

    id: str
    url: str
    expires_at: Moment


class TopUpLinkView(Document):
    """A page on which to top up. `url` is shown only while it is `open`; `cause` says why there is
    none."""

    id: str
    amount_cents: Amount
    currency: Currency
    state: Annotated[top_ups.LinkState, Field(strict=False)]
    url: str | None
    asked_at: Moment
    expires_at: Moment | None
    cause: str | None


class NoticeView(Document):
    """The mail that told of a low balance; one that stays `sending`, or is `unsure`, may have
    arrived."""

    to: str
    at: Moment
    state: Annotated[mailing.MailState, Field(strict=False)]
    message_id: str | None
    error: str | None


class TopUpView(Document):
    """What an advertiser is to top up now, null when nothing is, the last page that it was given
    for that, and the mail that told it so, null as long as there is none."""

    advertiser_id: str
    due_cents: Amount | None
    link: TopUpLinkView | None
    notice: NoticeView | None
