"""What does the API take and show of credits?

Owns the documents of a credit, and of a credit as its advertiser sees it. Import it inside handlers
only, as the other schemas.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib import credits, ledger
from chalicelib.channels.fields import Currency, Document, Moment, PositiveCents, plain_text
from chalicelib.channels.schemas_calls import CreditReason

EarningChoice = Annotated[credits.EarningChoice, Field(strict=False)]
Note = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(plain_text)]


class CreditBody(Document):
    """Why and how a call is credited. Without `amount_cents` it is all that is left of its charge.
    Nobody but the operator sees the `note`."""

    reason: CreditReason
    note: Note | None = None
    amount_cents: PositiveCents | None = None
    earning: EarningChoice = credits.EarningChoice.CLAW_BACK


class AdvertiserCreditView(Document):
    """What was given back for a call. With a `number` it is a credit note on an invoice or a
    statement; without, the call was credited before it was billed. `returned_cents` of it were paid
    before, and are back in the balance `returned_to`."""

    id: str
    number: str | None
    call_id: str
    campaign_id: str
    reason: CreditReason
    currency: Currency
    amount_cents: int
    tax_cents: int
    returned_cents: int
    returned_to: Annotated[ledger.AdvertiserAccount, Field(strict=False)]
    invoice_id: str | None
    invoice_number: str | None
    booked_at: Moment


class CreditView(AdvertiserCreditView):
    """A credit, with what it takes back of the publisher's earning."""

    advertiser_id: str
    publisher_id: str
    note: str | None
    earning: EarningChoice
    clawed_back_cents: int
