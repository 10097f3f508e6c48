"""What does the API take and show of payouts, and of what holds them?

Owns the documents of a publisher's terms, of a payout, of its steps, of who let it go, of the
earnings in it and of holds. Import it inside handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib import offers, outlook, payouts
from chalicelib.channels.fields import (
    Cents,
    Currency,
    Days,
    Document,
    Moment,
    PublisherId,
    plain_text,
)
from chalicelib.times import Cycle

Amount = Annotated[int, Field(description="whole cents")]
CallId = Annotated[str, Field(pattern="^call_")]
PayoutCycle = Annotated[Cycle, Field(strict=False)]
PayoutMethod = Annotated[offers.PayoutMethod, Field(strict=False)]
Reference = Annotated[
    str,
    Field(min_length=1, max_length=100, description="such as the number of a check or a wire"),
    AfterValidator(plain_text),
]
ReasonCode = Annotated[
    str, Field(pattern="^[A-Za-z0-9_.-]{1,40}$", description="a code such as R02")
]
Reason = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(plain_text)]


class SignatureView(Document):
    """Which of the operator's people took a step, by which key, and when."""

    key_id: str
    name: str
    at: Moment


class PayoutTerms(Document):
    """When a publisher is paid: earnings of a closed cycle, `net_days` after its end."""

    cycle: PayoutCycle = Cycle.MONTHLY
    net_days: Days = 15
    hold_days: Days = 0
    minimum_cents: Cents = 0
    reserve_percent: Annotated[int, Field(ge=0, le=50, description="kept back of each payout")] = 0
    reserve_days: Annotated[int, Field(ge=1, le=365, description="for how many days")] = 90


class SubmissionBody(Document):
    """By what a payout is paid, and what whoever pays knows it by."""

    method: PayoutMethod = offers.PayoutMethod.MANUAL
    reference: Reference | None = None


class SettlementBody(Document):
    """A payout was paid. `reference` takes the place of the one before."""

    reference: Reference | None = None
    fee_cents: Cents = 0


class FailureBody(Document):
    """A payout is not paid, and no money has left."""

    reason: ReasonCode


class ReturnBody(Document):
    """A payout came back, and what the bank took for that."""

    reason: ReasonCode
    fee_cents: Cents = 0


class HoldBody(Document):
    """Why a publisher, or a call, is not paid; the publisher reads it."""

    reason: Reason


class HoldView(Document):
    """One reason not to pay a publisher, or what it has earned for one call, until it is lifted."""

    id: str
    publisher_id: PublisherId
    call_id: CallId | None
    reason: str
    placed_at: Moment
    lifted_at: Moment | None


class PayoutView(Document):
    """Released earnings paid to a publisher together; `calls_path` leads to their calls. A payout
    is created, submitted to whoever pays, and settled; or it failed, and no money left; or it was
    returned, and waits from `ended_at` to `released_at`. `sent_cents` is what the publisher
    gets."""

    id: str
    publisher_id: str
    currency: Currency
    period_start: Annotated[Moment | None, Field(description="what is older was open before")]
    cutoff: Moment
    state: Annotated[payouts.PayoutState, Field(strict=False)]
    amount_cents: Amount
    call_count: int
    method: PayoutMethod
    reference: Annotated[str | None, Field(description="what whoever pays knows it by")]
    reason: Annotated[str | None, Field(description="why it failed or was returned")]
    reserve_kept_cents: Annotated[int, Field(description="kept back of what it was made of")]
    reserve_back_cents: Annotated[int, Field(description="kept back of earlier ones, and in it")]
    withheld_cents: Annotated[int, Field(description="of the amount, for the tax office")]
    sent_cents: Amount
    fee_cents: Annotated[int, Field(description="what the paying has cost the operator")]
    created_at: Moment | None
    submitted_at: Moment | None
    settled_at: Moment | None
    ended_at: Moment | None
    released_at: Moment | None
    calls_path: str


class EarningView(Document):
    """What one call earned its publisher; below zero, what `credit_id` has clawed back of one that
    was paid. An `adjustment` is a line of a payout that comes from no call: the reserve of
    `payout_id`, or a debt that was given up."""

    call_id: CallId | None
    publisher_id: PublisherId
    offer_id: str | None
    campaign_id: str | None
    adjustment: Annotated[payouts.Adjustment, Field(strict=False)] | None
    adjustment_id: str | None
    payout_id: str | None
    amount_cents: Amount
    currency: Currency
    booked_at: Moment
    release_after: Moment
    reduced_cents: Annotated[int, Field(description="clawed back before it was in a payout")]
    credit_id: str | None


WaitsFor = Annotated[outlook.WaitsFor, Field(strict=False)]


class ObstacleView(Document):
    """Why nothing is paid to a publisher now; `until` when, where that is known."""

    code: str
    detail: str
    until: Moment | None


class OutlookSumView(Document):
    """What waits for one thing; `until` is when the first of it has waited, where that is known."""

    waits_for: WaitsFor
    amount_cents: Amount
    until: Moment | None


class OutlookView(Document):
    """What a publisher has earned and not been paid, by what it waits for."""

    publisher_id: PublisherId
    currency: Currency
    obstacles: list[ObstacleView]
    sums: list[OutlookSumView]


class WaitingView(Document):
    """A collected earning that is in no payout, what it waits for, and until when where that is
    known."""

    call_id: CallId | None
    credit_id: str | None
    adjustment: Annotated[payouts.Adjustment, Field(strict=False)] | None
    payout_id: str | None
    amount_cents: Amount
    currency: Currency
    booked_at: Moment
    waits_for: WaitsFor
    until: Moment | None
