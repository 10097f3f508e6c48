"""What does the API show a publisher of its payouts, and what of the statement of one?

Owns the documents of a payout as its publisher sees it, of what it comes to, and of its lines.
Import it inside handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import payout_statements, payouts
from chalicelib.channels.fields import Currency, Document, Moment, PublisherId
from chalicelib.channels.schemas_payouts import Amount, CallId, PayoutMethod


class OwnPayoutView(Document):
    """A payout as its publisher sees it; `calls_path` leads to its lines. `sent_cents` is what the
    publisher gets, and `reference` what whoever pays knows it by, such as the number of a check. A
    returned payout came back, and what it was made of waits to be paid again."""

    id: str
    publisher_id: PublisherId
    currency: Currency
    period_start: Annotated[Moment | None, Field(description="what is older was open before")]
    cutoff: Moment
    state: Annotated[payouts.PayoutState, Field(strict=False)]
    amount_cents: Amount
    call_count: int
    method: PayoutMethod
    reference: str | None
    reason: Annotated[str | None, Field(description="why it failed or was returned")]
    reserve_kept_cents: Annotated[int, Field(description="kept back of what it was made of")]
    reserve_back_cents: Annotated[int, Field(description="kept back of earlier ones, and in it")]
    withheld_cents: Annotated[int, Field(description="of the amount, for the tax office")]
    sent_cents: Amount
    created_at: Moment | None
    submitted_at: Moment | None
    settled_at: Moment | None
    ended_at: Moment | None
    released_at: Moment | None
    calls_path: str


class PayoutStatementView(Document):
    """What a payout comes to. The amounts from `opening_cents` to `written_off_cents` add up to
    `amount_cents`, and that and `withheld_cents` to `sent_cents`. `opening_cents` are of calls from
    before `period_start`. What the paying costs is not taken from it."""

    payout_id: str
    publisher_id: PublisherId
    publisher: Annotated[str, Field(description="by name")]
    currency: Currency
    period_start: Moment | None
    cutoff: Moment
    state: Annotated[payouts.PayoutState, Field(strict=False)]
    method: PayoutMethod
    reference: str | None
    reason: Annotated[str | None, Field(description="why it was returned")]
    line_count: int
    opening_cents: Amount
    earned_cents: Amount
    clawed_back_cents: Annotated[int, Field(le=0)]
    reserve_kept_cents: Annotated[int, Field(le=0)]
    reserve_back_cents: Annotated[int, Field(ge=0)]
    written_off_cents: Annotated[int, Field(ge=0, description="of what the publisher owed")]
    amount_cents: Amount
    withheld_cents: Annotated[int, Field(le=0, description="for the tax office")]
    sent_cents: Amount
    created_at: Moment | None
    submitted_at: Moment | None
    settled_at: Moment | None
    ended_at: Moment | None
    calls_path: str


class StatementLineView(Document):
    """A line of a payout as its publisher sees it: what a call has earned, or what was clawed back
    of it after it was paid; a reserve, which names the payout that it was kept of; a debt that was
    given up. `amount_cents` is what is left of `earned_cents`; all of them add up to the payout. A
    line that is `brought_forward` was open before the period began."""

    kind: Annotated[payout_statements.LineKind, Field(strict=False)]
    call_id: CallId | None
    arrived_at: Moment | None
    number: Annotated[str | None, Field(description="that was called")]
    caller: Annotated[str | None, Field(description="with the last digits hidden")]
    talk_seconds: int | None
    offer_id: str | None
    booked_at: Moment
    brought_forward: bool
    earned_cents: Amount
    clawed_back_cents: Amount
    amount_cents: Amount
    currency: Currency
    payout_id: str | None
    until: Annotated[Moment | None, Field(description="when what is kept back comes back")]
