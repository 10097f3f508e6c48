"""How often were a target's recent calls approved, and what is the next one worth?

Owns the count of trials and the estimate made from it. A trial is one dialled attempt, counted once
it is over; it succeeded when the call was approved. What follows for the order of targets belongs
to `ranking`; keeping the counts, to the store.

Trials are counted by stretches of 14 days from 1970-01-01 UTC on, under names such as
`dialled#14d#1484` and `approved#14d#1484`. Recent is what lies in the last 28 days: the present
stretch, the one before, and of the one before that the part that still does, as if its trials had
come evenly.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

WHOLE = 14 * 24 * 60 * 60
"""The parts of one trial, as many as a stretch has seconds: estimates stay whole numbers."""

NEW_BELOW = 20
"""A publisher's recent trials from which on a target is not new to it."""

_PRIOR = 20 * WHOLE
"""The weight of what is supposed beforehand, in trials: own experience of 20 outweighs it."""

_STRETCHES_BEFORE = 2


class Trials(NamedTuple):
    """Recent trials and those of them that succeeded, in parts: `WHOLE` is one trial."""

    dialled: int = 0
    approved: int = 0


_NONE = Trials()


def names_of_a_trial(*, approved: bool, now: datetime) -> tuple[str, ...]:
    """Everything under which a trial that ends at `now` counts once."""
    stretch = _stretch(now)
    dialled = f"dialled#14d#{stretch}"
    return (dialled, f"approved#14d#{stretch}") if approved else (dialled,)


def named(target_id: str, name: str) -> str:
    """The name under which a target's trials count where those of several targets do."""
    return f"{target_id}#{name}"


def counts_trials(name: str) -> bool:
    """Whether this is a name of trials, with or without a target's id before it."""
    return "#14d#" in name


def is_over(name: str, now: datetime) -> bool:
    """Whether nothing that was counted under the name is recent any more."""
    return int(name.rpartition("#")[2]) < _stretch(now) - _STRETCHES_BEFORE


def recent(counts: Mapping[str, int], now: datetime, of: str = "") -> Trials:
    """The trials of the 28 days before `now`; `of` is the target's id where several are counted."""
    if not counts:
        return _NONE
    before, count = of and named(of, ""), counts.get
    (d1, a1), (d2, a2), (d3, a3), parts = _window(now)
    return Trials(
        (count(before + d1, 0) + count(before + d2, 0)) * WHOLE + count(before + d3, 0) * parts,
        (count(before + a1, 0) + count(before + a2, 0)) * WHOLE + count(before + a3, 0) * parts,
    )


def is_new(publishers: Trials) -> bool:
    """Whether a publisher has sent the target too few recent calls to know how they fare."""
    return publishers.dialled < NEW_BELOW * WHOLE


def expected_cents(charge_cents: int, *, everyones: Trials, publishers: Trials) -> int:
    """The charge times the probability that a publisher's call is approved, in cents, half up.

    The target's rate over everyone's calls is drawn towards one half, and the publisher's rate
    towards the target's, each as if by 20 trials: few calls say little. One half because nothing
    is known of a target that nobody has dialled; being the same for all, it lets the charge alone
    decide among such targets.
    """
    rate_of, rate_by = everyones.approved + _PRIOR // 2, everyones.dialled + _PRIOR
    worth = publishers.approved * rate_by + _PRIOR * rate_of
    parts = (publishers.dialled + _PRIOR) * rate_by
    return (2 * charge_cents * worth + parts) // (2 * parts)


def _stretch(now: datetime) -> int:
    return int(now.timestamp()) // WHOLE


_Names = tuple[str, str]


@lru_cache(maxsize=8)
def _window(now: datetime) -> tuple[_Names, _Names, _Names, int]:
    """The names of the present stretch and the two before, and the parts of the last's trials that
    are recent; kept for the targets of one decision."""
    present, elapsed = divmod(int(now.timestamp()), WHOLE)
    first, second, third = (
        (f"dialled#14d#{present - back}", f"approved#14d#{present - back}") for back in range(3)
    )
    return first, second, third, WHOLE - elapsed
