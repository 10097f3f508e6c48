"""What may a publisher be paid, and when?

Owns the earning of a call, and the payout that released earnings become: up to which booking they
fall due under the publisher's terms, and whether the sum is worth a payout. Collecting the
advertiser's money belongs to `payments`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import times
from chalicelib.ids import derived
from chalicelib.offers import PayoutTerms, Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What a publisher earns for one approved call; it may be released from `release_after` on.

    Credits that claw back take nothing from `amount_cents`: what they came to before the earning
    was put into a payout is `reduced_cents`. After that, what `credit_id` claws back is an earning
    of its own, below zero.
    """

    call_id: str
    publisher_id: str
    offer_id: str
    campaign_id: str
    amount_cents: int
    currency: str
    booked_at: datetime
    release_after: datetime
    reduced_cents: int = 0
    credit_id: str | None = None

    @property
    def id(self) -> str:
        """The call's, or the credit's that claws back."""
        return self.credit_id or self.call_id

    @property
    def due_cents(self) -> int:
        """What is left of it to pay; below zero, what the publisher owes."""
        return self.amount_cents - self.reduced_cents


class EarningState(StrEnum):
    """How far an earning has come: approved, then released; one of which nothing is left is paid
    at once."""

    APPROVED = "approved"
    PAYABLE = "payable"
    PAID = "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEarning:
    """An earning as the books hold it: `document_id` is its payout, once it has one."""

    earning: Earning
    state: EarningState
    document_id: str | None


class PayoutState(StrEnum):
    """A draft still gathers earnings; a created payout is on its way until the bank has paid it."""

    DRAFT = "draft"
    CREATED = "created"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Released earnings booked before `cutoff`, paid to a publisher together."""

    id: str
    publisher_id: str
    currency: str
    cutoff: datetime
    state: PayoutState = PayoutState.DRAFT
    amount_cents: int = 0
    call_count: int = 0
    created_at: datetime | None = None
    settled_at: datetime | None = None


def cutoff(terms: PayoutTerms, as_of: datetime) -> datetime:
    """Earnings booked before this instant are past their terms at `as_of`."""
    return times.cycle_start(terms.cycle, as_of - timedelta(days=terms.net_days))


def draft(publisher: Publisher, before: datetime) -> Payout:
    """The empty payout of a publisher and a cutoff; the same two give the same id."""
    return Payout(
        id=derived("po", publisher.id, times.written(before)),
        publisher_id=publisher.id,
        currency=publisher.currency,
        cutoff=before,
    )


def reaching(draft: Payout, cutoff: datetime) -> Payout:
    """The draft, which takes what is due up to a later cutoff while it comes to nothing: what it
    has clawed back is then netted against later earnings."""
    return replace(draft, cutoff=max(draft.cutoff, cutoff)) if draft.amount_cents <= 0 else draft


def leaves_something(draft: Payout, due: Iterable[Earning]) -> bool:
    """Whether the draft, with what is due beside it, comes to something to pay."""
    return draft.amount_cents + sum(earning.due_cents for earning in due) > 0


def worth_paying(terms: PayoutTerms, earnings: Iterable[Earning]) -> bool:
    """Whether there is something to pay, and it reaches the minimum (inclusive).

    What was clawed back counts: a publisher below zero waits until later earnings make up for it.
    """
    total = sum(earning.due_cents for earning in earnings)
    return total > 0 and total >= terms.minimum_cents
