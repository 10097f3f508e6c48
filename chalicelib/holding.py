"""Why does what a publisher has earned wait, though it could be paid?

Owns the hold that the operator, or a bank's return, places on a publisher, with its reason. A hold
moves no money: it is an obstacle to every payout until it is lifted.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.ids import derived
from chalicelib.payouts import Obstacle

HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One reason not to pay a publisher, from `placed_at` to `lifted_at`; None means still."""

    id: str
    publisher_id: str
    reason: str
    placed_at: datetime
    lifted_at: datetime | None = None


def hold(publisher_id: str, cause: str, *, reason: str, now: datetime) -> Hold:
    """The hold on a publisher; the same cause makes it once."""
    return Hold(
        id=derived("hld", publisher_id, cause),
        publisher_id=publisher_id,
        reason=reason,
        placed_at=now,
    )


def obstacle(standing: Hold) -> Obstacle:
    """What the hold means to a payout."""
    return Obstacle(code=HELD, detail=standing.reason)
