"""What does the API take and show of the operator's reviews?

Owns their documents. Import it inside handlers only, as the other schemas.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib import reviews
from chalicelib.channels.fields import Document, Moment, Name, plain_text

ReviewDecision = Annotated[reviews.ReviewDecision, Field(strict=False)]
Reason = Annotated[
    Name, Field(description="why, in a stable word or a few: publisher and advertiser read it")
]
Note = Annotated[
    str,
    Field(min_length=1, max_length=500, description="for the operator alone"),
    AfterValidator(plain_text),
]


class ReviewBody(Document):
    """What the operator decides of a call."""

    decision: ReviewDecision
    reason: Reason
    note: Note | None = None


class ReviewView(Document):
    """One review of a call; `number` counts them, and the last one in time is the one that
    counts."""

    id: str
    number: int
    decision: ReviewDecision
    reason: str
    note: str | None
    decided_at: Moment


class ReviewsView(Document):
    """Every review of a call, the first one first, with those that came late."""

    call_id: str
    reviews: list[ReviewView]


class UnreviewedView(Document):
    """A call that awaits a review, `until` then; the most is what it may still come to."""

    call_id: str
    campaign_id: str | None
    publisher_id: str | None
    arrived_at: Moment
    talk_seconds: int | None
    charge_most_cents: int
    earning_most_cents: int
    until: Moment
