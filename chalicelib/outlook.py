"""What does each earning that is not paid yet wait for, and until when?

Owns the reason that is told, one for each earning: the nearest that keeps it from a payout. What is
kept of an earning belongs to the store.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib import payouts
from chalicelib.offers import PayoutTerms
from chalicelib.payouts import Adjustment, BookedEarning, Earning, EarningState, Obstacle


class WaitsFor(StrEnum):
    """What comes next for it: the advertiser's money; the end of its hold days, of a hold, of the
    reserve, or of the payment terms; an obstacle to be gone; a sum worth a payout; the next
    payday; or the release of a payout that came back."""

    COLLECTION = "collection"
    HOLD_DAYS = "hold_days"
    HOLD = "hold"
    RESERVE = "reserve"
    TERMS = "terms"
    OBSTACLE = "obstacle"
    MINIMUM = "minimum"
    PAYDAY = "payday"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An earning that waits, and `until` when where that is known."""

    earning: Earning
    waits_for: WaitsFor
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What waits for one thing: `until` is when the first of it has waited, where that is known."""

    waits_for: WaitsFor
    amount_cents: int
    until: datetime | None


def waiting(
    lines: Sequence[BookedEarning],
    held: frozenset[str],
    *,
    terms: PayoutTerms,
    obstacles: Sequence[Obstacle],
    cutoff: datetime,
    paid: bool,
    now: datetime,
) -> tuple[Waiting, ...]:
    """Each line with what it waits for, in the order given.

    `held` are the calls that a hold is on. What was booked before `cutoff` is past its terms, and
    goes into the next payout; where the payout of that cutoff is made already (`paid`), that is the
    one of the next.
    """
    due = [
        one.earning
        for one in lines
        if one.state is EarningState.PAYABLE and one.earning.booked_at < cutoff
    ]
    if obstacles:
        ready = WaitsFor.OBSTACLE
    else:
        ready = WaitsFor.PAYDAY if payouts.worth_paying(terms, due) else WaitsFor.MINIMUM
    ends = [one.until for one in obstacles]
    known = [end for end in ends if end]
    until = max(known) if known and len(known) == len(ends) else None
    if paid and not obstacles:
        ready, until = WaitsFor.TERMS, payouts.due_at(terms, cutoff)
    told: list[Waiting] = []
    for one in lines:
        waits, end = _reason(one, held, terms, cutoff, now)
        if waits is WaitsFor.PAYDAY and one.state is EarningState.PAYABLE:
            waits, end = ready, until
        told.append(Waiting(earning=one.earning, waits_for=waits, until=end))
    return tuple(told)


def sums(found: Iterable[Waiting]) -> tuple[Sum, ...]:
    """What waits for each thing together, in the order of `WaitsFor`; what nothing waits for is
    left out."""
    amounts: dict[WaitsFor, int] = {}
    ends: dict[WaitsFor, list[datetime]] = {}
    for one in found:
        amounts[one.waits_for] = amounts.get(one.waits_for, 0) + one.earning.due_cents
        ends.setdefault(one.waits_for, []).extend([one.until] if one.until else [])
    return tuple(
        Sum(waits_for=one, amount_cents=amounts[one], until=min(ends[one], default=None))
        for one in WaitsFor
        if one in amounts
    )


def _reason(
    one: BookedEarning,
    held: frozenset[str],
    terms: PayoutTerms,
    cutoff: datetime,
    now: datetime,
) -> tuple[WaitsFor, datetime | None]:
    earning = one.earning
    if earning.adjustment is Adjustment.RESERVE and one.state is EarningState.HELD:
        return WaitsFor.RESERVE, earning.release_after
    if one.state is EarningState.HELD or earning.call_id in held:
        return WaitsFor.HOLD, None
    if one.state is EarningState.APPROVED and earning.release_after > now:
        return WaitsFor.HOLD_DAYS, earning.release_after
    if earning.booked_at >= cutoff:
        return WaitsFor.TERMS, payouts.due_at(terms, earning.booked_at)
    return WaitsFor.PAYDAY, None
