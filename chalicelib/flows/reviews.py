"""What happens when the operator decides of a call?

Keeps the decision beside the call, after the one that stood. What follows for the verdict comes off
the stream; which calls wait for it belongs to the store.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import Busy
from chalicelib.ids import derived
from chalicelib.reviews import Review, ReviewDecision, standing
from chalicelib.store.reviews import review_actions, reviews_of
from chalicelib.store.rows import NotWritten
from chalicelib.store.stores import Stores

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What the operator decides of a call that there is."""

    call_id: str
    decision: ReviewDecision
    reason: str
    note: str | None = None


def decide(deciding: Deciding, *, stores: Stores, now: datetime) -> Review:
    """The review as it is kept; saying what stands already keeps nothing new."""
    for _ in range(_TRIES):
        stood = standing(reviews_of(stores.rows, deciding.call_id))
        if stood is not None and _is_said(deciding, stood):
            return stood
        review = _review(deciding, stood.number + 1 if stood else 1, now)
        try:
            stores.rows.write(review_actions(review))
        except NotWritten:
            continue
        return review
    raise Busy(f"{deciding.call_id} keeps changing; send it again")


def _review(deciding: Deciding, number: int, now: datetime) -> Review:
    return Review(
        id=derived("rvw", deciding.call_id, str(number)),
        call_id=deciding.call_id,
        decision=deciding.decision,
        reason=deciding.reason,
        note=deciding.note,
        decided_at=now,
        number=number,
    )


def _is_said(deciding: Deciding, stood: Review) -> bool:
    said = (stood.decision, stood.reason, stood.note)
    return said == (deciding.decision, deciding.reason, deciding.note)
