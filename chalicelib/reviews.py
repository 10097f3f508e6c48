"""What has the operator decided of a call that waits for a review?

Owns the operator's reviews as they lie beside a call, and which of several stands. Which calls wait
for one, and what follows for the money, belong to `terms` and `validation`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReviewDecision(StrEnum):
    """Whether the call shall count, as far as the review goes."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What the operator has decided of a call. The `reason` is for both sides, the `note` for the
    operator alone; `number` counts the reviews of the call, beginning with 1."""

    id: str
    call_id: str
    decision: ReviewDecision
    reason: str
    note: str | None = None
    decided_at: datetime
    number: int


def standing(reviews: Iterable[Review]) -> Review | None:
    """The review that stands: the last one, in whatever order they are told."""
    return max(reviews, key=lambda one: one.number, default=None)
