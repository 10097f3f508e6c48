"""What does the API take and show of payouts by PayPal?

Owns the documents of a batch, its items, what an operator says of them, and of the money that is
moved to be paid by it. Import it inside handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib import paypal_batches, paypal_payouts, transfers
from chalicelib.channels.fields import (
    Currency,
    Document,
    Moment,
    PositiveCents,
    PublisherId,
    plain_text,
)
from chalicelib.channels.schemas_payouts import SignatureView

Cash = Annotated[transfers.Cash, Field(strict=False)]
Reference = Annotated[
    str,
    Field(min_length=1, max_length=100, description="of the bank's or PayPal's statement"),
    AfterValidator(plain_text),
]
PayPalId = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]


class PayPalWithdrawalBody(Document):
    """`not_at_paypal` says that somebody has looked for the batch there, and not found it: needed
    where it was sent and PayPal's answer is not known, by the key of one of the operator's people.
    """

    not_at_paypal: bool = False


class PayPalNameBody(Document):
    """PayPal's id of a batch, as its site shows it."""

    payout_batch_id: PayPalId


class PayPalBatchView(Document):
    """Payouts of one currency that PayPal is asked to make together. It is `ready`, `approved` by
    one of the operator's people, `released` by another to be sent, `sent`, and `done` once every
    item has ended; or it was withdrawn. PayPal knows it by `sender_id`.
    From `unsure_since` on PayPal may have it though no answer was heard; `problem` says why it is
    not sent. It is looked at again at `due_at`."""

    id: str
    sender_id: str
    currency: Currency
    state: Annotated[paypal_batches.BatchState, Field(strict=False)]
    count: int
    amount_cents: int
    round: Annotated[int, Field(description="requests, of which the last is without refused items")]
    drafted_at: Moment
    approved: SignatureView | None
    released: SignatureView | None
    withdrawn: SignatureView | None
    unsure_since: Moment | None
    problem: str | None
    payout_batch_id: Annotated[str | None, Field(description="PayPal's id of it")]
    sent_at: Moment | None
    ended_at: Moment | None
    due_at: Moment | None
    taken_until: Annotated[Moment | None, Field(description="until then a run is at it")]
    version: int
    items_path: str


class GatheredPayPalView(Document):
    """The batches that became ready."""

    batches: list[PayPalBatchView]


class PayPalItemView(Document):
    """One payout of a batch. `status` and `error` are PayPal's words, `fate` what they mean; one
    that is `out` is not paid by the batch, with the reason."""

    payout_id: str
    publisher_id: PublisherId
    batch_id: str
    receiver: str
    amount_cents: int
    currency: Currency
    item_id: Annotated[str | None, Field(description="PayPal's id of it")]
    status: str
    error: str
    fate: Annotated[paypal_payouts.Fate, Field(strict=False)]
    fee_cents: int
    out: str | None
    seen_at: Moment | None
    version: int


class PayPalHintView(Document):
    """Of which batch the event told; null where it told of none of this deployment's."""

    batch_id: str | None


class TransferBody(Document):
    """Money that went from `source` to the operator's other account."""

    source: Cash
    amount_cents: PositiveCents
    currency: Currency = "USD"
    reference: Reference


class TransferView(Document):
    """Money that went from one of the operator's accounts to the other."""

    id: str
    source: Cash
    target: Cash
    amount_cents: int
    currency: Currency
    reference: str
    booked_at: Moment
