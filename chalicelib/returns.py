"""What did a placement cost, and what did it bring?

Owns the costs of a placement as they are entered, how one is spread over the days of its period,
and the return of a period. Which calls came belongs to the store.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from chalicelib.errors import Fault

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days in UTC from `start` on and until `end`, which is excluded; both such as 2026-11-01."""

    start: str
    end: str

    @property
    def count(self) -> int:
        """How many days they are."""
        return (date.fromisoformat(self.end) - date.fromisoformat(self.start)).days

    @property
    def begins_at(self) -> datetime:
        """The first instant."""
        return _midnight(self.start)

    @property
    def ends_at(self) -> datetime:
        """The first instant after."""
        return _midnight(self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a placement cost over some days. A removed one counts no more."""

    id: str
    placement_id: str
    days: Days
    amount_cents: int
    currency: str
    note: str | None = None
    removed: bool = False
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What the calls of some days came to: how many, how many of them approved, what they earn."""

    calls: int
    approved: int
    earnings_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What a placement brought beside what it cost; the per cent are None where it cost nothing."""

    placement_id: str
    days: Days
    currency: str
    calls: int
    approved: int
    earnings_cents: int
    cost_cents: int
    return_cents: int
    return_percent: float | None


def is_day(text: str) -> bool:
    """Whether the text is a day of the calendar."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def days_faults(days: Days, first: str, last: str) -> list[Fault]:
    """What is wrong with days whose ends are the fields `first` and `last`."""
    if days.count <= 0:
        return [Fault(field=last, rule="order", reason=f"must lie after {first}; it is excluded")]
    if days.count > LONGEST_DAYS:
        reason = f"must lie at most {LONGEST_DAYS} days after {first}"
        return [Fault(field=last, rule="range", reason=reason)]
    return []


def currency_faults(currency: str, expected: str) -> list[Fault]:
    """What is wrong with a cost beside earnings in the expected currency."""
    if currency == expected:
        return []
    reason = f"the placement earns in {expected}"
    return [Fault(field="currency", rule="currency_mismatch", reason=reason)]


def cost_of(days: Days, cost: Cost) -> int:
    """The cents of the cost that fall on these days, when each of its own bears the same.

    Counted up to each day and rounded down there, so that days which adjoin have together exactly
    what they have as one, and all its days the whole.
    """
    if cost.removed:
        return 0
    first = date.fromisoformat(cost.days.start)
    total = cost.days.count
    begin, end = (
        min(max((date.fromisoformat(day) - first).days, 0), total) for day in (days.start, days.end)
    )
    return cost.amount_cents * end // total - cost.amount_cents * begin // total


def placement_return(
    placement_id: str, days: Days, brought: Brought, costs: Iterable[Cost], currency: str
) -> Return:
    """The return of the days: earnings less cost, and in per cent of the cost."""
    spent = sum(cost_of(days, cost) for cost in costs)
    gained = brought.earnings_cents - spent
    return Return(
        placement_id=placement_id,
        days=days,
        currency=currency,
        calls=brought.calls,
        approved=brought.approved,
        earnings_cents=brought.earnings_cents,
        cost_cents=spent,
        return_cents=gained,
        return_percent=round(gained * 100 / spent, 1) if spent else None,
    )


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time.min, UTC)
