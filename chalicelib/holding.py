"""Why does what a publisher has earned wait, though it could be paid?

Owns the hold that the operator, or a bank's return, places on a publisher or on what one call has
earned, with its reason. A hold on a publisher moves no money: it is an obstacle to every payout
until it is lifted. One on a call keeps its earning out of payouts; once that is released, it lies
in an account of its own.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import Conflict
from chalicelib.ids import derived
from chalicelib.ledger import Entry, PublisherAccount, legs_of, publisher_account
from chalicelib.payouts import BookedEarning, EarningState, Obstacle

HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One reason not to pay a publisher, or what it earned for the call `call_id`, from `placed_at`
    to `lifted_at`; None means still."""

    id: str
    publisher_id: str
    reason: str
    placed_at: datetime
    lifted_at: datetime | None = None
    call_id: str | None = None


def hold(
    publisher_id: str, cause: str, *, reason: str, call_id: str | None = None, now: datetime
) -> Hold:
    """The hold on a publisher, or on one of its calls; the same cause makes it once."""
    return Hold(
        id=derived("hld", call_id or publisher_id, cause),
        publisher_id=publisher_id,
        call_id=call_id,
        reason=reason,
        placed_at=now,
    )


def obstacle(standing: Hold) -> Obstacle:
    """What the hold on a publisher means to a payout."""
    return Obstacle(code=HELD, detail=standing.reason)


def confirm_open(booked: BookedEarning, hold_id: str | None) -> None:
    """Conflict when the earning can be held no more: it is in a payout, or nothing is left of it;
    or when the hold `hold_id` is on it already."""
    call_id = booked.earning.call_id
    if hold_id:
        raise Conflict(f"{call_id} is held by {hold_id}", code="held_already")
    if booked.document_id:
        detail = f"{call_id} is in {booked.document_id}; what is in a payout cannot be held"
        raise Conflict(detail, code="earning_in_payout")
    if booked.state is EarningState.PAID:
        raise Conflict(f"nothing is left of {call_id}", code="nothing_to_hold")


def state_when(booked: BookedEarning, *, held: bool) -> EarningState:
    """Where the earning is while the hold stands, and after it: one that was not released yet
    stays where it is."""
    if held and booked.state is EarningState.PAYABLE:
        return EarningState.HELD
    if not held and booked.state is EarningState.HELD:
        return EarningState.PAYABLE
    return booked.state


def entry(standing: Hold, booked: BookedEarning, now: datetime) -> Entry | None:
    """What placing the hold posts, or lifting it; None when the earning stays in its account."""
    after = state_when(booked, held=standing.lifted_at is None)
    if after is booked.state:
        return None
    placed = after is EarningState.HELD
    cents = booked.earning.due_cents if placed else -booked.earning.due_cents
    return Entry(
        key=f"hold:{standing.id}" if placed else f"hold:{standing.id}:lifted",
        template="hold" if placed else "hold_lifted",
        currency=booked.earning.currency,
        booked_at=now,
        legs=legs_of(
            (publisher_account(PublisherAccount.PAYABLE, standing.publisher_id), cents),
            (publisher_account(PublisherAccount.HELD, standing.publisher_id), -cents),
        ),
        refs={"call_id": booked.earning.call_id, "hold_id": standing.id},
    )
