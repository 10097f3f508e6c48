"""What may a publisher be paid, and when?

Owns the earning of a call, and the payout that released earnings become: up to which booking they
fall due under the publisher's terms, what stands in its way, and whether the sum is worth it. How a
payout goes on from there belongs to `payout_steps`, collecting the advertiser's money to
`payments`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import times
from chalicelib.ids import derived
from chalicelib.offers import PayoutMethod, PayoutTerms, Publisher


class Adjustment(StrEnum):
    """What a line of a payout is that comes from no call: a part of an earlier payout that was kept
    back, or that is kept back now; a debt of the publisher's that was given up."""

    RESERVE = "reserve"
    WRITE_OFF = "write_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What a publisher earns for one approved call; it may be released from `release_after` on.

    Credits that claw back take nothing from `amount_cents`: what they came to before the earning
    was put into a payout is `reduced_cents`. After that, what `credit_id` claws back is an earning
    of its own, below zero. An `adjustment` comes from no call, and its ids of call, offer and
    campaign are empty; the reserve of a payout names that.
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
    adjustment: Adjustment | None = None
    adjustment_id: str | None = None
    payout_id: str | None = None

    @property
    def id(self) -> str:
        """The call's, the credit's that claws back, or the adjustment's."""
        return self.credit_id or self.adjustment_id or self.call_id

    @property
    def due_cents(self) -> int:
        """What is left of it to pay; below zero, what the publisher owes."""
        return self.amount_cents - self.reduced_cents


class EarningState(StrEnum):
    """How far an earning has come: approved, then released; one of which nothing is left is paid
    at once. A released one may be held, as a reserve is from the start."""

    APPROVED = "approved"
    HELD = "held"
    PAYABLE = "payable"
    PAID = "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEarning:
    """An earning as the books hold it: `document_id` is its payout, once it has one, `hold_id` the
    hold that is on it."""

    earning: Earning
    state: EarningState
    document_id: str | None
    hold_id: str | None = None


class PayoutState(StrEnum):
    """A draft still gathers earnings; a created payout is decided, a submitted one has been handed
    to whoever pays, and a settled one has been paid. One that failed never left the operator's
    account; one that was returned came back."""

    DRAFT = "draft"
    CREATED = "created"
    SUBMITTED = "submitted"
    SETTLED = "settled"
    FAILED = "failed"
    RETURNED = "returned"


_IN_FLIGHT = frozenset({PayoutState.CREATED, PayoutState.SUBMITTED})
_UNPAID = frozenset({PayoutState.FAILED, PayoutState.RETURNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Released earnings booked before `cutoff`, paid to a publisher together; the last period of
    its terms before that began at `period_start`.

    Of what its earnings come to, `reserve_kept_cents` were kept back; `reserve_back_cents` of
    earlier payouts came back. Of `amount_cents`, `withheld_cents` go to the tax office. `reference`
    is what whoever pays knows it by: the number of a check or a wire, the trace of an ACH entry,
    the id of a PayPal item. `reason` is the code with which it failed or was returned, `fee_cents`
    what that and the paying cost the operator. What a returned payout was made of waits from
    `ended_at` to `released_at`.
    """

    id: str
    publisher_id: str
    currency: str
    cutoff: datetime
    period_start: datetime | None = None
    state: PayoutState = PayoutState.DRAFT
    amount_cents: int = 0
    call_count: int = 0
    method: PayoutMethod = PayoutMethod.MANUAL
    reference: str | None = None
    reason: str | None = None
    reserve_kept_cents: int = 0
    reserve_back_cents: int = 0
    withheld_cents: int = 0
    fee_cents: int = 0
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    settled_at: datetime | None = None
    ended_at: datetime | None = None
    released_at: datetime | None = None

    @property
    def sent_cents(self) -> int:
        """What leaves the operator's account for the publisher."""
        return self.amount_cents - self.withheld_cents

    @property
    def in_flight(self) -> bool:
        """Whether it is on its way: made, and neither paid nor ended otherwise."""
        return self.state in _IN_FLIGHT

    @property
    def unpaid(self) -> bool:
        """Whether it ended without the publisher being paid."""
        return self.state in _UNPAID

    @property
    def gives_back(self) -> bool:
        """Whether its earnings may be paid by a later payout."""
        return self.state is PayoutState.FAILED or self.released_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a publisher is not paid now: a stable `code`, a sentence for people, and `until` when it
    lasts where that is known. Its earnings stay payable."""

    code: str
    detail: str
    until: datetime | None = None


def nothing_withheld(amount_cents: int) -> int:
    """What the tax office gets of a payout to a publisher that has given its tax number."""
    del amount_cents
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """Whether a publisher may be paid now: not while there are `obstacles`. `withheld` says what
    the tax office gets of an amount, in cents, the amount itself at most."""

    obstacles: tuple[Obstacle, ...] = ()
    withheld: Callable[[int], int] = nothing_withheld


def cutoff(terms: PayoutTerms, as_of: datetime) -> datetime:
    """Earnings booked before this instant are past their terms at `as_of`."""
    return times.cycle_start(terms.cycle, as_of - timedelta(days=terms.net_days))


def period_start(terms: PayoutTerms, cutoff: datetime) -> datetime:
    """When the period began that ended last before the cutoff, or at it."""
    return times.cycle_start(terms.cycle, cutoff - timedelta(microseconds=1))


def due_at(terms: PayoutTerms, booked_at: datetime) -> datetime:
    """From which instant on what was booked at `booked_at` is past its terms."""
    return times.cycle_end(terms.cycle, booked_at) + timedelta(days=terms.net_days)


def draft(publisher: Publisher, before: datetime, unpaid: int = 0) -> Payout:
    """The empty payout of a publisher and a cutoff, `unpaid` of which have ended without the
    publisher being paid; the same three give the same id."""
    again = (str(unpaid),) if unpaid else ()
    return Payout(
        id=derived("po", publisher.id, times.written(before), *again),
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
