"""How many numbers does a pool need for the visits that come?

Owns the advice: Little's law says how many numbers are lent on average, Erlang's formula B how many
more it takes so that hardly any visit finds none. What is bought belongs to `growth`.
"""

from dataclasses import dataclass
from math import ceil

HOUR_SECONDS = 3_600
ASSUMED_VISIT_SECONDS = 180
OVERFLOW_SHARE = 0.01
"""Of a hundred visits in the busiest hour one may find no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What is measured of a pool's visits: the arrivals of the busiest hour, and how long visits
    lasted on average, of so many that were measured; of none, an assumption holds. Each of the
    calls of the hour with most of them kept its number for `keep_seconds`."""

    arrivals_per_hour: int
    visit_seconds: int = ASSUMED_VISIT_SECONDS
    visits_measured: int = 0
    hold_seconds: int
    calls_per_hour: int = 0
    keep_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """How many numbers the traffic asks for, and the working, a sentence a step."""

    arrivals_per_hour: int
    visit_seconds: int
    visits_measured: int
    hold_seconds: int
    lent_on_average: float
    calls_per_hour: int
    keep_seconds: int
    kept_on_average: float
    by_littles_law: int
    overflow_share: float
    against_overflow: int
    reserve: int
    advised: int
    working: tuple[str, ...]


def lent_on_average(traffic: Traffic) -> float:
    """Little's law: arrivals a second times the seconds for which each has a number, which are
    those of the visit and those of the hold after it."""
    return traffic.arrivals_per_hour * _had_seconds(traffic) / HOUR_SECONDS


def kept_on_average(traffic: Traffic) -> float:
    """How many numbers calls keep from being lent, at most: calls a second times the seconds of a
    keeping, as if it began when the lease is over."""
    return traffic.calls_per_hour * traffic.keep_seconds / HOUR_SECONDS


def taken_on_average(traffic: Traffic) -> float:
    """How many numbers cannot be lent to a visit that comes: those lent, and those kept."""
    return lent_on_average(traffic) + kept_on_average(traffic)


def overflow_share(numbers: int, load: float) -> float:
    """The share of visits that find no number, when `load` would be lent on average of enough.

    Erlang's formula B: visits come at random, independently; how long each lasts does not matter.
    """
    if load <= 0:
        return 0.0
    share = 1.0
    for n in range(1, numbers + 1):
        share = load * share / (n + load * share)
    return share


def numbers_for(load: float, share: float) -> int:
    """The fewest numbers of which at most the `share` (above 0) of visits find none."""
    if load <= 0:
        return 0
    numbers, missing = 0, 1.0
    while missing > share:
        numbers += 1
        missing = load * missing / (numbers + load * missing)
    return numbers


def size(traffic: Traffic, *, reserve: int, minimum: int, maximum: int) -> Sizing:
    """What is advised for the traffic, within the pool's bounds."""
    load = taken_on_average(traffic)
    against = numbers_for(load, OVERFLOW_SHARE)
    advised = min(max(against + reserve, minimum), maximum)
    return Sizing(
        arrivals_per_hour=traffic.arrivals_per_hour,
        visit_seconds=traffic.visit_seconds,
        visits_measured=traffic.visits_measured,
        hold_seconds=traffic.hold_seconds,
        lent_on_average=round(lent_on_average(traffic), 2),
        calls_per_hour=traffic.calls_per_hour,
        keep_seconds=traffic.keep_seconds,
        kept_on_average=round(kept_on_average(traffic), 2),
        by_littles_law=ceil(round(load, 9)),
        overflow_share=OVERFLOW_SHARE,
        against_overflow=against,
        reserve=reserve,
        advised=advised,
        working=_working(traffic, against, (reserve, minimum, maximum), advised),
    )


def _working(
    traffic: Traffic, against: int, bounds: tuple[int, int, int], advised: int
) -> tuple[str, ...]:
    reserve, minimum, maximum = bounds
    measured = (
        f"visits last {traffic.visit_seconds} s on average, of {traffic.visits_measured} measured"
        if traffic.visits_measured
        else f"no visit is measured yet; {traffic.visit_seconds} s are assumed"
    )
    steps = [
        f"{measured}, and a number is held {traffic.hold_seconds} s longer",
        f"{traffic.arrivals_per_hour} visits in the busiest hour × {_had_seconds(traffic)} s ÷ "
        f"{HOUR_SECONDS} s = {lent_on_average(traffic):.2f} numbers lent on average",
        _kept(traffic),
        f"{against} numbers leave at most {OVERFLOW_SHARE:.0%} of those visits without one",
        f"{against} and a reserve of {reserve} are {against + reserve}",
    ]
    if advised != against + reserve:
        bound = f"minimum_numbers {minimum}" if advised == minimum else f"maximum_numbers {maximum}"
        steps.append(f"{bound} holds: {advised}")
    return tuple(steps)


def _had_seconds(traffic: Traffic) -> int:
    return traffic.visit_seconds + traffic.hold_seconds


def _kept(traffic: Traffic) -> str:
    if not traffic.calls_per_hour:
        return "no call has kept a number yet; what calls keep comes on top"
    return (
        f"{traffic.calls_per_hour} calls in the hour with most × {traffic.keep_seconds} s ÷ "
        f"{HOUR_SECONDS} s = {kept_on_average(traffic):.2f} numbers kept on top"
    )
